"""Hand crops from pictures and videos, for looking at a network without a dataset."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SCALE, NUM_JOINTS
from hands3c_core.detect import open_detector
from hands3c_core.errors import UserError
from hands3c_core.geometry import CropRule, extract_crop, hand_window
from hands3c_core.models.crop_files import IMAGE_SUFFIXES, read_crops
from hands3c_core.sources import Source, open_source
from hands3c_core.types import Detection, Frame, UInt8


class WholeImage:
    """Stands in for ``HandDetector`` where every image is a crop of one right hand already: it
    answers with a detection whose crop box is the image's central square."""

    def detect(self, image: UInt8, timestamp_ms: float | None = None) -> list[Detection]:
        """One right hand that fills the image."""
        height, width = image.shape[:2]
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        points = np.tile(middle, (NUM_JOINTS, 1)).astype(np.float32)
        reach = min(height, width) / CROP_SCALE / 2
        points[0] -= reach
        points[1] += reach
        world = np.zeros((NUM_JOINTS, 3), np.float32)
        return [Detection(True, 1.0, points, world)]

    def reset(self) -> None:
        """Nothing is remembered."""

    def close(self) -> None:
        """Nothing is held."""


def spread_frames(source: Source, count: int) -> Iterator[Frame]:
    """Up to ``count`` different frames, spread evenly over a file; the next ones of a stream."""
    if source.is_live or source.duration is None:
        yield from itertools.islice(source, count)
        return
    last = -1
    for start in np.linspace(0.0, source.duration, count, endpoint=False):
        source.seek(float(start))
        frame = source.read()
        if frame is not None and frame.index != last:
            last = frame.index
            yield frame


def find_crops(
    spec: str | Path, size: int, count: int, *, is_crop: bool = False, rule: CropRule = "box"
) -> NDArray[np.uint8]:
    """Crops of the hands seen in a source, as a network gets them, spread evenly over a file.

    Args:
        spec: a video, an image, a folder or anything else ``open_source`` takes.
        size: side of the crops, px.
        count: most crops.
        is_crop: every image is a crop of one right hand already (see ``WholeImage``).
        rule: how the network's windows are laid.

    Returns:
        (N, size, size, 3) RGB, left hands mirrored; N up to ``count``.

    Raises:
        UserError: the source cannot be opened or shows no hand.
    """
    crops: list[UInt8] = []
    detector = WholeImage() if is_crop else open_detector(mode="image")
    try:
        with open_source(spec) as source:
            for frame in spread_frames(source, count):
                for hand in detector.detect(frame.image):
                    shape = (frame.image.shape[1], frame.image.shape[0])
                    mirror, averages = not hand.is_right, rule != "published"
                    box = hand_window(hand.landmarks_2d, rule, shape, size, mirror)
                    crop, _ = extract_crop(frame.image, box, size, mirror, averages=averages)
                    crops.append(crop)
    finally:
        detector.close()
    if not crops:
        raise UserError(f"No hand was found in {spec}: give a picture that shows one.")
    return np.stack([crops[index] for index in _spread(len(crops), count)])


def gather_crops(places: Sequence[Path], size: int, count: int) -> NDArray[np.uint8]:
    """Ready crops from files and folders of files, spread evenly where there are too many.

    Args:
        places: files for ``models.crop_files.read_crops``, or folders of images.
        size: side of the crops, px; others are resampled.
        count: most crops.

    Raises:
        UserError: as ``read_crops``, or a folder holds no images.
    """
    files: list[Path] = []
    for place in places:
        inside = [place]
        if place.is_dir():
            inside = sorted(f for f in place.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES)
            if not inside:
                raise UserError(f"{place} holds no images; name a folder of hand crops.")
        files += inside
    crops = read_crops([files[index] for index in _spread(len(files), count)], size).images
    return crops[_spread(len(crops), count)]


def _spread(length: int, count: int) -> list[int]:
    """Up to ``count`` indices, evenly over ``length``."""
    return np.unique(np.linspace(0, length - 1, min(count, length)).astype(int)).tolist()
