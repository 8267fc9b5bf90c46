"""Synthetic training data: textured hands in rooms with exact labels (see docs/synthetic.md)."""

from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.dataset import SyntheticDataset, open_synthetic
from hands3c_core.data.synthetic.devices import RenderDevice, torch_device
from hands3c_core.data.synthetic.pose_prior import FAMILIES, GESTURES, PosePrior, SampledPose
from hands3c_core.data.synthetic.renderer import RenderedHand, SyntheticRenderer
from hands3c_core.data.synthetic.shards import read_shard, render_shards
from hands3c_core.data.synthetic.skins import TONE_NAMES, tone_name

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
