"""Curves of a training run as an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.types import UInt8

_WIDTH, _HEIGHT, _MARGIN = 560, 340, 56
_INK, _GRID = (40, 40, 40), (225, 225, 225)
#: Colours of the curves, RGB.
_COLORS = (
    (31, 119, 180),
    (255, 127, 14),
    (44, 160, 44),
    (214, 39, 40),
    (148, 103, 189),
    (140, 86, 75),
)
#: The loss of HandS3C and its terms.
TERMS = ("total", "vertices", "joints_3d", "pose", "joints_2d", "projection")
Table = Mapping[str, Sequence[float]]


def draw_curves(
    metrics: Table, validation: Table, path: Path, terms: Sequence[str] = TERMS
) -> None:
    """Draw the losses, the validation errors, the learning rate and the throughput over the steps.

    Args:
        metrics: columns of metrics.csv.
        validation: columns of validation.csv.
        path: the PNG file to write.
        terms: columns with the loss and its terms; those that are 0 throughout are left out.

    Raises:
        UserError: the file cannot be written.
    """
    steps = metrics.get("step", ())
    seconds = ("samples_per_s",)
    panels = [
        plot("loss (log)", steps, {name: metrics.get(name, ()) for name in terms}, is_log=True),
        plot(
            "validation error, mm",
            validation.get("step", ()),
            {name: validation.get(name, ()) for name in ("mpjpe_mm", "pa_mpjpe_mm")},
        ),
        plot("learning rate", steps, {"learning_rate": metrics.get("learning_rate", ())}),
        plot("samples/s", steps, {name: metrics.get(name, ()) for name in seconds}),
    ]
    sheet = np.vstack([np.hstack(panels[:2]), np.hstack(panels[2:])])
    _, content = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    write_atomically(path, content.tobytes())


def plot(
    title: str, x: Sequence[float], curves: Mapping[str, Sequence[float]], is_log: bool = False
) -> UInt8:
    """One panel (H, W, 3) RGB of curves over a common axis; what is not finite is left out."""
    image = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    _text(image, title, (_MARGIN, 22), 0.5)
    drawn = {name: _finite(x, y, is_log) for name, y in curves.items()}
    drawn = {name: points for name, points in drawn.items() if len(points)}
    if not drawn:
        _text(image, "nothing yet", (_WIDTH // 2 - 40, _HEIGHT // 2))
        return image
    together = np.concatenate(list(drawn.values()))
    low, high = together.min(axis=0), together.max(axis=0)
    high = np.where(high - low < 1e-12, low + np.maximum(np.abs(low), 1.0) * 0.1, high)
    _axes(image, low, high, is_log)
    for number, (name, points) in enumerate(drawn.items()):
        color = _COLORS[number % len(_COLORS)]
        spots = _to_pixels(points, low, high)
        cv2.polylines(image, [spots], False, color, 1, cv2.LINE_AA)
        if len(spots) < 30:
            for spot in spots.tolist():
                cv2.circle(image, tuple(spot), 2, color, -1, cv2.LINE_AA)
        _text(image, name, (_WIDTH - 130, 40 + 16 * number), color=color)
    return image


def _finite(x: Sequence[float], y: Sequence[float], is_log: bool) -> np.ndarray:
    count = min(len(x), len(y))
    points = np.column_stack([np.asarray(x, float)[:count], np.asarray(y, float)[:count]])
    points = points[np.isfinite(points).all(axis=1)]
    if is_log:
        points = points[points[:, 1] > 0]
        points[:, 1] = np.log10(points[:, 1])
    return points


def _to_pixels(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    share = (points - low) / (high - low)
    u = _MARGIN + share[:, 0] * (_WIDTH - _MARGIN - 20)
    v = _HEIGHT - 36 - share[:, 1] * (_HEIGHT - 36 - 34)
    return np.round(np.column_stack([u, v])).astype(np.int32)


def _axes(image: UInt8, low: np.ndarray, high: np.ndarray, is_log: bool) -> None:
    for share in np.linspace(0, 1, 5):
        spot = low + share * (high - low)
        u, v = _to_pixels(spot[None], low, high)[0].tolist()
        cv2.line(image, (_MARGIN, v), (_WIDTH - 20, v), _GRID, 1)
        cv2.line(image, (u, 34), (u, _HEIGHT - 36), _GRID, 1)
        value = 10 ** spot[1] if is_log else spot[1]
        _text(image, f"{value:.3g}", (6, v + 4))
        _text(image, f"{spot[0]:.4g}", (u - 14, _HEIGHT - 18))


def _text(
    image: UInt8,
    text: str,
    place: tuple[int, int],
    size: float = 0.38,
    color: tuple[int, int, int] = _INK,
) -> None:
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, color, 1, cv2.LINE_AA)
