"""Weights on disk: our safetensors files, and published checkpoints directly."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import torch
from safetensors.torch import save
from torch import Tensor

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import CROP_SIZE
from hands3c_core.errors import UserError
from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import SHIPPED, HandModelData, load_hand_model
from hands3c_core.hand_model.arrays import read_npz, write_npz
from hands3c_core.hand_model.mano_files import cache_folder
from hands3c_core.models.fpn import FEATURE_STRIDE
from hands3c_core.models.hub import local_weights
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.published import PublishedCheckpoint, read_published
from hands3c_core.models.registry import (
    DEFAULT_HAND,
    build_model,
    network_entry,
)
from hands3c_core.models.sar_checkpoints import is_sar, read_sar
from hands3c_core.models.split_weights import read_weights
from hands3c_core.models.untrusted import (
    check_file,
    check_state,
    header_number,
    read_safetensors,
    read_torch_file,
)
from hands3c_core.names import printable

#: Value of 'format' in the header of our files.
FORMAT = "hands3c-live"
#: How a header says that poses are to be brought to the heatmaps.
_REFINES, _YES = "refines", "yes"
#: Where a header says how windows are to be laid (``geometry.crop.CropRule``), and what files that
#: an earlier version imported from a published checkpoint have instead.
_CROP, _IMPORTED = "crop", "source_sha256"
#: No network takes larger crops, px.
_LARGEST_INPUT = 2048
#: How a header names a hand model in the user's cache.
_CACHED = "cache:"

log = logging.getLogger(__name__)
#: Networks whose trunk has a landmark head, which their namesakes of 0.1 had not.
_RENAMED = ("hands3c_lite", "hands3c_lite_plain")


def save_weights(
    model: HandNetwork,
    path: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
    *,
    half: bool = False,
) -> None:
    """Write a network's weights as safetensors; the file appears whole or not at all.

    The header says which network it is ('format', 'model', 'input_size', 'hand', 'crop',
    'refines') beside ``metadata``. The hand model itself is never part of the file.

    Args:
        model: the network.
        path: the file.
        metadata: further texts for the header, such as 'source', 'licence', 'epoch'.
        half: store numbers as float16, half the size; they are float32 again when loaded. A
            tensor with a number too large for float16 stays float32.

    Raises:
        UserError: the file cannot be written.
    """
    header = {
        "format": FORMAT,
        "model": model.name,
        "input_size": str(model.input_size),
        "hand": model.hand.name,
        _CROP: model.crop_rule,
        **({_REFINES: _YES} if model.refines else {}),
        **(metadata or {}),
    }
    tensors = {
        name: (_stored(tensor, half) if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in model.state_dict().items()
    }
    write_atomically(path, save(tensors, header))  # bytes: it takes text for a path


def _stored(tensor: Tensor, half: bool) -> Tensor:
    # The variance that a batch norm keeps of a young network's maps can exceed float16.
    fits = half and bool((tensor.abs() <= torch.finfo(torch.float16).max).all())
    return tensor.to(torch.float16 if fits else torch.float32)


def load_weights(
    path: str | os.PathLike[str],
    *,
    hand: str | HandModelData | None = None,
    device: str | torch.device = "cpu",
) -> HandNetwork:
    """A network with the weights of a file, in evaluation mode.

    Args:
        path: a safetensors file of ours (float16 or float32), with its parts beside it where it has
            any, or a published checkpoint of HandS3C or SAR; a folder that holds one such file, or
            ``hf://USER/REPOSITORY[/FILE]`` (see ``hub``).
        hand: the hand model to pose: a name or path for ``load_hand_model``, or its data. None
            takes the one that the weights were trained for, if it is at hand (in the published
            checkpoint, or in the cache where the import has put it), else the shipped one.
        device: where the network is to run.

    Raises:
        UserError: the file is missing, damaged, malicious or of another network, or the hand model
            or the device is not there.
    """
    path = local_weights(path)
    check_file(path)
    if is_safetensors(path):
        model = _load_safetensors(path, hand)
    else:
        content = read_torch_file(path)
        if is_sar(content):
            model = read_sar(content, path, hand)
        else:
            model = build_published(read_published(path, content), hand)
    try:
        return model.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise UserError(f"The device {device} cannot be used ({first_line}); try cpu.") from None


def read_header(path: str | os.PathLike[str]) -> dict[str, str]:
    """The header texts of a safetensors file, without loading its tensors; see ``save_weights``.

    Raises:
        UserError: the file is missing, truncated or no safetensors file.
    """
    return read_safetensors(local_weights(path), header_only=True)[1]


def build_published(
    checkpoint: PublishedCheckpoint, hand: str | HandModelData | None = None
) -> HandNetwork:
    """The network of a published checkpoint, with the hand it carries unless another is given."""
    model = build_model(
        checkpoint.model_name,
        input_size=checkpoint.input_size,
        hand=hand or checkpoint.hand or DEFAULT_HAND,
    )
    model.load_state_dict(checkpoint.state)
    model.use_crop("published")
    return model


def store_hand(hand: HandModelData) -> tuple[str, Path]:
    """Put a checkpoint's hand model into the user's cache.

    Returns:
        What a header says of it ('cache:...') and the file.

    Raises:
        UserError: the cache cannot be written.
    """
    digest = hashlib.sha256()
    for array in (hand.v_template, hand.shapedirs, hand.posedirs, hand.weights, hand.hands_mean):
        digest.update(array.tobytes())
    name = f"checkpoint_{digest.hexdigest()[:16]}"
    path = cache_folder() / f"{name}.npz"
    write_npz(hand, path)
    return _CACHED + name, path


def is_safetensors(path: Path) -> bool:
    """Whether a file is a safetensors file: an 8-byte length, then a JSON table."""
    with path.open("rb") as file:
        start = file.read(9)
    return path.suffix == ".safetensors" or (len(start) == 9 and start[8:] == b"{")


def _load_safetensors(path: Path, hand: str | HandModelData | None) -> HandNetwork:
    state, header = read_weights(path)
    name = _current_name(header.get("model", _name_of(state)), state)
    try:
        entry = network_entry(name)
    except UserError:
        raise UserError(
            f"{path} is for a network {name[:60]!r}, which this version does not have."
        ) from None
    size = _input_size(header, state, path)
    trained = header.get("hand", DEFAULT_HAND)
    if entry.mesh_bound:
        # The weights say where each vertex of one mesh is; another hand is refused below.
        known = _known_hand(trained)
        if known is None and hand is None:
            raise UserError(
                f"{path} gives the vertices of the hand model {trained}, which is not at hand: "
                "name its file with --hand-model."
            )
        model = build_model(name, input_size=size, hand=known or hand or DEFAULT_HAND)
    else:
        model = build_model(name, input_size=size, hand=hand or _hand(trained))
    check_state(state, model.state_dict(), str(path))
    model.load_state_dict(state)
    _require_known(header, _REFINES, ("", "no", _YES), path)
    _require_known(header, _CROP, get_args(CropRule), path)
    if header.get(_REFINES) == _YES:
        model.ask_to_refine()
    rule = header_rule(header)
    if rule is not None:
        model.use_crop(rule)
    if entry.mesh_bound and hand is not None:
        model.set_hand(hand if isinstance(hand, HandModelData) else load_hand_model(hand))
    return model


def _require_known(header: Mapping[str, str], key: str, known: Sequence[str], path: Path) -> None:
    """Raise UserError if a header says of ``key`` what this version does not know: to do as if it
    were not there would give wrong hands without a word."""
    said = header.get(key, known[0])
    if said not in known:
        names = ", ".join(filter(None, known))
        raise UserError(
            f"{path} says {said[:60]!r} for {key} in its header, which this version does not have "
            f"({names}); get the file again, or a newer version."
        )


def header_rule(header: Mapping[str, str]) -> CropRule | None:
    """How windows are laid by what a header says, None where it says nothing that is known."""
    rule = header.get(_CROP, "published" if _IMPORTED in header else None)
    return next((known for known in get_args(CropRule) if known == rule), None)


def _current_name(name: str, state: Mapping[str, Tensor]) -> str:
    """What a network is called now whose file may be older than the name: until 0.1 'hands3c_lite'
    was what is 'hands3c_lite_v1' today."""
    if name in _RENAMED and "witness_head.landmarks.weight" not in state:
        return name.replace("hands3c_lite", "hands3c_lite_v1", 1)
    return name


def _name_of(state: Mapping[str, Tensor]) -> str:
    """Which network of the family a file without a header is of."""
    if "s3c.ss2d.channel.projection" in state:
        return "hands3c"
    return "ssa" if "s3c.ss2d.spatial.projection" in state else "baseline"


def _input_size(header: Mapping[str, str], state: Mapping[str, Tensor], path: Path) -> int:
    text = header.get("input_size")
    if text is None:
        channel = state.get("s3c.ss2d.channel.projection")
        return CROP_SIZE if channel is None else FEATURE_STRIDE * channel.shape[-1]
    return header_number(text, path, "input_size", FEATURE_STRIDE, _LARGEST_INPUT)


def _hand(wanted: str) -> HandModelData:
    """The hand model that a header names, or the shipped one if it is not at hand."""
    known = _known_hand(wanted)
    if known is not None:
        return known
    log.warning(
        "The weights were trained with another hand model (%s), which is not at hand; "
        "the mesh is that of %s. Give the hand model, or import the checkpoint again.",
        printable(wanted[:60]),
        DEFAULT_HAND,
    )
    return load_hand_model(DEFAULT_HAND)


def _known_hand(wanted: str) -> HandModelData | None:
    """The hand model that a header means, None if it is not at hand."""
    if wanted in SHIPPED:
        return load_hand_model(wanted)
    if wanted.startswith(_CACHED):
        # Only the last part of the name: a header must not lead out of the cache.
        cached = cache_folder() / f"{Path(wanted.removeprefix(_CACHED)).name}.npz"
        if cached.is_file():
            return read_npz(cached)
    return None
