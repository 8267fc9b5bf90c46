"""A page of samples with their labels drawn: the first thing to look at in any dataset."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import BONES, FINGER_COLORS, JOINT_NAMES
from hands3c_core.data.sample import HandSample, project_sample
from hands3c_core.types import UInt8

_GREY = (24, 24, 26)


def contact_sheet(
    samples: Sequence[HandSample],
    columns: int = 8,
    size: int = 192,
    labels: bool = True,
    vertices: bool = False,
) -> UInt8:
    """Samples side by side.

    Args:
        samples: what to show, in rows.
        columns: samples in a row.
        size: side of each sample, px.
        labels: draw the 2D joints and bones, and a white ring where a 3D joint projects to (it
            should lie on its 2D joint).
        vertices: draw the projected vertices as dots.

    Returns:
        (H, W, 3) RGB.
    """
    rows = -(-len(samples) // columns)
    gap = 3
    sheet = np.full((rows * (size + gap) + gap, columns * (size + gap) + gap, 3), _GREY, np.uint8)
    for number, sample in enumerate(samples):
        row, column = divmod(number, columns)
        y, x = gap + row * (size + gap), gap + column * (size + gap)
        sheet[y : y + size, x : x + size] = _tile(sample, size, labels, vertices)
    return sheet


def _tile(sample: HandSample, size: int, labels: bool, vertices: bool) -> UInt8:
    scale = size / len(sample.crop)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    tile = np.asarray(cv2.resize(sample.crop, (size, size), interpolation=method), np.uint8)
    if vertices and sample.vertices is not None:
        dots = project_sample(sample, sample.vertices)
        if dots is not None:
            for point in _scaled(dots, scale):
                cv2.circle(tile, _fixed(point), 8, (60, 255, 160), -1, cv2.LINE_AA, 4)
    if labels:
        _draw_joints(tile, sample, scale)
    return tile


def _draw_joints(tile: UInt8, sample: HandSample, scale: float) -> None:
    points = _scaled(sample.joints_2d, scale)
    known = sample.valid.joints_2d
    for parent, child in BONES:
        if known[parent] and known[child]:
            color = FINGER_COLORS[JOINT_NAMES[child].rstrip("1234")]
            ends = _fixed(points[parent]), _fixed(points[child])
            cv2.line(tile, ends[0], ends[1], color, 1, cv2.LINE_AA, 4)
    for point in points[known]:
        cv2.circle(tile, _fixed(point), 24, (255, 255, 255), -1, cv2.LINE_AA, 4)
    projected = project_sample(sample) if sample.valid.joints_3d.any() else None
    if projected is not None:
        for point in _scaled(projected, scale)[sample.valid.joints_3d]:
            cv2.circle(tile, _fixed(point), 48, (255, 255, 255), 1, cv2.LINE_AA, 4)


def _scaled(points: NDArray, scale: float) -> NDArray[np.float64]:
    """Pixel centres are integers, so an image scales about its corner at -0.5."""
    return (np.asarray(points, np.float64) + 0.5) * scale - 0.5


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    """A point in OpenCV's fixed-point coordinates with four binary digits; far ones are moved to
    where OpenCV can still draw to."""
    x, y = np.clip(np.nan_to_num(point, nan=-1e3), -2000, 4000) * 16
    return round(float(x)), round(float(y))
