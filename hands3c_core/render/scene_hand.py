"""A hand of the 3D scene, and what makes it soft: hidden light, and a wrist that fades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hands3c_core.render.feather import wrist_share
from hands3c_core.render.occlusion import hand_spheres, open_sky
from hands3c_core.render.scene_geometry import DenseSkin
from hands3c_core.render.skin import glass_alpha


@dataclass(frozen=True, eq=False)
class SceneHand:
    """One hand to show."""

    is_right: bool
    vertices: NDArray[np.float32]
    """(V, 3) metres, camera frame."""
    joints: NDArray[np.float32] | None = None
    """(21, 3) metres, camera frame; needed for the skeleton and the palm view."""
    tint: NDArray[np.float64] | None = None
    """(3,) linear factor on the texture; None leaves it as it is."""
    sigma: NDArray[np.float32] | None = None
    """(21,) metres, how unsure each joint's place is, for the material 'heat'."""
    confidence: float = 1.0
    """0 to 1, for 'heat' without ``sigma``."""

    @cached_property
    def spheres(self) -> NDArray[np.float32]:
        """(S, 4) what hides light (``hand_spheres``); none without joints."""
        if self.joints is None or not np.isfinite(self.joints).all():
            return np.zeros((0, 4), np.float32)
        return hand_spheres(self.joints)


class SoftParts:
    """Kept between renderings, of which many show the same hands."""

    def __init__(self) -> None:
        self._skies: dict[int, NDArray[np.float32]] = {}
        self._wrists: dict[int, tuple[NDArray[np.intp], NDArray[np.float32]]] = {}

    def forget_skies(self) -> None:
        """There are other hands."""
        self._skies = {}

    def sky(
        self,
        number: int,
        points: NDArray[np.float32],
        normals: NDArray[np.float32],
        hands: Sequence[SceneHand],
    ) -> NDArray[np.float32]:
        """(V,) share of its surroundings that ``hands`` leave each vertex of one of them."""
        if number not in self._skies:
            spheres = np.concatenate([hand.spheres for hand in hands])
            self._skies[number] = open_sky(points, normals, spheres)
        return self._skies[number]

    def wrist(
        self, skin: DenseSkin, points: NDArray[np.float32], vertices: NDArray[np.float32]
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Which vertices fade towards the wrist's edge, and (W, 1) how opaque they are: as in the
        first hand of this skin, since the wrist does not bend."""
        if id(skin) not in self._wrists:
            share = wrist_share(points, vertices, skin.cap_vertices)
            at = np.flatnonzero(share < 1.0)
            self._wrists[id(skin)] = at, share[at, None]
        return self._wrists[id(skin)]


def seen_through(
    colors: NDArray,
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    eye: NDArray[np.float64],
    background: tuple[float, float, float],
) -> NDArray:
    """``colors`` (V, 3) of vertices of glass, mixed with the even ``background`` behind them."""
    sight = points - eye.astype(np.float32)
    sight /= np.maximum(np.linalg.norm(sight, axis=1, keepdims=True), 1e-6)
    alpha = glass_alpha(-(sight * normals).sum(axis=1))[:, None]
    return colors * alpha + np.array(background) * (1.0 - alpha)
