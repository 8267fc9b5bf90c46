"""Files out: meshes, animated GLB, JSON lines, annotated video."""

from .gltf import GlbRecorder, GlbSummary
from .jsonl import LoggedFrame, LoggedResults, ResultLog, read_results
from .obj import write_obj, write_ply

__all__ = [
    "GlbRecorder",
    "GlbSummary",
    "LoggedFrame",
    "LoggedResults",
    "ResultLog",
    "read_results",
    "write_obj",
    "write_ply",
]
