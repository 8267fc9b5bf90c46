"""The estimator called *Automatic*: the hand model fitted to everything that is seen of a hand.

Detector, second witness and network each say where the 21 points of a hand are and how deep they
lie (``witnesses``). The fit weighs them by how they were measured to err; joints on which they
contradict each other count less, and a network that disagrees wildly is not heard at all (such
estimates carry the landmark estimator's name). The network's pose is the prior on the fingers'
angles. Shape is
remembered track by track (``fitter``), so that a hand keeps its size.

How sure the result is follows from the fit itself (``certainty``): a standard deviation for every
joint. Where the witnesses disagree wildly or nothing is certain, the hand is marked unsure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hands3c_core.detect.landmark_network import LandmarkNetwork
from hands3c_core.errors import UserError
from hands3c_core.estimators.base import MapSource
from hands3c_core.estimators.carried import NetworkTurns
from hands3c_core.estimators.certainty import Doubt, joint_sigmas
from hands3c_core.estimators.fallback import FallbackLimits, Standing, disagreement, judge
from hands3c_core.estimators.fitter import FitSettings, HandFitter, Seen
from hands3c_core.estimators.witnesses import (
    DETECTOR,
    NETWORK,
    SECOND,
    WITNESSES,
    Witness,
    WitnessStatistics,
    apart,
    evidence,
    from_detection,
    from_looks,
    start_points,
)
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import Camera, Detection, HandEstimate, HandLooks, TrackedHand, UInt8
from hands3c_core.weights import LANDMARKS

if TYPE_CHECKING:
    from hands3c_core.estimators.network_witness import NetworkWitness

Floats = NDArray[np.float64]
#: When a network is not heard any more, and when again.
_WILD = FallbackLimits()


@dataclass(frozen=True)
class FusionSettings(FitSettings):
    """How the fit treats its witnesses."""

    bend_sigma: float = 1.5
    narrow_share: float = 0.7
    limit_sigma: float = 0.1
    shape_sigma: float = 1.5
    robust_sigmas: float = 5.0
    """Residuals beyond this many standard deviations count less and less."""
    image_share: float = 0.2
    """Share of the measured standard deviations in the image that the fit uses. Under the whole of
    them the priors win: half way between renders, which would have a little more, and photographs,
    whose points are better (docs/models.md)."""
    depth_share: float = 0.5
    """The same in depth."""
    prior_share: float = 1.0
    """Weight of the network's angles beside its points."""
    least_presence: float = 0.3
    """Below this mean probability of a hand in its window the second witness is not heard."""


#: For a network by itself, whose angles know more of the hand than its points do: on renders it is
#: 0.4 mm nearer to the truth than as a witness beside others (docs/models.md).
NETWORK_ALONE = FusionSettings(image_share=0.3, prior_share=1.5)


class FusedEstimator:
    """Fits a hand model to the evidence of several witnesses.

    ``confidence`` is exp(-doubt), see ``certainty.Doubt``.

    Args:
        hand: the hand model.
        network: what the network says, or None to do without.
        second: the second witness, or None to do without.
        leave_out: names of witnesses not to listen to (``witnesses.WITNESSES``).
        name: in results, logs and menus.
        settings: of the fit.
        statistics: of the witnesses; the shipped ones by default.

    Raises:
        UserError: a name is no witness's, nobody is left, or the statistics are damaged.
    """

    def __init__(
        self,
        hand: HandModelData,
        network: NetworkWitness | None = None,
        second: LandmarkNetwork | None = None,
        *,
        leave_out: Collection[str] = (),
        name: str = "auto",
        settings: FusionSettings | None = None,
        statistics: WitnessStatistics | None = None,
    ) -> None:
        for left in leave_out:
            if left not in WITNESSES:
                raise UserError(f"there is no witness {left!r}: leave out {', '.join(WITNESSES)}.")
        self.name = name
        self.hand = hand
        self.network = network
        self.second = None if SECOND in leave_out else second
        self.settings = settings or FusionSettings()
        self.statistics = (statistics or WitnessStatistics.load()).sharpened(
            self.settings.image_share, self.settings.depth_share
        )
        self.on_witnesses: Callable[[TrackedHand, Sequence[Witness], bool], None] | None = None
        """Called with each hand, what was heard of it, and whether the network was not heard since
        it disagreed wildly: for a second pass over it."""
        self._hears_detector = DETECTOR not in leave_out
        self._hears_network = network is not None and NETWORK not in leave_out
        if not (self._hears_detector or self.second or self._hears_network):
            raise UserError("every witness is left out: keep one.")
        self.fitter = HandFitter(hand, self.settings)
        """What fits."""
        self._turns = NetworkTurns()
        self._doubts: dict[int, Doubt] = {}
        self._standings: dict[int, Standing] = {}

    @property
    def network_interval(self) -> int:
        """Pictures from one look of the network at a hand to the next; see ``base.TakesTurns``."""
        return self._turns.interval

    @network_interval.setter
    def network_interval(self, pictures: int) -> None:
        self._turns.interval = pictures

    def reset(self) -> None:
        """Forget all tracks."""
        self.fitter.reset()
        self._doubts.clear()
        self._standings.clear()
        self._turns.reset()
        if self.network is not None:
            self.network.reset()

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """Fit every hand; see ``base.Estimator``."""
        seen = self.look_again(image, [hand.detection for hand in hands])
        others = [
            self._others(hand, camera, again.looks) for hand, again in zip(hands, seen, strict=True)
        ]
        views = (
            self._turns.sights(self.network, image, hands, others, camera) if self.network else []
        )
        estimates = []
        for row, hand in enumerate(hands):
            view = views[row] if views else None
            heard = view.witness if view and self._hears_network else None
            fallen = heard is not None and self._is_wild(hand, heard, camera)
            own = [] if fallen or heard is None else [heard]
            # A hand that nobody sees is where the detector said.
            witnesses = [*others[row], *own] or [_from_tracked(hand, camera.width)]
            if self.on_witnesses is not None:
                self.on_witnesses(hand, witnesses, fallen)
            estimate = self.fit(hand, witnesses, camera, timestamp)
            if fallen:
                estimate = replace(estimate, estimator=LANDMARKS)
            estimates.append(view.with_maps(estimate) if view else estimate)
        self.fitter.drop_lost(timestamp)
        tracked = {hand.track_id for hand in hands}
        self._doubts = {key: doubt for key, doubt in self._doubts.items() if key in tracked}
        self._standings = {key: it for key, it in self._standings.items() if key in tracked}
        return estimates

    def look_again(self, image: UInt8, detections: Sequence[Detection]) -> list[Detection]:
        """The detections of an image with what the second witness says of them, where it has not
        seen them. It needs no track, so it may be done beside ``estimate`` of the image before."""
        rows = [row for row, hand in enumerate(detections) if hand.looks is None]
        found = list(detections)
        if self.second is not None and rows:
            unseen = [found[row].landmarks_2d for row in rows]
            for row, looks in zip(rows, self.second.look(image, unseen), strict=True):
                found[row] = replace(found[row], looks=looks)
        return found

    def _is_wild(self, hand: TrackedHand, network: Witness, camera: Camera) -> bool:
        """Whether the network disagrees so much with the detector that it is not heard. By itself
        it is heard whatever it says."""
        if not self._hears_detector:
            return False
        detected = _from_tracked(hand, camera.width)
        error = disagreement(network.points[:, :2], detected.points[:, :2])
        standing = self._standings.get(hand.track_id, Standing())
        self._standings[hand.track_id] = judge(standing, error, _WILD)
        return self._standings[hand.track_id].fallen

    def _others(self, hand: TrackedHand, camera: Camera, looks: HandLooks | None) -> list[Witness]:
        """Those beside the network that are there, in the order of ``WITNESSES``."""
        found = []
        if self._hears_detector:
            found.append(_from_tracked(hand, camera.width))
        if looks is not None and looks.presence.mean() >= self.settings.least_presence:
            points = ModelSpace(hand.is_right).pixels(looks.points, camera.width)
            found.append(from_looks(replace(looks, points=points)))
        return found

    def side_costs(
        self, hand: TrackedHand, camera: Camera, looks: HandLooks | None
    ) -> tuple[float, float]:
        """What a fit costs that takes the hand for a right and for a left one, by all witnesses but
        the network; nothing is remembered."""
        costs = []
        for is_right in (True, False):
            tried = replace(hand, is_right=is_right)
            seen_by = ModelSpace(is_right).camera(camera)
            heard = self._others(tried, camera, looks) or [_from_tracked(tried, camera.width)]
            seen = self._seen(heard, seen_by)
            costs.append(float(self.fitter.fit_alone(seen).cost))
        return costs[0], costs[1]

    def fit(
        self, hand: TrackedHand, witnesses: Sequence[Witness], camera: Camera, timestamp: float
    ) -> HandEstimate:
        """Fit one hand to what was heard of it, which describes the mirrored image of a left one.

        Args:
            hand: only its track and side matter.
            witnesses: at least one.
            camera: of the unmirrored image.
            timestamp: seconds.
        """
        seen_by = ModelSpace(hand.is_right).camera(camera)
        seen = self._seen(witnesses, seen_by)
        fit = self.fitter.fit(hand.track_id, hand.is_right, seen, timestamp)
        skeleton = self.fitter.skeleton
        sigma, sigma_px = joint_sigmas(fit, skeleton, seen_by)
        sigma, sigma_px = (part * self.statistics.sigma_factor for part in (sigma, sigma_px))
        doubt = self._doubts.setdefault(hand.track_id, Doubt())
        doubt.judge(fit, seen, _disagreement(witnesses), sigma)
        return HandEstimate(
            pose=skeleton.to_pose(fit.turn, fit.angles),
            shape=fit.shape.astype(np.float32),
            translation=(fit.root - skeleton.root_of_shape(fit.shape)).astype(np.float32),
            confidence=doubt.confidence,
            joint_sigma_px=sigma_px.astype(np.float32),
            joint_sigma=sigma.astype(np.float32),
            is_unsure=doubt.is_unsure,
        )

    def _seen(self, witnesses: Sequence[Witness], camera: Camera) -> Seen:
        settings, statistics = self.settings, self.statistics
        best = next((w for w in witnesses if w.name == SECOND), witnesses[0])
        world, directions = start_points(best, camera)
        found = evidence(witnesses, statistics, camera, settings.robust_sigmas)
        network = next((w for w in witnesses if w.pose is not None), None)
        if network is None or network.pose is None:
            return Seen(found, camera, best.points[:, :2], world, directions)
        # The product of the general prior and of the network's opinion.
        general, own = (
            self.fitter.angle_precision,
            settings.prior_share / statistics.angle_sigma**2,
        )
        skeleton = self.fitter.skeleton
        mean = (general * skeleton.prior_angles + own * network.pose[1]) / (general + own)
        alone = len(witnesses) == 1
        return Seen(
            found,
            camera,
            best.points[:, :2],
            world,
            directions,
            pose=network.pose if alone else None,
            angle_mean=mean,
            angle_precision=general + own,
            turn=network.pose[0],
            turn_precision=settings.prior_share / statistics.turn_sigma**2,
        )

    # --------------------------------------------------------------- the network's own pictures

    @property
    def model(self) -> object:
        """The network itself.

        Raises:
            AttributeError: there is none.
        """
        if self.network is None:
            raise AttributeError("this estimator has no network")
        return self.network.model

    @property
    def map_source(self) -> MapSource | None:
        """The network's, if there is one; see ``base.GivesMaps``."""
        return None if self.network is None else self.network.map_source


def _from_tracked(hand: TrackedHand, width: int) -> Witness:
    space = ModelSpace(hand.is_right)
    points = space.pixels(hand.detection.landmarks_2d.astype(np.float64), width)
    world = space.points(hand.detection.landmarks_world.astype(np.float64))
    return from_detection(points, world)


def _disagreement(witnesses: Sequence[Witness]) -> float:
    """The greatest distance of two witnesses, as a share of the hand's box; 0 for one alone."""
    pairs = [
        apart(one, other) for row, one in enumerate(witnesses) for other in witnesses[row + 1 :]
    ]
    return max(pairs, default=0.0)
