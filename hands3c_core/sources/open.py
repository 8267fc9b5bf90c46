"""One function that opens any source."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hands3c_core.errors import UserError
from hands3c_core.names import user_path
from hands3c_core.plugins import load_plugins
from hands3c_core.sources.base import Source, check_fps, check_size
from hands3c_core.sources.camera import CameraSource
from hands3c_core.sources.camera_list import list_cameras
from hands3c_core.sources.images import ImageFolder
from hands3c_core.sources.media import head_of, is_jpeg_sequence
from hands3c_core.sources.picture_kinds import Kind, kind_of
from hands3c_core.sources.stream import StreamSource, redact
from hands3c_core.sources.video import VideoSource
from hands3c_core.sources.webp import WebpAnimation

_CAMERA = "camera:"
_MODE = re.compile(r"(?P<camera>.+?)@(?P<width>\d+)x(?P<height>\d+)(?:@(?P<fps>\d+(?:\.\d+)?))?")


#: What opens the addresses of plugins, by their scheme.
_SCHEMES: Final[dict[str, Callable[[str], Source]]] = {}
_OWN_SCHEMES: Final = ("file", "http", "https", "rtsp", "rtsps")


def register_source(scheme: str, opener: Callable[[str], Source]) -> None:
    """Add a kind of source: ``opener`` is called with every address ``SCHEME://...``.

    Raises:
        ValueError: the scheme is taken.
    """
    if scheme in _SCHEMES or scheme in _OWN_SCHEMES:
        raise ValueError(f"addresses {scheme}:// are opened already")
    _SCHEMES[scheme] = opener


def open_source(
    spec: str | int | Path, size: tuple[int, int] | None = None, fps: float | None = None
) -> Source:
    """Open whatever ``spec`` names.

    Args:
        spec: a camera's index (``0`` or ``"0"``), ``"camera:NAME"`` or ``"camera:0"``, an
            ``http(s)://`` or ``rtsp(s)://`` address, or the path (or ``file://`` address) of a
            video, an image or a folder of images. What a file is, is decided by its content. A
            text that is no path but a camera's exact name opens that camera. ``@1280x720`` or
            ``@1280x720@30`` after a camera's index or ``camera:...`` asks for a size and rate.
        size: (width, height) asked of a camera, px; other sources have their own.
        fps: frame rate asked of a camera, or at which images play; videos have their own.

    Raises:
        UserError: there is no such thing, or it gives no picture.
    """
    check_size(size)
    check_fps(fps)
    if isinstance(spec, int):
        return _open_camera(str(spec), size, fps)
    if isinstance(spec, Path):
        return _open_path(spec, fps)
    text = spec.strip()
    if not text:
        raise UserError(
            "the source '' does not exist: name a camera (0), a file, a folder or an address"
        )
    camera, asked_size, asked_fps = split_mode(text)
    size, fps = size or asked_size, fps or asked_fps
    if camera.isdecimal():
        return _open_camera(camera, size, fps)
    if camera.lower().startswith(_CAMERA):
        return _open_camera(camera[len(_CAMERA) :].strip(), size, fps)
    if "://" in text:
        return _open_address(text, fps)
    path = user_path(text)
    if not _exists(path) and any(
        camera.name.casefold() == text.casefold() for camera in list_cameras()
    ):
        return _open_camera(text, size, fps)
    return _open_path(path, fps)


def with_mode(camera: str, size: tuple[int, int] | None, fps: float | None) -> str:
    """A camera's specification with the size (px) and rate to ask for; see ``open_source``."""
    if size is None:
        return camera
    rate = f"@{fps:g}" if fps else ""
    return f"{camera}@{size[0]}x{size[1]}{rate}"


def split_mode(spec: str) -> tuple[str, tuple[int, int] | None, float | None]:
    """A camera's specification without its mode, the size asked for and the rate; any other
    specification comes back as it is."""
    found = _MODE.fullmatch(spec)
    camera = found["camera"] if found else ""
    if not found or not (camera.isdecimal() or camera.lower().startswith(_CAMERA)):
        return spec, None, None
    rate = found["fps"]
    return camera, (int(found["width"]), int(found["height"])), float(rate) if rate else None


def _open_camera(camera: str, size: tuple[int, int] | None, fps: float | None) -> Source:
    if not camera:
        raise UserError("the camera's name is missing: give camera:NAME or camera:0")
    if camera.isdecimal():
        return CameraSource(int(camera), size, fps)
    if camera.lstrip("-").isdecimal():
        raise UserError(f"camera {camera} is not valid: cameras count from 0")
    return CameraSource(camera, size, fps)


def _open_address(text: str, fps: float | None) -> Source:
    try:
        scheme = urllib.parse.urlsplit(text).scheme.lower()
    except ValueError:
        raise UserError(
            "the address is not valid: give http://host/path or rtsp://host/path"
        ) from None
    if scheme == "file":
        return _open_path(Path(urllib.request.url2pathname(urllib.parse.urlsplit(text).path)), fps)
    if scheme in ("http", "https", "rtsp", "rtsps"):
        return StreamSource(text)
    if scheme not in _SCHEMES:
        load_plugins()
    if scheme in _SCHEMES:
        return _SCHEMES[scheme](text)
    raise UserError(
        f"{redact(text)} cannot be opened: addresses begin with http://, https:// or rtsp://"
    )


def _open_path(path: Path, fps: float | None) -> Source:
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError) as error:  # too long, a loop of links, a zero in it
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} does not exist ({reason}): check the path") from None
    if is_folder:
        return ImageFolder(path, fps)
    if holds_pictures(path):
        return ImageFolder(path, fps)
    if kind_of(head_of(path)) is Kind.WEBP_ANIMATION:
        return WebpAnimation(path)
    return VideoSource(path)


def holds_pictures(path: Path) -> bool:
    """Whether a file is one or more photographs, by its content, and nothing that moves."""
    kind = kind_of(head_of(path))
    return kind is Kind.HEIF or (kind is Kind.STILL and not is_jpeg_sequence(path))


def _exists(path: Path) -> bool:
    """Whether there is such a file or folder; names that no file can have are none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
