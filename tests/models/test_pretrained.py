"""Pretrained backbones: folded exactly, and only from the right files."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError
from hands3c_core.models import build_model
from hands3c_core.models.efficientnet import IMAGENET_SHAPE, EfficientNetLite, SameConv
from hands3c_core.models.pretrained import load_hand_trunk, load_imagenet_trunk, set_backbone

BUNDLE = asset_path("hand_landmarker.task")


def test_same_padding_is_tensorflows():
    """An even side lacks one more row at the end than at the beginning."""
    torch.manual_seed(0)
    conv = SameConv(2, 3, 5, 2)
    image = torch.rand(1, 2, 8, 8)
    padded = F.pad(image, (1, 2, 1, 2))
    expected = F.conv2d(padded, conv.conv.weight, conv.conv.bias, stride=2)
    assert torch.equal(conv(image), expected)
    assert conv(image).shape == (1, 3, 4, 4)


def test_hand_trunk_answers_as_the_landmark_network(tmp_path):
    """Its last map, averaged and put through the file's own last layer, gives the landmarks that
    OpenVINO finds with the whole file."""
    runtime = pytest.importorskip("hands3c_core.runtime.openvino_part")
    pytest.importorskip("openvino")
    core = runtime.openvino_core()
    with zipfile.ZipFile(BUNDLE) as archive:
        file = archive.extract("hand_landmarks_detector.tflite", tmp_path)
    graph = core.read_model(file)
    layers = [op for op in graph.get_ordered_ops() if op.get_type_name() == "MatMul"]
    (landmarks,) = (op for op in layers if _output_index(op) == 0)
    weight = _constant(landmarks.input(1))
    (addition,) = landmarks.output(0).get_target_inputs()
    bias = _constant(addition.get_node().input(1)).reshape(-1)
    image = np.random.default_rng(0).random((1, 224, 224, 3), np.float32)
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(graph, "CPU", options)
    expected = compiled(image)[compiled.output(0)]
    trunk = load_hand_trunk(BUNDLE).eval()
    with torch.inference_mode():
        last = trunk(torch.from_numpy(image).permute(0, 3, 1, 2))[3]
    ours = last.mean((2, 3)).numpy() @ weight.T + bias
    assert np.abs(ours - expected).max() < 0.01  # px of 224


def _output_index(operation):
    """Number of the result that the operation's sum is, or None."""
    (addition,) = operation.output(0).get_target_inputs()
    (after,) = addition.get_node().output(0).get_target_inputs()
    node = after.get_node()
    if node.get_type_name() != "Result" or addition.get_node().output(0).shape != [1, 63]:
        return None
    bias = _constant(addition.get_node().input(1))
    # The landmarks are in px, the world landmarks in metres.
    return 0 if np.abs(bias).max() > 1 else 3


def _constant(place):
    node = place.get_source_output().get_node()
    while node.get_type_name() != "Constant":
        node = node.input(0).get_source_output().get_node()
    return np.asarray(node.get_data(), np.float32)


class _Normed(nn.Module):
    """A convolution and its batch norm as the published state dicts name them."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            groups=conv.groups,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(conv.out_channels, eps=1e-3)
        nn.init.uniform_(self.norm.weight, 0.5, 1.5)
        nn.init.normal_(self.norm.bias, std=0.1)
        nn.init.normal_(self.norm.running_mean, std=0.1)
        nn.init.uniform_(self.norm.running_var, 0.5, 1.5)


def imagenet_state(count: int = 0) -> dict[str, torch.Tensor]:
    """A state dict of the published layout, with all but ``count`` of its convolutions."""
    shapes = EfficientNetLite(IMAGENET_SHAPE).convolutions()
    shapes += [nn.Conv2d(1152, 320, 1), nn.Conv2d(320, 1280, 1)]
    parts = nn.ModuleList(_Normed(conv) for conv in shapes[count:])
    return parts.state_dict()


def test_imagenet_weights_are_folded_exactly(tmp_path):
    torch.manual_seed(0)
    state = imagenet_state()
    torch.save(state, tmp_path / "lite0.pth")
    trunk = load_imagenet_trunk(tmp_path / "lite0.pth").eval()
    image = torch.rand(1, 3, 64, 64)
    # The first convolution of an inner part, where the border plays no role.
    normed = (255 * image - 127) / 128
    plain = F.conv2d(F.pad(normed, (0, 1, 0, 1)), state["0.conv.weight"], stride=2)
    scale = state["0.norm.weight"] / torch.sqrt(state["0.norm.running_var"] + 1e-3)
    shift = state["0.norm.bias"] - state["0.norm.running_mean"] * scale
    expected = plain * scale[:, None, None] + shift[:, None, None]
    ours = trunk.stem(image)
    assert torch.allclose(ours[..., :-1, :-1], expected[..., :-1, :-1], atol=1e-4)
    last = trunk.last.depthwise.conv
    scale = state["46.norm.weight"] / torch.sqrt(state["46.norm.running_var"] + 1e-3)
    assert torch.allclose(last.weight, state["46.conv.weight"] * scale[:, None, None, None])


def test_other_files_are_refused(tmp_path):
    torch.save(imagenet_state(1), tmp_path / "short.pth")
    with pytest.raises(UserError, match="not EfficientNet-Lite0"):
        load_imagenet_trunk(tmp_path / "short.pth")
    (tmp_path / "no.pth").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"no\.pth"):
        load_imagenet_trunk(tmp_path / "no.pth")
    pytest.importorskip("openvino")
    (tmp_path / "no.task").write_bytes(b"nothing")
    with pytest.raises(UserError, match="cannot be read as a landmark network"):
        load_hand_trunk(tmp_path / "no.task")


def test_set_backbone_wants_a_network_that_has_it():
    with pytest.raises(UserError, match="no EfficientNet-Lite0 and no ResNet"):
        set_backbone(torch.nn.Conv2d(3, 3, 1), BUNDLE)
    with pytest.raises(UserError, match="no torch checkpoint"):
        set_backbone(build_model("hands3c_tiny"), BUNDLE)
