"""Attention maps for the app: from every source, and colours that hold still."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.errors import UserError
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.estimators.network import NetworkEstimator
from hands3c_core.explain.maps import (
    KIND_TITLES,
    AttentionMaps,
    ColorScale,
    attention_maps,
    available_kinds,
)
from hands3c_core.models import HandS3C, build_model
from hands3c_core.render.attention import ATTENTION_KINDS
from hands3c_core.runtime import make_runtime

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tiny() -> HandS3C:
    torch.manual_seed(0)
    return build_model("hands3c_tiny").eval()


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (128, 128, 3), dtype=np.uint8)


def flat(before: float, after: float, branch: float = 1.0) -> AttentionMaps:
    maps = [np.full((4, 4), value, np.float32) for value in (before, after, branch, branch)]
    return AttentionMaps(*maps)


def test_maps_are_the_root_mean_square_of_the_features(tiny, crop):
    maps = attention_maps(tiny, crop)
    prediction = tiny.predict(crop[None])
    for values, features in (
        (maps.before, prediction.backbone_features),
        (maps.after, prediction.features),
    ):
        expected = features[0].square().mean(dim=0).sqrt().numpy()
        np.testing.assert_allclose(values, expected, rtol=1e-5)
    assert maps.before.shape == (16, 16)
    assert maps.spatial is not None
    assert maps.channel is not None
    assert not np.allclose(maps.before, maps.after)


@pytest.mark.parametrize("runtime", ["eager", "folded", "openvino"])
def test_every_runtime_and_the_estimator_give_the_same(tiny, crop, runtime):
    if runtime == "openvino" and importlib.util.find_spec("openvino") is None:
        pytest.skip("OpenVINO is not installed")
    expected = attention_maps(tiny, crop)
    fast = make_runtime(tiny, runtime)
    assert available_kinds(NetworkEstimator(fast)) == ATTENTION_KINDS
    answer = attention_maps(NetworkEstimator(fast), crop)
    for kind in ATTENTION_KINDS:
        np.testing.assert_allclose(getattr(answer, kind), getattr(expected, kind), 2e-3, 2e-3)


def test_a_crop_of_another_size_is_resampled(tiny, crop):
    large = np.repeat(np.repeat(crop, 2, axis=0), 2, axis=1)
    np.testing.assert_allclose(
        attention_maps(tiny, large).after, attention_maps(tiny, crop).after, 1e-4, 1e-4
    )


def test_what_a_source_can_show_is_known_without_running_it(tiny):
    assert available_kinds(tiny) == ATTENTION_KINDS == tuple(KIND_TITLES)
    assert available_kinds(build_model("hands3c_tiny_ssa")) == ("before", "after", "spatial")
    assert available_kinds(build_model("hands3c_tiny_plain")) == ()
    assert available_kinds(build_model("hands3c_tiny_self_attention")) == ("before", "after")
    assert available_kinds(LandmarkEstimator()) == ()
    assert available_kinds(None) == ()


def test_what_cannot_be_shown_says_what_to_do(tiny, crop):
    with pytest.raises(UserError, match="choose a network"):
        attention_maps(LandmarkEstimator(), crop)
    with pytest.raises(UserError, match="no attention module"):
        attention_maps(build_model("hands3c_tiny_plain"), crop)
    for bad in (crop[:64], crop.astype(np.float32), crop[..., 0], crop[:0, :0]):
        with pytest.raises(UserError, match="crop"):
            attention_maps(tiny, bad)


def test_equal_colours_are_equal_numbers_for_both_hands_and_both_maps():
    scale = ColorScale()
    scale.update([flat(1.0, 2.0), None, flat(3.0, 5.0)], 0.0)
    assert scale.limits("before") == scale.limits("after") == (1.0, 5.0)
    assert scale.limits("spatial") == (1.0, 1.0)
    assert scale("after", np.full((2, 2), 3.0)) == pytest.approx(np.full((2, 2), 0.5))
    assert scale("before", np.array([[np.nan, np.inf]])).tolist() == [[0.0, 0.0]]
    weak, strong = np.ones((4, 4), np.float32), np.full((4, 4), 1000.0, np.float32)
    scale.update([AttentionMaps(weak, weak, 2 * weak, strong)], 0.1)
    assert scale.limits("spatial")[1] < 3.0 < scale.limits("channel")[1]


def test_the_scale_widens_at_once_and_narrows_slowly():
    scale = ColorScale(half_life_s=2.0)
    scale.update([flat(0.0, 4.0)], 0.0)
    scale.update([flat(0.0, 8.0)], 0.1)
    assert scale.limits("after")[1] == pytest.approx(8.0)
    scale.update([flat(0.0, 4.0)], 2.1)  # a half-life later
    assert scale.limits("after")[1] == pytest.approx(6.0)
    scale.update([], 2.2)  # no hand: nothing learned, nothing lost
    assert scale.limits("after")[1] == pytest.approx(6.0)
    scale.update([flat(0.0, 4.0)], 0.0)  # wound back
    assert scale.limits("after")[1] == pytest.approx(4.0)


def test_one_hot_cell_does_not_set_the_scale():
    values = np.ones((32, 32), np.float32)
    values[:, 16:] = 2.0
    values[0, 0] = 1000.0
    scale = ColorScale()
    scale.update([AttentionMaps(values, values)], 0.0)
    assert scale.limits("after") == (1.0, 2.0)


def test_bad_scales_are_refused():
    with pytest.raises(ValueError, match="positive"):
        ColorScale(0.0)
    with pytest.raises(ValueError, match="unknown"):
        ColorScale().limits("sideways")


def test_the_module_imports_no_torch():
    code = "import sys, hands3c_core.explain.maps; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
