"""A hand whose motion is known exactly: still, slow, fast, and reversing abruptly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from hands3c_core.demo.motion import HandState, gesture, orientation
from hands3c_core.hand_model import HandModelData

Floats = NDArray[np.float64]

#: Where the middle knuckle is at rest, metres, camera frame.
_PLACE: Final = np.array([-0.06, 0.02, 0.56])
#: From rest to the end of a swing: metres for the place, rad for the turn about the line of sight
#: and about the upright, and the share of the way from an open hand to a fist.
_ALONG: Final = np.array([0.95, 0.25, 0.15])
_ROLL, _YAW, _CURL = 0.25, 0.30, 0.30
#: How far the hand is closed at rest.
_CLOSED: Final = 0.35


@dataclass(frozen=True)
class Part:
    """A stretch of time with one kind of motion."""

    name: str
    start: float
    """Seconds."""
    end: float
    swing: float
    """Metres from the middle to either end."""
    period: float
    """Seconds for one swing there and back; 0 for a hand at rest."""
    abrupt: bool = False
    """Of constant speed between ends where it turns at once, instead of a sine."""

    def at(self, time: float) -> float:
        """Where the hand is, -1 to 1."""
        if not self.period:
            return 0.0
        turns = (time - self.start) / self.period
        if self.abrupt:
            return float(2.0 / np.pi * np.arcsin(np.sin(2.0 * np.pi * turns)))
        return float(np.sin(2.0 * np.pi * turns))


#: One after another; whole numbers of periods, so that each begins where the one before ended. The
#: fast part reaches 0.6 m/s, as much as a brisk wave.
PARTS: Final = (
    Part("still", 0.0, 4.0, 0.0, 0.0),
    Part("slow", 4.0, 8.0, 0.05, 4.0),
    Part("fast", 8.0, 10.4, 0.06, 0.6),
    Part("reversal", 10.4, 12.8, 0.07, 0.8, abrupt=True),
)
DURATION: Final = PARTS[-1].end


class KnownMotion:
    """The motion of ``PARTS``, of place, turn and fingers at once; no tremor.

    Args:
        model: supplies named poses and the mean pose.
    """

    def __init__(self, model: HandModelData) -> None:
        self._mean = np.asarray(model.hands_mean, np.float64)
        self._open, self._fist = (gesture(model, name) for name in ("open", "fist"))
        self._rest = Rotation.from_matrix(
            orientation(np.array([0.05, -1.0, 0.05]), np.array([0.2, 0.0, -1.0]))
        )

    def at(self, time: float) -> HandState:
        """The hand at ``time`` seconds; at rest before and after."""
        part = next((part for part in PARTS if part.start <= time < part.end), PARTS[0])
        way = part.at(time)
        size = way * part.swing / max(other.swing for other in PARTS)
        turn = Rotation.from_rotvec([0.0, _YAW * size, _ROLL * size]) * self._rest
        closed = _CLOSED + _CURL * size
        fingers = self._open + closed * (self._fist - self._open)
        pose = np.concatenate([turn.as_rotvec(), fingers - self._mean]).reshape(16, 3)
        return HandState(pose, _PLACE + way * part.swing * _ALONG)
