"""Files out: meshes, animated GLB, BVH, arrays, tables, JSON lines, video."""

from .arrays import AngleTable, ArrayRecorder
from .bvh import BvhRecorder
from .convert import FORMATS, Cancelled, Conversion, convert_take, target_of
from .gltf import GlbRecorder, GlbSummary
from .jsonl import ResultLog
from .mesh_sequence import MeshSequence
from .obj import write_obj, write_ply
from .recovery import is_own_video, is_unfinished, recover_video, video_seconds
from .results import LoggedFrame, LoggedResults, ResultReader, read_results
from .video import VideoWriter

__all__ = [
    "FORMATS",
    "AngleTable",
    "ArrayRecorder",
    "BvhRecorder",
    "Cancelled",
    "Conversion",
    "GlbRecorder",
    "GlbSummary",
    "LoggedFrame",
    "LoggedResults",
    "MeshSequence",
    "ResultLog",
    "ResultReader",
    "VideoWriter",
    "convert_take",
    "is_own_video",
    "is_unfinished",
    "read_results",
    "recover_video",
    "target_of",
    "video_seconds",
    "write_obj",
    "write_ply",
]
