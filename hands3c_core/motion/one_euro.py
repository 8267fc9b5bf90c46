"""The One-Euro filter for vectors and rotations.

Casiez, Roussel and Vogel, "1 Euro Filter", CHI 2012: a first-order low-pass whose cutoff grows with
speed, so that a still hand does not tremble and a fast one does not lag. Times are seconds and need
not be equally spaced; cutoffs are Hz.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]

#: How fast the measured noise follows a frame's.
_NOISE_SHARE = 0.1


def _share(cutoff: float | Floats, step: float) -> float | Floats:
    """The weight of a new sample in a low-pass of ``cutoff`` Hz after ``step`` seconds."""
    turn = 2.0 * math.pi * cutoff * step
    return turn / (turn + 1.0)


class _Speed:
    """Speed of a signal, low-passed, less what its noise alone would make it seem to have.

    The noise is measured on the way: second differences hardly see motion. Where more is known of
    it, the lesser of the two counts, since a fast turn looks like noise, and a stated uncertainty
    is of a bias as much as of noise.

    Args:
        cutoff: of the low-pass, Hz.
        gate: standard deviations of the noise's speed that are no motion; 0 to count all.
        by_row: one speed for each vector along the last axis instead of one for all numbers.
    """

    def __init__(self, cutoff: float, gate: float, by_row: bool) -> None:
        self._cutoff, self._gate, self._by_row = cutoff, gate, by_row
        self._velocity: float | Floats = 0.0
        self._last: Floats | None = None
        self._measured: float | Floats | None = None

    def __call__(self, change: Floats, step: float, known: float | Floats | None) -> float | Floats:
        """Units a second, a float or (..., 1) by row.

        Args:
            change: sample less the one before.
            step: seconds between them.
            known: variance of a sample's noise, summed as the speed is, if there is an idea of it.
        """
        share = _share(self._cutoff, step)
        self._velocity = self._velocity + share * (change / step - self._velocity)
        moving = self._square(self._velocity)
        if not self._gate:
            return np.sqrt(moving)
        noise = self._noise(change, known)
        # Of the low-passed difference of samples with independent errors.
        seeming = 2.0 * share**2 / (2.0 - share) * noise / step**2
        return np.sqrt(np.maximum(moving - self._gate**2 * seeming, 0.0))

    def _noise(self, change: Floats, known: float | Floats | None) -> float | Floats:
        if self._last is not None:
            now = self._square(change - self._last) / 6.0
            if self._measured is None:
                self._measured = now
            now = np.minimum(now, 9.0 * self._measured + 1e-12)  # a jerk is no noise
            self._measured = self._measured + _NOISE_SHARE * (now - self._measured)
        self._last = change
        measured = 0.0 if self._measured is None else self._measured
        return measured if known is None else np.minimum(measured, known)

    def _square(self, value: float | Floats) -> float | Floats:
        squared = np.square(value)
        if self._by_row:
            return np.asarray(squared.sum(axis=-1, keepdims=True), dtype=np.float64)
        return float(squared.sum())


class OneEuro:
    """One-Euro filter of a vector of any shape; all its numbers share one cutoff unless ``by_row``.

    Args:
        min_cutoff: cutoff at rest, Hz.
        beta: Hz by which the cutoff grows per unit of speed (units of the vector per second).
        speed_cutoff: cutoff of the speed estimate, Hz.
        gate: speeds within this many standard deviations of what noise alone makes of a still
            vector do not raise the cutoff, and others count for what they are above it; 0 for the
            plain filter.
        by_row: each vector along the last axis has a cutoff of its own.
        settles: average the first samples, so that a low cutoff does not hold on to the first one.
    """

    def __init__(
        self,
        min_cutoff: float = 1.0,
        beta: float = 0.0,
        speed_cutoff: float = 1.0,
        *,
        gate: float = 0.0,
        by_row: bool = False,
        settles: bool = False,
    ) -> None:
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.speed_cutoff = speed_cutoff
        self.trust: float | Floats = 1.0
        """Factor on the cutoff, for all numbers or (broadcast) for each of them."""
        self.noise: float | Floats | None = None
        """What is known of the variance of a sample's noise, summed over its numbers (of a row)."""
        self._gate, self._by_row, self._settles = gate, by_row, settles
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next sample passes unchanged."""
        self._time: float | None = None
        self._value: Floats = np.zeros(0)
        self._last: Floats = np.zeros(0)
        self._speed = _Speed(self.speed_cutoff, self._gate, self._by_row)
        self._seen = 0

    def __call__(self, value: ArrayLike, time: float) -> Floats:
        """Filter ``value`` taken at ``time`` seconds; float64, same shape. A sample that is not
        later than the last one replaces nothing and returns the last result."""
        sample = np.asarray(value, dtype=np.float64)
        if self._time is None or sample.shape != self._value.shape:
            self.reset()
            self._time, self._value, self._last = time, sample.copy(), sample.copy()
            return sample.copy()
        step = time - self._time
        if step <= 0.0:
            return self._value.copy()
        self._seen += 1
        cutoff = self.min_cutoff + self.beta * self._speed(sample - self._last, step, self.noise)
        share = _share(self.trust * cutoff, step)
        if self._settles:
            share = np.maximum(share, 1.0 / (self._seen + 1))
        self._value = self._value + share * (sample - self._value)
        self._time, self._last = time, sample.copy()
        return self._value.copy()


class OneEuroRotation:
    """One-Euro filter on SO(3): rotations move along the geodesic towards each sample.

    Args:
        min_cutoff: cutoff at rest, Hz.
        beta: Hz by which the cutoff grows per rad/s.
        speed_cutoff: cutoff of the angular velocity's estimate, Hz.
        gate, settles: as in ``OneEuro``.
    """

    def __init__(
        self,
        min_cutoff: float = 1.0,
        beta: float = 0.0,
        speed_cutoff: float = 1.0,
        *,
        gate: float = 0.0,
        settles: bool = False,
    ) -> None:
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.speed_cutoff = speed_cutoff
        self.noise: float | None = None
        """What is known of the variance of a sample's noise, of the three axes together, rad^2."""
        self._gate, self._settles = gate, settles
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next sample passes unchanged."""
        self._time: float | None = None
        self._value = self._last = Rotation.identity()
        self._speed = _Speed(self.speed_cutoff, self._gate, by_row=False)
        self._seen = 0

    def __call__(self, axis_angle: ArrayLike, time: float) -> Floats:
        """Filter a rotation (3,), axis-angle in rad, taken at ``time`` seconds; (3,) float64 of
        length 0 to pi."""
        sample = Rotation.from_rotvec(np.asarray(axis_angle, dtype=np.float64))
        if self._time is None:
            self._time, self._value, self._last = time, sample, sample
            return sample.as_rotvec()
        step = time - self._time
        if step > 0.0:
            self._seen += 1
            change = (sample * self._last.inv()).as_rotvec()
            cutoff = self.min_cutoff + self.beta * self._speed(change, step, self.noise)
            share = _share(cutoff, step)
            if self._settles:
                share = max(float(share), 1.0 / (self._seen + 1))
            ahead = (sample * self._value.inv()).as_rotvec()
            self._value = Rotation.from_rotvec(share * ahead) * self._value
            self._time, self._last = time, sample
        return self._value.as_rotvec()
