"""How deep the fingers of a posed hand sink into each other and into the palm."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hands3c_core.conventions import FINGER_NAMES, JOINT_NAMES

#: Radius of firm flesh around each bone of a mean hand, millimetres: three bones of each finger,
#: thumb to little. Joints lie nearer to the back of a finger, so these are its lower quartiles on
#: the template's mesh.
_FINGER_RADII_MM: Final = (
    (9.0, 7.5, 6.0),
    (8.0, 7.0, 5.5),
    (8.0, 7.0, 5.5),
    (8.0, 7.0, 5.5),
    (7.0, 6.0, 5.0),
)
#: The same around the four long metacarpals (wrist to finger root).
_PALM_RADIUS_MM: Final = 6.0
#: Palms and thumbs give way: where one of them is pressed, this much overlap is not counted, so
#: that the named fist, which only touches, comes to 4 mm.
_SOFT_MM: Final = 4.0
#: Length from wrist to middle finger root for which the radii hold, metres.
_MEAN_PALM: Final = 0.096


def _capsules() -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[Any]]:
    """Capsules (joint, joint), their radii in metres, the pairs that may not overlap, and how much
    of each pair's overlap is not counted, metres."""
    ends, radii, finger_of, bone_of = [], [], [], []
    for f, finger in enumerate(FINGER_NAMES):
        first = JOINT_NAMES.index(f"{finger}1")
        for bone in range(3):
            ends.append((first + bone, first + bone + 1))
            radii.append(_FINGER_RADII_MM[f][bone] / 1000)
            finger_of.append(f)
            bone_of.append(bone)
    for finger in FINGER_NAMES[1:]:
        ends.append((0, JOINT_NAMES.index(f"{finger}1")))
        radii.append(_PALM_RADIUS_MM / 1000)
        finger_of.append(-1)
        bone_of.append(-1)
    pairs = []
    for i in range(len(ends)):
        for j in range(i + 1, len(ends)):
            fingers, bones = (finger_of[i], finger_of[j]), (bone_of[i], bone_of[j])
            if fingers[0] == fingers[1]:
                continue  # the ranges of motion keep a finger out of itself
            if -1 in fingers:
                # Roots grow out of the palm; what may hit it are the two outer bones.
                if max(bones) >= 1:
                    pairs.append((i, j))
            elif bones == (0, 0):
                continue  # neighbours at the web of skin
            else:
                pairs.append((i, j))
    # Fingers 1 to 4 are firm, the thumb (0) and the palm (-1) are soft.
    slack = [_SOFT_MM / 1000 * (min(finger_of[i], finger_of[j]) < 1) for i, j in pairs]
    return np.array(ends), np.array(radii), np.array(pairs), np.array(slack)


_ENDS, _RADII, _PAIRS, _SLACK = _capsules()
_jit: Any = njit(cache=True, nogil=True)


def penetration_depth(joints: NDArray[np.floating[Any]]) -> float:
    """Deepest overlap of two parts of a hand, metres; 0 if all are apart.

    Bones are taken as capsules whose radii grow with the hand. Skin that touches in a fist or a
    pinch overlaps by a few millimetres, as flesh gives way.

    Args:
        joints: (21, 3) metres, any frame.
    """
    points = np.ascontiguousarray(joints, np.float64)
    return float(_deepest(points, _ENDS, _RADII, _PAIRS, _SLACK, _MEAN_PALM))


@_jit
def _deepest(joints, ends, radii, pairs, slack, mean_palm):
    palm = np.sqrt(((joints[9] - joints[0]) ** 2).sum())
    scale = palm / mean_palm
    worst = 0.0
    points = joints.copy()
    for finger in range(5):
        # A fingertip is on the skin: its capsule ends one radius short of it.
        tip = 4 * finger + 4
        bone = joints[tip] - joints[tip - 1]
        length = np.sqrt(np.dot(bone, bone))
        if length > 1e-9:
            points[tip] -= bone * min(scale * radii[3 * finger + 2] / length, 0.8)
    for n in range(pairs.shape[0]):
        i, j = pairs[n, 0], pairs[n, 1]
        gap = _segment_distance(
            points[ends[i, 0]], points[ends[i, 1]], points[ends[j, 0]], points[ends[j, 1]]
        )
        worst = max(worst, scale * (radii[i] + radii[j] - slack[n]) - gap)
    return worst


@_jit
def _segment_distance(p, q, r, s):
    """Least distance between segments pq and rs (Ericson, Real-Time Collision Detection, 5.1.9)."""
    d1, d2, w = q - p, s - r, p - r
    a, e, f = np.dot(d1, d1), np.dot(d2, d2), np.dot(d2, w)
    b, c = np.dot(d1, d2), np.dot(d1, w)
    if a < 1e-12 or e < 1e-12:
        return np.sqrt(np.dot(w, w))
    denominator = a * e - b * b
    t = 0.0
    if denominator > 1e-12:
        t = min(max((b * f - c * e) / denominator, 0.0), 1.0)
    u = (b * t + f) / e
    if u < 0.0:
        u = 0.0
        t = min(max(-c / a, 0.0), 1.0)
    elif u > 1.0:
        u = 1.0
        t = min(max((b - c) / a, 0.0), 1.0)
    gap = w + d1 * t - d2 * u
    return np.sqrt(np.dot(gap, gap))
