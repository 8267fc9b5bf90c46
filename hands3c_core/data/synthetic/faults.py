"""What a webcam did to a picture, as numbers: drawn once, applied by either renderer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.types import Float32

#: In the dark: how much of the light is left, one to two and a half stops less, and the noise, grey
#: levels.
_DARK_GAINS: Final = (0.18, 0.5)
_DARK_NOISE: Final = (6.0, 14.0)


@dataclass(frozen=True, eq=False)
class CameraFaults:
    """The faults of one picture of side S."""

    motion: tuple[float, float] | None
    """Length in px and angle in radians of the hand's path during the exposure."""
    blur: float
    """Standard deviation of the lens blur, px; 0 for none."""
    source_side: int
    """Side of the crop in the camera's own pixels: detail finer than these is lost."""
    gains: Float32
    """(3,) factors on red, green and blue: exposure and white balance."""
    gamma: float
    contrast: float
    saturation: float
    noise: Float32 | None
    """(S, S, 3) standard normal, or None without noise."""
    noise_strength: float
    """Standard deviation at middle grey, grey levels."""
    noise_smoothed: bool
    """The camera has smoothed its noise, which makes it coarser."""
    jpeg_quality: int
    """1 to 100; 0 for no JPEG."""


def draw_motion(config: SyntheticConfig, random: np.random.Generator) -> tuple[float, float] | None:
    """``CameraFaults.motion``, for the options' share of hands."""
    if random.random() >= config.motion_blur:
        return None
    length = random.uniform(0.01, 0.09) * config.size
    return length, random.uniform(0, np.pi)


def draw_faults(
    config: SyntheticConfig, source_pixels: float, random: np.random.Generator
) -> CameraFaults:
    """The faults of one picture.

    Args:
        config: the crops' size and the share of moving hands.
        source_pixels: side of the crop in the camera's own pixels.
        random: draws everything.
    """
    size = config.size
    motion = draw_motion(config, random)
    blur = random.uniform(0.3, 0.9) * size / 128 if random.random() < 0.8 else 0.0
    if random.random() < 0.06:  # out of focus
        blur = random.uniform(1.0, 2.2) * size / 128
    gains = np.exp(random.normal(0, 0.05, 3) + random.normal(0, 0.10)).astype(np.float32)
    gamma = float(np.exp(random.normal(0, 0.13)))
    contrast, saturation = 1 + random.normal(0, 0.08), max(1 + random.normal(0, 0.18), 0.1)
    noise, smoothed = None, False
    strength = random.exponential(2.2)
    if strength >= 0.5:
        noise = random.standard_normal((size, size, 3), np.float32)
        smoothed = random.random() < 0.4
    # Most pictures have been through a JPEG of the quality that webcams and video have.
    quality = 0 if random.random() < 0.25 else int(random.triangular(28, 80, 96))
    if config.dark and random.random() < config.dark:
        gains *= np.float32(np.exp(random.uniform(*np.log(_DARK_GAINS))))
        strength = random.uniform(*_DARK_NOISE)
        noise = random.standard_normal((size, size, 3), np.float32)
        smoothed = random.random() < 0.7
    return CameraFaults(
        motion=motion,
        blur=blur,
        source_side=int(max(source_pixels, 24)),
        gains=gains,
        gamma=gamma,
        contrast=contrast,
        saturation=saturation,
        noise=noise,
        noise_strength=min(strength, 14.0),
        noise_smoothed=smoothed,
        jpeg_quality=quality,
    )
