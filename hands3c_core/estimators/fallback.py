"""The landmark estimator steps in where a network disagrees wildly with the detector.

A network that has never seen anything like an image can be wrong without knowing it. The detector's
landmarks are a second opinion on where the joints are: the mean distance of the network's projected
3D joints from them, as a share of the hand's box, is its *disagreement*. Trained weights stay below
0.1 on hands they understand. From ``FallbackLimits.wild`` on a hand is taken from the landmark
estimator instead, until the network has been below ``FallbackLimits.calm`` for a while, so that the
choice does not flicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from hands3c_core.estimators.base import Estimator, GivesMaps, MapSource
from hands3c_core.geometry.camera import project
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import Camera, Float32, HandEstimate, TrackedHand, UInt8


@dataclass(frozen=True, slots=True)
class FallbackLimits:
    """When to leave the network, and when to return to it."""

    wild: float = 0.25
    """Disagreement from which a frame counts against the network, as a share of the hand box."""
    calm: float = 0.18
    """Disagreement up to which a frame counts for it; frames in between change nothing."""
    wild_frames: int = 3
    """Wild frames in a row after which a hand that the network had is taken from it."""
    calm_frames: int = 12
    """Calm frames in a row after which the network has the hand again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the network's agreement on one track."""

    fallen: bool = False
    """The hand comes from the landmark estimator."""
    streak: int = 0
    """Frames in a row that spoke for a change."""
    is_new: bool = True
    """No frame was judged yet: the first one decides at once."""


def disagreement(joints_2d: ArrayLike, landmarks_2d: ArrayLike) -> float:
    """Mean distance of joints (21, 2) from landmarks (21, 2), px, as a share of the longer side of
    the landmarks' box; infinite where a joint is not finite or the box has no size."""
    joints, landmarks = np.asarray(joints_2d, float), np.asarray(landmarks_2d, float)
    side = float((landmarks.max(axis=0) - landmarks.min(axis=0)).max())
    error = float(np.linalg.norm(joints - landmarks, axis=1).mean())
    return error / side if side > 0 and np.isfinite(error) else float("inf")


def judge(standing: Standing, error: float, limits: FallbackLimits) -> Standing:
    """The standing after a frame with this disagreement."""
    if standing.is_new:
        return Standing(fallen=error >= limits.wild, is_new=False)
    if not standing.fallen:
        speaks, needed = error >= limits.wild, limits.wild_frames
    else:
        speaks, needed = error <= limits.calm, limits.calm_frames
    streak = standing.streak + 1 if speaks else 0
    if streak >= needed:
        return Standing(fallen=not standing.fallen, is_new=False)
    return replace(standing, streak=streak)


class Network(Estimator, GivesMaps, Protocol):
    """The network estimator, as far as it is used here."""

    @property
    def model(self) -> object: ...


class FallbackEstimator:
    """A network estimator watched by the detector, with another estimator to fall back on.

    An estimate of the second one carries its name in ``HandEstimate.estimator``.

    Args:
        network: what is used as long as it agrees with the detector.
        landmarks: what is used otherwise; it runs only then.
        limits: when to change over.
    """

    def __init__(
        self,
        network: Network,
        landmarks: Estimator,
        limits: FallbackLimits | None = None,
    ) -> None:
        self.network = network
        self.landmarks = landmarks
        self.limits = limits or FallbackLimits()
        self._layer = FastHandLayer(network.hand)
        self._standings: dict[int, Standing] = {}

    @property
    def name(self) -> str:
        """The network's name."""
        return self.network.name

    @property
    def hand(self) -> HandModelData:
        """The hand that both pose."""
        return self.network.hand

    @property
    def model(self) -> object:
        """The network itself."""
        return self.network.model

    @property
    def map_source(self) -> MapSource | None:
        """The network's; see ``base.GivesMaps``."""
        return self.network.map_source

    def reset(self) -> None:
        """Forget all tracks."""
        self._standings.clear()
        self.network.reset()
        self.landmarks.reset()

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """Estimate every hand; see ``base.Estimator``."""
        estimates = self.network.estimate(image, hands, camera, timestamp)
        self._standings = {
            hand.track_id: judge(
                self._standings.get(hand.track_id, Standing()),
                disagreement(self._joints_2d(hand, estimate, camera), hand.detection.landmarks_2d),
                self.limits,
            )
            for hand, estimate in zip(hands, estimates, strict=True)
        }
        fallen = [row for row, hand in enumerate(hands) if self._standings[hand.track_id].fallen]
        if fallen:
            others = self.landmarks.estimate(
                image, [hands[row] for row in fallen], camera, timestamp
            )
            for row, other in zip(fallen, others, strict=True):
                estimates[row] = replace(
                    other,
                    estimator=self.landmarks.name,
                    heatmaps=estimates[row].heatmaps,
                    attention=estimates[row].attention,
                    crop=estimates[row].crop,
                )
        return estimates

    def _joints_2d(self, hand: TrackedHand, estimate: HandEstimate, camera: Camera) -> Float32:
        """Where the estimate's joints are in the (unmirrored) image, px."""
        joints = self._layer.joints(estimate.pose, estimate.shape, estimate.translation)
        space = ModelSpace(hand.is_right)
        return space.pixels(project(joints, space.camera(camera)), camera.width)
