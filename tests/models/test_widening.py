"""A narrow network inside a wide one."""

from __future__ import annotations

import pytest
import torch

from hands3c_core.errors import UserError
from hands3c_core.models import build_model
from hands3c_core.models.lite import HandS3CLite, LiteConfig, ResNet50Shape
from hands3c_core.models.widening import can_widen, widen

CHANNELS = 24


@pytest.fixture(scope="module")
def narrow(hand) -> HandS3CLite:
    """A lively lite network with the published backbone."""
    torch.manual_seed(0)
    config = LiteConfig("narrow", 128, attention=False, backbone=ResNet50Shape(), channels=CHANNELS)
    network = HandS3CLite(hand, config)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.8, 1.2)
                module.weight.uniform_(0.3, 0.6)
                module.bias.normal_(std=0.1)
            elif isinstance(module, torch.nn.Conv2d) and module.bias is not None:
                module.bias.normal_(std=0.1)
    return network.eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(1))


def test_published_network_sees_what_the_narrow_one_saw(narrow, hand, images):
    torch.manual_seed(2)
    wide = build_model("hands3c", input_size=128, hand=hand).eval()
    widen(narrow, wide)
    with torch.no_grad():
        before, after = narrow.regress(images), wide.regress(images)
        # From one F, everything up to the heatmaps is the same number by number.
        padded = torch.zeros_like(after.features)
        padded[:, :CHANNELS] = before.features
        padded[:, CHANNELS:] = after.features[:, CHANNELS:]
        heatmaps, joints, encoding = wide.heatmap_head(padded)
    ours, theirs = after.features[:, :CHANNELS], before.features
    inner = (..., slice(2, -2), slice(2, -2))
    assert torch.allclose(ours[inner], theirs[inner], atol=1e-4 * float(theirs.abs().max()))
    assert (ours - theirs).abs().mean() < 0.1 * theirs.abs().mean()
    narrow_map = narrow.heatmap_head(before.features)
    assert torch.allclose(heatmaps, narrow_map.heatmaps, atol=1e-6)
    assert torch.allclose(joints, narrow_map.joints_2d, atol=1e-5)
    assert torch.allclose(encoding[:, :CHANNELS], narrow_map.encoding, atol=1e-4)


def test_encoder_reads_nothing_but_the_narrow_maps_at_first(narrow, hand, images):
    torch.manual_seed(3)
    wide = build_model("baseline", input_size=128, hand=hand).eval()
    widen(narrow, wide)
    with torch.no_grad():
        heatmaps, _, encoding = wide.heatmap_head(wide.fpn(wide.backbone(images)))
        before = wide.encoder(heatmaps, encoding)
        encoding[:, CHANNELS:] = torch.randn_like(encoding[:, CHANNELS:])
        after = wide.encoder(heatmaps, encoding)
    assert torch.equal(before, after)
    assert before.abs().max() > 0


def test_what_was_widened_learns_in_every_part(narrow, hand, images):
    torch.manual_seed(4)
    wide = build_model("hands3c", input_size=128, hand=hand)
    widen(narrow, wide)
    prediction = wide.train()(images)
    (prediction.vertices.square().sum() + prediction.joints_2d.square().sum()).backward()
    # What follows the zeros learns in the second step.
    still = {n for n, p in wide.named_parameters() if p.grad is None or not p.grad.abs().max()}
    assert all(name.startswith("s3c.") for name in still)
    assert wide.s3c.ss2d.out_proj.weight.grad.abs().max() > 0
    new = wide.fpn.lateral2.weight.grad[:CHANNELS]
    assert new.abs().max() > 0


def test_other_pairs_are_refused(narrow, hand):
    lite = build_model("hands3c_lite_v1_plain", input_size=128, hand=hand)
    full = build_model("hands3c", input_size=128, hand=hand)
    assert not can_widen(lite, full)  # another backbone
    assert not can_widen(full, narrow)
    assert not can_widen(narrow, narrow)
    assert not can_widen(narrow, build_model("smr", input_size=128, hand=hand))
    with pytest.raises(UserError, match="hands3c cannot go on from hands3c_lite_v1_plain"):
        widen(lite, full)
