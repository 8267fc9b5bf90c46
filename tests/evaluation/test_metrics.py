"""Alignments and metrics against the official evaluation's output and against first principles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hands3c_core.evaluation.alignment import (
    align,
    align_root,
    align_scale_translation,
    fit_similarity,
)
from hands3c_core.evaluation.metrics import (
    PROTOCOLS,
    area_under_curve,
    f_score,
    f_scores,
    mean_error,
    median_error,
    pck_curve,
    point_errors,
)

TOLERANCE = 1e-9


@pytest.fixture
def golden(shared: Path) -> tuple[dict[str, np.ndarray], dict]:
    with np.load(shared / "metrics" / "golden_inputs.npz", allow_pickle=False) as archive:
        inputs = dict(archive)
    return inputs, json.loads((shared / "metrics" / "golden.json").read_text())


@pytest.fixture
def hands() -> tuple[np.ndarray, np.ndarray]:
    """True and predicted joints (12, 21, 3) that differ by a similarity and some noise."""
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(12, 21, 3)) * 0.05 + [0.0, 0.0, 0.6]
    guess = truth * 1.3 + [0.1, -0.2, 0.3] + rng.normal(size=truth.shape) * 0.004
    return truth, guess


def measures(errors: np.ndarray) -> dict[str, float]:
    return {
        "mean_m": mean_error(errors),
        "median_m": median_error(errors),
        "auc": area_under_curve(errors),
    }


@pytest.mark.parametrize(
    ("name", "points", "how"),
    [
        ("joints_raw", "J", "none"),
        ("joints_pa", "J", "official"),
        ("joints_scale_trans", "J", "scale_translation"),
        ("verts_raw", "V", "none"),
        ("verts_pa", "V", "official"),
    ],
)
def test_official_errors(golden, name, points, how):
    inputs, expected = golden
    truth, guess = inputs[f"gt{points}"], inputs[f"p{points}"]
    got = measures(point_errors(truth, align(truth, guess, how)))
    assert got == pytest.approx(expected[name], abs=TOLERANCE)


@pytest.mark.parametrize("millimetres", [5, 15])
def test_official_f_scores(golden, millimetres):
    inputs, expected = golden
    truth, guess = inputs["gtV"], inputs["pV"]
    aligned = align(truth, guess, "official")
    for points, suffix in ((guess, "raw"), (aligned, "pa")):
        scores = [f_score(a, b, millimetres / 1000) for a, b in zip(truth, points, strict=True)]
        assert np.mean(scores) == pytest.approx(
            expected[f"F@{millimetres}_{suffix}"], abs=TOLERANCE
        )


def test_official_alignment_allows_reflections(golden):
    inputs, expected = golden
    truth = inputs["gtJ"][0]
    mirrored = truth * [-1, 1, 1]

    def error_mm(how):
        return 1000 * point_errors(truth, align(truth, mirrored, how)).mean()

    assert error_mm("official") == pytest.approx(
        expected["reflection_official_err_mm"], abs=TOLERANCE
    )
    assert error_mm("rigid") == pytest.approx(
        expected["reflection_rigid_align_err_mm"], abs=TOLERANCE
    )


def test_variants_agree_without_reflection(golden):
    inputs, expected = golden
    truth, guess = inputs["gtJ"][1], inputs["pJ"][1]  # the sample that the figure was taken of
    gap = np.abs(align(truth, guess, "official") - align(truth, guess, "rigid")).max()
    assert gap == pytest.approx(
        expected["diff_official_vs_rigid_align_no_reflection_m"], abs=TOLERANCE
    )


def test_zero_prediction_costs_the_spread_of_the_truth(golden):
    inputs, expected = golden
    truth = inputs["gtJ"][0]
    for how in ("official", "rigid"):
        error = 1000 * point_errors(truth, align(truth, np.zeros_like(truth), how)).mean()
        assert error == pytest.approx(expected["zero_pred_pa_mm"], abs=TOLERANCE)


@pytest.mark.parametrize("how", ["official", "rigid"])
def test_similarities_are_undone(hands, how):
    truth, _ = hands
    angle = 0.7
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    moved = 0.3 * truth @ turn.T + [1.0, 2.0, -1.0]
    assert np.abs(align(truth, moved, how) - truth).max() < 1e-6


def test_batches_equal_single_samples(hands):
    truth, guess = hands
    for how in ("official", "rigid", "scale_translation", "root"):
        batch = align(truth, guess, how)
        single = np.stack([align(a, b, how) for a, b in zip(truth, guess, strict=True)])
        np.testing.assert_allclose(batch, single, atol=1e-12)


def test_alignment_never_hurts(hands):
    """The similarity is the best one: any other alignment of the list is no closer."""
    truth, guess = hands
    best = ((truth - align(truth, guess, "official")) ** 2).sum()
    for how in ("rigid", "scale_translation", "root", "none"):
        assert best <= ((truth - align(truth, guess, how)) ** 2).sum() + 1e-9


def test_scale_translation_fixes_one_bone(hands):
    truth, guess = hands
    aligned = align_scale_translation(truth, guess)
    np.testing.assert_allclose(aligned[:, 0], truth[:, 0], atol=1e-12)
    length = np.linalg.norm(aligned[:, 4] - aligned[:, 0], axis=-1)
    np.testing.assert_allclose(length, np.linalg.norm(truth[:, 4] - truth[:, 0], axis=-1))
    assert np.isfinite(align_scale_translation(truth, np.zeros_like(truth))).all()


def test_root_alignment_keeps_everything_else(hands):
    truth, guess = hands
    aligned = align_root(truth, guess, root=9)
    np.testing.assert_allclose(aligned[:, 9], truth[:, 9], atol=1e-12)
    np.testing.assert_allclose(np.diff(aligned, axis=1), np.diff(guess, axis=1), atol=1e-12)


def test_unknown_alignment_is_refused(hands):
    with pytest.raises(ValueError, match="procrustes"):
        align(*hands, "procrustes")  # type: ignore[arg-type]


def test_similarity_of_joints_applied_to_a_denser_mesh(hands):
    """With the official rule a mesh of another density follows its joints' rotation and scale."""
    truth, _ = hands
    guess = truth / 2
    fitted = fit_similarity(truth, guess, reflection=True)
    np.testing.assert_allclose(fitted.apply(guess), truth, atol=1e-6)
    moved = fitted.apply_about_own_center(guess)
    np.testing.assert_allclose(moved, truth, atol=1e-6)


def test_means_ignore_points_never_seen():
    errors = np.array([[1.0, np.nan, 3.0], [3.0, np.nan, np.nan]])
    assert mean_error(errors) == 2.5
    assert median_error(errors) == 2.5
    assert np.isnan(mean_error(np.full((2, 3), np.nan)))


def test_curve_counts_the_threshold_itself():
    np.testing.assert_array_equal(
        pck_curve([[0.5], [1.0], [2.0]], [0.0, 0.5, 1.0, 2.0]), [0, 1 / 3, 2 / 3, 1]
    )


def test_area_of_known_curves():
    assert area_under_curve(np.zeros((4, 21))) == 1.0
    assert area_under_curve(np.full((4, 21), 1.0)) == 0.0
    # Errors uniform on the range: the curve is the diagonal.
    uniform = np.linspace(0, 0.05, 5001)[:, None]
    assert area_under_curve(uniform) == pytest.approx(0.5, abs=1e-3)
    assert area_under_curve(uniform, low=0.02) == pytest.approx(0.7, abs=1e-3)


def test_f_score_by_hand():
    truth = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    guess = np.array([[0.0, 0, 0.001], [5.0, 0, 0], [6.0, 0, 0], [7.0, 0, 0]])
    # One of two true points is near a guess, one of four guesses near a true point.
    assert f_score(truth, guess, 0.005) == pytest.approx(2 * 0.5 * 0.25 / 0.75)
    assert f_scores(truth, guess, (0.0005, 0.001, 0.0011)) == pytest.approx([0, 0, 1 / 3])
    assert f_score(truth, np.zeros((0, 3)), 1.0) == 0.0


def test_protocols_name_known_alignments(hands):
    truth, guess = hands
    for protocol in PROTOCOLS.values():
        aligned = align(truth, guess, protocol.alignment, protocol.root)
        assert aligned.shape == truth.shape
        assert protocol.auc_range_mm[0] < protocol.auc_range_mm[1]
