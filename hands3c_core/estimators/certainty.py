"""How sure a fit is of a hand: a standard deviation for every joint, and doubt about the whole."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hands3c_core.estimators.fallback import FallbackLimits, Standing, judge
from hands3c_core.estimators.fitter import Seen
from hands3c_core.estimators.hand_chain import COLUMNS, kinematics
from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
from hands3c_core.estimators.landmarks_solver import (
    FIRST_ANGLE,
    FIRST_SHAPE,
    NUM_UNKNOWNS,
    Fitted,
)
from hands3c_core.types import Camera

Floats = NDArray[np.float64]

#: Doubt from which a hand is unsure, and below which it is certain again; frames that it takes.
_LIMITS = FallbackLimits(wild=1.0, calm=0.7, wild_frames=3, calm_frames=6)
#: What each cause must reach to make a hand unsure by itself: mean distance of the fit from its
#: witnesses and of two witnesses from each other, as shares of the hand's box, and the median
#: joint's standard deviation, m.
_MISFIT, _APART, _SIGMA = 0.10, 0.22, 0.020


def _unknowns_of_joints() -> NDArray[np.int64]:
    """(21, 25) the unknowns that move each joint."""
    columns = np.empty((21, COLUMNS), np.int64)
    columns[:, :6] = np.arange(6)
    columns[:, 15:] = FIRST_SHAPE + np.arange(10)
    for joint in range(21):
        columns[joint, 6:15] = FIRST_ANGLE + 9 * (max(joint - 1, 0) // 4) + np.arange(9)
    return columns


_COLUMNS_OF = _unknowns_of_joints()
_NO_MARKERS = np.zeros((21, 3))


def joint_sigmas(fit: Fitted, skeleton: HandSkeleton, camera: Camera) -> tuple[Floats, Floats]:
    """Standard deviations (21,) of the joints about the hand's middle, from the fit's own Hessian:
    in metres (all three axes together) and across the line of sight in px of the image."""
    joints, _, jacobian = kinematics(
        fit.turn, fit.root, fit.angles, fit.shape, *skeleton.bones, _NO_MARKERS
    )
    dense = np.zeros((21, 3, NUM_UNKNOWNS))
    np.put_along_axis(dense, np.repeat(_COLUMNS_OF[:, None], 3, axis=1), jacobian, axis=2)
    dense -= dense.mean(axis=0)
    flat = dense.reshape(63, NUM_UNKNOWNS)
    full = np.tril(fit.hessian) + np.tril(fit.hessian, -1).T
    full[np.diag_indices(NUM_UNKNOWNS)] += 1e-9 + 1e-9 * np.diag(full)
    variance = (flat * np.linalg.solve(full, flat.T).T).sum(axis=1).reshape(21, 3).clip(0.0)
    focal = (camera.fx + camera.fy) / 2
    across = np.sqrt(variance[:, :2].mean(axis=1))
    return np.sqrt(variance.sum(axis=1)), across * focal / np.maximum(joints[:, 2], 0.02)


@dataclass
class Doubt:
    """What speaks against one tracked hand, frame by frame.

    The doubt of a frame is the root of the sum of squares of three causes, each 1 where it makes a
    hand unsure by itself: the fit is far from what the witnesses saw, the witnesses are far from
    each other, the joints are uncertain.
    """

    value: float = 0.0
    """Of the last frame."""
    _standing: Standing = field(default_factory=Standing)

    @property
    def confidence(self) -> float:
        """exp(-doubt^2), 0 to 1."""
        return float(np.exp(-(self.value**2)))

    @property
    def is_unsure(self) -> bool:
        """Whether the hand is not to be believed; does not change with a single frame."""
        return self._standing.fallen

    def judge(self, fit: Fitted, seen: Seen, disagreement: float, sigma: Floats) -> None:
        """Take in a frame.

        Args:
            fit, seen: the fit and its evidence.
            disagreement: greatest distance of two witnesses, as a share of the hand's box.
            sigma: (21,) m, of the joints.
        """
        points, evidence = fit.points, seen.evidence
        rays = points[..., :2] / np.maximum(points[..., 2:], 0.02)
        side = max(float(np.ptp(evidence.rays, axis=(0, 1)).max()), 1e-6)
        misfit = float(np.linalg.norm(rays - evidence.rays, axis=-1).mean()) / side
        causes = (misfit / _MISFIT, disagreement / _APART, float(np.median(sigma)) / _SIGMA)
        self.value = float(np.linalg.norm(causes))
        self._standing = judge(self._standing, self.value, _LIMITS)
