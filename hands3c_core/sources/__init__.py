"""Frames in: cameras, videos, image folders and streams behind one interface."""

from hands3c_core.sources.base import MIN_STEP_S, Source, SourceLostError
from hands3c_core.sources.camera import CameraSource
from hands3c_core.sources.camera_list import CameraInfo, CameraMode, list_cameras
from hands3c_core.sources.images import ImageFolder
from hands3c_core.sources.open import holds_pictures, open_source, split_mode, with_mode
from hands3c_core.sources.pages import Page
from hands3c_core.sources.reader import SourceReader
from hands3c_core.sources.reader_state import ReaderState
from hands3c_core.sources.stream import StreamSource
from hands3c_core.sources.video import VideoSource

__all__ = [
    "MIN_STEP_S",
    "CameraInfo",
    "CameraMode",
    "CameraSource",
    "ImageFolder",
    "Page",
    "ReaderState",
    "Source",
    "SourceLostError",
    "SourceReader",
    "StreamSource",
    "VideoSource",
    "holds_pictures",
    "list_cameras",
    "open_source",
    "split_mode",
    "with_mode",
]
