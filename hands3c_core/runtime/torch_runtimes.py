"""Runtimes that need nothing but torch."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from hands3c_core.models import HandNetwork
from hands3c_core.ops import active_kernel
from hands3c_core.runtime.base import Runtime
from hands3c_core.runtime.folding import fold_network
from hands3c_core.runtime.memory import give_back_memory


class EagerRuntime(Runtime):
    """The model as it is: the yardstick of the others."""

    runtime_name = "eager"

    def __init__(self, model: HandNetwork, *, take: bool = False) -> None:
        super().__init__(model)
        self._network = model

    def _regress(self, images: Tensor) -> Any:
        was_training = self._network.training
        self._network.eval()
        try:
            return self._network.regress(images)
        finally:
            self._network.train(was_training)


class FoldedRuntime(Runtime):
    """Folded batch norms and smoothing, channels last.

    Args:
        model: the network.
        precision: dtype of convolutions and matrix products; the scans, the softmax of the heatmaps
            and the hand model stay in float32, and so do the network's ``full_precision`` parts.
    """

    runtime_name = "folded"

    def __init__(
        self, model: HandNetwork, precision: torch.dtype = torch.float32, *, take: bool = False
    ) -> None:
        super().__init__(model)
        self.precision = precision
        self._network = fold_network(model, in_place=take).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if precision != torch.float32:
            _lower(self._network, precision)
        give_back_memory()

    def _images(self, crops: Tensor) -> Tensor:
        return super()._images(crops).contiguous(memory_format=torch.channels_last)

    def _regress(self, images: Tensor) -> Any:
        with self._casting(images.device.type):
            regressed = self._network.regress(images)
        return in_float32(regressed)

    def _casting(self, device_type: str) -> contextlib.AbstractContextManager[object]:
        if self.precision == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(device_type, self.precision)


def _lower(network: HandNetwork, precision: torch.dtype) -> None:
    """Round a network's weights, but for those parts that are to keep theirs."""
    kept: set[nn.Module] = set()
    for path in network.full_precision:
        part = network.get_submodule(path)
        kept.update(part.modules())
        network.set_submodule(path, _InFloat32(part))
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and module not in kept:
            module.to(precision)


class _InFloat32(nn.Module):
    """A part of a network that stays in float32 where the rest is computed in half precision."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, *features: Tensor) -> Any:
        with torch.autocast(features[0].device.type, enabled=False):
            return self.part(*(tensor.float() for tensor in features))


class CompiledRuntime(FoldedRuntime):
    """``FoldedRuntime`` through torch.compile, once for one crop and once for two, each when it
    first occurs: that takes a minute or more. Larger batches run in pairs."""

    runtime_name = "compiled"
    max_batch = 2

    def __init__(
        self, model: HandNetwork, precision: torch.dtype = torch.float32, *, take: bool = False
    ) -> None:
        super().__init__(model, precision, take=take)
        # Finding the kernel looks at files and the environment, which cannot be traced.
        torch.compiler.assume_constant_result(active_kernel)
        self._compiled = torch.compile(self._network.regress, dynamic=False, fullgraph=True)

    def _regress(self, images: Tensor) -> Any:
        with self._casting(images.device.type):
            regressed = self._compiled(images)
        return in_float32(regressed)


def in_float32(regressed: Any) -> Any:
    """The same with all half-precision tensors as float32."""

    def cast(value: Any) -> Any:
        half = isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16)
        return value.float() if half else value

    return tree_map(cast, regressed)
