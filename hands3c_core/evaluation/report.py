"""An evaluation as one HTML file: figures, curves, histograms, best and worst samples.

Everything is drawn with OpenCV and embedded, so the file stands alone.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import BONES, FINGER_COLORS, JOINT_NAMES
from hands3c_core.data.dataset import CorruptSample, HandDataset
from hands3c_core.evaluation.evaluate import Evaluation, SampleResult
from hands3c_core.evaluation.tables import comparison
from hands3c_core.types import UInt8

_INK: Final = (40, 40, 48)
_GRID: Final = (222, 222, 228)
_LINES: Final = ((38, 110, 200), (214, 96, 36))
_TRUTH: Final = (0, 230, 120)
_SIZE: Final = (520, 340)
_MARGIN: Final = (56, 16, 18, 42)  # left, right, top, bottom


def write_report(
    evaluation: Evaluation, dataset: HandDataset, path: Path, *, shown: int = 12
) -> None:
    """Write the HTML report.

    Args:
        evaluation: of ``evaluate``.
        dataset: what was evaluated; its best and worst samples are read again.
        path: the .html file; with another suffix of an image, the figures alone as one image.
        shown: best and worst samples to draw, of each.

    Raises:
        UserError: the file cannot be written.
    """
    report = evaluation.report()
    figures = draw_figures(evaluation, report)
    ranked = sorted(
        (result for result in evaluation.results if np.isfinite(result.score)),
        key=lambda result: result.score,
    )
    best = draw_samples(dataset, ranked[:shown])
    worst = draw_samples(dataset, ranked[: -shown - 1 : -1])
    if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
        sheet = _stack([figures, best, worst])
        write_atomically(path, _encode(sheet, path.suffix.lower()))
        return
    body = [
        f"<h1>{html.escape(evaluation.estimator)} on {html.escape(evaluation.dataset)}</h1>",
        f"<pre>{html.escape(comparison(report))}</pre>",
        _figure_table(report),
        _picture(figures, "error histogram and share of correct joints"),
        _joint_table(report),
        f"<h2>Best</h2>{_picture(best, 'best samples')}",
        f"<h2>Worst</h2>{_picture(worst, 'worst samples')}",
        "<p>Green: labels. Coloured by finger: the estimate.</p>",
    ]
    if evaluation.skipped:
        lines = [f"{name}: {reason}" for name, reason in list(evaluation.skipped.items())[:20]]
        body.append(f"<h2>Unreadable</h2><pre>{html.escape(chr(10).join(lines))}</pre>")
    write_atomically(path, _page(evaluation, body).encode())


def draw_figures(evaluation: Evaluation, report: dict[str, Any]) -> UInt8:
    """Histogram of the samples' aligned errors and PCK curves, side by side."""
    pa = 1000 * np.array([result.pa for result in evaluation.results]).reshape(-1, 21)
    means = [row[np.isfinite(row)].mean() for row in pa if np.isfinite(row).any()]
    curves = {f"aligned ({report['alignment']})": report["pck"]["pa"]}
    if report["auc_alignment"] != report["alignment"]:
        curves[f"protocol ({report['auc_alignment']})"] = report["pck"]["protocol"]
    return np.hstack(
        [
            histogram(means, "PA-MPJPE of a sample, mm"),
            line_plot(report["pck"]["thresholds_mm"], curves, "threshold, mm", "share of joints"),
        ]
    )


def histogram(values: ArrayLike, label: str, bins: int = 40) -> UInt8:
    """Counts of values as an image; the far tail is gathered in the last bar."""
    data = np.asarray(values, np.float64)
    image = _canvas()
    if not data.size:
        return _titled(image, f"{label}: nothing measured")
    high = max(float(np.percentile(data, 99)) * 1.1, 1e-6)
    counts, edges = np.histogram(np.clip(data, 0, high), bins, (0.0, high))
    scale = _Scale((0.0, high), (0.0, float(counts.max()) or 1.0))
    scale.draw_axes(image, label, "samples")
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            cv2.rectangle(image, scale(left, float(count)), scale(right, 0.0), _LINES[0], -1)
            cv2.rectangle(image, scale(left, float(count)), scale(right, 0.0), (255,) * 3, 1)
    return _titled(image, f"mean {data.mean():.2f}, median {np.median(data):.2f}")


def line_plot(
    x: Sequence[float], curves: dict[str, Sequence[float | None]], x_label: str, y_label: str
) -> UInt8:
    """Named curves with values 0..1 as an image."""
    image = _canvas()
    scale = _Scale((min(x), max(x)), (0.0, 1.0))
    scale.draw_axes(image, x_label, y_label)
    for row, (name, values) in enumerate(curves.items()):
        color = _LINES[row % len(_LINES)]
        points = [scale(a, b) for a, b in zip(x, values, strict=True) if b is not None]
        if len(points) > 1:
            cv2.polylines(image, [np.array(points)], False, color, 2, cv2.LINE_AA)
        place = (_SIZE[0] - 210, _SIZE[1] - _MARGIN[3] - 34 + 18 * row)
        _write(image, name, place, color)
    return image


def draw_samples(
    dataset: HandDataset, results: Sequence[SampleResult], columns: int = 6, side: int = 192
) -> UInt8:
    """Crops of samples with labels and estimates drawn, in rows of ``columns``."""
    tiles = []
    for result in results:
        try:
            sample = dataset.read(result.index)
        except CorruptSample:
            continue
        zoom = side / sample.crop.shape[0]
        small = cv2.resize(sample.crop, (side, side), interpolation=cv2.INTER_AREA)
        tile = np.asarray(small, np.uint8)
        if sample.valid.joints_2d.all():
            draw_skeleton(tile, sample.joints_2d * zoom, _TRUTH)
        if result.prediction.joints_2d is not None:
            draw_skeleton(tile, np.asarray(result.prediction.joints_2d) * zoom)
        unit = "mm" if np.isfinite(result.pa).any() else "px"
        value = 1000 * result.score if unit == "mm" else result.score  # px of a 256-px crop
        cv2.rectangle(tile, (0, side - 16), (side, side), (255,) * 3, -1)
        _write(tile, f"{value:.1f} {unit}  {Path(result.name).stem[-14:]}", (3, side - 4), _INK)
        tiles.append(tile)
    if not tiles:
        return np.full((side, side, 3), 255, np.uint8)
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns if len(tiles) > columns else 0)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.vstack(rows)


def draw_skeleton(
    image: UInt8, joints_2d: ArrayLike, color: tuple[int, int, int] | None = None
) -> None:
    """Bones of joints (21, 2) px drawn onto an RGB image, in one colour or the fingers' own."""
    points = np.nan_to_num(np.asarray(joints_2d, np.float64))
    for parent, child in BONES:
        finger = JOINT_NAMES[child].rstrip("1234")
        shade = color or FINGER_COLORS[finger]
        start, end = (
            np.round(points[joint] * 16).astype(int).tolist() for joint in (parent, child)
        )
        cv2.line(image, start, end, shade, 1 if color else 2, cv2.LINE_AA, 4)


class _Scale:
    """Data to pixels of a plot."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = x, y

    def __call__(self, x: float, y: float) -> tuple[int, int]:
        left, right, top, bottom = _MARGIN
        width, height = _SIZE[0] - left - right, _SIZE[1] - top - bottom
        u = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        v = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return round(left + u * width), round(_SIZE[1] - bottom - v * height)

    def draw_axes(self, image: UInt8, x_label: str, y_label: str) -> None:
        for step in np.linspace(0, 1, 6):
            x = self.x[0] + step * (self.x[1] - self.x[0])
            y = self.y[0] + step * (self.y[1] - self.y[0])
            cv2.line(image, self(x, self.y[0]), self(x, self.y[1]), _GRID, 1)
            cv2.line(image, self(self.x[0], y), self(self.x[1], y), _GRID, 1)
            u, v = self(x, self.y[0])
            _write(image, f"{x:.3g}", (u - 10, v + 16), _INK)
            _write(image, f"{y:.3g}", (12, self(self.x[0], y)[1] + 4), _INK)
        _write(image, x_label, (_SIZE[0] // 2 - 4 * len(x_label), _SIZE[1] - 8), _INK)
        _write(image, y_label, (8, 12), _INK)


def _canvas() -> UInt8:
    return np.full((_SIZE[1], _SIZE[0], 3), 255, np.uint8)


def _titled(image: UInt8, text: str) -> UInt8:
    _write(image, text, (_SIZE[0] // 2, 12), _INK)
    return image


def _write(image: UInt8, text: str, place: tuple[int, int], color: tuple[int, int, int]) -> None:
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, color, 1, cv2.LINE_AA)


def _stack(images: Sequence[UInt8]) -> UInt8:
    width = max(image.shape[1] for image in images)
    padded = [
        cv2.copyMakeBorder(
            image, 0, 8, 0, width - image.shape[1], cv2.BORDER_CONSTANT, value=(255,) * 3
        )
        for image in images
    ]
    return np.asarray(np.vstack(padded), np.uint8)


def _encode(image: UInt8, suffix: str = ".png") -> bytes:
    bgr: NDArray[Any] = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(suffix, bgr)[1].tobytes()


def _picture(image: UInt8, alternative: str) -> str:
    data = base64.b64encode(_encode(image)).decode("ascii")
    return f'<p><img src="data:image/png;base64,{data}" alt="{html.escape(alternative)}"></p>'


def _figure_table(report: dict[str, Any]) -> str:
    rows = [
        f"<tr><th>{html.escape(key)}</th><td>{html.escape(_shown(value))}</td></tr>"
        for key, value in report.items()
        if not isinstance(value, dict)
    ]
    return f"<table>{''.join(rows)}</table>"


def _joint_table(report: dict[str, Any]) -> str:
    keys = ("per_joint_pa_mm", "per_joint_mm", "per_joint_2d_px")
    head = "".join(f"<th>{html.escape(key)}</th>" for key in ("joint", *keys))
    rows = []
    for name in JOINT_NAMES:
        values = [(report[key] or {}).get(name) for key in keys]
        cells = "".join(f"<td>{html.escape(_shown(value))}</td>" for value in values)
        rows.append(f"<tr><th>{name}</th>{cells}</tr>")
    return f"<h2>Joints</h2><table><tr>{head}</tr>{''.join(rows)}</table>"


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _page(evaluation: Evaluation, body: Sequence[str]) -> str:
    title = html.escape(f"{evaluation.estimator} on {evaluation.dataset}")
    style = (
        "body{font:14px sans-serif;margin:2em;max-width:1200px}table{border-collapse:collapse}"
        "th,td{border:1px solid #ddd;padding:2px 8px;text-align:left}img{max-width:100%}"
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style><body>{''.join(body)}</body></html>\n"
    )
