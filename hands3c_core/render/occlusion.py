"""Ambient occlusion of hands and their soft shadow on the ground, from spheres along the bones.

A hand is stood for by some fifty spheres inside its skin (after Bunnell, "Dynamic Ambient Occlusion
and Indirect Lighting", GPU Gems 2, 2005, who uses discs): how much of a point's sky one of them
hides has a closed form, so that all of it costs half a millisecond a hand, without noise and
without memory of the last frame. A surface's own bone lies behind it and hides nothing;
neighbouring fingers, a palm under a fist and another hand do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import FINGER_NAMES, JOINT_NAMES, NUM_JOINTS
from hands3c_core.jit import njit

#: For each bone of a chain (wrist to first joint, first to second, ...): where its spheres lie
#: along it, and their radius as a share of the distance from the wrist to the middle finger's root.
_Chain = tuple[tuple[tuple[float, ...], float], ...]
_THUMB: Final[_Chain] = (
    ((0.6, 1.0), 0.13),
    ((0.5, 1.0), 0.12),
    ((0.5, 1.0), 0.10),
    ((0.5, 0.9), 0.09),
)
_FINGER: Final[_Chain] = (
    ((0.25, 0.5, 0.75, 1.0), 0.13),
    ((0.35, 0.7, 1.0), 0.085),
    ((0.5, 1.0), 0.08),
    ((0.5, 0.85), 0.07),
)
#: Farther than so many of its radii a sphere hides nothing of a skin's sky ...
_SKIN_REACH: Final = 8.0
#: ... and of the ground's.
_GROUND_REACH: Final = 40.0
#: The ground's shadow is a picture of so many points a side ...
_SHADOW_POINTS: Final = 36
#: ... that reaches so far beyond the hands, metres.
_SHADOW_MARGIN_M: Final = 0.16
#: How dark the ground gets where nothing of the sky is left.
_DARKEST: Final = 0.75
#: Shadows of hands well above the ground would be true, and too faint to see.
_SHADOW_GAIN: Final = 2.5


def _places() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(S, 21) what each sphere's centre takes of each joint, and (S,) radii as in ``_Chain``."""
    weights, radii = [], []
    for finger in range(len(FINGER_NAMES)):
        chain = [0, *range(1 + 4 * finger, 5 + 4 * finger)]
        for bone, (places, radius) in enumerate(_FINGER if finger else _THUMB):
            for at in places:
                weight = np.zeros(NUM_JOINTS)
                weight[chain[bone]], weight[chain[bone + 1]] = 1.0 - at, at
                weights.append(weight)
                radii.append(radius)
    return np.array(weights), np.array(radii)


_WEIGHTS, _RADII = _places()
_MIDDLE: Final = JOINT_NAMES.index("middle1")


def hand_spheres(joints: NDArray[np.floating]) -> NDArray[np.float32]:
    """(S, 4) centres and radii, metres, of the spheres that stand for a hand with ``joints``
    (21, 3), in the frame of the joints."""
    scale = float(np.linalg.norm(joints[_MIDDLE] - joints[0]))
    return np.column_stack([_WEIGHTS @ joints, _RADII * scale]).astype(np.float32)


def open_sky(
    points: NDArray[np.float32], normals: NDArray[np.float32], spheres: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(V,) share of its sky, 1 = all, that ``spheres`` (S, 4) leave each of the points (V, 3) with
    unit normals (V, 3)."""
    # Most of another hand is out of reach of all points.
    nearest = np.clip(spheres[:, :3], points.min(axis=0), points.max(axis=0))
    away = np.linalg.norm(spheres[:, :3] - nearest, axis=1)
    return _open_sky(points, normals, spheres[away < _SKIN_REACH * spheres[:, 3]], _SKIN_REACH)


@dataclass(frozen=True, eq=False)
class GroundShadow:
    """A soft shadow on a horizontal plane."""

    darkness: NDArray[np.float32]
    """(N, N): 0 = none, at even steps along z (rows) and x (columns)."""
    corner: tuple[float, float]
    """x and z of the first value, metres."""
    side: float
    """From the first to the last, metres."""
    height: float
    """The plane's y, metres."""


def ground_shadow(spheres: Sequence[NDArray[np.float32]], height: float) -> GroundShadow | None:
    """The shadow of hands (``hand_spheres`` of each) on the ground at y = ``height``; None where
    all are below it or nothing finite is there."""
    everything = np.concatenate(spheres) if spheres else np.zeros((0, 4), np.float32)
    everything = everything[np.isfinite(everything).all(axis=1)]
    everything = everything[everything[:, 1] + everything[:, 3] < height]
    if len(everything) == 0:
        return None
    x, z = everything[:, 0], everything[:, 2]
    side = float(max(np.ptp(x), np.ptp(z))) + 2 * _SHADOW_MARGIN_M
    corner = float(x.min() + x.max() - side) / 2, float(z.min() + z.max() - side) / 2
    steps = np.linspace(0.0, side, _SHADOW_POINTS)
    points = np.empty((_SHADOW_POINTS, _SHADOW_POINTS, 3), np.float32)
    points[..., 0] = corner[0] + steps
    points[..., 1] = height
    points[..., 2] = corner[1] + steps[:, None]
    up = np.zeros_like(points)
    up[..., 1] = -1.0
    sky = _open_sky(points.reshape(-1, 3), up.reshape(-1, 3), everything, _GROUND_REACH)
    darkness = _DARKEST * (1.0 - sky.reshape(_SHADOW_POINTS, _SHADOW_POINTS) ** _SHADOW_GAIN)
    # Nothing is left at the rim, so that the shadow has no edge.
    rim = np.sqrt(1.0 - (2.0 * steps / side - 1.0) ** 2)
    return GroundShadow((darkness * rim * rim[:, None]).astype(np.float32), corner, side, height)


@njit(fastmath=True, error_model="numpy")
def _open_sky(points, normals, spheres, reach):
    count = points.shape[0]
    out = np.ones(count, np.float32)
    one, none = np.float32(1.0), np.float32(0.0)
    least = one / np.float32(reach * reach)
    # One array each and no branch: so the loop over points is done many at a time.
    x, y, z = points[:, 0].copy(), points[:, 1].copy(), points[:, 2].copy()
    nx, ny, nz = normals[:, 0].copy(), normals[:, 1].copy(), normals[:, 2].copy()
    for s in range(spheres.shape[0]):
        sx, sy, sz = spheres[s, 0], spheres[s, 1], spheres[s, 2]
        square = spheres[s, 3] * spheres[s, 3]
        for v in range(count):
            dx, dy, dz = sx - x[v], sy - y[v], sz - z[v]
            away = dx * dx + dy * dy + dz * dz
            away = away if away > square else square
            cosine = (dx * nx[v] + dy * ny[v] + dz * nz[v]) / np.sqrt(away)
            cosine = cosine if cosine > none else none
            size = square / away - least
            size = size if size > none else none
            out[v] *= one - size * cosine
    return out
