"""Lights and materials of the software rasteriser, in linear light and the camera frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Lighting:
    """What a surface is lit by."""

    lights: NDArray[np.float64]
    """(L, 6): unit direction from the surface towards the light (camera frame), linear RGB."""
    ambient: NDArray[np.float64]
    """(9, 3) order-2 spherical harmonics of the surrounding light, linear RGB, on the polynomials
    1, y, z, x, xy, yz, 3z^2-1, xz, x^2-y^2 of the surface normal (constants folded in)."""
    wrap: NDArray[np.float64] = field(default_factory=lambda: np.array([0.55, 0.42, 0.36]))
    """(3,) 0 = Lambert, 1 = half-Lambert; red wraps furthest, which is what light scattered under
    skin does to a terminator."""

    @classmethod
    def studio(cls) -> Lighting:
        """A soft key from the upper left, a cool fill from the right, a warm floor bounce."""
        return cls.from_suns(
            directions=[(-0.45, -0.75, -0.75), (0.85, -0.15, -0.35)],
            colors=[(0.78, 0.75, 0.71), (0.14, 0.16, 0.19)],
            sky=(0.42, 0.43, 0.46),
            ground=(0.24, 0.21, 0.19),
        )

    @classmethod
    def from_suns(
        cls,
        directions: list[tuple[float, float, float]],
        colors: list[tuple[float, float, float]],
        sky: tuple[float, float, float],
        ground: tuple[float, float, float],
    ) -> Lighting:
        """Directional lights plus a sky/ground hemisphere.

        Args:
            directions: towards each light, camera frame (y down), any length but zero.
            colors: linear RGB of each.
            sky, ground: linear RGB that a surface facing straight up / down receives.
        """
        towards = np.array(directions, np.float64).reshape(-1, 3)
        towards = towards / np.linalg.norm(towards, axis=1, keepdims=True)
        lights = np.concatenate([towards, np.array(colors, np.float64).reshape(-1, 3)], axis=1)
        ambient = np.zeros((9, 3))
        ambient[0] = (np.array(sky) + np.array(ground)) / 2
        ambient[1] = (np.array(ground) - np.array(sky)) / 2
        return cls(lights=lights, ambient=ambient)


@dataclass(frozen=True)
class Material:
    """How a surface answers light."""

    base_color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Linear RGB tint: multiplies the texture."""
    plain_color: tuple[float, float, float] = (0.56, 0.33, 0.23)
    """Linear RGB where there is no texture, and in the 'shaded' mode."""
    cap_color: tuple[float, float, float] = (0.30, 0.13, 0.10)
    """Linear RGB of the flat cap that closes the wrist."""
    wire_color: tuple[float, float, float] = (0.20, 0.85, 1.0)
    """Linear RGB of the 'wireframe' mode's lines: nothing like skin, so that they show on it."""
    specular: float = 0.07
    """Highlight strength."""
    shininess_log2: int = 4
    """Blinn-Phong exponent as a power of two."""
    rim: float = 0.05
    """Brightening at grazing angles."""
