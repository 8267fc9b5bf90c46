"""Frames of the bundled clip, for those who need a picture of hands."""

from __future__ import annotations

from collections.abc import Iterator

from hands3c_core.assets import asset_path
from hands3c_core.sources import open_source
from hands3c_core.types import Frame


def bundled_frames(count: int) -> Iterator[Frame]:
    """The first frames of the bundled clip, on which both hands are seen."""
    source = open_source(str(asset_path("demo.mp4")))
    try:
        for _ in range(count):
            frame = source.read()
            if frame is not None:
                yield frame
    finally:
        source.close()
