"""Makes the videos the tests read, with PyAV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

MakeVideo = Callable[..., Path]


def numbered_picture(number: int, size: tuple[int, int]) -> np.ndarray:
    """A picture that tells its number (as a grey level on the right) and which way is up: red at
    the top left, green at the top right, blue at the bottom left."""
    width, height = size
    image = np.full((height, width, 3), 20 + 3 * (number % 70), np.uint8)
    h, w = max(1, height // 4), max(1, width // 4)
    image[:h, :w] = (230, 20, 20)
    image[:h, -w:] = (20, 230, 20)
    image[-h:, :w] = (20, 20, 230)
    return image


def number_of(image: np.ndarray) -> int:
    """The number (modulo 70) in a picture of ``numbered_picture``, turned upright."""
    height, width = image.shape[:2]
    return round((float(image[height // 2, width // 2].mean()) - 20) / 3)


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    def make(
        name: str = "clip.mp4",
        size: tuple[int, int] = (64, 48),
        frames: int = 30,
        fps: float = 10,
        times: Sequence[float] | None = None,
        codec: str = "libx264",
        pix_fmt: str = "yuv420p",
        gop: int = 5,
        rotation: int | None = None,
        hflip: bool = False,
        aspect: Fraction | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=options or {}) as container:
            stream: Any = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
            stream.width, stream.height = size
            stream.pix_fmt = pix_fmt
            stream.gop_size = gop
            stream.codec_context.time_base = Fraction(1, 1000)
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if rotation is not None:
                stream.set_display_rotation(rotation, hflip=hflip)
            for k in range(frames if times is None else len(times)):
                picture = numbered_picture(k, size)
                frame = av.VideoFrame.from_ndarray(picture).reformat(format=pix_fmt)
                frame.pts = round(1000 * (k / fps if times is None else times[k]))
                frame.time_base = Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return make


@pytest.fixture
def helpers() -> Any:
    """The functions above, for tests (which cannot import a conftest)."""

    class Helpers:
        picture = staticmethod(numbered_picture)
        number = staticmethod(number_of)

    return Helpers
