"""Listening to an estimator: what it was given and what it made of that."""

from __future__ import annotations

from collections.abc import Sequence

from hands3c_core.detect.landmark_network import LandmarkNetwork
from hands3c_core.estimators.base import Estimator
from hands3c_core.estimators.fused import FusedEstimator
from hands3c_core.estimators.witnesses import Witness
from hands3c_core.hand_model import HandModelData
from hands3c_core.types import Camera, HandEstimate, TrackedHand, UInt8


class Listener:
    """An estimator that passes on another's estimates and keeps what they came from."""

    def __init__(self, inner: Estimator) -> None:
        self.inner = inner
        self.seen: list[tuple[TrackedHand, HandEstimate, list[Witness]]] = []
        """Of the last frame."""
        self._heard: dict[int, list[Witness]] = {}
        if isinstance(inner, FusedEstimator):
            inner.on_witnesses = self._hear

    @property
    def name(self) -> str:
        """The estimator's."""
        return self.inner.name

    @property
    def hand(self) -> HandModelData:
        """The estimator's."""
        return self.inner.hand

    @property
    def second(self) -> LandmarkNetwork | None:
        """The estimator's second witness, shared with whoever judges sides."""
        return getattr(self.inner, "second", None)

    def reset(self) -> None:
        """Forget all tracks."""
        self.inner.reset()

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """See ``base.Estimator``."""
        self._heard.clear()
        estimates = self.inner.estimate(image, hands, camera, timestamp)
        self.seen = [
            (hand, estimate, self._heard.get(hand.track_id, []))
            for hand, estimate in zip(hands, estimates, strict=True)
        ]
        return estimates

    def _hear(self, hand: TrackedHand, witnesses: Sequence[Witness], fallen: bool) -> None:
        self._heard[hand.track_id] = list(witnesses)
