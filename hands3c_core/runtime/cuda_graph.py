"""The folded network as a CUDA graph: one launch instead of some five hundred."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork
from hands3c_core.runtime.torch_runtimes import FoldedRuntime

_WARM_UP_PASSES = 3


class CudaGraphRuntime(FoldedRuntime):
    """``FoldedRuntime`` recorded once for each batch size and replayed.

    Args:
        model: the network, on a CUDA device.
        precision: float32, float16 or bfloat16 for convolutions and matrix products.

    Raises:
        UserError: the network is not on a CUDA device.
    """

    runtime_name = "cuda_graph"

    def __init__(
        self, model: HandNetwork, precision: torch.dtype = torch.float32, *, take: bool = False
    ) -> None:
        if next(model.parameters()).device.type != "cuda":
            raise UserError("The cuda_graph runtime needs the network on a CUDA device.")
        super().__init__(model, precision, take=take)
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Any]] = {}

    def _regress(self, images: Tensor) -> Any:
        if len(images) not in self._graphs:
            self._graphs[len(images)] = self._record(images)
        graph, inputs, outputs = self._graphs[len(images)]
        inputs.copy_(images)
        graph.replay()
        # The graph writes to the same memory each time; the caller owns what it gets.
        return tree_map(
            lambda value: value.clone() if isinstance(value, Tensor) else value, outputs
        )

    def _record(self, images: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, Any]:
        inputs = images.clone()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):  # kernels are chosen and compiled before recording
            for _ in range(_WARM_UP_PASSES):
                super()._regress(inputs)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = super()._regress(inputs)
        return graph, inputs, outputs
