"""The network by itself: sizes, determinism, gradients, state."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
import torch

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData
from hands3c_core.models import HandS3C, build_model
from hands3c_core.models.encoder import HandEncoder
from hands3c_core.models.heatmap_head import HeatmapHead, soft_argmax
from hands3c_core.models.outputs import concatenate
from hands3c_core.models.registry import published_names
from hands3c_core.models.s3c import S3C
from hands3c_core.training.losses import hand_losses, posed_targets


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameter_counts(full_model: HandS3C, hand: HandModelData) -> None:
    assert count(full_model) == 30_864_852
    assert full_model.s3c is not None
    assert count(full_model.s3c) == 578_304
    assert count(S3C(width=None)) == 567_808
    assert count(build_model("baseline", hand=hand)) == 30_864_852 - 578_304


def test_shapes_and_meaning_of_the_outputs(small_model: HandS3C, small_crops: np.ndarray) -> None:
    out = small_model.predict(small_crops, attention=True)
    vertices = small_model.hand.num_vertices
    shapes = {
        "backbone_features": (3, 256, 16, 16),
        "features": (3, 256, 16, 16),
        "heatmaps": (3, NUM_JOINTS, 16, 16),
        "joints_2d": (3, NUM_JOINTS, 2),
        "encoding": (3, 1024),
        "rot6d": (3, 16, 6),
        "rotations": (3, 16, 3, 3),
        "pose": (3, 16, 3),
        "shape": (3, 10),
        "joints_3d": (3, NUM_JOINTS, 3),
        "vertices": (3, vertices, 3),
    }
    assert {name: tuple(getattr(out, name).shape) for name in shapes} == shapes
    assert torch.allclose(out.heatmaps.sum((2, 3)), torch.ones(3, NUM_JOINTS), atol=1e-5)
    identity = out.rotations @ out.rotations.transpose(2, 3)
    assert torch.allclose(identity, torch.eye(3).expand_as(identity), atol=1e-5)
    posed = small_model.hand_layer(out.pose, out.shape)
    assert torch.equal(posed.vertices, out.vertices)
    assert len(out) == 3


def test_attention_maps(small_model: HandS3C, small_crops: np.ndarray) -> None:
    plain = small_model.predict(small_crops[:1])
    assert plain.attention is None
    assert plain.attention_maps(0) is None
    out = small_model.predict(small_crops[:1], attention=True)
    maps = out.attention_maps(0)
    assert maps is not None
    for values in (maps.before, maps.after, maps.spatial, maps.channel):
        assert values is not None
        assert values.shape == (16, 16)
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() > values.min()
    expected = out.features[0].square().mean(0).sqrt().numpy()
    assert np.allclose(maps.after, expected, rtol=1e-5)


def test_a_crop_does_not_depend_on_its_batch(small_model: HandS3C, small_crops: np.ndarray) -> None:
    together = small_model.predict(small_crops)
    apart = concatenate([small_model.predict(small_crops[row : row + 1]) for row in range(3)])
    split = small_model.predict(small_crops, batch_size=2)
    for other in (apart, split):
        assert torch.allclose(together.vertices, other.vertices, atol=1e-5)
        assert torch.allclose(together.joints_2d, other.joints_2d, atol=1e-5)
    assert not torch.allclose(together.vertices[0], together.vertices[1], atol=1e-4)


def test_prediction_repeats_and_leaves_the_network_as_it_was(
    small_model: HandS3C, small_crops: np.ndarray
) -> None:
    first = small_model.predict(small_crops[:2])
    small_model.train()
    try:
        before = {name: tensor.clone() for name, tensor in small_model.state_dict().items()}
        second = small_model.predict(torch.from_numpy(small_crops[:2]))
        assert small_model.training
        after = small_model.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)
    finally:
        small_model.eval()
    assert torch.equal(first.vertices, second.vertices)
    assert not first.vertices.requires_grad


def test_crops_are_rgb_over_255(small_model: HandS3C, small_crops: np.ndarray) -> None:
    images = torch.from_numpy(small_crops[:1]).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        assert torch.equal(
            small_model(images).joints_2d, small_model.predict(small_crops[:1]).joints_2d
        )


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, 128, 128, 3), np.float32),
        np.zeros((1, 96, 128, 3), np.uint8),
        np.zeros((128, 128, 3), np.uint8),
        np.zeros((1, 3, 128, 128), np.uint8),
    ],
)
def test_wrong_crops_are_refused(small_model: HandS3C, crops: np.ndarray) -> None:
    with pytest.raises(UserError, match="Crops must be"):
        small_model.predict(crops)


@pytest.mark.parametrize("name", published_names())
def test_gradients_reach_every_parameter(
    name: str, small_model: HandS3C, hand: HandModelData, small_crops: np.ndarray
) -> None:
    torch.manual_seed(3)
    model = build_model(name, input_size=128, hand=hand)
    model.load_state_dict(small_model.state_dict(), strict=False)
    model.train()
    images = torch.from_numpy(small_crops[:2]).permute(0, 3, 1, 2).float() / 255
    targets = posed_targets(
        model.hand_layer, torch.zeros(2, 16, 3), torch.zeros(2, 10), torch.full((2, 21, 2), 0.5)
    )
    hand_losses(model(images), targets).total().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
        assert parameter.grad.abs().max() > 0, parameter_name


def test_training_starts_at_the_mean_hand_with_finite_gradients(hand: HandModelData) -> None:
    torch.manual_seed(0)
    model = build_model("baseline", input_size=128, hand=hand)
    with torch.no_grad():  # exactly the identity, where the published gradient is NaN
        model.mano_head.pose.weight.zero_()
        model.mano_head.shape.weight.zero_()
    encoding = torch.randn(2, 1024)
    rot6d, shape = model.mano_head(encoding)
    from hands3c_core.hand_model import matrix_to_axis_angle, rot6d_to_matrix

    pose = matrix_to_axis_angle(rot6d_to_matrix(rot6d))
    assert torch.equal(pose, torch.zeros(2, 16, 3))
    model.hand_layer(pose, shape).vertices.square().sum().backward()
    gradient = model.mano_head.pose.bias.grad
    assert gradient is not None
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


def test_bfloat16_keeps_the_mesh_in_float32(small_model: HandS3C, small_crops: np.ndarray) -> None:
    exact = small_model.predict(small_crops[:1])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = small_model.predict(small_crops[:1])
    low = copy.deepcopy(small_model).bfloat16().predict(small_crops[:1])
    for out in (mixed, low):
        assert out.vertices.dtype == out.pose.dtype == torch.float32
        assert (out.vertices - exact.vertices).abs().max() < 0.02
        assert (out.joints_2d - exact.joints_2d).abs().max() < 0.02
        posed = small_model.hand_layer(out.pose, out.shape)
        assert torch.allclose(posed.vertices, out.vertices, atol=1e-6)


def test_state_holds_no_hand_model(small_model: HandS3C) -> None:
    assert not [name for name in small_model.state_dict() if name.startswith("hand_layer")]


def test_another_hand_can_be_posed(small_model: HandS3C, small_crops: np.ndarray) -> None:
    from hands3c_core.hand_model import load_hand_model

    before = small_model.predict(small_crops[:1])
    own = small_model.hand
    small_model.set_hand(load_hand_model("hand_mid"))
    try:
        after = small_model.predict(small_crops[:1])
    finally:
        small_model.set_hand(own)
    assert after.vertices.shape == (1, 1500, 3)
    assert torch.equal(after.pose, before.pose)


@pytest.mark.parametrize(("name", "size"), [("hands3c", 224), ("ssa", 160), ("baseline", 288)])
def test_other_sizes(name: str, size: int, hand: HandModelData) -> None:
    torch.manual_seed(0)
    model = build_model(name, input_size=size, hand=hand)
    assert model.s3c is None or model.s3c.ss2d.width == (size // 8 if name == "hands3c" else None)
    side = size // 8
    features = torch.randn(1, 256, side, side)
    head = model.heatmap_head.eval()(features)
    assert head.heatmaps.shape == (1, NUM_JOINTS, side, side)
    assert model.encoder.eval()(head.heatmaps, head.encoding).shape == (1, 1024)


def test_last_map_of_the_224_px_form_is_doubled() -> None:
    encoder = HandEncoder(input_side=28).eval()
    with torch.no_grad():
        out = encoder(torch.rand(1, 21, 28, 28), torch.rand(1, 256, 28, 28)).view(256, 2, 2)
    assert torch.equal(out, out[:, :1, :1].expand_as(out))


def test_tracing_warns_of_nothing() -> None:
    """Sizes are constants of the network, not numbers made of a traced tensor."""
    encoder = HandEncoder(16, input_side=32).eval()
    maps = torch.rand(1, 21, 32, 32), torch.rand(1, 16, 32, 32)
    with warnings.catch_warnings():
        warnings.simplefilter("error", torch.jit.TracerWarning)
        torch.jit.trace(encoder, maps, check_trace=False)


def test_channel_scan_belongs_to_one_width() -> None:
    attention = S3C(width=16)
    with pytest.raises(ValueError, match="16 wide"):
        attention(torch.zeros(1, 256, 32, 32))


@pytest.mark.parametrize(("name", "size"), [("hands3c", 250), ("ssa", 96), ("nonesuch", 256)])
def test_impossible_networks_are_refused(name: str, size: int) -> None:
    with pytest.raises(UserError):
        build_model(name, input_size=size)


def test_aliases(hand: HandModelData) -> None:
    from hands3c_core.models import canonical_name

    assert canonical_name("SSCA") == canonical_name("HandS3C") == "hands3c"


def test_soft_argmax_of_a_single_cell() -> None:
    heatmaps = torch.zeros(1, 1, 4, 8)
    heatmaps[0, 0, 1, 6] = 1
    assert soft_argmax(heatmaps)[0, 0].tolist() == [6.5 / 8, 1.5 / 4]


def test_temperature_sharpens() -> None:
    torch.manual_seed(0)
    head = HeatmapHead().eval()
    features = torch.randn(1, 256, 16, 16)
    with torch.no_grad():
        head.score.weight.normal_(std=0.1)
        soft = head(features).heatmaps
        head.temperature.fill_(4.0)
        sharp = head(features).heatmaps
    assert (sharp.amax((2, 3)) > soft.amax((2, 3))).all()
