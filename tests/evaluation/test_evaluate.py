"""Evaluation of predictors that are wrong by known amounts."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.evaluation import (
    MeanHandPredictor,
    comparison,
    evaluate,
    official_lines,
    with_rows,
    write_report,
)
from hands3c_core.evaluation.tables import PUBLISHED
from hands3c_core.hand_model import FastHandLayer, load_hand_model

KEYS = {
    "pa_mpjpe_mm", "mpjpe_mm", "pa_mpvpe_mm", "auc", "f5", "f15", "joints_2d_px", "n", "n_failed",
    "ms_per_crop",
}  # fmt: skip


def test_a_perfect_predictor(make_hands, make_guess):
    report = evaluate(make_hands(), make_guess()).report()
    assert report.keys() >= KEYS
    assert report["n"] == 6
    for key in ("pa_mpjpe_mm", "mpjpe_mm", "mpjpe_middle_mm", "pa_mpvpe_mm", "mpvpe_mm"):
        assert report[key] == pytest.approx(0, abs=1e-3)
    assert report["joints_2d_px"] == 0
    assert report["f5"] == report["f15"] == 1
    # The first threshold of the official curve is 0 itself, which float noise does not reach.
    assert report["auc"] == pytest.approx(1, abs=0.006)
    assert report["params"] == 7
    assert report["ms_per_crop"] >= 0
    json.dumps(report, allow_nan=False)


def test_scale_is_an_error_but_not_after_alignment(make_hands, make_guess, moved):
    dataset = make_hands()
    guess = make_guess(lambda hand: moved(hand, lambda points: points * 1.1))
    report = evaluate(dataset, guess).report()
    lengths = [np.linalg.norm(sample.joints_3d, axis=1).mean() for sample in dataset.samples]
    assert report["mpjpe_mm"] == pytest.approx(100 * np.mean(lengths), rel=1e-4)
    assert report["pa_mpjpe_mm"] == pytest.approx(0, abs=1e-3)
    assert report["per_joint_mm"]["wrist"] == pytest.approx(0, abs=1e-4)
    assert report["per_joint_mm"]["middle4"] > report["per_joint_mm"]["middle1"] > 0


def test_one_wrong_joint_shows_at_that_joint(make_hands, make_guess):
    def shift(hand):
        joints = hand.joints_3d.copy()
        joints[8, 2] += 0.021
        pixels = hand.joints_2d.copy()
        pixels[8] += (3, 4)
        return replace(hand, joints_3d=joints, joints_2d=pixels)

    report = evaluate(make_hands(), make_guess(shift)).report()
    assert report["per_joint_mm"]["index4"] == pytest.approx(21, abs=1e-3)
    assert report["mpjpe_mm"] == pytest.approx(1, abs=1e-3)
    assert report["per_joint_2d_px"]["index4"] == pytest.approx(5, abs=1e-4)
    assert report["joints_2d_px"] == pytest.approx(5 / 21, abs=1e-4)


@pytest.mark.parametrize(
    ("protocol", "is_zero"), [("freihand", True), ("dexycb_toolkit", True), ("dexycb", False)]
)
def test_protocols_differ_on_mirror_images(make_hands, make_guess, moved, protocol, is_zero):
    mirror = np.array([-1.0, 1.0, 1.0])
    guess = make_guess(lambda hand: moved(hand, lambda points: points * mirror))
    report = evaluate(make_hands(), guess, protocol=protocol).report()
    assert (report["pa_mpjpe_mm"] < 0.01) == is_zero
    assert (report["pa_mpvpe_mm"] < 0.01) == is_zero


def test_curves_of_rhd_are_root_relative(make_hands, make_guess, moved):
    guess = make_guess(lambda hand: moved(hand, lambda points: points * 1.3))
    relative = evaluate(make_hands(), guess, protocol="rhd").report()
    aligned = evaluate(make_hands(), guess, protocol="freihand").report()
    assert relative["auc_range_mm"] == [20.0, 50.0]
    assert relative["auc"] < aligned["auc"]


def test_missed_and_broken_samples_are_counted_apart(make_hands, make_guess):
    outcome = evaluate(make_hands(broken=(1,)), make_guess(misses=("hand/3", "hand/4")))
    report = outcome.report()
    assert (report["n"], report["n_failed"], report["n_skipped"]) == (3, 2, 1)
    assert outcome.failed == [3, 4]
    spread = [
        np.linalg.norm(joints - joints.mean(axis=0), axis=1).mean()
        for joints in (outcome_truth(make_hands, 3), outcome_truth(make_hands, 4))
    ]
    assert report["pa_mpjpe_all_mm"] == pytest.approx(1000 * sum(spread) / 5, abs=1e-3)
    assert outcome.skipped == {"hands[1]": "number 1 is broken"}


def outcome_truth(make_hands, index):
    return make_hands().samples[index].joints_3d


def test_an_estimator_that_finds_nothing_has_no_figures(make_hands, make_guess):
    names = [f"hand/{i}" for i in range(6)]
    report = evaluate(make_hands(), make_guess(misses=names)).report()
    assert report["n_failed"] == 6
    assert report["pa_mpjpe_mm"] is None
    assert report["auc"] is None


def test_labels_without_scale_have_no_figures_in_metres(make_hands, make_guess):
    report = evaluate(make_hands(metric=False), make_guess()).report()
    assert report["mpjpe_mm"] is None
    assert report["per_joint_mm"] is None
    assert report["pa_mpjpe_mm"] == pytest.approx(0, abs=1e-3)


def test_unlabelled_joints_are_left_out(make_hands, make_guess):
    dataset = make_hands(1)
    sample = dataset.samples[0]
    valid = np.ones(21, bool)
    valid[[4, 8]] = False
    wrong = sample.joints_3d.copy()
    wrong[[4, 8]] = 9.0
    dataset.samples[0] = replace(
        sample, joints_3d=wrong, vertices=None, valid=replace(sample.valid, joints_3d=valid)
    )
    truth = sample.joints_3d

    def guess(hand):
        return replace(hand, joints_3d=truth * 1.0, vertices=None)

    predictor = make_guess(guess)
    predictor.predict = lambda samples: [guess_hand(truth) for _ in samples]
    report = evaluate(dataset, predictor).report()
    assert report["pa_mpjpe_mm"] == pytest.approx(0, abs=1e-3)
    assert report["per_joint_pa_mm"]["thumb4"] is None
    assert report["pa_mpvpe_mm"] is None


def guess_hand(joints):
    from hands3c_core.evaluation import PredictedHand

    return PredictedHand(joints)


def test_meshes_of_another_density_have_f_scores_alone(make_hands, make_guess):
    guess = make_guess(lambda hand: replace(hand, vertices=hand.vertices[::2]))
    report = evaluate(make_hands(), guess).report()
    assert report["pa_mpvpe_mm"] is None
    assert 0.5 < report["f15"] <= 1


def test_limits_spread_over_the_dataset(make_hands, make_guess):
    outcome = evaluate(make_hands(11), make_guess(), limit=3)
    assert [result.index for result in outcome.results] == [0, 5, 10]


def test_batches_and_progress(make_hands, make_guess):
    guess, seen = make_guess(), []
    evaluate(make_hands(7), guess, batch_size=3, progress=lambda *step: seen.append(step))
    assert guess.batches == [3, 3, 1]
    assert seen == [(3, 7), (6, 7), (7, 7)]


@pytest.mark.parametrize("change", [{"protocol": "mpii"}, {"crop_size": 128}, {"context": 1.5}])
def test_mistakes(make_hands, make_guess, change):
    dataset = make_hands(2)
    protocol = change.pop("protocol", None)
    for name, value in change.items():
        setattr(dataset, name, value)
    with pytest.raises(UserError):
        evaluate(dataset, make_guess(), protocol=protocol)


def test_a_dataset_without_a_readable_sample(make_hands, make_guess):
    with pytest.raises(UserError, match="number 0 is broken"):
        evaluate(make_hands(2, broken=(0, 1)), make_guess())


# --- reports and tables ------------------------------------------------------------------------


def test_html_report(make_hands, make_guess, moved, tmp_path):
    dataset = make_hands(8, broken=(7,))
    rng = np.random.default_rng(0)
    guess = make_guess(
        lambda hand: moved(hand, lambda points: points + rng.normal(size=points.shape) * 0.01)
    )
    outcome = evaluate(dataset, guess)
    path = tmp_path / "report.html"
    write_report(outcome, dataset, path, shown=3)
    text = path.read_text()
    assert text.count("data:image/png") == 3
    assert "number 7 is broken" in text
    assert f"{outcome.report()['pa_mpjpe_mm']:.4g}" in text
    assert "middle4" in text
    write_report(outcome, dataset, tmp_path / "report.png", shown=3)
    assert (tmp_path / "report.png").read_bytes()[:4] == b"\x89PNG"


def test_reports_without_any_figure(make_hands, make_guess, tmp_path):
    dataset = make_hands(2)
    outcome = evaluate(dataset, make_guess(misses=("hand/0", "hand/1")))
    write_report(outcome, dataset, tmp_path / "report.html")
    assert "nothing" not in (tmp_path / "report.html").read_text()  # drawn, not written


def test_best_and_worst_are_the_best_and_worst(make_hands, make_guess, moved, monkeypatch):
    from hands3c_core.evaluation import report as module

    dataset = make_hands(6)

    def noisy(hand):
        amount = 0.001 * (1 + np.abs(hand.joints_3d).sum() % 1)
        rng = np.random.default_rng(1)
        return moved(hand, lambda p: p + amount * rng.normal(size=p.shape))

    outcome = evaluate(dataset, make_guess(noisy))
    drawn = []
    monkeypatch.setattr(
        module,
        "draw_samples",
        lambda data, results: drawn.append([r.score for r in results]) or np.zeros((8, 8, 3), "u1"),
    )
    monkeypatch.setattr(module, "write_atomically", lambda *_: None)
    from pathlib import Path

    write_report(outcome, dataset, Path("x.html"), shown=2)
    scores = sorted(result.score for result in outcome.results)
    assert drawn == [scores[:2], scores[::-1][:2]]


def test_comparison_shows_published_rows_of_that_benchmark_only(make_hands, make_guess):
    report = evaluate(make_hands(), make_guess()).report()
    assert "simpleHand" not in comparison(report)
    table = comparison({**report, "dataset": "freihand"})
    assert "simpleHand" in table
    assert "arXiv 2403.01813" in table
    assert "guess (ours)" in table.splitlines()[-5] or "guess (ours)" in table


def test_published_figures_have_sources():
    """A paper by number, or a file of a repository at a commit; figures of the right size."""
    for row in PUBLISHED:
        paper = re.search(r"arXiv \d{4}\.\d{5}", row.source)
        assert paper or re.search(r"at [0-9a-f]{7}", row.source), row
        assert row.figures
        for key, value in row.figures.items():
            low, high = (4, 18) if key.endswith("_mm") else (0.4, 1)
            if key == "params":
                low, high = 20e6, 600e6
            assert low < value < high, (row, key)
    assert len({(row.benchmark, row.method) for row in PUBLISHED}) == len(PUBLISHED)
    assert {row.benchmark for row in PUBLISHED} == {"freihand", "dexycb", "ho3d"}


def test_the_papers_own_rows_are_printed_beside_ours(make_hands, make_guess):
    """Tables 1 to 3 and the ablation rows of the HandS3C preprint."""
    report = evaluate(make_hands(), make_guess()).report()
    freihand = comparison({**report, "dataset": "freihand"})
    assert "HandSSCA " in freihand
    line = next(line for line in freihand.splitlines() if line.startswith("HandSSCA  "))
    assert line.split()[1:] == ["31.8", "-", "7.60", "-", "7.00", "-", "0.690", "0.982"]
    dexycb = comparison({**report, "dataset": "dexycb"})
    assert re.search(r"HandSSCA +- +12\.81 +5\.52", dexycb)
    ho3d = comparison({**report, "dataset": "ho3d"})
    assert "baseline + SSA" in ho3d
    assert "AUC (mesh)" in ho3d


def test_a_column_that_nobody_fills_is_left_out(make_hands, make_guess):
    report = evaluate(make_hands(), make_guess()).report() | {"params": None}
    assert "params" not in comparison(report)


def test_unaligned_and_scale_translation_figures(make_hands, make_guess, moved):
    """A hand that is a tenth too large is right after scale and translation, which take the wrist
    and the middle finger's first joint; only the protocol 'ho3d' has these figures."""
    guess = make_guess(lambda hand: moved(hand, lambda points: points * 1.1))
    report = evaluate(make_hands(), guess, protocol="ho3d").report()
    assert report["scale_trans_mpjpe_mm"] == pytest.approx(0, abs=1e-3)
    assert report["auc_scale_trans"] > 0.99
    assert report["auc_unaligned"] < report["auc"]
    assert report["auc_vertices_unaligned"] < report["auc_vertices"]
    assert report["f5_unaligned"] < report["f5"] == 1

    def stretch(hand):
        joints = hand.joints_3d.copy()
        joints[9] = joints[0] + 2 * (joints[9] - joints[0])
        return replace(hand, joints_3d=joints)

    stretched = evaluate(make_hands(), make_guess(stretch), protocol="ho3d").report()
    # Everything is halved, because that bone is twice as long as it should be.
    assert stretched["scale_trans_mpjpe_mm"] > 20
    other = evaluate(make_hands(), guess, protocol="freihand").report()
    assert other["scale_trans_mpjpe_mm"] is None
    assert other["auc_unaligned"] == pytest.approx(report["auc_unaligned"])


def test_figures_as_ho3ds_script_prints_them(make_hands, make_guess, moved):
    guess = make_guess(lambda hand: moved(hand, lambda points: points * 1.1))
    report = evaluate(make_hands(), guess, protocol="ho3d").report()
    lines = official_lines(report)
    place = lines.index("Evaluation 3D KP results:")
    mean = report["mpjpe_mm"] / 10
    assert lines[place + 1] == f"auc={report['auc_unaligned']:.3f}, mean_kp3d_avg={mean:.2f} cm"
    assert "Evaluation 3D KP SCALE-TRANSLATION ALIGNED results:" in lines
    assert "Evaluation 3D MESH ALIGNED results:" in lines
    assert any(line.startswith("F@5mm=") for line in lines)
    hidden = evaluate(make_hands(metric=False), guess, protocol="ho3d").report()
    assert "Evaluation 3D KP results:" not in official_lines(hidden)


def test_more_published_rows_from_a_file(tmp_path):
    path = tmp_path / "rows.json"
    entry = {"benchmark": "ho3d", "method": "X", "figures": {"f5": 0.5}, "source": "Y"}
    path.write_text(json.dumps([entry]))
    assert with_rows(path)[-1].method == "X"
    path.write_text(json.dumps([{**entry, "figures": {"speed": 1}}]))
    with pytest.raises(UserError, match="figures must be among"):
        with_rows(path)
    path.write_text("{")
    with pytest.raises(UserError, match=r"rows\.json"):
        with_rows(path)


def test_the_mean_hand_is_turned_and_placed_as_the_labels_are(make_hands):
    """It is the mean pose, so hands in mean pose are met wherever all of them are turned to."""
    hand = load_hand_model("hand_mano778")
    vertices, joints = FastHandLayer(hand)(np.zeros((16, 3)), np.zeros(10), np.zeros(3))
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    dataset = make_hands(4, broken=[1])
    dataset.samples = [
        replace(
            sample,
            joints_3d=((joints - joints[0]) @ turn.T).astype(np.float32),
            vertices=((vertices - joints[0]) @ turn.T).astype(np.float32),
            joints_2d=np.full((21, 2), 100.0 + 10 * number, np.float32),
        )
        for number, sample in enumerate(dataset.samples)
    ]
    report = evaluate(dataset, MeanHandPredictor(hand, dataset)).report()
    assert report["n"] == 3
    assert report["mpjpe_mm"] < 1e-3
    assert report["pa_mpvpe_mm"] < 1e-3
    shares = np.abs(np.array([100, 120, 130]) - 350 / 3) * np.sqrt(2)
    assert report["joints_2d_px"] == pytest.approx(shares.mean(), abs=1e-3)
