"""From a published checkpoint to our weights file, and back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hands3c_core.digest import sha256_of
from hands3c_core.errors import UserError
from hands3c_core.hand_model import SHIPPED, HandModelData
from hands3c_core.hand_model.mano_files import MANO_LICENCE
from hands3c_core.models.checkpoints import (
    build_published,
    is_safetensors,
    load_weights,
    read_header,
    save_weights,
    store_hand,
)
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.published import PublishedCheckpoint, read_published, write_published
from hands3c_core.models.registry import DEFAULT_HAND
from hands3c_core.models.sar_checkpoints import is_sar, read_sar
from hands3c_core.models.untrusted import read_torch_file

Report = Callable[[str], None]


def import_checkpoint(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    half: bool = False,
    hand: str | HandModelData | None = None,
    report: Report = print,
) -> Path:
    """Turn a published checkpoint into a safetensors file of ours.

    The MANO hand that it carries goes into the user's cache, from where ``load_weights`` takes it;
    it is never part of the file that is written.

    Args:
        source: ``snapshot_*.pth.tar`` of HandS3C, or ``checkpoint_epoch*.pth`` of SAR.
        out: the safetensors file.
        half: store float16.
        hand: SAR only: the hand model whose template its graphs start from.
        report: called with each line of what was found and done.

    Returns:
        The file written.

    Raises:
        UserError: as ``read_published`` and ``save_weights`` do.
    """
    source, out = Path(source), Path(out)
    if source.is_file() and is_safetensors(source):
        raise UserError(f"{source} is already a safetensors file; use it as it is.")
    content = read_torch_file(source)
    if is_sar(content):
        return _import_sar(content, source, out, half=half, hand=hand, report=report)
    checkpoint = read_published(source, content)
    report(_described(source, checkpoint))
    for note in checkpoint.notes:
        report(note)
    metadata = _origin(source)
    if checkpoint.epoch is not None:
        metadata["epoch"] = str(checkpoint.epoch)
    if checkpoint.hand is not None:
        metadata["hand"], cached = store_hand(checkpoint.hand)
        report(f"The file carries a MANO hand; it was put into {cached}.")
        report(f"Note its licence. {MANO_LICENCE}.")
    else:
        report("The file carries no hand model; the mesh will be that of the shipped hand.")
    model = build_published(checkpoint)
    save_weights(model, out, metadata, half=half)
    report(f"Wrote {out} ({_count(model):,} parameters).")
    return out


def _import_sar(
    content: Any,
    source: Path,
    out: Path,
    *,
    half: bool,
    hand: str | HandModelData | None,
    report: Report,
) -> Path:
    """``import_checkpoint`` for a checkpoint of SAR's own."""
    model = read_sar(content, source, hand)
    report(f"{source}: SAR, {len(model.stages)} stages, {_count(model):,} parameters.")
    if hand is None:
        report(
            "SAR's graphs start from MANO's template, which the file does not hold: they start "
            f"from {DEFAULT_HAND}'s now; --hand-model MANO_RIGHT.pkl gives the published one."
        )
    metadata = _origin(source)
    epoch = content.get("last_epoch")
    if isinstance(epoch, int):
        metadata["epoch"] = str(epoch)
    if model.hand.name not in SHIPPED:
        metadata["hand"], cached = store_hand(model.hand)
        report(f"The hand model was put into {cached}. Note its licence. {MANO_LICENCE}.")
    save_weights(model, out, metadata, half=half)
    report(f"Wrote {out}.")
    return out


def _origin(source: Path) -> dict[str, str]:
    """What a header says of the checkpoint that the weights were made from."""
    return {
        "source": source.name,
        "source_sha256": sha256_of(source),
        "licence": "as the checkpoint it was made from",
    }


def export_checkpoint(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    hand: HandModelData | None = None,
    report: Report = print,
) -> Path:
    """Write weights, ours or published, in the published format.

    The hand model's arrays are added if ``hand`` is given or if ``source`` carries them.

    Args:
        source: a safetensors file of ours or a published checkpoint.
        out: the file, by custom ``snapshot_<epochs>.pth.tar``.
        hand: a hand model of 778 vertices, such as the user's own MANO.
        report: called with each line of what was done.

    Returns:
        The file written.

    Raises:
        UserError: as ``load_weights`` and ``write_published`` do.
    """
    source, out = Path(source), Path(out)
    if source.is_file() and is_safetensors(source):
        model = load_weights(source)
        text = read_header(source).get("epoch", "0")
        epoch = int(text) if text.isdecimal() else 0
    else:
        checkpoint = read_published(source)
        model, epoch = build_published(checkpoint), checkpoint.epoch or 0
        hand = hand or checkpoint.hand
    write_published(model, out, epoch=epoch, hand=hand)
    if hand is None:
        report("The file carries no hand model: the published code takes its own MANO file.")
    else:
        report(f"The file carries the hand model {hand.name}. Licence: {hand.licence}.")
    report(f"Wrote {out} in the published format ({_count(model):,} parameters).")
    return out


def _described(source: Path, checkpoint: PublishedCheckpoint) -> str:
    epoch = "" if checkpoint.epoch is None else f", after {checkpoint.epoch + 1} epochs"
    return (
        f"{source.name}: {checkpoint.model_name} for {checkpoint.input_size}-px crops{epoch}; "
        f"all {len(checkpoint.state)} tensors fit."
    )


def _count(model: HandNetwork) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
