"""The network and the landmark estimator as predictors, and the command around them."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.commands import evaluate as evaluate_command
from hands3c_core.data import open_data
from hands3c_core.errors import UserError
from hands3c_core.evaluation import LandmarkPredictor, NetworkPredictor, evaluate
from hands3c_core.evaluation.predictors import crop_camera
from hands3c_core.models import build_model, model_names, save_weights
from hands3c_core.models.heatmap_head import soft_argmax

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "evaluate.py"


@pytest.fixture(scope="module")
def network():
    name = "hands3c_lite" if "hands3c_lite" in model_names() else model_names()[0]
    return build_model(name)


def test_network_predictions_are_the_networks(network, make_hands):
    dataset = make_hands(2)
    predictor = NetworkPredictor(network, refine=False)
    side = network.input_size
    samples = [
        replace(sample, crop=np.ascontiguousarray(sample.crop[:side, :side]))
        for sample in dataset.samples
    ]
    predicted = predictor.predict(samples)
    direct = network.predict(np.stack([sample.crop for sample in samples]))
    for index, hand in enumerate(predicted):
        np.testing.assert_allclose(hand.joints_3d, direct.joints_3d[index], atol=1e-6)
        np.testing.assert_allclose(
            hand.joints_2d, direct.joints_2d[index] * network.input_size, atol=1e-3
        )
        assert len(hand.vertices) == network.hand.num_vertices


def test_refined_predictions_meet_the_heatmaps_better(make_hands):
    """The lite network asks for it, the published ones do not. Heatmaps must know something."""
    assert not NetworkPredictor(build_model("baseline")).refine
    torch.manual_seed(0)  # some random heads draw a hand too small to look at again
    network = build_model("hands3c_lite_v1", input_size=128)
    network.predict = functools.partial(_with_spots, network.predict)
    crops = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), dtype=np.uint8)
    sample = make_hands(1).samples[0]
    samples = [replace(sample, crop=crop, intrinsics=None) for crop in crops]
    plain = NetworkPredictor(network, refine=False).predict(samples)
    predictor = NetworkPredictor(network)
    assert predictor.refine
    for before, after in zip(plain, predictor.predict(samples), strict=True):
        np.testing.assert_allclose(before.joints_2d, after.joints_2d, atol=1e-3)
        assert _misfit(after) < 0.5 * _misfit(before)


def _with_spots(predict, crops):
    """What a network says, its heatmaps spots at its own projected joints, turned a little."""
    prediction = predict(crops)
    turn = torch.tensor([[0.97, -0.24], [0.24, 0.97]])
    plane = prediction.joints_3d[..., :2] - prediction.joints_3d[:, 9:10, :2]
    near = 0.5 + 4.4 * plane @ turn
    cells = (torch.arange(64) + 0.5) / 64
    u, v = (-1000 * (cells - near[..., axis, None]) ** 2 for axis in (0, 1))
    spots = (v[..., :, None] + u[..., None, :]).exp()
    spots = spots / spots.sum((2, 3), keepdim=True)
    return replace(prediction, heatmaps=spots, joints_2d=soft_argmax(spots))


def _misfit(hand):
    """Mean distance of the 3D joints, scaled and shifted to fit best, from the 2D joints, px."""
    plane = hand.joints_3d[:, :2] - hand.joints_3d[:, :2].mean(axis=0)
    seen = hand.joints_2d - hand.joints_2d.mean(axis=0)
    scale = max((plane * seen).sum() / (plane**2).sum(), 0.0)
    return np.linalg.norm(scale * plane - seen, axis=1).mean()


def test_cost_of_a_network(network):
    cost = NetworkPredictor(network).cost()
    assert cost["params"] == sum(p.numel() for p in network.parameters())
    assert cost["flops"] > 2 * cost["params"]


def test_cameras_of_crops(make_hands):
    sample = make_hands(1).samples[0]
    camera = crop_camera(sample, border=10)
    assert (camera.fx, camera.cx, camera.width) == (500, 138, 276)
    unknown = crop_camera(replace(sample, intrinsics=None), border=10)
    assert unknown.cx == 127.5 + 10
    turned = sample.intrinsics @ np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert crop_camera(replace(sample, intrinsics=turned)).fx == unknown.fx


def test_noise_shows_no_hand(make_hands):
    predictor = LandmarkPredictor()
    try:
        assert predictor.predict([make_hands(1).samples[0]]) == [None]
    finally:
        predictor.close()


def test_landmarks_on_real_hands(shared):
    dataset = open_data(f"pseudo:{shared / 'real_hands'}")
    predictor = LandmarkPredictor()
    try:
        report = evaluate(dataset, predictor, limit=12).report()
    finally:
        predictor.close()
    assert report["n"] >= 10
    assert report["joints_2d_px"] < 12
    assert report["pa_mpjpe_mm"] < 15


@pytest.fixture
def benchmark(tmp_path, make_hands) -> Path:
    samples = make_hands(3).samples
    path = tmp_path / "mine.npz"
    np.savez(
        path,
        images=np.stack([sample.crop for sample in samples]),
        joints_3d=np.stack([sample.joints_3d for sample in samples]),
        joints_2d=np.stack([sample.joints_2d for sample in samples]),
    )
    return path


def test_command_measures_a_network(network, benchmark, tmp_path, capsys):
    weights, figures = tmp_path / "w.safetensors", tmp_path / "out" / "figures.json"
    save_weights(network, weights)
    page = tmp_path / "report.html"
    evaluate_command.run(
        evaluate_command.Options(
            data=f"arrays:{benchmark}", weights=weights, json=figures, report=page
        )
    )
    report = json.loads(figures.read_text())
    assert report["n"] == 3
    assert report["estimator"] == network.name
    assert report["pa_mpjpe_mm"] > 0
    assert "PA-MPJPE" in capsys.readouterr().out
    assert page.is_file()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"data": "arrays:/no/such/file.npz"}, "/no/such/file.npz"),
        ({"data": "mnist"}, "mnist"),
        ({"data": "arrays:x", "estimator": "network"}, "--weights"),
        ({"data": "arrays:x", "submission": Path("pred.zip")}, "--benchmark"),
    ],
)
def test_command_explains_mistakes(options, part):
    with pytest.raises(UserError, match=part):
        evaluate_command.run(evaluate_command.Options(**options))


def test_command_exits_with_2_and_one_line():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--data", "arrays:x", "--estimator", "network"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2
    assert done.stderr == "error: --estimator network needs --weights FILE.\n"
