"""Turn a published HandS3C checkpoint (snapshot_*.pth.tar) into our weights file, or back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from hands3c_core.atomic import check_place
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models.importing import export_checkpoint, import_checkpoint


@dataclass(frozen=True)
class Options:
    """Turn a published HandS3C checkpoint into our weights file, or back."""

    checkpoint: Annotated[Path, tyro.conf.Positional]
    """snapshot_*.pth.tar of HandS3C, SAR's checkpoint_epoch*.pth, or with --export-published also a
    .safetensors file of ours."""
    out: Path
    """File to write: .safetensors, or .pth.tar with --export-published."""
    export_published: bool = False
    """Write the published format instead of ours."""
    hand_model: str | None = None
    """With --export-published: hand model (778 vertices) whose arrays the file carries. For SAR:
    the hand model (your MANO file) whose template its graphs start from."""
    half: bool = False
    """Store float16: half the size, float32 again when loaded."""


def run(options: Options) -> None:
    """Import or export as asked."""
    check_place(options.out)
    hand = None if options.hand_model is None else load_hand_model(options.hand_model)
    if options.export_published:
        export_checkpoint(options.checkpoint, options.out, hand=hand)
    else:
        import_checkpoint(options.checkpoint, options.out, half=options.half, hand=hand)
