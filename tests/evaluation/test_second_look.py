"""A closer look at hands that are small in their crop."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from hands3c_core.data import open_data
from hands3c_core.evaluation import NetworkPredictor
from hands3c_core.evaluation.second_look import look_again
from hands3c_core.models import build_model, load_weights
from hands3c_core.weights import find_weights


def test_usual_windows_are_looked_at_once():
    network = build_model("hands3c_lite_v1", input_size=128)
    crops = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    prediction = network.predict(crops)
    prediction = replace(prediction, joints_2d=_square(2, 0.18, 0.82))

    def never(crops):
        raise AssertionError("looked again")

    network.predict = never
    for row, look in enumerate(look_again(network, crops, prediction)):
        assert (look.prediction, look.row, look.side) == (prediction, row, 128)
        np.testing.assert_allclose(look.joints_2d, prediction.joints_2d[row] * 128, atol=1e-4)


def test_only_small_hands_are_looked_at_again_and_found_where_they_are():
    network = build_model("hands3c_lite_v1", input_size=128)
    crops = np.zeros((2, 128, 128, 3), np.uint8)
    crops[:, 40:50, 60:70] = 255
    first = network.predict(crops)
    first = replace(first, joints_2d=torch.cat([_square(1, 0.18, 0.82), _square(1, 0.3, 0.5)]))
    shown = []

    def see(crops):
        shown.append(crops)
        return replace(first, joints_2d=_square(len(crops), 1 / 6, 5 / 6))

    network.predict = see
    usual, small = look_again(network, crops, first)
    assert usual.prediction is first
    assert [len(crops) for crops in shown] == [1]
    assert shown[0].max() == 255
    # The window around 25.6 px of hand is 38.4 px, and the hand takes two thirds of it.
    assert small.side == pytest.approx(38.4, rel=1e-3)
    np.testing.assert_allclose(np.ptp(small.joints_2d, axis=0), 25.6, rtol=1e-3)
    np.testing.assert_allclose(small.joints_2d.min(axis=0), 0.3 * 128, atol=0.6)


def test_small_real_hands_are_found(shared):
    """Crops with three times the usual field: without a second look most of them are lost."""
    weights = find_weights("hands3c_lite")
    if weights is None:
        pytest.skip("no weights are shipped")
    network = load_weights(weights)
    dataset = open_data(f"pseudo:{shared / 'real_hands'}", network.input_size)
    size, inner = network.input_size, 80
    corner = (size - inner) // 2
    errors = {True: [], False: []}
    samples = []
    for sample in (dataset[index] for index in range(0, len(dataset), len(dataset) // 8)):
        small = cv2.resize(sample.crop, (inner, inner), interpolation=cv2.INTER_AREA)
        crop = cv2.copyMakeBorder(small, *[corner] * 4, cv2.BORDER_REPLICATE)
        joints = (sample.joints_2d + 0.5) * inner / size - 0.5 + corner
        samples.append(replace(sample, crop=crop, joints_2d=joints, intrinsics=None))
    for again in (True, False):
        for sample, hand in zip(
            samples, NetworkPredictor(network, refine=again).predict(samples), strict=True
        ):
            distance = np.linalg.norm(hand.joints_2d - sample.joints_2d, axis=1).mean()
            errors[again].append(distance / np.ptp(sample.joints_2d, axis=0).max())
    assert np.median(errors[True]) < 0.08
    assert np.median(errors[True]) < 0.5 * np.median(errors[False])


def _square(count: int, low: float, high: float) -> torch.Tensor:
    """(count, 21, 2) joints that fill a square, as shares of the crop."""
    corners = torch.linspace(low, high, 21)
    return torch.stack([corners, corners.flip(0)], dim=-1).expand(count, 21, 2)
