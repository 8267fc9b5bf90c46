"""What the hands do in the bundled clip: key poses and the smooth way between them.

Everything is stated for a right hand in the left half of the (unmirrored) picture; the left hand
plays the same kind of keys mirrored at x = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from hands3c_core.hand_model import HandModelData

DURATION: Final = 12.0

Vector = tuple[float, float, float]

#: Palm to the camera, fingers up.
_UP: Final[Vector] = (0.10, -1.0, 0.05)
_PALM: Final[Vector] = (0.12, 0.0, -1.0)


@dataclass(frozen=True)
class Key:
    """Where a hand is at a time."""

    time: float
    """Seconds."""
    gesture: str
    """'open', 'relaxed', or a named pose of the hand model."""
    at: Vector = (-0.125, 0.015, 0.56)
    """Middle knuckle, metres, camera frame."""
    fingers: Vector = _UP
    """Direction from wrist to fingers."""
    palm: Vector = _PALM
    """Direction out of the palm."""


def _side(degrees: float) -> Vector:
    """Palm direction of an upright hand turned about the vertical."""
    angle = np.radians(degrees)
    return (float(np.sin(angle)), 0.0, float(-np.cos(angle)))


_THUMB: Final = {"fingers": (0.55, -0.45, -0.70), "palm": (0.74, 0.12, 0.64)}

#: The clip ends as it begins, so that it can loop.
RIGHT_KEYS: Final = (
    Key(0.0, "open"),
    Key(0.5, "spread", (-0.125, 0.0, 0.55)),
    Key(0.9, "open", (-0.135, -0.01, 0.55), (-0.28, -1.0, 0.0)),
    Key(1.25, "spread", (-0.115, -0.01, 0.55), (0.38, -1.0, 0.0)),
    Key(1.6, "open", (-0.135, -0.01, 0.55), (-0.28, -1.0, 0.0)),
    Key(1.95, "spread", (-0.115, -0.01, 0.55), (0.38, -1.0, 0.0)),
    Key(2.4, "open"),
    Key(2.9, "fist", (-0.125, 0.02, 0.53)),
    Key(3.3, "fist", (-0.12, 0.02, 0.52)),
    Key(3.7, "spread", (-0.125, 0.0, 0.55)),
    Key(4.3, "point", (-0.12, 0.03, 0.54), palm=_side(18)),
    Key(4.8, "point", (-0.10, 0.03, 0.53), (0.3, -1.0, 0.0), _side(18)),
    Key(5.2, "point", (-0.13, 0.03, 0.54), (-0.1, -1.0, 0.0), _side(18)),
    Key(5.8, "pinch", (-0.11, 0.02, 0.53), palm=_side(38)),
    Key(6.2, "relaxed", (-0.11, 0.02, 0.53), palm=_side(38)),
    Key(6.6, "pinch", (-0.11, 0.02, 0.53), palm=_side(38)),
    Key(7.0, "open", (-0.125, 0.02, 0.54)),
    Key(7.6, "thumbsup", (-0.115, 0.03, 0.55), **_THUMB),
    Key(8.3, "thumbsup", (-0.115, 0.015, 0.54), **_THUMB),
    Key(8.9, "open", (-0.125, 0.01, 0.55)),
    Key(9.25, "open", (-0.125, 0.01, 0.55), palm=_side(60)),
    Key(9.55, "open", (-0.125, 0.01, 0.55), palm=_side(120)),
    Key(9.9, "spread", (-0.125, 0.01, 0.55), palm=_side(176)),
    Key(10.3, "open", (-0.125, 0.01, 0.55), palm=_side(176)),
    Key(10.65, "open", (-0.125, 0.01, 0.55), palm=_side(110)),
    Key(11.0, "open", (-0.125, 0.01, 0.55), palm=_side(50)),
    Key(11.4, "spread", (-0.12, 0.0, 0.55)),
    Key(12.0, "open"),
)

LEFT_KEYS: Final = (
    Key(0.0, "open"),
    Key(0.7, "spread", (-0.125, 0.02, 0.56)),
    Key(1.4, "relaxed", (-0.13, 0.03, 0.56)),
    Key(2.3, "open"),
    Key(3.1, "spread", (-0.125, 0.0, 0.55)),
    Key(3.6, "fist", (-0.12, 0.02, 0.53)),
    Key(4.0, "fist", (-0.12, 0.02, 0.53)),
    Key(4.5, "open", (-0.13, 0.02, 0.56)),
    Key(5.2, "spread", (-0.13, 0.01, 0.56)),
    Key(6.0, "relaxed", (-0.12, 0.03, 0.54), palm=_side(25)),
    Key(6.4, "pinch", (-0.11, 0.02, 0.53), palm=_side(38)),
    Key(6.8, "open", (-0.11, 0.02, 0.53), palm=_side(25)),
    Key(7.7, "thumbsup", (-0.12, 0.03, 0.55), **_THUMB),
    Key(8.4, "thumbsup", (-0.12, 0.015, 0.54), **_THUMB),
    Key(9.0, "open"),
    Key(9.5, "spread"),
    Key(10.0, "open", (-0.13, -0.01, 0.55), (-0.2, -1.0, 0.0)),
    Key(10.4, "point", (-0.12, 0.02, 0.54)),
    Key(10.9, "point", (-0.12, 0.02, 0.54), (0.2, -1.0, 0.0)),
    Key(11.5, "open"),
    Key(12.0, "open"),
)


@dataclass(frozen=True, eq=False)
class HandState:
    """One hand at one time, in model space (a right hand; mirror for the left)."""

    pose: NDArray[np.float64]
    """(16, 3) axis-angle, rows 1 to 15 relative to the mean pose."""
    knuckle: NDArray[np.float64]
    """(3,) metres: where the middle finger's root is to be."""


class Motion(Protocol):
    """What a hand does."""

    def at(self, time: float) -> HandState:
        """The hand at ``time`` seconds."""
        ...


class HandMotion:
    """Smooth motion through keys, with the tremor of a living hand.

    Args:
        model: supplies named poses and the mean pose.
        keys: in order of time.
        seed: of the tremor.
    """

    def __init__(self, model: HandModelData, keys: tuple[Key, ...], seed: int) -> None:
        self._mean = np.asarray(model.hands_mean, np.float64)
        self._times = np.array([key.time for key in keys])
        self._fingers = np.stack([gesture(model, key.gesture) for key in keys])
        self._places = np.array([key.at for key in keys])
        turns = [orientation(np.array(key.fingers), np.array(key.palm)) for key in keys]
        self._turn = Slerp(self._times, Rotation.from_matrix(np.stack(turns)))
        random = np.random.default_rng(seed)
        # Whole numbers of periods in the clip, so that the tremor loops too.
        self._periods = random.integers(3, 16, (51, 3))
        self._phases = random.uniform(0, 2 * np.pi, (51, 3))

    def at(self, time: float) -> HandState:
        """The hand at ``time`` seconds."""
        time = float(np.clip(time, self._times[0], self._times[-1]))
        k = int(np.clip(np.searchsorted(self._times, time, "right") - 1, 0, len(self._times) - 2))
        share = (time - self._times[k]) / (self._times[k + 1] - self._times[k])
        # Minimum jerk: how people move between two rests (Flash and Hogan 1985).
        eased = share**3 * (10 - 15 * share + 6 * share**2)
        wobble = self._wobble(time)
        fingers = self._fingers[k] + eased * (self._fingers[k + 1] - self._fingers[k])
        fingers = fingers + 0.012 * wobble[:45]
        place = self._places[k] + eased * (self._places[k + 1] - self._places[k])
        when = self._times[k] + eased * (self._times[k + 1] - self._times[k])
        turn = Rotation.from_rotvec(0.02 * wobble[45:48]) * self._turn(when)
        pose = np.concatenate([turn.as_rotvec(), fingers - self._mean]).reshape(16, 3)
        return HandState(pose, place + 0.0025 * wobble[48:])

    def _wobble(self, time: float) -> NDArray[np.float64]:
        angle = 2 * np.pi * self._periods * time / DURATION + self._phases
        return np.sin(angle).mean(axis=1)


def gesture(model: HandModelData, name: str) -> NDArray[np.float64]:
    """(45,) finger rotations of 'open', 'relaxed', or a named pose of the hand model."""
    mean = np.asarray(model.hands_mean, np.float64)
    if name == "relaxed":
        return mean
    if name == "open":
        return 0.75 * np.asarray(model.named_poses["spread"], np.float64) + 0.25 * mean
    return np.asarray(model.named_poses[name], np.float64)


def orientation(fingers: NDArray, palm: NDArray) -> NDArray[np.float64]:
    """(3, 3) rotation of the template (fingers -x, palm -y, thumb +z) to these directions."""
    x = -fingers / np.linalg.norm(fingers)
    y = -palm - x * (x @ -palm)
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)
