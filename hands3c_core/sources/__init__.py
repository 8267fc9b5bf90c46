"""Frames in: cameras, videos, image folders and streams behind one interface."""

from .base import MIN_STEP_S, Source, SourceLostError
from .camera import CameraSource
from .camera_list import CameraInfo, CameraMode, list_cameras
from .images import ImageFolder
from .open import open_source, split_mode, with_mode
from .reader import SourceReader
from .reader_state import ReaderState
from .stream import StreamSource
from .video import VideoSource

__all__ = [
    "MIN_STEP_S",
    "CameraInfo",
    "CameraMode",
    "CameraSource",
    "ImageFolder",
    "ReaderState",
    "Source",
    "SourceLostError",
    "SourceReader",
    "StreamSource",
    "VideoSource",
    "list_cameras",
    "open_source",
    "split_mode",
    "with_mode",
]
