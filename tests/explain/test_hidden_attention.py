"""The hidden attention is exact: its weights times the input are the scan's output."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.errors import UserError
from hands3c_core.explain.hidden_attention import (
    DIRECTION_NAMES,
    hidden_attention_maps,
    scan_attention,
    spatial_scan_input,
)
from hands3c_core.models import build_model
from hands3c_core.models.cross_scan import CrossScan
from hands3c_core.ops import reference, selective_scan


def lively_scan(features: int, states: int, rank: int, seed: int) -> CrossScan:
    torch.manual_seed(seed)
    scan = CrossScan(features, rank, states).double()
    with torch.no_grad():
        scan.dt_bias.uniform_(-3.0, 1.0)
        scan.A_log.add_(torch.randn_like(scan.A_log) * 0.3)
        scan.D.normal_()
    return scan.requires_grad_(False)


def outputs_by_direction(scan: CrossScan, plane: torch.Tensor) -> torch.Tensor:
    """(B, 4, D, rows, columns): the reference scan of each direction, put back in the plane."""
    xs = reference.to_directions(plane)
    projected = torch.einsum("bkcl,koc->bkol", xs, scan.projection)
    dt, B, C = projected.split((scan.dt_rank, scan.states, scan.states), dim=2)
    delta = torch.einsum("bkrl,kcr->bkcl", dt, scan.dt_weight)
    y = selective_scan(
        xs.flatten(1, 2),
        delta.flatten(1, 2),
        -torch.exp(scan.A_log),
        B,
        C,
        scan.D,
        delta_bias=scan.dt_bias.flatten(),
        delta_softplus=True,
        kernel="reference",
    ).view(xs.shape)
    planes = []
    for direction in range(4):
        alone = torch.zeros_like(y)
        alone[:, direction] = y[:, direction]
        planes.append(reference.from_directions(alone, *plane.shape[2:]))
    return torch.stack(planes, dim=1)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    features=st.integers(1, 5),
    states=st.integers(1, 4),
    seed=st.integers(0, 10_000),
    data=st.data(),
)
def test_weights_times_input_are_the_reference_scan(rows, columns, features, states, seed, data):
    scan = lively_scan(features, states, 2, seed)
    plane = torch.randn(2, features, rows, columns, dtype=torch.float64)
    expected = outputs_by_direction(scan, plane)
    row = data.draw(st.integers(0, rows - 1))
    column = data.draw(st.integers(0, columns - 1))
    together = torch.zeros(2, features, dtype=torch.float64)
    for direction in range(4):
        attention = scan_attention(scan, plane, (row, column), direction)
        answer = attention.output(plane)
        torch.testing.assert_close(
            answer, expected[:, direction, :, row, column], rtol=1e-11, atol=1e-12
        )
        together += answer
    whole = reference.cross_scan_2d(
        plane, scan.projection, scan.dt_weight, scan.dt_bias, -torch.exp(scan.A_log), scan.D
    )
    torch.testing.assert_close(together, whole[:, :, row, column], rtol=1e-11, atol=1e-12)


def test_a_scan_sees_only_what_it_has_read():
    scan = lively_scan(3, 4, 2, 0)
    plane = torch.randn(1, 3, 5, 7, dtype=torch.float64)
    row, column = 2, 3
    index = torch.arange(35).view(5, 7)
    by_columns = torch.arange(35).view(7, 5).T
    read = {
        "rows": index <= index[row, column],
        "columns": by_columns <= by_columns[row, column],
        "rows-reversed": index >= index[row, column],
        "columns-reversed": by_columns >= by_columns[row, column],
    }
    for direction, name in enumerate(DIRECTION_NAMES):
        weights = scan_attention(scan, plane, (row, column), direction).weights[0]
        assert torch.equal((weights != 0).all(dim=0), read[name]), name
        assert torch.equal((weights != 0).any(dim=0), read[name]), name


def test_the_last_position_weighs_its_own_input_by_b_c_and_dt():
    """One position alone: a = <C, B> dt, worked out by hand."""
    scan = lively_scan(1, 1, 1, 3)
    x = 1.7
    plane = torch.full((1, 1, 1, 1), x, dtype=torch.float64)
    dt, b, c = (scan.projection[0, :, 0] * x).tolist()
    step = np.log1p(np.exp(dt * float(scan.dt_weight[0, 0, 0]) + float(scan.dt_bias[0, 0])))
    weight = scan_attention(scan, plane, (0, 0), 0).weights.item()
    assert weight == pytest.approx(b * c * step, rel=1e-12)


def test_queries_outside_are_refused():
    scan = lively_scan(2, 2, 1, 0)
    plane = torch.zeros(1, 2, 3, 3, dtype=torch.float64)
    for query, direction in (((3, 0), 0), ((0, -1), 0), ((0, 0), 4), ((0, 0), -1)):
        with pytest.raises(ValueError):
            scan_attention(scan, plane, query, direction)


def test_it_is_exact_inside_the_network_as_it_runs():
    """With the kernel of this machine in float32, for a crop: within single precision."""
    torch.manual_seed(0)
    network = build_model("hands3c_tiny").eval()
    crop = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    scan, plane = spatial_scan_input(network, crop)
    with torch.inference_mode():
        branch = network.regress(torch.from_numpy(crop).permute(2, 0, 1)[None] / 255).branches
    assert branch is not None
    query = (5, 9)
    answer = sum(scan_attention(scan, plane, query, k).output(plane) for k in range(4))
    torch.testing.assert_close(answer, branch.spatial[:, :, 5, 9], rtol=1e-4, atol=1e-5)
    maps = hidden_attention_maps(network, crop, query)
    assert maps.shape == (4, 16, 16)
    assert maps.min() >= 0
    by_hand = scan_attention(scan, plane, query, 3).weights[0].abs().mean(dim=0)
    np.testing.assert_allclose(maps[3], by_hand, rtol=1e-5)
    assert not network.s3c.ss2d.spatial._forward_pre_hooks


def test_networks_without_a_scan_say_so():
    crop = np.zeros((128, 128, 3), np.uint8)
    with pytest.raises(UserError, match="scans nothing"):
        hidden_attention_maps(build_model("hands3c_tiny_plain"), crop, (0, 0))
    with pytest.raises(UserError, match="outside"):
        hidden_attention_maps(build_model("hands3c_tiny").eval(), crop, (0, 16))
