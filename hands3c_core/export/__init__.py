"""Files out: meshes, animated GLB, BVH, arrays, tables, JSON lines, video."""

from hands3c_core.export.arrays import AngleTable, ArrayRecorder
from hands3c_core.export.bvh import BvhRecorder
from hands3c_core.export.convert import FORMATS, Cancelled, Conversion, convert_take, target_of
from hands3c_core.export.gltf import GlbRecorder, GlbSummary
from hands3c_core.export.jsonl import ResultLog
from hands3c_core.export.mesh_sequence import MeshSequence
from hands3c_core.export.obj import write_obj, write_ply
from hands3c_core.export.recovery import is_own_video, is_unfinished, recover_video, video_seconds
from hands3c_core.export.results import LoggedFrame, LoggedResults, ResultReader, read_results
from hands3c_core.export.video import VideoWriter

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
