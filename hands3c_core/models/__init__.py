"""Networks: HandS3C and its relatives, by name, with their checkpoints."""

from hands3c_core.models.hands3c import HandS3C, HandS3CConfig, Regressed
from hands3c_core.models.outputs import AttentionTensors, HandPrediction
from hands3c_core.models.registry import build_model, canonical_name, model_names

__all__ = [
    "AttentionTensors",
    "HandPrediction",
    "HandS3C",
    "HandS3CConfig",
    "Regressed",
    "build_model",
    "canonical_name",
    "model_names",
]
