"""A network as one function of an image, made of standard operators."""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from hands3c_core.models import HandNetwork
from hands3c_core.ops import use_kernel

#: What the function may answer with, in this order; 'pose' and 'shape' where the network has them.
OUTPUTS: Final = ("joints_2d", "joints_3d", "vertices", "pose", "shape")

#: Radians below which sin(x) / x is 1 - x^2 / 6 to the last bit of float32.
_SMALL_ANGLE: Final = 1e-2


class _StandardFunctions(TorchFunctionMode):
    """Functions of torch that other formats lack, made of those that they have."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called for every function inside the block."""
        if func is torch.sinc:
            angle = math.pi * args[0]
            is_small = angle.abs() < _SMALL_ANGLE
            safe = torch.where(is_small, torch.ones_like(angle), angle)
            return torch.where(is_small, 1 - angle * angle / 6, torch.sin(safe) / safe)
        if getattr(func, "__name__", "") == "adaptive_avg_pool2d":
            given = {"input": None, "output_size": None}
            given |= dict(zip(given, args, strict=False)) | (kwargs or {})
            return _averaged(given["input"], given["output_size"])  # type: ignore[arg-type]
        return func(*args, **(kwargs or {}))


def _averaged(maps: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Maps (B, C, h, w) averaged over windows to (B, C, *size), as two products with constants."""
    wanted = (size, size) if isinstance(size, int) else size
    down, across = (
        _windows(int(length), cells).to(maps)
        for length, cells in zip(maps.shape[-2:], wanted, strict=True)
    )
    return down @ maps @ across.T


def _windows(length: int, cells: int) -> Tensor:
    """(cells, length) matrix that averages over torch's adaptive windows."""
    matrix = torch.zeros(cells, length)
    for cell in range(cells):
        first, last = cell * length // cells, -(-(cell + 1) * length // cells)
        matrix[cell, first:last] = 1 / (last - first)
    return matrix


class PortableNetwork(nn.Module):
    """Images (B, 3, S, S) RGB in [0, 1] of right hands (or mirrored left ones) -> tensors.

    The scans run in their chunked form, which is multiplications, sums and exponentials.

    Args:
        network: in evaluation mode, on the CPU, float32.
    """

    def __init__(self, network: HandNetwork) -> None:
        super().__init__()
        self.network = network
        # All of it: exporters put a module back into the mode that they found it in.
        self.eval()
        with torch.inference_mode():
            example = self(self.example())
        self.names: tuple[str, ...] = OUTPUTS[: len(example)]
        """Names of the outputs, some of ``OUTPUTS``."""

    def example(self, batch: int = 1, seed: int = 0) -> Tensor:
        """An input: noise that is a little smooth, as pictures are."""
        size = self.network.input_size
        generator = torch.Generator().manual_seed(seed)
        coarse = torch.rand(batch, 3, size // 8, size // 8, generator=generator)
        fine = torch.rand(batch, 3, size, size, generator=generator)
        large = nn.functional.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
        return 0.8 * large + 0.2 * fine

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """joints_2d (B, 21, 2) px of the crop over S; joints_3d (B, 21, 3) and vertices (B, V, 3)
        metres relative to the wrist; pose (B, 16, 3) axis-angle and shape (B, 10), if any."""
        with use_kernel("chunked"), _StandardFunctions():
            prediction = self.network(images)
        wrist = prediction.joints_3d[:, :1]
        joints_2d = (
            prediction.joints_2d if prediction.points is None else prediction.points[..., :2]
        )
        said = (joints_2d, prediction.joints_3d - wrist, prediction.vertices - wrist)
        if prediction.pose is None or prediction.shape is None:
            return said
        return (*said, prediction.pose, prediction.shape)
