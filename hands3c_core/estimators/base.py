"""What every estimator offers: the parameters of each tracked hand of an image."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData
from hands3c_core.types import Camera, Detection, Hand, HandEstimate, TrackedHand, UInt8


@runtime_checkable
class Estimator(Protocol):
    """Turns tracked hands into parameters of a hand model.

    Estimators may keep state per ``track_id`` (a warm start, a settled shape), so one object serves
    one stream of images and one thread.
    """

    @property
    def name(self) -> str:
        """Short name for results, logs and menus ('landmarks', 'hands3c_lite', ...)."""
        ...

    @property
    def hand(self) -> HandModelData:
        """The right hand whose parameters it gives: ``pose`` is relative to its mean pose."""
        ...

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """Estimate all hands of one image.

        Args:
            image: (H, W, 3) RGB.
            hands: the tracked hands of this image.
            camera: the camera of this image, unmirrored.
            timestamp: seconds, not decreasing between calls except after ``reset``.

        Returns:
            One estimate per hand, in the same order, in model space: of a left hand, everything
            describes the mirrored image (see ``types.HandEstimate``).
        """
        ...

    def reset(self) -> None:
        """Forget all tracks, before a new source or a seek."""
        ...


def hand_of(estimator: Estimator) -> HandModelData | None:
    """The hand that an estimator brings; None of one that was written before they brought it."""
    hand: HandModelData | None = getattr(estimator, "hand", None)
    if hand is None:
        warnings.warn(
            f"the estimator {estimator.name!r} does not say which hand it poses, which it will "
            "have to from version 0.4 on: give it an attribute 'hand'",
            DeprecationWarning,
            stacklevel=2,
        )
    return hand


def check_shows(estimator: Estimator, hand: HandModelData) -> None:
    """Raise ``UserError`` where an estimator's poses would mean something else on this hand."""
    own: HandModelData | None = getattr(estimator, "hand", None)
    if own is not None and not np.allclose(own.hands_mean, hand.hands_mean, atol=1e-4):
        raise UserError(
            f"the estimator {estimator.name!r} poses {own.name}; {hand.name} has another mean pose "
            "and would bend otherwise: leave hand_model out."
        )


@runtime_checkable
class SecondLook(Protocol):
    """What an estimator may offer beside: the part of its work that needs no tracks, which a
    pipeline then does ahead."""

    def look_again(self, image: UInt8, detections: Sequence[Detection]) -> list[Detection]:
        """The detections of an image (H, W, 3) with ``looks``; on any one thread at a time, also
        beside ``estimate`` of another image."""
        ...


@runtime_checkable
class TakesTurns(Protocol):
    """What an estimator may offer beside: its network looks at each hand only now and then, which
    saves most of its time; between, what it said is carried along with the other witnesses."""

    network_interval: int
    """Pictures from one look at a hand to the next: 1 for every picture, the default. Without
    other witnesses, or while maps are shown, the network looks at every picture all the same."""


class MapSource(Protocol):
    """A network whose maps are shown: heatmaps of the joints, activations around the attention
    module."""

    heatmaps: bool
    """Whether estimates come with heatmaps."""
    attention: bool
    """Whether estimates come with attention maps."""

    @property
    def model(self) -> object:
        """The network, or the runtime that runs it."""
        ...

    def with_maps(self, image: UInt8, hands: Sequence[Hand]) -> list[Hand]:
        """Hands of an image (H, W, 3) with the maps that are asked for and without others: each is
        looked at again in the window where it was seen, and stays as it is otherwise."""
        ...


@runtime_checkable
class GivesMaps(Protocol):
    """What an estimator that runs a network offers beside."""

    @property
    def map_source(self) -> MapSource | None:
        """Where maps come from; None where there is no network this time."""
        ...


def map_source(estimator: Estimator) -> MapSource | None:
    """Where the maps of ``estimator`` come from; None if it gives none."""
    return estimator.map_source if isinstance(estimator, GivesMaps) else None
