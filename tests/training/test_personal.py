"""Fine-tuning on one's own hands: rehearsal, what was held out, before and after."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="training needs the extra train")

from hands3c_core.data import PseudoWriter, open_data, parse_specs
from hands3c_core.errors import UserError
from hands3c_core.estimators.network import NetworkEstimator
from hands3c_core.evaluation import PredictedHand
from hands3c_core.models import build_model, load_weights, save_weights
from hands3c_core.training import before_after, personal, rehearsal
from hands3c_core.training.config import TrainConfig
from hands3c_core.training.holdout import hold_out
from hands3c_core.training.presets import PRESETS
from hands3c_core.training.recorder import read
from hands3c_core.training.run import train
from hands3c_core.types import Camera


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def my_hands(tmp_path_factory, draw_hands):
    """Labels of one clip of 60 frames."""
    folder = tmp_path_factory.mktemp("labels") / "my_hands"
    table = draw_hands(60, seed=5)
    k = table["K"][0]
    camera = Camera(k[0, 0], k[1, 1], k[0, 2], k[1, 2], 128, 128)
    with PseudoWriter(folder, hand_model="hand_mano778") as writer:
        for n, image in enumerate(table["images"]):
            writer.add(
                writer.add_image(image, f"clip-{n:06d}"),
                True,
                table["joints_2d"][n],
                pose=table["pose"][n],
                shape=table["shape"][n],
                world_landmarks=table["joints_3d"][n] - table["joints_3d"][n].mean(axis=0),
                camera=camera,
                session="clip",
                frame=n,
            )
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Weights to start from."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    torch.manual_seed(0)
    save_weights(build_model("hands3c_tiny"), path, {})
    return path


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """A few synthetic samples in place of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rehearsal, "SAMPLES", 12)
        patch.setattr(rehearsal, "rehearsal_folder", lambda config: folder)
        yield folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory, my_hands, start, rehearsed):
    config = TrainConfig(
        data=f"pseudo:{my_hands}",
        model="hands3c_tiny",
        preset="personal",
        weights=start,
        out=tmp_path_factory.mktemp("run") / "run",
        max_steps=30,
        batch_size=8,
        learning_rate=3e-3,
        augment="none",
        accelerator="cpu",
        workers=0,
        log_every=1,
    )
    return config, train(config)


def test_the_loss_falls_and_synthetic_samples_are_mixed_in(finished, rehearsed):
    _, result = finished
    totals = read(result.folder / "metrics.csv")["total"]
    assert np.mean(totals[-6:]) < 0.8 * np.mean(totals[:6])
    assert list(rehearsed.glob("seed*.npz"))


def test_before_and_after_are_measured_on_what_was_held_out(finished, start, my_hands):
    _, result = finished
    table = json.loads((result.folder / before_after.FIGURES).read_text())
    assert set(table) == {"pseudo", "synthetic"}
    assert table["pseudo"]["samples"] == round(0.15 * 60)
    assert table["pseudo"]["before"] != table["pseudo"]["after"]
    # The figures are those of the very files, on the frames that the training did not see.
    data = open_data(f"pseudo:{my_hands}", crop_size=128)
    kept = [data[int(k)] for k in hold_out(data, 0.15).validation]
    for name, path in (("before", start), ("after", result.weights)):
        errors = before_after.measure_network(load_weights(path), kept)
        assert table["pseudo"][name]["joints_2d_px"] == pytest.approx(errors.joints_2d_px)
        assert table["pseudo"][name]["bones_deg"] == pytest.approx(errors.bones_deg)
    figures = table["pseudo"]
    assert figures["after"]["joints_2d_px"] < 0.9 * figures["before"]["joints_2d_px"]
    assert "->" in result.comparison


def test_the_picture_has_three_rows_and_meshes(finished):
    _, result = finished
    picture = cv2.imread(str(result.folder / before_after.PICTURE))
    assert picture.shape == (3 * 192, 8 * 192, 3)
    labels, before, after = np.split(picture.astype(int), 3)
    assert np.abs(labels - before)[24:].max() > 50
    assert np.abs(before - after)[24:].max() > 50


def test_the_result_is_an_estimator_of_the_app(finished):
    _, result = finished
    estimator = NetworkEstimator(load_weights(result.weights))
    assert estimator.name == "hands3c_tiny"


def test_a_resumed_run_compares_with_the_same_start(finished):
    config, result = finished
    before = json.loads((result.folder / before_after.FIGURES).read_text())["pseudo"]["before"]
    train(replace(config, max_steps=31), resume=result.folder)
    again = json.loads((result.folder / before_after.FIGURES).read_text())["pseudo"]["before"]
    assert again == before


def test_a_perfect_prediction_has_no_error(drawn_hands):
    sample = open_data(drawn_hands, crop_size=128)[3]
    perfect = PredictedHand(sample.joints_3d + 0.1, sample.joints_2d)
    assert before_after._errors(sample, perfect) == pytest.approx((0, 0, 0, 0), abs=0.02)
    moved = PredictedHand(sample.joints_3d, sample.joints_2d + np.array([3.0, 4.0]))
    flat, mesh, bones, aligned = before_after._errors(sample, moved)
    assert flat == pytest.approx(10.0)  # 5 px of 128 are 10 of 256
    assert mesh == pytest.approx(10.0, abs=0.5)
    assert (bones, aligned) == pytest.approx((0, 0), abs=0.02)
    turned = PredictedHand(sample.joints_3d[:, [1, 0, 2]] * (-1, 1, 1), sample.joints_2d)
    assert before_after._errors(sample, turned)[2] > 30


def test_rehearsal_is_not_added_to_data_that_has_it(rehearsed):
    assert rehearsal.with_rehearsal("pseudo:a,synthetic:b", 0.3, 128) == "pseudo:a,synthetic:b"
    assert rehearsal.with_rehearsal("pseudo:a", 0.0, 128) == "pseudo:a"
    text = rehearsal.with_rehearsal("pseudo:a:2,pseudo:b:1", 0.25, 128)
    specs = parse_specs(text, ["pseudo", "synthetic"])
    assert [spec.weight for spec in specs] == pytest.approx([2, 1, 1])


def test_missing_shipped_weights_are_one_clear_line(monkeypatch):
    def missing(name):
        raise UserError("not there")

    monkeypatch.setattr(personal, "weights_path", missing)
    with pytest.raises(UserError, match=r"weights/hands3c_lite\.safetensors.*--weights FILE"):
        personal.starting_weights(TrainConfig(preset="personal"), PRESETS["personal"])
    assert personal.starting_weights(TrainConfig(), PRESETS["webcam"]) is None
