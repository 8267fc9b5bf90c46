"""OpenVINO for the convolutions, our kernels for the scans between them.

A network that scans is cut in three: everything up to the scans' inputs, the scans, everything
after them. Any other is compiled whole.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork, HandS3C, Regressed
from hands3c_core.models.cross_scan import DIRECTIONS, CrossScan
from hands3c_core.models.s3c import BranchOutputs
from hands3c_core.ops import active_kernel, cpu_kernels, cross_scan_2d
from hands3c_core.runtime.base import Runtime
from hands3c_core.runtime.folding import fold_network
from hands3c_core.runtime.memory import release_parameters
from hands3c_core.runtime.openvino_part import CompiledPart, ConvertedPart


class OpenVinoRuntime(Runtime):
    """Backbone and heads by OpenVINO on the CPU, in float32 or bfloat16; scans in float32.

    Compiled for one or two crops at once; larger batches run in pairs. OpenVINO has its own copy of
    the weights, so torch's are freed once it is made.

    Raises:
        UserError: OpenVINO is not installed, or the model is not on the CPU.
    """

    runtime_name = "openvino"
    max_batch = 2

    def __init__(
        self, model: HandNetwork, precision: torch.dtype = torch.float32, *, take: bool = False
    ) -> None:
        super().__init__(model)
        if next(model.parameters()).device.type != "cpu":
            raise UserError("The OpenVINO runtime is for the CPU: move the network there first.")
        self.precision = precision
        folded = fold_network(model, in_place=take).float()
        # Networks with products of whole maps (SAR's) cannot be compiled for several batch sizes at
        # once: whatever is not cut at its scans is compiled for each size when it first occurs.
        self._whole: _Whole | None = None
        self._by_size: dict[int, CompiledPart] = {}
        if not isinstance(folded, HandS3C) or folded.s3c is None:
            self._whole = _Whole(folded)
            return
        self._side = folded.config.feature_side
        ss2d = folded.s3c.ss2d
        self._spatial = _ScanWeights.of(ss2d.spatial)
        self._channel = None if ss2d.channel is None else _ScanWeights.of(ss2d.channel)
        front, back = self._convert(_Front(folded), _Back(folded))
        release_parameters(folded)  # before compiling, which needs memory
        self._front, self._back = front.compile(precision), back.compile(precision)

    def _regress(self, images: Tensor) -> Any:
        if self._whole is not None:
            return self._whole.assemble(self._compiled_whole(images)(images))
        features, gate, positions, projected, columns = self._front(images)
        spatial = self._scan_plane(positions, projected)
        channel = self._scan_channels(columns)
        attended, *heads = self._back(features, gate, spatial, channel)
        return Regressed(features, attended, self._branches(spatial, channel), *heads)

    def _scan_plane(self, positions: Tensor, projected: Tensor) -> Tensor:
        """(B, h * w, 512) and its projections -> (B, h * w, 512)."""
        weights, side = self._spatial, self._side
        if active_kernel("cpu") == "cpu":
            projected = projected.unflatten(-1, (DIRECTIONS, -1))
            return cpu_kernels.cross_scan_positions(positions, projected, *weights[1:], side, side)
        plane = positions.unflatten(1, (side, side)).permute(0, 3, 1, 2)
        return cross_scan_2d(plane, *weights).permute(0, 2, 3, 1).flatten(1, 2)

    def _scan_channels(self, columns: Tensor) -> Tensor:
        """(B, 512 * h, w) -> the same; zeros without the channel branch."""
        weights = self._channel
        if weights is None:
            return torch.zeros_like(columns)
        rows = columns.shape[1] // self._side
        if active_kernel("cpu") == "cpu":
            return cpu_kernels.cross_scan_projecting(columns, *weights, rows, self._side)
        plane = columns.unflatten(1, (rows, self._side)).permute(0, 3, 1, 2)
        return cross_scan_2d(plane, *weights).permute(0, 2, 3, 1).flatten(1, 2)

    def _branches(self, spatial: Tensor, channel: Tensor) -> BranchOutputs:
        side = self._side
        return BranchOutputs(
            spatial.unflatten(1, (side, side)).permute(0, 3, 1, 2),
            None if self._channel is None else channel.unflatten(1, (-1, side)),
        )

    def _compiled_whole(self, images: Tensor) -> CompiledPart:
        """The whole network, compiled for so many crops."""
        size = len(images)
        if size not in self._by_size:
            assert self._whole is not None
            part = ConvertedPart(self._whole, (torch.zeros(images.shape),), fewer=False)
            self._by_size[size] = part.compile(self.precision)
        return self._by_size[size]

    def _convert(self, front: nn.Module, back: nn.Module) -> tuple[ConvertedPart, ConvertedPart]:
        size = self.input_size
        images = torch.zeros(self.max_batch, 3, size, size)
        with torch.inference_mode():
            features, gate, positions, _, columns = front(images)
        example = (features, gate, positions, columns)
        return ConvertedPart(front, (images,), fewer=True), ConvertedPart(back, example, fewer=True)


class _ScanWeights(NamedTuple):
    """The weights of a ``CrossScan`` as ``ops.cross_scan_2d`` takes them."""

    projection: Tensor
    dt_weight: Tensor
    dt_bias: Tensor
    A: Tensor
    D: Tensor

    @classmethod
    def of(cls, scan: CrossScan) -> _ScanWeights:
        decay = -torch.exp(scan.A_log)
        tensors = (scan.projection, scan.dt_weight, scan.dt_bias, decay, scan.D)
        return cls(*(t.detach().contiguous() for t in tensors))


class _Whole(nn.Module):
    """Images -> all tensors of ``HandNetwork.regress``, each once and in the order of its tree."""

    def __init__(self, network: HandNetwork) -> None:
        super().__init__()
        self.network = network
        self._form: TreeSpec | None = None
        #: Number of each leaf's tensor among the outputs, None for leaves that are no tensors.
        self._order: list[int | None] = []

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        leaves, self._form = tree_flatten(self.network.regress(images))
        # A network without attention answers with one map twice, which would be compiled as one.
        distinct = {id(leaf): leaf for leaf in leaves if isinstance(leaf, Tensor)}
        numbers = {identity: number for number, identity in enumerate(distinct)}
        self._order = [numbers.get(id(leaf)) for leaf in leaves]
        return tuple(distinct.values())

    def assemble(self, outputs: list[Tensor]) -> Any:
        """What ``regress`` would say, from the compiled network's outputs."""
        assert self._form is not None
        leaves = [None if number is None else outputs[number] for number in self._order]
        return tree_unflatten(leaves, self._form)


class _Front(nn.Module):
    """Images -> F, gate (B, P, 512), scan input by position (B, P, 512), its projections
    (B, P, 4 * 48), and scan input by channel (B, 512 * h, w)."""

    def __init__(self, network: HandS3C) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features = self.network.fpn(self.network.backbone(images))
        s3c = self.network.s3c
        assert s3c is not None
        ss2d = s3c.ss2d
        x, gate = ss2d.in_proj(s3c.norm(features.permute(0, 2, 3, 1))).chunk(2, dim=-1)
        x = F.silu(ss2d.conv(x.permute(0, 3, 1, 2)))
        positions = x.permute(0, 2, 3, 1).flatten(1, 2)
        projected = F.linear(positions, ss2d.spatial.projection.flatten(0, 1))
        return features, gate.flatten(1, 2), positions, projected, x.flatten(1, 2)


class _Back(nn.Module):
    """F, gate, and the two branches' outputs -> attended F and the heads' outputs."""

    def __init__(self, network: HandS3C) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, features: Tensor, gate: Tensor, spatial: Tensor, channel: Tensor
    ) -> tuple[Tensor, ...]:
        s3c = self.network.s3c
        assert s3c is not None
        side = features.shape[-1]
        by_position = channel.unflatten(1, (spatial.shape[-1], side)).permute(0, 2, 3, 1)
        mixed = s3c.ss2d.norm(spatial + by_position.flatten(1, 2))
        update = s3c.ss2d.out_proj(mixed * F.silu(gate))
        attended = features + update.unflatten(1, (side, side)).permute(0, 3, 1, 2)
        return (attended, *_heads(self.network, attended))


def _heads(network: HandS3C, features: Tensor) -> tuple[Tensor, ...]:
    heatmaps, joints_2d, encoding_map = network.heatmap_head(features)
    encoding = network.encoder(heatmaps, encoding_map)
    rot6d, shape = network.mano_head(encoding)
    return heatmaps, joints_2d, encoding, rot6d, shape
