"""Sheets of what a network makes of the hands in a picture, or a video of such sheets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.estimators.network import NetworkEstimator
from hands3c_core.explain.drawing import save_figure
from hands3c_core.explain.hand_sheet import (
    SheetOptions,
    empty_sheet,
    hand_sheet,
    sheet_legend,
)
from hands3c_core.explain.hands import WholeImage
from hands3c_core.explain.maps import ColorScale, available_kinds
from hands3c_core.export import VideoWriter
from hands3c_core.models import HandS3C
from hands3c_core.models.network import HandNetwork
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.sources import Source, open_source
from hands3c_core.types import Frame, UInt8

#: Called with the number of frames done and, if known, of all frames.
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class StudyOptions:
    """How ``study_attention`` looks at a source."""

    sheet: SheetOptions = field(default_factory=SheetOptions)
    """What each hand's sheet shows."""
    max_hands: int = 2
    """Most hands of a frame."""
    is_crop: bool = False
    """Every image is a crop of one right hand already, so no hand is searched."""
    start: float = 0.0
    """Where in a file to begin, seconds."""
    max_frames: int | None = None
    """Frames to look at; None for all."""
    note: str = ""
    """A line below, such as where the weights are from."""


@dataclass(frozen=True)
class Studied:
    """What was written."""

    path: Path
    frames: int
    hands: int
    """Sheets drawn: hands summed over the frames."""


def study_attention(
    network: HandNetwork,
    spec: str | Path,
    out: Path,
    options: StudyOptions,
    progress: Progress | None = None,
) -> Studied:
    """Draw what a network sees in a picture or video.

    Args:
        network: with an attention module.
        spec: for ``open_source``.
        out: a .png, .webp or .jpg for one picture, an .mp4 for more.
        options: see there.
        progress: see ``Progress``.

    Raises:
        UserError: the network has no attention module, no hand is found, the source cannot be
            opened, or the file cannot be written.
    """
    if not isinstance(network, HandS3C) or not available_kinds(network):
        raise UserError(
            f"The network {network.name!r} has no attention module: choose hands3c, hands3c_lite, "
            "ssa or self_attention."
        )
    if options.max_hands < 1 or (options.max_frames is not None and options.max_frames < 1):
        raise UserError("The most hands and the most frames must be at least 1.")
    with _Looker(network, options) as looker, open_source(spec) as source:
        if options.start > 0:
            source.seek(options.start)
        first = source.read()
        if first is None:
            raise UserError(f"{source.name} shows no picture: give another file.")
        is_still = source.frame_count == 1 or options.max_frames == 1
        if is_still != (out.suffix.lower() != ".mp4"):
            kind = "one picture: end its name in .png" if is_still else "a video: end it in .mp4"
            raise UserError(f"{out.name} cannot hold this source; the output is {kind}.")
        if is_still:
            return _still(looker, first, source, out, options)
        return _video(looker, first, source, out, options, progress)


class _Looker:
    """Runs the live path on frames and draws the hands' sheets."""

    def __init__(self, network: HandS3C, options: StudyOptions) -> None:
        self.network = network
        self.options = options
        self.scale = ColorScale()
        estimator = NetworkEstimator(network, attention=True, heatmaps=True, smoothing=0.0)
        self.pipeline = HandMeshPipeline(
            estimator,
            detector=WholeImage() if options.is_crop else None,  # type: ignore[arg-type]
            max_hands=options.max_hands,
        )

    def __call__(self, frame: Frame) -> list[UInt8]:
        """The sheets of a frame's hands, by track."""
        result = self.pipeline.process(frame)
        self.scale.update((hand.attention for hand in result.hands), frame.timestamp)
        meshes = self.pipeline.render_mesh
        return [
            hand_sheet(self.network, result, hand, meshes, self.scale, self.options.sheet)
            for hand in result.hands[: self.options.max_hands]
        ]

    def legend(self, width: int) -> UInt8:
        return sheet_legend(width, self.scale, self.options.note)

    def __enter__(self) -> _Looker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.pipeline.close()


def _still(
    looker: _Looker, frame: Frame, source: Source, out: Path, options: StudyOptions
) -> Studied:
    sheets = looker(frame)
    if not sheets:
        raise UserError(
            f"No hand was found in {source.name}: give a picture that shows one, or say that it is "
            "a crop of a right hand already."
        )
    save_figure(_stacked(sheets, looker), out)
    return Studied(out, 1, len(sheets))


def _video(
    looker: _Looker,
    first: Frame,
    source: Source,
    out: Path,
    options: StudyOptions,
    progress: Progress | None,
) -> Studied:
    total = source.frame_count
    if options.max_frames is not None:
        total = min(options.max_frames, total or options.max_frames)
    writer: VideoWriter | None = None
    frames = hands = 0
    frame: Frame | None = first
    blank: UInt8 | None = None
    try:
        while frame is not None and (options.max_frames is None or frames < options.max_frames):
            sheets = looker(frame)
            hands += len(sheets)
            frames += 1
            if sheets and blank is None:
                blank = empty_sheet(sheets[0])
            if blank is not None:  # the size is known from the first hand on
                sheets += [blank] * (options.max_hands - len(sheets))
                picture = _stacked(sheets, looker)
                if writer is None:
                    size = (picture.shape[1], picture.shape[0])
                    writer = VideoWriter(out, size, source.fps or None)
                writer.write(picture, frame.timestamp)
            if progress is not None:
                progress(frames, total)
            frame = source.read()
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise UserError(f"No hand was found in {source.name}: give a video that shows one.")
    return Studied(out, frames, hands)


def _stacked(sheets: list[UInt8], looker: _Looker) -> UInt8:
    """Sheets of one size below each other, and the legend."""
    return np.vstack([*sheets, looker.legend(sheets[0].shape[1])])
