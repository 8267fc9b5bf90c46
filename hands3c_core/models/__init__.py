"""Networks: HandS3C and its relatives, by name, with their checkpoints."""

from hands3c_core.models.checkpoints import load_weights, read_header, save_weights
from hands3c_core.models.hands3c import HandS3C, HandS3CConfig, Regressed
from hands3c_core.models.lite import HandS3CLite, LiteConfig
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.outputs import AttentionTensors, HandPrediction, UvdTensors
from hands3c_core.models.published import PublishedCheckpoint, read_published, write_published
from hands3c_core.models.registry import build_model, canonical_name, model_names
from hands3c_core.models.sar import Sar, SarConfig
from hands3c_core.models.smr import Smr, SmrConfig

__all__ = [
    "AttentionTensors",
    "HandNetwork",
    "HandPrediction",
    "HandS3C",
    "HandS3CConfig",
    "HandS3CLite",
    "LiteConfig",
    "PublishedCheckpoint",
    "Regressed",
    "Sar",
    "SarConfig",
    "Smr",
    "SmrConfig",
    "UvdTensors",
    "build_model",
    "canonical_name",
    "load_weights",
    "model_names",
    "read_header",
    "read_published",
    "save_weights",
    "write_published",
]
