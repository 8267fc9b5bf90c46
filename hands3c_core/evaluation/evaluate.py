"""Measuring a predictor on a dataset."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SIZE, JOINT_NAMES
from hands3c_core.data.dataset import CorruptSample, HandDataset
from hands3c_core.data.sample import HandSample
from hands3c_core.errors import UserError
from hands3c_core.evaluation.alignment import (
    align,
    align_root,
    align_scale_translation,
    fit_similarity,
)
from hands3c_core.evaluation.metrics import (
    F_THRESHOLDS,
    PROTOCOLS,
    Protocol,
    area_under_curve,
    f_scores,
    mean_error,
    pck_curve,
    point_errors,
)
from hands3c_core.evaluation.predictors import PredictedHand, Predictor
from hands3c_core.evaluation.sample_result import SampleResult
from hands3c_core.evaluation.two_hands import two_hand_figures

Floats = NDArray[np.float64]
FScores = tuple[float, float] | None
#: Shares of the hand's box that HInt's 2D errors are compared with.
BOX_THRESHOLDS = (0.05, 0.1, 0.15)
#: Other root that papers take for root-relative errors: the middle finger's first joint.
_MIDDLE = JOINT_NAMES.index("middle1")


@dataclass(slots=True)
class Evaluation:
    """The result of ``evaluate``."""

    dataset: str
    estimator: str
    protocol_name: str
    protocol: Protocol
    results: list[SampleResult] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    """Indices of samples in which the estimator found no hand."""
    failed_pa: list[float] = field(default_factory=list)
    """For each of these the mean aligned error (metres) of a prediction of one point."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Samples that could not be read, and why."""
    seconds: float = 0.0
    """Time in the predictor."""
    is_metric: bool = True
    """Whether all 3D labels have a true scale."""
    cost: dict[str, float | None] = field(default_factory=dict)
    images: list[str] | None = None
    """See ``HandDataset.images_of``."""
    groups: list[str] | None = None
    """See ``HandDataset.groups``."""

    def table(self, name: str) -> Floats:
        """The named (N, 21) errors of all results."""
        rows = [getattr(result, name) for result in self.results]
        return np.stack(rows) if rows else np.zeros((0, 21))

    def vertex_table(self, name: str) -> Floats:
        """The named (N, V) vertex errors of the results that have them; (0, 0) if none has."""
        rows = [row for result in self.results if (row := getattr(result, name)) is not None]
        fits = rows and all(row.shape == rows[0].shape for row in rows)
        return np.stack(rows) if fits else np.zeros((0, 0))

    def report(self) -> dict[str, Any]:
        """Every figure, for JSON: lengths in mm, None where nothing could be measured.

        ``pa_mpjpe_mm``, ``pa_mpjpe_all_mm`` (missed hands counted as a prediction of one point, so
        that estimators that miss different hands can be compared), ``mpjpe_mm`` (relative to the
        wrist), ``mpjpe_middle_mm`` (relative to middle1), ``pa_mpvpe_mm``, ``mpvpe_mm``, ``auc``,
        ``auc_vertices``, ``f5``, ``f15`` (aligned vertices), ``joints_2d_px`` (of a 256-px crop),
        ``n`` (measured), ``*_unaligned`` (with the wrist at its true place),
        ``scale_trans_mpjpe_mm`` and ``auc_scale_trans`` (the protocol 'ho3d' has them),
        ``n_failed`` (no hand found; not in the other means), ``n_skipped`` (unreadable),
        ``joints_2d_box`` (2D as a share of the hand's box), ``pck_box`` (PCK at shares of it),
        those of ``two_hands``, ``ms_per_crop``, ``params``, ``flops`` and the errors of each joint.
        Figures that need a true scale are None for datasets without one.
        """
        low, high = (limit / 1000 for limit in self.protocol.auc_range_mm)
        pa, curve = self.table("pa"), self.table("curve")
        count = len(self.results) + len(self.failed)
        thresholds = np.linspace(0.0, 0.05, 101)
        return {
            "dataset": self.dataset,
            "estimator": self.estimator,
            "protocol": self.protocol_name,
            "alignment": self.protocol.alignment,
            "metric_scale": self.is_metric,
            "n": len(self.results),
            "n_failed": len(self.failed),
            "n_skipped": len(self.skipped),
            "pa_mpjpe_mm": _mm(mean_error(pa)),
            "pa_mpjpe_all_mm": self._pa_of_all(pa),
            "mpjpe_mm": self._metric_mm(self.table("wrist")),
            "mpjpe_middle_mm": self._metric_mm(self.table("middle")),
            "pa_mpvpe_mm": self._vertex_mm("vertex_pa"),
            "mpvpe_mm": self._vertex_mm("vertex") if self.is_metric else None,
            "auc": _number(area_under_curve(curve, low, high, self.protocol.auc_steps)),
            "auc_range_mm": list(self.protocol.auc_range_mm),
            "auc_alignment": self.protocol.auc_alignment,
            "auc_vertices": self._auc(self.vertex_table("vertex_pa")),
            **self._f_scores("f"),
            **self._not_aligned(),
            "joints_2d_px": _number(mean_error(self.table("pixels"))),
            "joints_2d_box": _number(mean_error(self.table("box"))),
            "pck_box": self._pck_of_box(),
            **two_hand_figures(self.results, self.images, self.groups),
            "ms_per_crop": 1000 * self.seconds / count if count else None,
            "params": self.cost.get("params"),
            "flops": self.cost.get("flops"),
            "per_joint_pa_mm": _per_joint(1000 * pa),
            "per_joint_mm": _per_joint(1000 * self.table("wrist")) if self.is_metric else None,
            "per_joint_2d_px": _per_joint(self.table("pixels")),
            "pck": {
                "thresholds_mm": (1000 * thresholds).tolist(),
                "pa": [_number(value) for value in pck_curve(pa, thresholds)],
                "protocol": [_number(value) for value in pck_curve(curve, thresholds)],
            },
        }

    def _pa_of_all(self, pa: Floats) -> float | None:
        means = [row[np.isfinite(row)].mean() for row in pa if np.isfinite(row).any()]
        means += [value for value in self.failed_pa if math.isfinite(value)]
        return _mm(float(np.mean(means))) if means else None

    def _pck_of_box(self) -> dict[str, float | None]:
        """Share of joints nearer than a share of the hand's box, averaged over the joints, as
        HaMeR's evaluation of HInt takes it (``keypoint_pck_accuracy`` of its ``pck_accuracy.py``);
        joints of missed hands do not count."""
        found = pck_curve(self.table("box"), BOX_THRESHOLDS)
        return {f"{t:g}": _number(v) for t, v in zip(BOX_THRESHOLDS, found, strict=True)}

    def _auc(self, errors: Floats) -> float | None:
        """Area under the curve from 0 to 50 mm, whatever the protocol's own curve is."""
        return _number(area_under_curve(errors))

    def _f_scores(self, name: str, suffix: str = "") -> dict[str, float | None]:
        scores = [f for result in self.results if (f := getattr(result, name)) is not None]
        first, second = np.mean(scores, axis=0).tolist() if scores else (None, None)
        return {f"f5{suffix}": first, f"f15{suffix}": second}

    def _not_aligned(self) -> dict[str, float | None]:
        """Figures without Procrustes alignment, for labels in true scale."""
        if not self.is_metric:
            names = ("auc_unaligned", "auc_vertices_unaligned", "f5_unaligned", "f15_unaligned")
            return dict.fromkeys((*names, "scale_trans_mpjpe_mm", "auc_scale_trans"))
        scaled = self.table("scale_trans")
        return {
            "auc_unaligned": self._auc(self.table("wrist")),
            "auc_vertices_unaligned": self._auc(self.vertex_table("vertex")),
            **self._f_scores("f_unaligned", "_unaligned"),
            "scale_trans_mpjpe_mm": _mm(mean_error(scaled)),
            "auc_scale_trans": self._auc(scaled),
        }

    def _metric_mm(self, errors: Floats) -> float | None:
        return _mm(mean_error(errors)) if self.is_metric else None

    def _vertex_mm(self, name: str) -> float | None:
        rows = [getattr(result, name) for result in self.results]
        means = [row.mean() for row in rows if row is not None]
        return _mm(float(np.mean(means))) if means else None


def evaluate(
    dataset: HandDataset,
    predictor: Predictor,
    *,
    protocol: str | None = None,
    batch_size: int = 16,
    limit: int | None = None,
    keep_vertices: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure ``predictor`` on ``dataset``.

    Args:
        dataset: the samples; their crops must be of the predictor's ``input_size``.
        predictor: the estimator.
        protocol: a key of ``PROTOCOLS``; the dataset's own by default.
        batch_size: crops a call.
        limit: measure this many samples, spread evenly over the dataset.
        keep_vertices: keep the predicted vertices in the results, for submissions.
        progress: called with the number of samples done and in all.

    Raises:
        UserError: the protocol is unknown, the crops have another size, or nothing can be read.
    """
    name = protocol or dataset.protocol
    if name not in PROTOCOLS:
        raise UserError(f"there is no protocol {name!r}; choose from {', '.join(PROTOCOLS)}.")
    if dataset.crop_size != predictor.input_size or dataset.context != 1.0:
        raise UserError(
            f"{predictor.name} takes crops of {predictor.input_size} px, the dataset gives "
            f"{dataset.crop_size} px; open it with that size."
        )
    outcome = Evaluation(dataset.kind, predictor.name, name, PROTOCOLS[name])
    outcome.cost = predictor.cost()
    outcome.images, outcome.groups = dataset.images_of(), dataset.groups()
    indices = _spread(len(dataset), limit)
    done = 0
    for batch in _batches(dataset, indices, batch_size, outcome):
        if batch:
            started = time.perf_counter()
            predictions = predictor.predict([sample for _, sample in batch])
            outcome.seconds += time.perf_counter() - started
            for (index, sample), prediction in zip(batch, predictions, strict=True):
                outcome.is_metric &= sample.valid.metric
                if prediction is None:
                    outcome.failed.append(index)
                    nothing = PredictedHand(np.zeros((len(JOINT_NAMES), 3)))
                    score = measure(sample, nothing, outcome.protocol).pa
                    outcome.failed_pa.append(float(np.mean(score)))
                else:
                    result = measure(sample, prediction, outcome.protocol, index)
                    if not keep_vertices:
                        result.prediction = replace(prediction, vertices=None)
                    outcome.results.append(result)
        done = min(done + batch_size, len(indices))
        if progress is not None:
            progress(done, len(indices))
    if not outcome.results and not outcome.failed:
        reason = next(iter(outcome.skipped.values()), "it is empty")
        raise UserError(f"{dataset.kind}: no sample could be read ({reason}).")
    return outcome


def measure(
    sample: HandSample, prediction: PredictedHand, protocol: Protocol, index: int = 0
) -> SampleResult:
    """The errors of one prediction; joints without a label are left out of alignment and errors."""
    guess = np.asarray(prediction.joints_3d, np.float64)
    truth = sample.joints_3d.astype(np.float64)
    labelled = sample.valid.joints_3d
    enough = int(labelled.sum()) >= 3

    def errors(how: str, root: int = 0) -> Floats:
        result = np.full(len(guess), np.nan)
        if how == "root":
            if labelled[root]:
                aligned = align_root(truth, guess, root)[labelled]
                result[labelled] = point_errors(truth[labelled], aligned)
        elif how == "scale_translation":
            bone = protocol.scale_bone
            if bone is not None and labelled[list(bone)].all():
                aligned = align_scale_translation(truth, guess, bone)[labelled]
                result[labelled] = point_errors(truth[labelled], aligned)
        elif enough:
            aligned = align(truth[labelled], guess[labelled], how)  # type: ignore[arg-type]
            result[labelled] = point_errors(truth[labelled], aligned)
        return result

    pixels = np.full(len(guess), np.nan)
    in_box = pixels
    if prediction.joints_2d is not None:
        pixels = point_errors(sample.joints_2d, prediction.joints_2d, sample.valid.joints_2d)
        if sample.box_side:
            in_box = pixels / sample.box_side
        pixels *= CROP_SIZE / sample.crop.shape[0]
    vertex_pa, vertex, f, f_unaligned = _measure_vertices(sample, prediction, protocol)
    return SampleResult(
        index=index,
        name=sample.name,
        prediction=prediction,
        root=sample.root,
        is_right=sample.is_right,
        pa=errors(protocol.alignment),
        wrist=errors("root", 0),
        middle=errors("root", _MIDDLE),
        curve=errors(protocol.auc_alignment, protocol.root),
        pixels=pixels,
        box=in_box,
        vertex_pa=vertex_pa,
        vertex=vertex,
        f=f,
        f_unaligned=f_unaligned,
        scale_trans=errors("scale_translation"),
    )


def _measure_vertices(
    sample: HandSample, prediction: PredictedHand, protocol: Protocol
) -> tuple[Floats | None, Floats | None, FScores, FScores]:
    """Aligned and wrist-relative vertex errors, and F-scores of either. Meshes of another density
    are aligned by their joints, as the official evaluation does, and have F-scores alone."""
    if sample.vertices is None or prediction.vertices is None:
        return None, None, None, None
    truth = sample.vertices.astype(np.float64)
    guess = np.asarray(prediction.vertices, np.float64)
    joints = np.asarray(prediction.joints_3d, np.float64)
    reflection = protocol.alignment == "official"
    relative = guess - joints[0]
    unaligned = _two_f_scores(truth, relative)
    if truth.shape == guess.shape:
        aligned = fit_similarity(truth, guess, reflection=reflection).apply(guess)
        errors = point_errors(truth, aligned), point_errors(truth, relative)
        return *errors, _two_f_scores(truth, aligned), unaligned
    if not sample.valid.joints_3d.all():
        return None, None, None, unaligned
    fitted = fit_similarity(sample.joints_3d.astype(np.float64), joints, reflection=reflection)
    return None, None, _two_f_scores(truth, fitted.apply_about_own_center(guess)), unaligned


def _two_f_scores(truth: Floats, guess: Floats) -> tuple[float, float]:
    first, second = f_scores(truth, guess, F_THRESHOLDS)
    return first, second


def _spread(count: int, limit: int | None) -> list[int]:
    if limit is None or limit >= count:
        return list(range(count))
    return np.linspace(0, count - 1, max(limit, 1)).round().astype(int).tolist()


def _batches(
    dataset: HandDataset, indices: list[int], size: int, outcome: Evaluation
) -> Iterator[list[tuple[int, HandSample]]]:
    for start in range(0, len(indices), size):
        batch = []
        for index in indices[start : start + size]:
            try:
                batch.append((index, dataset.read(index)))
            except CorruptSample as error:
                outcome.skipped[f"{dataset.kind}[{index}]"] = str(error)
        yield batch


def _mm(metres: float) -> float | None:
    return _number(1000 * metres)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _per_joint(errors: Floats) -> dict[str, float | None]:
    return {
        name: _number(mean_error(errors[:, joint : joint + 1]))
        for joint, name in enumerate(JOINT_NAMES)
    }
