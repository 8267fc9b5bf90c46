"""Synthetic training data: textured hands in rooms with exact labels (see docs/synthetic.md)."""

from .config import SyntheticConfig
from .dataset import SyntheticDataset, open_synthetic
from .devices import RenderDevice, torch_device
from .pose_prior import FAMILIES, GESTURES, PosePrior, SampledPose
from .renderer import RenderedHand, SyntheticRenderer
from .shards import read_shard, render_shards
from .skins import TONE_NAMES, tone_name

__all__ = [
    "FAMILIES",
    "GESTURES",
    "TONE_NAMES",
    "PosePrior",
    "RenderDevice",
    "RenderedHand",
    "SampledPose",
    "SyntheticConfig",
    "SyntheticDataset",
    "SyntheticRenderer",
    "open_synthetic",
    "read_shard",
    "render_shards",
    "tone_name",
    "torch_device",
]
