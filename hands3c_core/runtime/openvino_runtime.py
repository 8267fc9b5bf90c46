"""OpenVINO for the convolutions, our kernels for the scans between them.

A network that scans is cut in three: everything up to the scans' inputs, the scans, everything
after them. Any other is compiled whole.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork, HandS3C, Regressed
from hands3c_core.models.cross_scan import DIRECTIONS, CrossScan
from hands3c_core.models.efficientnet import EfficientNetLite
from hands3c_core.models.guided import GuidedLite, GuidedRegressed
from hands3c_core.models.lite import CoarsePyramid
from hands3c_core.models.s3c import BranchOutputs
from hands3c_core.ops import active_kernel, cpu_kernels, cross_scan_2d
from hands3c_core.runtime.base import Runtime
from hands3c_core.runtime.folding import fold_network
from hands3c_core.runtime.memory import release_parameters
from hands3c_core.runtime.openvino_part import CompiledPart, ConvertedPart


class OpenVinoRuntime(Runtime):
    """Backbone and heads by OpenVINO on the CPU, in float32 or bfloat16; the scans, the MANO head
    and the small network's early stages always in float32.

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
        # By torch, in float32: they are small.
        self._mano_head = copy.deepcopy(folded.mano_head)
        self._point_head = (
            copy.deepcopy(folded.point_head) if isinstance(folded, GuidedLite) else None
        )
        early, front, back = self._convert(folded)
        release_parameters(folded)  # before compiling, which needs memory
        self._early = None if early is None else early.compile(torch.float32)
        self._front, self._back = front.compile(precision), back.compile(precision)

    def _regress(self, images: Tensor) -> Any:
        if self._whole is not None:
            return self._whole.assemble(self._compiled_whole(images)(images))
        maps = [images] if self._early is None else self._early(images)
        features, gate, positions, projected, columns, *witness = self._front(*maps)
        spatial = self._scan_plane(positions, projected)
        channel = self._scan_channels(columns)
        attended, heatmaps, joints_2d, encoding = self._back(features, gate, spatial, channel)
        branches = self._branches(spatial, channel)
        seen = (features, attended, branches, heatmaps, joints_2d, encoding)
        if self._point_head is None:
            return Regressed(*seen, *self._mano_head(encoding))
        points, sigma = self._point_head(encoding, witness[0], joints_2d)
        pose_and_shape = self._mano_head(points, encoding)  # type: ignore[call-arg, arg-type]
        said = (*seen, *pose_and_shape, points, sigma, witness[0])
        return GuidedRegressed(*said)

    def _scan_plane(self, positions: Tensor, projected: Tensor) -> Tensor:
        """(B, h * w, 512) and its projections -> (B, h * w, 512)."""
        weights, side = self._spatial, self._side
        kernel = active_kernel("cpu")
        if kernel in cpu_kernels.CPU_KERNELS:
            projected = projected.unflatten(-1, (DIRECTIONS, -1))
            rest = (*weights[1:], side, side)
            return cpu_kernels.cross_scan_positions(positions, projected, *rest, kernel)
        plane = positions.unflatten(1, (side, side)).permute(0, 3, 1, 2)
        return cross_scan_2d(plane, *weights).permute(0, 2, 3, 1).flatten(1, 2)

    def _scan_channels(self, columns: Tensor) -> Tensor:
        """(B, 512 * h, w) -> the same; zeros without the channel branch."""
        weights = self._channel
        if weights is None:
            return torch.zeros_like(columns)
        rows = columns.shape[1] // self._side
        kernel = active_kernel("cpu")
        if kernel in cpu_kernels.CPU_KERNELS:
            return cpu_kernels.cross_scan_projecting(columns, *weights, rows, self._side, kernel)
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

    def _convert(
        self, network: HandS3C
    ) -> tuple[ConvertedPart | None, ConvertedPart, ConvertedPart]:
        """Early stages, where they are to stay in float32, the rest up to the scans, and what
        follows them."""
        size = self.input_size
        maps: tuple[Tensor, ...] = (torch.zeros(self.max_batch, 3, size, size),)
        early = None
        apart = self.precision != torch.float32 and isinstance(network.backbone, EfficientNetLite)
        front, back = _Front(network, early_apart=apart), _Back(network)
        with torch.inference_mode():
            if apart:
                stages = _Early(network)
                early = ConvertedPart(stages, maps, fewer=True)
                maps = stages(*maps)
            features, gate, positions, _, columns, *_ = front(*maps)
        after = (features, gate, positions, columns)
        return early, ConvertedPart(front, maps, fewer=True), ConvertedPart(back, after, fewer=True)


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


class _Early(nn.Module):
    """Images -> what the small networks compute in float32: maps at strides 8 and 16; where the
    trunk is to stay whole, that at 32 and the trunk's landmarks too."""

    def __init__(self, network: HandS3C) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        backbone = self.network.backbone
        assert isinstance(backbone, EfficientNetLite)
        if isinstance(self.network, GuidedLite):
            _, *maps = backbone(images)
            return *maps, self.network.witness_head(maps[-1])
        return backbone.early(images)[1:]


class _Front(nn.Module):
    """Images, or the maps of ``_Early``, -> F, gate (B, P, 512), scan input by position
    (B, P, 512), its projections (B, P, 4 * 48), scan input by channel (B, 512 * h, w), and the
    landmarks of a trunk that has them."""

    def __init__(self, network: HandS3C, *, early_apart: bool) -> None:
        super().__init__()
        self.network = network
        self.early_apart = early_apart

    def forward(self, *maps: Tensor) -> tuple[Tensor, ...]:
        features, witness = self._pyramid(*maps)
        s3c = self.network.s3c
        assert s3c is not None
        ss2d = s3c.ss2d
        x, gate = ss2d.in_proj(s3c.norm(features.permute(0, 2, 3, 1))).chunk(2, dim=-1)
        x = F.silu(ss2d.conv(x.permute(0, 3, 1, 2)))
        positions = x.permute(0, 2, 3, 1).flatten(1, 2)
        projected = F.linear(positions, ss2d.spatial.projection.flatten(0, 1))
        columns = x.flatten(1, 2)
        return features, gate.flatten(1, 2), positions, projected, columns, *witness

    def _pyramid(self, *maps: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """F, and the trunk's landmarks if it has any."""
        network = self.network
        backbone, fpn = network.backbone, network.fpn
        if not self.early_apart:
            stages = backbone(*maps)
            if isinstance(network, GuidedLite):
                return fpn(stages), (network.witness_head(stages[3]),)
            return fpn(stages), ()
        assert isinstance(backbone, EfficientNetLite)
        assert isinstance(fpn, CoarsePyramid)
        if isinstance(network, GuidedLite):
            *stages, witness = maps
            return fpn.merge(*stages), (witness,)
        c3, c4 = maps
        return fpn.merge(c3, c4, backbone.late(c4)), ()


class _Back(nn.Module):
    """F, gate, and the two branches' outputs -> attended F, heatmaps, 2D joints, encoding."""

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
        mixed = s3c.ss2d.mixed(spatial, by_position.flatten(1, 2))
        update = s3c.ss2d.out_proj(mixed * F.silu(gate))
        attended = features + update.unflatten(1, (side, side)).permute(0, 3, 1, 2)
        heatmaps, joints_2d, encoding_map = self.network.heatmap_head(attended)
        return attended, heatmaps, joints_2d, self.network.encoder(heatmaps, encoding_map)
