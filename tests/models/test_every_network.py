"""What every network of the registry owes its callers, one suite over all names."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
import torch
from small_networks import SMALL
from torch import nn

from hands3c_core.errors import UserError
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import HandNetwork, build_model, load_weights, model_names, save_weights
from hands3c_core.models.outputs import concatenate
from hands3c_core.models.registry import network_entry

SIZE = 128

pytestmark = pytest.mark.usefixtures("small_networks")


@cache
def lively(name: str) -> HandNetwork:
    """A network in evaluation mode whose batch norms have seen something and whose heads are not
    flat. Do not change it."""
    torch.manual_seed(0)
    network = build_model(name, input_size=SIZE)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the plain mean of what is shown below
    with torch.no_grad():
        for module in network.modules():  # heads start almost at zero
            if not isinstance(module, nn.Conv2d | nn.Linear):
                continue
            # Depthwise ones start small too: the trunk is not meant to start at random.
            if module.weight.std() < 0.015 or getattr(module, "groups", 1) > 1:
                module.weight.normal_(std=(1 / module.weight[0].numel()) ** 0.5)
        network.train()
        network.regress(torch.rand(4, 3, SIZE, SIZE))
    return network.eval()


@pytest.fixture(params=SMALL)
def network(request: pytest.FixtureRequest, small_networks: None) -> HandNetwork:
    return lively(request.param)


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)


def test_the_promised_names_are_there() -> None:
    assert set(SMALL) <= set(model_names())


def test_one_kind_of_answer(network: HandNetwork, crops: np.ndarray) -> None:
    answer = network.predict(crops, attention=True)
    side = SIZE // 8
    assert answer.heatmaps.shape == (3, 21, side, side)
    assert torch.allclose(answer.heatmaps.sum((2, 3)), torch.ones(3, 21), atol=1e-4)
    assert answer.joints_2d.shape == (3, 21, 2)
    assert answer.joints_3d.shape == (3, 21, 3)
    assert answer.vertices.shape == (3, network.hand.num_vertices, 3)
    assert answer.features.shape[2:] == answer.backbone_features.shape[2:] == (side, side)
    if network_entry(network.name).mesh_bound:
        assert answer.pose is answer.shape is answer.rot6d is answer.rotations is None
        assert answer.uvd is not None
    else:
        assert answer.pose.shape == (3, 16, 3)
        assert answer.shape.shape == (3, 10)
        assert answer.uvd is None
        posed = network.hand_layer(answer.pose, answer.shape)
        assert torch.allclose(posed.vertices, answer.vertices, atol=1e-6)
    has_attention = getattr(network.config, "attention", False)
    assert (answer.attention is not None) == has_attention
    assert len(answer) == 3
    for array in answer.published_arrays().values():
        assert len(array) == 3
        assert np.isfinite(array).all()


def test_a_crop_does_not_depend_on_its_batch(network: HandNetwork, crops: np.ndarray) -> None:
    together = network.predict(crops)
    apart = concatenate([network.predict(crops[row : row + 1]) for row in range(3)])
    scale = float(together.vertices.abs().max())
    assert torch.allclose(together.vertices, apart.vertices, atol=1e-4 * scale)
    assert torch.allclose(together.joints_2d, apart.joints_2d, atol=1e-4)
    assert not torch.allclose(together.joints_2d[0], together.joints_2d[1], atol=1e-6)


def test_evaluation_repeats_and_leaves_the_network_as_it_was(
    network: HandNetwork, crops: np.ndarray
) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first, second = network.predict(crops[:2]), network.predict(crops[:2])
    assert torch.equal(first.vertices, second.vertices)
    assert torch.equal(first.heatmaps, second.heatmaps)
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_weights_come_back(network: HandNetwork, crops: np.ndarray, tmp_path) -> None:
    file = tmp_path / "weights.safetensors"
    save_weights(network, file)
    again = load_weights(file)
    assert (again.name, again.input_size) == (network.name, SIZE)
    assert type(again) is type(network)
    expected, answer = network.predict(crops[:1]), again.predict(crops[:1])
    assert torch.equal(expected.vertices, answer.vertices)
    assert torch.equal(expected.joints_2d, answer.joints_2d)
    assert not [name for name in network.state_dict() if "hand_layer" in name]


def test_bfloat16_on_the_cpu(network: HandNetwork, crops: np.ndarray) -> None:
    exact = network.predict(crops[:1])
    low = copy.deepcopy(network).bfloat16().predict(crops[:1])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = network.predict(crops[:1])
    for answer in (low, mixed):
        assert answer.vertices.dtype == torch.float32
        assert torch.isfinite(answer.vertices).all()
        assert (answer.joints_2d.float() - exact.joints_2d).abs().max() < 0.1
    assert network.hand_layer.v_template.dtype == torch.float32


def test_export(network: HandNetwork, crops: np.ndarray) -> None:
    images = torch.from_numpy(crops[:1]).permute(0, 3, 1, 2).float() / 255
    program = torch.export.export(network, (torch.rand(1, 3, SIZE, SIZE),))
    with torch.no_grad():
        expected, answer = network(images), program.module()(images)
    scale = float(expected.vertices.abs().max())
    assert torch.allclose(expected.vertices, answer.vertices, atol=1e-4 * scale)
    assert torch.allclose(expected.heatmaps, answer.heatmaps, atol=1e-5)


class _Outputs(nn.Module):
    """A network whose answer is a tuple: ONNX knows no classes."""

    def __init__(self, network: HandNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        answer = self.network(images)
        return answer.vertices, answer.joints_3d, answer.joints_2d, answer.heatmaps


@pytest.mark.slow
def test_onnx(network: HandNetwork, crops: np.ndarray, monkeypatch, tmp_path) -> None:
    """Scans in their plain form, since ONNX has none. The packages are no part of ours."""
    for package in ("onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason="needs pip install onnx onnxscript onnxruntime")
    import onnxruntime

    monkeypatch.setenv("HANDS3C_SCAN", "chunked")
    file, outputs = tmp_path / "network.onnx", _Outputs(network).eval()
    torch.onnx.export(outputs, (torch.rand(1, 3, SIZE, SIZE),), dynamo=True).save(file)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    images = torch.from_numpy(crops[:1]).permute(0, 3, 1, 2).float() / 255
    answers = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    with torch.no_grad():
        expected = outputs(images)
    for wanted, answer in zip(expected, answers, strict=True):
        scale = float(wanted.abs().max())
        np.testing.assert_allclose(answer, wanted.numpy(), atol=1e-4 * scale)


@pytest.mark.parametrize("name", SMALL)
def test_any_multiple_of_32(name: str) -> None:
    for size in (160, 288) if name in ("sar", "smr") else (160,):
        network = build_model(name, input_size=size)
        answer = network.predict(np.zeros((1, size, size, 3), np.uint8))
        assert answer.heatmaps.shape == (1, 21, size // 8, size // 8)
        assert network.input_size == size
    for size in (96, 200):
        with pytest.raises(UserError, match="multiple of 32"):
            build_model(name, input_size=size)


def test_another_hand(network: HandNetwork, crops: np.ndarray, tmp_path) -> None:
    """Parameters go with any hand; regressed vertices with one mesh, and the user is told so."""
    other = load_hand_model("hand_mid")
    own = network.hand
    if network_entry(network.name).mesh_bound:
        assert not network.can_pose(other)
        with pytest.raises(UserError, match="regresses the vertices of hand_mano778"):
            network.set_hand(other)
        file = tmp_path / "weights.safetensors"
        save_weights(network, file, half=True)
        with pytest.raises(UserError, match="cannot give those of hand_mid"):
            load_weights(file, hand="hand_mid")
        save_weights(network, file, {"hand": "somebodys"}, half=True)
        with pytest.raises(UserError, match="somebodys, which is not at hand"):
            load_weights(file)
        return
    try:
        network.set_hand(other)
        assert network.predict(crops[:1]).vertices.shape == (1, 1500, 3)
    finally:
        network.set_hand(own)
