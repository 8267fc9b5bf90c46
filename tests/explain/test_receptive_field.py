"""Effective receptive fields against truths that are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hands3c_core.errors import UserError
from hands3c_core.explain.erf_study import study_random, study_trained
from hands3c_core.explain.receptive_field import (
    ReceptiveField,
    area_table,
    attention_field,
    central_area,
    central_square,
    random_network,
    receptive_field,
    settle_norms,
)
from hands3c_core.models import HandS3C, build_model


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def tiny(crops) -> HandS3C:
    return random_network("hands3c_tiny", crops)


class Pooling(torch.nn.Module):
    """A network whose receptive field is known: F is the mean of 8 x 8 pixels, and its attention
    adds the mean of 3 x 3 cells, less twice the cell to the left."""

    name = "pooling"
    input_size = 128
    config = SimpleNamespace(feature_side=16)

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.fpn = torch.nn.AvgPool2d(8)

    def regress(self, images):
        entering = self.fpn(images * self.weight)
        near = F.avg_pool2d(entering, 3, stride=1, padding=1)
        left = F.pad(entering, (1, 0))[..., :-1]
        leaving = entering + near - 0.1 * left
        return SimpleNamespace(backbone_features=entering, features=leaving)


def test_a_mean_over_a_cell_depends_on_that_cell_alone(crops):
    field = receptive_field(Pooling(), crops, place="before", batch_size=2)
    expected = np.zeros((128, 128))
    expected[64:72, 64:72] = 1 / 64 * 3  # the three colours are summed
    np.testing.assert_allclose(field.scores, expected, atol=1e-7)
    assert field.center == (67.5, 67.5)
    assert field.half_side(1.0) == 4.0
    assert field.area(1.0) == 64 / 128**2
    assert field.area(0.2) == 16 / 128**2  # 4 of 64 pixels hold less than a fifth, 16 a quarter
    assert field.images == 3


def test_negative_gradients_are_dropped(crops):
    field = receptive_field(Pooling(), crops)
    cells = field.scores.reshape(16, 8, 16, 8).sum(axis=(1, 3)) / 3
    expected = np.zeros((16, 16))
    expected[7:10, 7:10] = 1 / 9
    expected[8, 8] += 1.0
    expected[8, 7] = 1 / 9 - 0.1
    np.testing.assert_allclose(cells, expected, atol=1e-6)
    alone = attention_field(Pooling(), crops)
    expected[8, 8] -= 1.0  # the residual connection is left out
    np.testing.assert_allclose(alone.scores, 3 * expected, atol=1e-6)
    assert alone.center == (8.0, 8.0)


def test_it_is_the_mean_over_images_whatever_the_batch(tiny, crops):
    one_by_one = [receptive_field(tiny, crops[i : i + 1]).scores for i in range(3)]
    for size in (1, 2, 8):
        field = receptive_field(tiny, crops, batch_size=size)
        np.testing.assert_allclose(field.scores, np.mean(one_by_one, axis=0), rtol=1e-3, atol=1e-6)
    assert field.scores.min() >= 0
    assert field.scores.max() > 0


def test_the_network_is_left_as_it_was(tiny, crops):
    tiny.train()
    tiny.fpn.top.weight.requires_grad_(False)
    before = {name: value.clone() for name, value in tiny.state_dict().items()}
    receptive_field(tiny, crops[:1])
    attention_field(tiny, crops[:1])
    assert tiny.training
    assert not tiny.fpn.top.weight.requires_grad
    assert tiny.fpn.lateral4.weight.requires_grad
    assert not tiny.fpn._forward_hooks
    assert all(parameter.grad is None for parameter in tiny.parameters())
    for name, value in tiny.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    tiny.fpn.top.weight.requires_grad_(True)
    tiny.eval()


def test_attention_reaches_beyond_its_cell_and_no_attention_nowhere(tiny, crops):
    field = attention_field(tiny, crops)
    assert field.scores.shape == (16, 16)
    assert (field.scores > 0).mean() > 0.5  # four scans and the channels reach everywhere
    none = attention_field(random_network("hands3c_tiny_plain", crops), crops[:1])
    assert not none.scores.any()
    assert none.area(0.5) == 0


def test_bad_input_is_refused(tiny, crops):
    with pytest.raises(UserError):
        receptive_field(tiny, crops[:, :96, :96])
    with pytest.raises(ValueError, match="at least one"):
        receptive_field(tiny, crops[:0])
    broken = build_model("hands3c_tiny").eval()
    with torch.no_grad():
        broken.fpn.smooth.weight.fill_(float("nan"))
    with pytest.raises(UserError, match="not finite"):
        receptive_field(broken, crops[:1])


fields = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    elements=st.floats(0, 1e3, allow_subnormal=False),
)


@settings(max_examples=60, deadline=None)
@given(scores=fields, share=st.sampled_from([0.2, 0.3, 0.5, 0.99, 1.0]), half=st.booleans())
def test_the_square_holds_the_share_and_the_next_smaller_does_not(scores, share, half):
    center = (5.5, 4.5) if half else (5.0, 4.0)
    side = central_square(scores, share, center)
    if scores.sum() == 0:
        assert side == 0
        return
    y, x = np.mgrid[: scores.shape[0], : scores.shape[1]]
    distance = np.maximum(abs(x - center[0]), abs(y - center[1]))
    needed = share * scores.sum()
    assert scores[distance < side].sum() >= needed * (1 - 1e-9)
    if side > 1:
        assert scores[distance < side - 1].sum() < needed * (1 + 1e-9)
    assert central_area(scores, share, center) == pytest.approx((distance < side).mean())


def test_a_flat_field_needs_its_share_of_the_area():
    for share in (0.2, 0.3, 0.5, 0.99):
        area = central_area(np.ones((256, 256)), share, (127.5, 127.5))
        assert share <= area < share + 0.017  # one ring more has up to 1020 of 65536 pixels


def test_shares_and_centres_out_of_range_are_refused():
    for share, center in (
        (0.0, (1.0, 1.0)),
        (1.1, (1.0, 1.0)),
        (0.5, (1.5, 1.0)),
        (0.5, (0.3,) * 2),
    ):
        with pytest.raises(ValueError):
            central_square(np.ones((3, 3)), share, center)


def test_both_tables_are_in_the_rows():
    scores = np.full((9, 9), 1.0)
    scores[4, 4] = 999.0
    (row,) = area_table([ReceptiveField("peak", scores, (4.0, 4.0), 7)], (0.5,))
    assert row["network"] == "peak"
    assert row["images"] == 7
    assert row["area@0.5"] == 1 / 81
    logs = np.log10(1 + scores)  # 3 in the middle, 0.301 elsewhere: 13.5 to hold of 27.1
    assert logs[1:8, 1:8].sum() > logs.sum() / 2 > logs[2:7, 2:7].sum()
    assert row["log area@0.5"] == 49 / 81


def test_random_networks_of_a_seed_differ_in_their_attention_only(crops):
    state = torch.random.get_rng_state()
    networks = [random_network(name, crops) for name in ("hands3c_tiny_ssa", "hands3c_tiny_plain")]
    assert torch.equal(torch.random.get_rng_state(), state)
    with_attention, without = (dict(network.state_dict()) for network in networks)
    shared = [name for name in without if name.startswith(("backbone", "fpn"))]
    assert shared
    assert all(torch.equal(with_attention[name], without[name]) for name in shared)
    other = random_network("hands3c_tiny_plain", crops, seed=1).state_dict()
    assert not torch.equal(other["fpn.top.weight"], without["fpn.top.weight"])


def test_norms_take_the_statistics_of_one_pass(crops):
    torch.manual_seed(0)
    network = build_model("hands3c_tiny").eval()
    images = torch.from_numpy(crops).permute(0, 3, 1, 2) / 255
    norm = network.backbone.stem.norm
    settle_norms(network, images)
    before = network.backbone.stem.conv(images)
    torch.testing.assert_close(norm.running_mean, before.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)
    assert norm.momentum == 0.1
    assert not network.training


def test_a_study_of_the_ablation(crops):
    done: list[tuple[int, int]] = []
    names = ("hands3c_tiny_plain", "hands3c_tiny_self_attention", "hands3c_tiny")
    study = study_random(names, crops[:1], progress=lambda *step: done.append(step))
    titles = [field.title for field in study.fields]
    assert titles == ["FPN (no attention)", "Self-attention", "SSCA"]
    assert [module is None for module in study.modules] == [True, False, False]
    assert done == [(step, 5) for step in range(1, 6)]
    with pytest.raises(UserError, match="No network is named"):
        study_random((), crops)
    with pytest.raises(UserError, match="No network is called"):
        study_random(("resnet",), crops)


def test_a_trained_network_is_shown_before_and_after_its_attention(tiny, crops):
    done: list[tuple[int, int]] = []
    study = study_trained([tiny], lambda size: crops, progress=lambda *step: done.append(step))
    assert [field.title for field in study.fields] == [
        "FPN (before attention)",
        "SSCA",
    ]
    assert study.modules[0] is None
    assert study.modules[1] is not None
    assert done[-1] == (9, 9)
    expected = receptive_field(tiny, crops, place="before").scores
    np.testing.assert_allclose(study.fields[0].scores, expected, rtol=1e-3, atol=1e-6)


def test_other_families_are_refused(crops):
    with pytest.raises(UserError, match="HandS3C family"):
        study_trained([torch.nn.Identity()], lambda size: crops)  # type: ignore[list-item]
    with pytest.raises(UserError, match="choose another network"):
        random_network("smr", crops)
