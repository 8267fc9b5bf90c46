"""From decoded video frames (PyAV) to upright RGB images."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from hands3c_core.types import UInt8

Flips = tuple[bool, bool, bool]
"""What makes an image upright: transpose first, then mirror left-right, then upside down."""

_UPRIGHT: Flips = (False, False, False)
#: The same by degrees anticlockwise, where a mirroring cannot be told.
_FLIPS_OF_TURN: dict[int, Flips] = {
    90: (True, False, True),
    180: (False, True, True),
    270: (True, True, False),
}


def flips_of_matrix(matrix: NDArray[np.int32]) -> Flips:
    """The flips of a (3, 3) display matrix as containers store it (ISO 14496-12, 16.16 fixed
    point, row vectors): (x', y') = (a x + c y, b x + d y) with a, b in its first row and c, d in
    its second. Angles between right angles count as the nearest one below 45 degrees."""
    a, b = int(matrix[0, 0]), int(matrix[0, 1])
    c, d = int(matrix[1, 0]), int(matrix[1, 1])
    if abs(a) >= abs(b):
        return False, a < 0, d < 0
    return True, c < 0, b < 0


def display_flips(frame: av.VideoFrame) -> Flips:
    """How ``frame``'s rotation metadata asks for it to be turned."""
    try:
        side_data: Any = frame.side_data
        data = side_data.get(Type.DISPLAYMATRIX)
    except ValueError:  # side data of a kind that PyAV does not know, such as EXIF in a JPEG
        return _FLIPS_OF_TURN.get(frame.rotation % 360, _UPRIGHT)
    if data is None:
        return _UPRIGHT
    return flips_of_matrix(np.frombuffer(bytes(data), dtype=np.int32, count=9).reshape(3, 3))


def apply_flips(image: NDArray, flips: Flips) -> NDArray:
    """``image`` (H, W, ...) turned upright, C-contiguous."""
    transpose, mirror, upside_down = flips
    if transpose:
        image = image.swapaxes(0, 1)
    if mirror:
        image = image[:, ::-1]
    if upside_down:
        image = image[::-1]
    return np.ascontiguousarray(image)


class RgbConverter:
    """Turns the decoded frames of one opening of a source into images.

    It keeps FFmpeg's scaler from frame to frame: setting one up, which ``VideoFrame.reformat``
    does each time, starts threads of its own and costs more than the conversion.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._rotation: int | None = None
        self._flips = _UPRIGHT

    def __call__(self, frame: av.VideoFrame, pixel_aspect: float = 1.0) -> UInt8:
        """``frame`` as an upright (H, W, 3) RGB image with square pixels.

        Args:
            frame: as decoded; its colour space tag is honoured.
            pixel_aspect: width over height of a stored pixel; the width is scaled by it.
        """
        width = max(1, round(frame.width * pixel_aspect))
        rgb = self._reformatter.reformat(frame, width, frame.height, "rgb24").to_ndarray()
        return apply_flips(rgb, self._flips_of(frame))

    def _flips_of(self, frame: av.VideoFrame) -> Flips:
        # A frame and its side data refer to each other, so a frame whose side data was looked at
        # stays until the garbage collector comes by: hundreds of megabytes of pictures. The
        # rotation alone does not do that, and whether a stream is mirrored does not change.
        if frame.rotation != self._rotation:
            self._rotation, self._flips = frame.rotation, display_flips(frame)
        return self._flips


def pixel_aspect_of(stream: av.VideoStream) -> float:
    """Width over height of a stored pixel; 1 when the stream does not say or says nonsense."""
    aspect = float(stream.sample_aspect_ratio or 0)
    return aspect if 0.1 < aspect < 10 else 1.0
