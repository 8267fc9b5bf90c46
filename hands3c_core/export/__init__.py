"""Files out: meshes, animated GLB, JSON lines, annotated video."""

from .gltf import GlbRecorder, GlbSummary
from .jsonl import LoggedFrame, LoggedResults, ResultLog, read_results
from .obj import write_obj, write_ply
from .video import VideoWriter

__all__ = [
    "GlbRecorder",
    "GlbSummary",
    "LoggedFrame",
    "LoggedResults",
    "ResultLog",
    "VideoWriter",
    "read_results",
    "write_obj",
    "write_ply",
]
