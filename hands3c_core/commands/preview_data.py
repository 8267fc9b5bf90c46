"""Show samples of any dataset with their labels drawn, as one PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro

from hands3c_core.atomic import check_place, write_atomically
from hands3c_core.data import CorruptSample, open_data
from hands3c_core.data.contact_sheet import contact_sheet
from hands3c_core.errors import UserError


@dataclass(frozen=True)
class Options:
    """Show samples of any dataset with their labels drawn, as one PNG."""

    data: Annotated[str, tyro.conf.Positional]
    """A dataset or a mixture, as train.py takes it: synthetic:FOLDER, freihand:FOLDER, ..."""
    out: Path = Path("preview.png")
    """The PNG to write."""
    count: int = 48
    """How many samples."""
    columns: int = 8
    """Samples in a row."""
    size: int = 192
    """Side of each sample on the sheet, px."""
    crop_size: int = 256
    """Side of the crops the dataset makes, px."""
    seed: int = 0
    """Which samples are drawn; -1 for the first ones in order."""
    labels: bool = True
    """Draw joints and bones."""
    vertices: bool = False
    """Draw the vertices of samples that have them."""


def run(options: Options) -> None:
    """Open, draw, write."""
    check_place(options.out)
    if min(options.count, options.columns, options.crop_size) < 1 or options.size < 16:
        raise UserError("--count, --columns and --crop-size must be at least 1, --size 16.")
    dataset = open_data(options.data, options.crop_size)
    count = min(options.count, len(dataset))
    if options.seed < 0:
        chosen = np.arange(count)
    else:
        chosen = np.random.default_rng(options.seed).choice(len(dataset), count, replace=False)
    samples = []
    for index in chosen:
        try:
            samples.append(dataset.read(int(index)))
        except CorruptSample as error:
            dataset.note_skipped(int(index), str(error))
    if not samples:
        raise UserError(f"{options.data}: none of {count} samples can be read.")
    sheet = contact_sheet(samples, options.columns, options.size, options.labels, options.vertices)
    _, code = cv2.imencode(".png", sheet[..., ::-1])
    write_atomically(options.out, code.tobytes())
    print(dataset.summary())
    print(f"Wrote {options.out}: {len(samples)} samples.")
