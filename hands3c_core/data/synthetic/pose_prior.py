"""Plausible hands: gestures, grasps and free poses within the hand model's ranges of motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.joint_angles import pose_from_angles
from hands3c_core.data.synthetic.self_contact import penetration_depth
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.hand_model.joint_angles import axis_angles

Angles = NDArray[np.float64]

#: Rows of the (15, 3) angles that belong to each finger, thumb to little.
FINGER_ROWS: Final = ((12, 13, 14), (0, 1, 2), (3, 4, 5), (9, 10, 11), (6, 7, 8))

#: Gestures: how far index, middle, ring and little finger are closed (0 open, 1 as in a fist), and
#: the thumb, as shares of named poses of the thumb.
GESTURES: Final[dict[str, tuple[tuple[float, float, float, float], str]]] = {
    "open": ((0, 0, 0, 0), "spread"),
    "flat": ((0.05, 0.05, 0.05, 0.05), "flat"),
    "fist": ((1, 1, 1, 1), "fist"),
    "point": ((0, 1, 1, 1), "point"),
    "victory": ((0, 0, 1, 1), "point"),
    "three": ((0, 0, 0, 1), "point"),
    "four": ((0, 0, 0, 0), "across"),
    "thumbsup": ((1, 1, 1, 1), "thumbsup"),
    "gun": ((0, 1, 1, 1), "spread"),
    "call": ((1, 1, 1, 0), "spread"),
    "rock": ((0, 1, 1, 0), "point"),
    "little": ((1, 1, 1, 0), "fist"),
    "pinch": ((0.5, 0.25, 0.22, 0.2), "pinch"),
    "ok": ((0.5, 0.05, 0.0, 0.0), "pinch"),
    "claw": ((0.45, 0.45, 0.45, 0.45), "relaxed"),
}
#: Families of poses and how often each is drawn.
FAMILIES: Final[dict[str, float]] = {"gesture": 0.45, "grasp": 0.2, "relaxed": 0.1, "free": 0.25}

#: Neighbouring fingers move together: correlation of the closing of fingers one apart, two apart...
_NEIGHBOUR: Final = 0.72
#: Fingertips may sink this deep into each other or the palm, metres: soft flesh, thin joints.
_MOST_PENETRATION: Final = 0.0035


@dataclass(frozen=True)
class SampledPose:
    """One draw of the prior."""

    pose: NDArray[np.float32]
    """(16, 3) axis-angle with row 0 zero: fingers only."""
    shape: NDArray[np.float32]
    """(10,)."""
    family: str
    """Key of ``FAMILIES``."""
    name: str
    """Gesture's name, or the family's."""
    angles: NDArray[np.float32]
    """(15, 3) degrees of bend, spread and twist, within ``HandModelData.joint_rom_deg``."""
    rejected: int
    """Draws thrown away before this one, because parts of the hand ran through each other."""


class PosePrior:
    """Draws finger poses and hand shapes. Not thread-safe.

    Args:
        model: a right hand with ranges of motion and named poses.
        max_penetration: how deep parts of the hand may overlap, metres.
        attempts: draws before the pose is opened towards the relaxed one until it fits.
    """

    def __init__(
        self,
        model: HandModelData,
        max_penetration: float = _MOST_PENETRATION,
        attempts: int = 8,
    ) -> None:
        self.model = model
        self.max_penetration = max_penetration
        self.attempts = attempts
        self._layer = FastHandLayer(model)
        rom = model.joint_rom_deg.astype(np.float64)
        self._low, self._high = rom[..., 0], rom[..., 1]
        self._relaxed = axis_angles(model, model.hands_mean)
        named = {
            name: axis_angles(model, pose.astype(np.float64))
            for name, pose in model.named_poses.items()
        }
        flat = np.zeros((15, 3))
        self._fist = named.get("fist", self._high * (1.0, 0.0, 0.0) * 0.85)
        self._spread = named.get("spread", flat)
        thumbs = {name: angles[12:] for name, angles in named.items()}
        thumbs |= {"flat": flat[12:], "relaxed": self._relaxed[12:]}
        # The thumb laid across the palm, as when four fingers are shown.
        thumbs["across"] = np.array([[36.0, -14.0, -22.0], [48.0, 0.0, 0.0], [38.0, 0.0, 0.0]])
        self._thumbs = thumbs
        distance = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
        self._fingers_root = np.linalg.cholesky(_NEIGHBOUR**distance)

    def sample(self, random: np.random.Generator) -> SampledPose:
        """Draw a pose and a shape."""
        shape = np.clip(random.standard_normal(10), -2.5, 2.5).astype(np.float32)
        family = str(random.choice(list(FAMILIES), p=list(FAMILIES.values())))
        name = str(random.choice(list(GESTURES))) if family == "gesture" else family
        angles, rejected = self._relaxed, 0
        for rejected in range(self.attempts):  # noqa: B007
            angles = self._draw(name, random)
            if self._penetration(angles, shape) <= self.max_penetration:
                break
        else:
            rejected = self.attempts
            angles = self._opened(angles, shape)
        pose = pose_from_angles(self.model, angles)
        return SampledPose(pose, shape, family, name, angles.astype(np.float32), rejected)

    def _draw(self, name: str, random: np.random.Generator) -> Angles:
        """(15, 3) degrees of a gesture or of a family, within the ranges of motion."""
        if name in GESTURES:
            angles = self._gesture(name, random)
        else:
            families = {"grasp": self._grasp, "relaxed": self._loose, "free": self._free}
            angles = families[name](random)
        return np.clip(angles, self._low, self._high)

    def _penetration(self, angles: Angles, shape: NDArray[np.float32]) -> float:
        return penetration_depth(self._layer.joints(pose_from_angles(self.model, angles), shape))

    def _opened(self, angles: Angles, shape: NDArray[np.float32]) -> Angles:
        """The pose moved towards the relaxed one until it fits: the share shrinks at most six
        times, then it is the relaxed pose."""
        share = 1.0
        for _ in range(6):
            share *= 0.85
            mixed = self._relaxed + share * (angles - self._relaxed)
            if self._penetration(mixed, shape) <= self.max_penetration:
                return mixed
        return np.clip(self._relaxed, self._low, self._high)

    def _gesture(self, name: str, random: np.random.Generator) -> Angles:
        closed, thumb = GESTURES[name]
        # An open finger is seldom quite straight, a closed one seldom quite closed.
        slack = np.abs(random.normal(0.0, 0.06, 4))
        amounts = np.abs(np.array(closed) - slack)
        angles = self._closed(amounts)
        fan = random.uniform(-0.3, 1.1)
        if name == "open":
            fan = random.uniform(0.4, 1.2)
        angles += self._fan(fan, amounts)
        angles[12:] = self._thumb(thumb, random, looseness=0.12)
        return angles + self._tremor(random, 3.0)

    def _grasp(self, random: np.random.Generator) -> Angles:
        """Fingers round something: tighter at the outer joints or the roots, thumb opposed."""
        amount = random.uniform(0.25, 0.8)
        tilt = random.normal(0.0, 0.1)
        amounts = np.clip(amount + tilt * np.arange(-1.5, 2.0), 0.05, 0.95)
        angles = self._closed(amounts)
        rows = np.array([0, 3, 6, 9])
        roots = random.uniform(0.3, 1.1)
        angles[rows, 0] *= roots
        angles += self._fan(random.uniform(0.0, 0.9), amounts)
        opposed = random.uniform(0.0, 1.0)
        angles[12:] = (
            opposed * self._thumbs.get("pinch", self._relaxed[12:])
            + (1 - opposed) * self._relaxed[12:]
        )
        angles[13:, 0] += random.uniform(-8, 25, 2)
        return angles + self._tremor(random, 5.0)

    def _loose(self, random: np.random.Generator) -> Angles:
        """Around the mean pose."""
        amounts = 0.12 * self._fingers_root @ random.standard_normal(4)
        angles = self._relaxed + self._closed(amounts) + self._fan(random.uniform(-0.4, 0.8), None)
        angles[12:] = self._thumb("relaxed", random, looseness=0.15)
        return angles + self._tremor(random, 4.0)

    def _free(self, random: np.random.Generator) -> Angles:
        """Every finger for itself, as far as tendons allow: roots and outer joints are correlated
        along and across the fingers, the outermost joint follows the middle one."""
        angles = np.zeros((15, 3))
        root_z = self._fingers_root @ random.standard_normal(4)
        outer_z = 0.45 * root_z + 0.9 * self._fingers_root @ random.standard_normal(4)
        root, outer = _share_of(root_z), _share_of(outer_z)
        for n, finger in enumerate(FINGER_ROWS[1:]):
            one, two, three = finger
            low, high = self._low[[one, two, three], 0], self._high[[one, two, three], 0]
            angles[one, 0] = low[0] + root[n] * (high[0] - low[0])
            angles[two, 0] = outer[n] ** 1.3 * high[1]
            angles[three, 0] = 0.62 * angles[two, 0] + random.normal(0.0, 7.0)
        angles += self._fan(random.uniform(-0.6, 1.2), root)
        spread_rows = [0, 3, 9, 6]
        angles[spread_rows, 1] += random.normal(0.0, 4.0, 4) * (1.0 - 0.7 * root)
        angles[12:] = self._free_thumb(random)
        return angles + self._tremor(random, 2.0)

    def _thumb(self, name: str, random: np.random.Generator, looseness: float) -> Angles:
        """A named thumb, a little mixed with another one."""
        goal = self._thumbs.get(name, self._relaxed[12:])
        other = self._thumbs[str(random.choice(sorted(self._thumbs)))]
        share = min(abs(random.normal(0.0, looseness)), 0.6)
        return goal + share * (other - goal)

    def _free_thumb(self, random: np.random.Generator) -> Angles:
        """From hitch-hiker's thumb to full opposition. Opposition couples the saddle joint's bend,
        spread and twist, so thumbs are mixtures of natural ones; one in four is drawn from the
        range of motion instead."""
        if random.random() < 0.25:
            middle, reach = (self._low + self._high) / 2, (self._high - self._low) / 2
            return middle[12:] + reach[12:] * np.clip(random.normal(0.0, 0.5, (3, 3)), -1, 1)
        shares = random.dirichlet(np.full(len(self._thumbs), 0.35))
        stacked = np.stack([self._thumbs[name] for name in sorted(self._thumbs)])
        return np.tensordot(shares, stacked, axes=1)

    def _closed(self, amounts: NDArray[np.float64]) -> Angles:
        """(15, 3) fingers (not the thumb) closed by these shares (4,) of a fist."""
        angles = np.zeros((15, 3))
        for amount, rows in zip(amounts, FINGER_ROWS[1:], strict=True):
            angles[list(rows)] = amount * self._fist[list(rows)]
        return angles

    def _fan(self, amount: float, closed: NDArray[Any] | None) -> Angles:
        """(15, 3) spread of the finger roots; a bent finger cannot be spread."""
        angles = np.zeros((15, 3))
        for n, rows in enumerate(FINGER_ROWS[1:]):
            able = 1.0 if closed is None else float(np.clip(1.0 - closed[n], 0.0, 1.0))
            angles[rows[0]] = amount * able * self._spread[rows[0]]
        return angles

    def _tremor(self, random: np.random.Generator, degrees: float) -> Angles:
        """Small independent errors, scaled to each angle's own range."""
        reach = (self._high - self._low) / 100.0
        return degrees * reach * random.standard_normal((15, 3))


def _share_of(normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard normal numbers as shares in (0, 1), more often near the ends than in the middle, as
    fingers are more often open or closed than half bent."""
    return 0.5 + 0.5 * np.tanh(0.95 * normal - 0.15)
