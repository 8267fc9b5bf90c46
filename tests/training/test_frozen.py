"""Trunks that do not learn, compiled."""

from __future__ import annotations

import pytest
import torch

from hands3c_core.models import build_model
from hands3c_core.training.frozen import speed_up_frozen


@pytest.mark.parametrize("frozen", [("",), ("stem", "stage1", "stage2", "stage3")])
def test_compiled_stages_give_the_same_maps(frozen: tuple[str, ...]) -> None:
    pytest.importorskip("openvino")
    torch.manual_seed(0)
    trunk = build_model("hands3c_lite", input_size=128).backbone
    for name, parameter in trunk.named_parameters():
        parameter.requires_grad_(not name.startswith(frozen))
    images = torch.rand(2, 3, 128, 128)
    with torch.no_grad():
        usual = trunk(images)
    assert speed_up_frozen(trunk, 128, 2)
    for ours, theirs in zip(trunk(images), usual, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-3 * float(theirs.abs().max()))
    # Other batches, and weights, are as ever.
    assert len(trunk(torch.rand(3, 3, 128, 128))) == 4
    assert "stem.conv.weight" in trunk.state_dict()


def test_a_trunk_that_learns_is_left_alone() -> None:
    trunk = build_model("hands3c_lite", input_size=128).backbone
    assert not speed_up_frozen(trunk, 128, 2)
