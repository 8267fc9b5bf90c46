"""What fine-tuning has changed: the start and the result on samples that neither was trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import BONES, CROP_SIZE
from hands3c_core.data import CorruptSample, HandDataset, HandSample
from hands3c_core.evaluation import NetworkPredictor, PredictedHand, align
from hands3c_core.evaluation.predictors import crop_camera
from hands3c_core.evaluation.report import draw_skeleton
from hands3c_core.geometry import project, solve_translation
from hands3c_core.models import HandNetwork
from hands3c_core.render import MeshInstance, MeshRasterizer, MeshTemplate, hand_meshes
from hands3c_core.types import UInt8

#: Names in the run directory.
FIGURES, PICTURE = "before_after.json", "before_after.png"
#: Most samples that are measured of a dataset, samples that are drawn, and their side in px.
MEASURED, DRAWN, _TILE = 256, 8, 192
_TITLES: Final = {
    "joints_2d_px": "2D joints, px of 256",
    "mesh_2d_px": "mesh on the image, px of 256",
    "bones_deg": "direction of the bones, degrees",
    "pa_mpjpe_mm": "PA-MPJPE, mm",
}


@dataclass(frozen=True, slots=True)
class Errors:
    """Mean errors against the labels, over the samples that have them; NaN where none has."""

    joints_2d_px: float
    """2D joints of the heatmaps, px of a 256-px crop."""
    mesh_2d_px: float
    """Joints of the mesh, placed as the app places it, seen on the image; px of a 256-px crop."""
    bones_deg: float
    """Angle between the bones' directions, degrees."""
    pa_mpjpe_mm: float
    """Joints after the official similarity alignment, mm."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One dataset, before and after."""

    name: str
    samples: int
    before: Errors
    after: Errors


def compare(
    before: HandNetwork, after: HandNetwork, datasets: Mapping[str, HandDataset]
) -> list[Comparison]:
    """Measure two networks of the same input size on datasets (without context), by name."""
    rows = []
    for name, dataset in datasets.items():
        samples = _spread(dataset, MEASURED)
        if samples:
            errors = [measure_network(network, samples) for network in (before, after)]
            rows.append(Comparison(name, len(samples), *errors))
    return rows


def measure_network(network: HandNetwork, samples: Sequence[HandSample]) -> Errors:
    """Mean errors of a network on samples."""
    table = [
        _errors(sample, prediction)
        for sample, prediction in zip(samples, _predict(network, samples), strict=True)
    ]
    means = []
    for column in np.array(table, np.float64).T:
        known = column[np.isfinite(column)]
        means.append(float(known.mean()) if len(known) else float("nan"))
    return Errors(*means)


def comparison_table(rows: Sequence[Comparison]) -> str:
    """The figures as text, one line a figure, a pair of columns a dataset."""
    heads = [f"{row.name} ({row.samples})" for row in rows]
    width = max((len(head) for head in heads), default=0) + 2
    first = max(len(title) for title in _TITLES.values())
    lines = [" " * first + "".join(head.rjust(max(width, 20)) for head in heads)]
    for key, title in _TITLES.items():
        cells = []
        for row in rows:
            old, new = getattr(row.before, key), getattr(row.after, key)
            shown = "-" if np.isnan(old) else f"{old:.2f} -> {new:.2f}"
            cells.append(shown.rjust(max(width, 20)))
        lines.append(title.ljust(first) + "".join(cells))
    return "\n".join(lines)


def write_comparison(
    folder: Path,
    rows: Sequence[Comparison],
    before: HandNetwork,
    after: HandNetwork,
    shown: HandDataset,
) -> None:
    """Write ``before_after.json`` and, of samples of one dataset, ``before_after.png``.

    Raises:
        UserError: the files cannot be written.
    """
    table = {
        row.name: {
            "samples": row.samples,
            "before": _plain(row.before),
            "after": _plain(row.after),
        }
        for row in rows
    }
    write_atomically(folder / FIGURES, (json.dumps(table, indent=1) + "\n").encode())
    picture = draw_comparison(before, after, _spread(shown, DRAWN))
    _, code = cv2.imencode(".png", picture[..., ::-1])
    write_atomically(folder / PICTURE, code.tobytes())


def draw_comparison(
    before: HandNetwork, after: HandNetwork, samples: Sequence[HandSample]
) -> UInt8:
    """Samples side by side: with their labels above, the meshes of both networks below."""
    rows = [[_labelled(sample) for sample in samples]]
    for network in (before, after):
        template = hand_meshes(network.hand)[True]
        predictions = _predict(network, samples)
        rows.append(
            [
                _with_mesh(sample, prediction, template)
                for sample, prediction in zip(samples, predictions, strict=True)
            ]
        )
    bands = []
    for title, tiles in zip(("labels (held out)", "before", "after"), rows, strict=True):
        band = np.hstack(tiles)
        cv2.rectangle(band, (0, 0), (12 + 9 * len(title), 20), (255, 255, 255), -1)
        cv2.putText(
            band, title, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA
        )
        bands.append(band)
    return np.asarray(np.vstack(bands), np.uint8)


def _spread(dataset: HandDataset, most: int) -> list[HandSample]:
    """At most so many samples, evenly over the dataset; damaged ones are left out."""
    chosen = np.linspace(0, len(dataset) - 1, min(most, len(dataset))).round().astype(int)
    samples = []
    for index in chosen.tolist():
        try:
            samples.append(dataset.read(index))
        except CorruptSample as error:
            dataset.note_skipped(index, str(error))
    return samples


def _predict(network: HandNetwork, samples: Sequence[HandSample]) -> list[PredictedHand]:
    predictor = NetworkPredictor(network)
    hands: list[PredictedHand] = []
    for start in range(0, len(samples), 16):
        found = predictor.predict(samples[start : start + 16])
        hands += [hand for hand in found if hand is not None]
    return hands


def _errors(sample: HandSample, prediction: PredictedHand) -> tuple[float, float, float, float]:
    """As ``Errors``, of one sample."""
    missing = float("nan")
    flat = mesh = bones = aligned = missing
    zoom = CROP_SIZE / len(sample.crop)
    seen, known = sample.valid.joints_2d, sample.valid.joints_3d
    if seen.any() and prediction.joints_2d is not None:
        flat = zoom * _mean_distance(prediction.joints_2d, sample.joints_2d, seen)
        on_image = project(prediction.joints_3d + _place(sample, prediction), crop_camera(sample))
        mesh = zoom * _mean_distance(on_image, sample.joints_2d, seen)
    if known.all():
        bones = _bone_angle(prediction.joints_3d, sample.joints_3d)
        truth = sample.joints_3d.astype(np.float64)
        guess = align(truth, prediction.joints_3d, "official")
        aligned = 1000 * _mean_distance(guess, truth, known)
    return flat, mesh, bones, aligned


def _mean_distance(one: NDArray, other: NDArray, mask: NDArray[np.bool_]) -> float:
    return float(np.linalg.norm(np.asarray(one, np.float64) - other, axis=1)[mask].mean())


def _bone_angle(one: NDArray, other: NDArray) -> float:
    parents, children = np.array(BONES).T
    first, second = (
        np.asarray(joints, np.float64)[children] - np.asarray(joints, np.float64)[parents]
        for joints in (one, other)
    )
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = (first * second).sum(axis=1) / np.maximum(lengths, 1e-12)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).mean())


def _place(sample: HandSample, prediction: PredictedHand) -> NDArray[np.float32]:
    """The translation that brings the mesh to the network's own 2D joints, as in the app."""
    assert prediction.joints_2d is not None
    return solve_translation(prediction.joints_3d, prediction.joints_2d, crop_camera(sample))


def _labelled(sample: HandSample) -> UInt8:
    small = cv2.resize(sample.crop, (_TILE, _TILE), interpolation=cv2.INTER_AREA)
    tile = np.asarray(small, np.uint8)
    if sample.valid.joints_2d.all():
        zoom = _TILE / len(sample.crop)
        draw_skeleton(tile, (sample.joints_2d + 0.5) * zoom - 0.5)
    return tile


def _with_mesh(sample: HandSample, prediction: PredictedHand, template: MeshTemplate) -> UInt8:
    assert prediction.vertices is not None
    vertices = (prediction.vertices + _place(sample, prediction)).astype(np.float32)
    drawn = MeshRasterizer().draw(
        sample.crop, [MeshInstance(template, vertices)], crop_camera(sample), "shaded", 0.9
    )
    return np.asarray(cv2.resize(drawn, (_TILE, _TILE), interpolation=cv2.INTER_AREA), np.uint8)


def _plain(errors: Errors) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in asdict(errors).items()}
