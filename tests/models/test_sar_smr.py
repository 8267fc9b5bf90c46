"""SAR and SMR: their sizes, and what their parts are meant to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import Smr, UvdTensors, build_model
from hands3c_core.models.costs import count_parameters, network_costs
from hands3c_core.models.network import ImageNetNormalise
from hands3c_core.models.s3c import S3C
from hands3c_core.models.self_attention import SelfAttention
from hands3c_core.models.smr import FIRST_SCALE, ROOT
from hands3c_core.models.spatial_graph import (
    AdaptiveGraphConv,
    BeliefRegressor,
    SpatialInitialGraph,
)
from hands3c_core.models.uvd import bone_extent, place_at, place_in_camera, see_from_afar


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "hand", "parameters"),
    [
        ("sar", "hand_mano778", 58_850_394),
        ("sar_1stage", "hand_mano778", 30_088_205),
        ("sar", "hand_mid", 77_996_390),
        ("sar", "hand_high", 447_706_484),
        ("smr", "hand_mano778", 50_409_746),
    ],
)
def test_parameter_counts(name: str, hand: str, parameters: int) -> None:
    """58.85 M and 30.09 M are the published counts for 778 vertices."""
    with torch.device("meta"):
        network = build_model(name, hand=hand)
    assert count(network) == parameters
    assert sum(count_parameters(network).values()) == parameters


def test_self_attention_has_the_published_size() -> None:
    with torch.device("meta"):
        assert count(SelfAttention(32)) == 4_659_968


def test_graph_nodes_own_eight_maps_in_order() -> None:
    graph = SpatialInitialGraph(nodes=3, channels=4)
    features = torch.randn(2, 4, 2, 2)
    positions = torch.randn(3, 3)
    nodes = graph(features, positions)
    assert nodes.shape == (2, 3, 8 * 4 + 3)
    maps = torch.nn.functional.leaky_relu(graph.conv(features), 0.1)
    assert torch.equal(nodes[1, 2, :32], maps[1, 16:24].flatten())
    assert torch.equal(nodes[0, :, 32:], positions)
    # The memory format of the maps changes nothing.
    again = graph(features.contiguous(memory_format=torch.channels_last), positions)
    assert torch.allclose(nodes, again, atol=1e-6)
    assert graph(features).shape == (2, 3, 32)


def test_graph_convolution_starts_without_mixing() -> None:
    layer = AdaptiveGraphConv(nodes=5, features=4, out_features=6)
    nodes = torch.randn(2, 5, 4)
    assert torch.allclose(layer(nodes), layer.linear(nodes), atol=1e-4)
    with torch.no_grad():
        layer.adjacency.fill_(2.0)  # every node hears all alike
    mixed = layer(nodes)
    assert torch.allclose(mixed[:, 0], mixed[:, 4], atol=1e-5)
    assert torch.allclose(mixed[:, 0], layer.linear(nodes.mean(dim=1)), atol=1e-4)


def test_belief_maps_say_where_and_how_deep() -> None:
    head = BeliefRegressor(nodes=4, features=7, side=8).eval()
    with torch.no_grad():
        said = head(torch.randn(2, 4, 7))
    assert said.uvd.shape == (2, 25, 3)
    assert said.heat.shape == said.depth.shape == (2, 21, 8, 8)
    assert torch.allclose(said.heat.sum((2, 3)), torch.ones(2, 21), atol=1e-5)
    assert torch.allclose(said.depth.sum((2, 3)), said.uvd[:, 4:, 2], atol=1e-5)
    cells = torch.arange(8) / 4 - 1
    assert torch.allclose((said.heat.sum(2) * cells).sum(-1), said.uvd[:, 4:, 0], atol=1e-5)
    assert torch.allclose((said.heat.sum(3) * cells).sum(-1), said.uvd[:, 4:, 1], atol=1e-5)


def test_one_hot_belief_is_the_cells_place() -> None:
    """Row 3, column 6 of 8: u = 6/4 - 1, v = 3/4 - 1."""
    head = BeliefRegressor(nodes=21, features=2, side=8, regresses_joints=False).eval()
    with torch.no_grad():
        head.heat.second.linear.weight.zero_()
        head.heat.second.linear.bias.zero_()
        head.heat.second.linear.bias[3 * 8 + 6] = 100.0
        head.depth.second.linear.weight.zero_()
        head.depth.second.linear.bias.fill_(0.25)
        said = head(torch.randn(1, 21, 2))
    assert torch.allclose(said.uvd, torch.tensor([0.5, -0.25, 0.25]).expand(1, 21, 3), atol=1e-5)


def test_images_are_normalised_inside() -> None:
    grey = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert torch.allclose(ImageNetNormalise()(grey), torch.zeros(1, 3, 4, 4), atol=1e-6)
    assert not ImageNetNormalise().state_dict()


# ------------------------------------------------------------------------------- from uvd to metres

HAND = load_hand_model("hand_mano778")
SIDE = 256


def seen(distance: float, turned: float = 0.0) -> tuple[UvdTensors, torch.Tensor, torch.Tensor]:
    """Points of the resting hand, the camera of their crop, and the truth in its frame."""
    torch.manual_seed(1)
    turn = torch.linalg.matrix_exp(
        torch.tensor([[0.0, -0.4, 0.7], [0.4, 0.0, -0.9], [-0.7, 0.9, 0.0]]).double()
    )
    points = torch.from_numpy(np.concatenate([HAND.rest_joints_21, HAND.v_template])).double()
    points = (points - points[:1]) @ turn.T + torch.tensor([0.05, -0.03, distance])
    cos, sin = np.cos(turned), np.sin(turned)
    matrix = torch.tensor([[700.0, 0, 90], [0, 950.0, 140], [0, 0, 1]]).double()
    spin = torch.tensor([[cos, -sin, 20.0], [sin, cos, -10.0], [0, 0, 1]]).double()
    matrix = spin @ matrix
    pixels = points @ matrix.T
    uv = pixels[:, :2] / pixels[:, 2:] / SIDE
    uvd = torch.cat((uv, points[:, 2:] - points[:1, 2:]), dim=-1)[None]
    return UvdTensors(uvd[:, :21], uvd[:, 21:]), matrix[None], points[None]


@pytest.mark.parametrize("turned", [0.0, 2.0])
@pytest.mark.parametrize("distance", [0.3, 0.9])
def test_points_come_back_exactly(distance: float, turned: float) -> None:
    """With different focal lengths along u and v, and in crops that are turned."""
    points, matrix, truth = seen(distance, turned)
    extent = bone_extent(HAND, truth)
    joints, vertices = place_in_camera(points, matrix, extent, SIDE)
    assert torch.allclose(joints, truth[:, :21], atol=1e-5)
    assert torch.allclose(vertices, truth[:, 21:], atol=1e-5)
    again, _ = place_at(points, matrix, truth[:, 0, 2], SIDE)
    assert torch.allclose(again, truth[:, :21], atol=1e-6)


def test_without_a_camera_the_hand_has_its_size() -> None:
    points, _, truth = seen(4.0)
    # Equal focal lengths: nothing else can be assumed.
    points.joints[..., 1] *= 700 / 950
    points.vertices[..., 1] *= 700 / 950
    joints, vertices = see_from_afar(points, bone_extent(HAND, truth))
    assert torch.allclose(joints, truth[:, :21] - truth[:, :1], atol=4e-3)
    assert torch.allclose(vertices, truth[:, 21:] - truth[:, :1], atol=4e-3)


def test_impossible_points_have_finite_places_and_gradients() -> None:
    torch.manual_seed(0)
    raw = torch.randn(2, 40, 3, requires_grad=True)
    points = UvdTensors(raw[:, :21], raw[:, 21:])
    extent = torch.tensor(0.2)
    matrix = torch.eye(3).expand(2, 3, 3) * torch.tensor([500.0, 500.0, 1.0]).view(3, 1)
    for joints, vertices in (
        see_from_afar(points, extent),
        place_in_camera(points, matrix, extent, SIDE),
    ):
        assert torch.isfinite(joints).all()
        (joints.sum() + vertices.sum()).backward(retain_graph=True)
        assert torch.isfinite(raw.grad).all()
    assert place_in_camera(points, matrix, extent, SIDE)[1][..., 2].min() > 0.04


# ---------------------------------------------------------------------------------------------- SMR


def test_smr_starts_as_the_mean_hand_in_the_middle() -> None:
    torch.manual_seed(0)
    network = build_model("smr", input_size=128)
    assert isinstance(network, Smr)
    with torch.no_grad():
        for stage in network.stages:
            stage.parameters_head.out.weight.zero_()
    prediction = network.predict(np.zeros((1, 128, 128, 3), np.uint8))
    assert prediction.pose.abs().max() < 1e-5
    assert torch.allclose(prediction.camera, torch.tensor([[FIRST_SCALE, 0.0, 0.0]]))
    assert torch.allclose(prediction.joints_2d[0, ROOT], torch.tensor([0.5, 0.5]), atol=1e-6)
    extent = prediction.joints_2d[0].amax(0) - prediction.joints_2d[0].amin(0)
    assert 0.3 < extent.max() < 0.95
    layer = network.hand_layer(prediction.pose, prediction.shape)
    # The linear regressor on the posed mesh is near the joints that the mesh was posed with.
    assert (prediction.joints_3d - layer.joints).norm(dim=-1).max() < 0.01


def test_operations_are_counted_for_scans_and_products_alike() -> None:
    baseline, spatial = (network_costs(build_model(n, input_size=128)) for n in ("baseline", "ssa"))
    assert baseline.scan_flops == 0
    # 4 directions, 512 channels, 16 x 16 steps, 16 states with 9 operations and 2 more.
    assert spatial.scan_flops == 4 * 512 * 256 * (16 * 9 + 2)
    module = S3C(None)
    products = sum(
        p.numel() for n, p in module.named_parameters() if "proj" in n or n.endswith("dt_weight")
    )
    rest = spatial.flops - baseline.flops - spatial.scan_flops
    depthwise = 2 * 512 * 9 * 256
    assert rest == 2 * 256 * products + depthwise
