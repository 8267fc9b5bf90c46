"""What a webcam does to a picture: blur, noise, colour casts and compression."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from hands3c_core.data.synthetic.faults import CameraFaults
from hands3c_core.types import UInt8

Image = NDArray[np.float32]
#: Noise that a camera has smoothed: standard deviation of the blur, px, and the gain afterwards.
NOISE_BLUR: Final = 0.7
SMOOTHED_NOISE: Final = 1.8
_jit: Any = njit(cache=True, nogil=True, fastmath=True)


def motion_kernel(length: float, angle: float) -> Image:
    """(k, k) a line of ``length`` px at ``angle`` radians through the centre; sums to 1."""
    half = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    shift = 4
    ends = [tuple(round((half + float(s)) * 2**shift) for s in sign * step) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, shift)
    return kernel / kernel.sum()


def blend(rgba: Image, x0: int, y0: int, background: Image) -> Image:
    """``background`` (H, W, 3) with a premultiplied window (h, w, 4) over it, at (x0, y0)."""
    result = background.copy()
    height, width = rgba.shape[:2]
    part = result[y0 : y0 + height, x0 : x0 + width]
    part *= 1.0 - rgba[..., 3:]
    part += rgba[..., :3]
    return result


def soften(image: Image, blur: float, source_side: int) -> Image:
    """Lens blur, and the loss of detail where the crop is larger than what the camera saw.

    Args:
        image: (S, S, 3), 0..255.
        blur: standard deviation of the lens blur, px.
        source_side: side of the crop in the camera's own pixels.
    """
    size = len(image)
    if blur > 0:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.float32)
    if source_side < size:
        small = cv2.resize(image, (source_side, source_side), interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(small, (size, size)), np.float32)
    return image


def recolor(image: Image, faults: CameraFaults) -> Image:
    """Exposure, white balance, gamma, contrast and saturation of another camera."""
    contrast, saturation = np.float32(faults.contrast), np.float32(faults.saturation)
    return _graded(image, faults.gains, faults.gamma, contrast, saturation)


@_jit
def _graded(image, gains, gamma, contrast, saturation):
    """``recolor`` with its numbers drawn."""
    steps = 1023
    curve = np.empty(steps + 1, np.float32)
    for k in range(steps + 1):
        value = 0.5 + contrast * ((k / steps) ** gamma - 0.5)
        curve[k] = 255.0 * min(max(value, 0.0), 1.0)
    scale = np.float32(steps / 255.0)
    out = np.empty_like(image)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            for c in range(3):
                level = min(max(image[y, x, c] * gains[c] * scale, 0.0), steps)
                out[y, x, c] = curve[int(level)]
            grey = 0.299 * out[y, x, 0] + 0.587 * out[y, x, 1] + 0.114 * out[y, x, 2]
            for c in range(3):
                out[y, x, c] = grey + saturation * (out[y, x, c] - grey)
    return out


def add_noise(image: Image, faults: CameraFaults) -> Image:
    """Sensor noise: a part that grows with brightness, a part that does not, coarser in cheap
    cameras that have smoothed it."""
    noise = faults.noise
    if noise is None:
        return image
    if faults.noise_smoothed:
        noise = SMOOTHED_NOISE * cv2.GaussianBlur(noise, (0, 0), NOISE_BLUR)
    shot = 0.4 + 0.6 * np.sqrt(np.clip(image, 0, 255) / 128)
    return (image + faults.noise_strength * shot * noise).astype(np.float32)


def compress(image: Image, quality: int) -> UInt8:
    """To uint8, through a JPEG of this quality unless it is 0."""
    pixels = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    if quality == 0:
        return pixels
    _, code = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(code, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded[..., ::-1], np.uint8, order="C")
