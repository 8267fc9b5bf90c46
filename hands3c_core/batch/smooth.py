"""Smoothing of a whole motion, without lag, and the filling of its short gaps."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from hands3c_core.batch.refit import Motion
from hands3c_core.motion import HandSmoother

#: Gaps up to this length are filled, s.
FILLED_S: Final = 0.3
_EPS: Final = 1e-6

Floats = NDArray[np.float64]


def smooth_forward(motion: Motion, strength: float, anchor: Floats) -> None:
    """Smooth a motion in place as the live path does: from what is before each frame alone."""
    if strength > 0:
        motion.pose, motion.shape, motion.translation = _pass(motion, strength, anchor, False)


def smooth_both_ways(motion: Motion, strength: float, anchor: Floats) -> None:
    """Smooth a motion in place forwards and then backwards: what the first filter lags, the second
    leads, and what trembles is damped twice."""
    if strength <= 0:
        return
    for backward in (False, True):
        motion.pose, _, motion.translation = _pass(motion, strength, anchor, backward)


def _pass(
    motion: Motion, strength: float, anchor: Floats, backward: bool
) -> tuple[Floats, Floats, Floats]:
    smoother = HandSmoother(strength, anchor)
    count = len(motion.times)
    out = np.zeros((count, 16, 3)), np.zeros((count, 10)), np.zeros((count, 3))
    order = range(count - 1, -1, -1) if backward else range(count)
    for row in order:
        sigma = motion.joint_sigma_px[row]
        smoothed = smoother(
            motion.number,
            motion.is_right,
            motion.pose[row],
            motion.shape[row],
            motion.translation[row],
            -motion.times[row] if backward else motion.times[row],
            sigma if np.isfinite(sigma).all() else None,
        )
        for whole, part in zip(out, smoothed, strict=True):
            whole[row] = part
    return out


def fill_gaps(motion: Motion, times: Floats) -> None:
    """Put in the frames that miss the hand for up to ``FILLED_S``, between its neighbours.

    Args:
        motion: is changed in place.
        times: (F,) s, of all frames of the clip.
    """
    missing: list[tuple[int, int, float]] = []
    for row in range(len(motion.frames) - 1):
        here, there = int(motion.frames[row]), int(motion.frames[row + 1])
        length = float(times[there] - times[here])
        # The hand is away from the first missing frame to the next one with it.
        if there - here > 1 and times[there] - times[here + 1] <= FILLED_S + _EPS:
            missing += [
                (row, frame, float(times[frame] - times[here]) / max(length, _EPS))
                for frame in range(here + 1, there)
            ]
    if not missing:
        return
    before = np.array([row for row, _, _ in missing])
    frames = np.array([frame for _, frame, _ in missing], np.int64)
    share = np.array([part for _, _, part in missing])
    filled: dict[str, Any] = {"number": motion.number, "is_right": motion.is_right}
    for field in fields(Motion):
        array = getattr(motion, field.name)
        if isinstance(array, np.ndarray) and array.dtype.kind == "f":
            weight = share.reshape(-1, *[1] * (array.ndim - 1))
            filled[field.name] = (1 - weight) * array[before] + weight * array[before + 1]
        elif isinstance(array, np.ndarray):
            filled[field.name] = array[before]
    filled["frames"], filled["times"] = frames, times[frames]
    filled["is_filled"] = np.ones(len(frames), np.bool_)
    filled["pose"][:, 0] = _turned(motion.pose[:, 0], before, share)
    _put_in(motion, filled)


def _turned(turns: Floats, before: NDArray[Any], share: Floats) -> Floats:
    return np.stack(
        [
            Slerp([0.0, 1.0], Rotation.from_rotvec(turns[row : row + 2]))(part).as_rotvec()
            for row, part in zip(before.tolist(), share.tolist(), strict=True)
        ]
    )


def _put_in(motion: Motion, filled: dict[str, Any]) -> None:
    frames = np.concatenate([motion.frames, filled["frames"]])
    order = np.argsort(frames, kind="stable")
    for field in fields(Motion):
        array = getattr(motion, field.name)
        if isinstance(array, np.ndarray):
            setattr(motion, field.name, np.concatenate([array, filled[field.name]])[order])
