"""Which hand is it? Asked of hands that have just appeared and whose side the detector doubts.

The hand model is fitted to the landmarks of detector and second witness as a right and as a left
hand: the back of one is not the palm of the other, fingers bend one way only, and depths tell them
apart. The ratio of the two costs says most; the second witness's own opinion counts a little.
Measured on 308 crops of ``shared/real_hands*``, half of them mirrored: in doubt (a score below 0.9)
the detector is wrong on 6 of 17 hands, all three together on 4, of which two look mislabelled; the
weights were chosen on the same crops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hands3c_core.detect.landmark_network import second_witness
from hands3c_core.detect.tracker import HandTracker
from hands3c_core.estimators.base import Estimator
from hands3c_core.estimators.fused import FusedEstimator
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.types import Camera, TrackedHand, UInt8

#: Evidence on the side for each unit of the logarithm of the ratio of the costs.
_FIT_WEIGHT = 4.0
#: And of the second witness's own log odds, each look's at most ``_MOST_LOOK``.
_LOOK_WEIGHT = 0.5
_MOST_LOOK = 6.0
#: The judgement moves a hand's log odds by this at most: not past what the detector is sure of.
_MOST = 6.0


class SideJudge:
    """Weighs right against left for hands that have just appeared.

    Args:
        hand: the hand model.
    """

    def __init__(self, hand: HandModelData) -> None:
        self._hand = hand
        self._fits: FusedEstimator | None = None

    def settle(
        self,
        tracker: HandTracker,
        image: UInt8,
        hands: Sequence[TrackedHand],
        camera: Camera,
        estimator: Estimator,
    ) -> list[TrackedHand]:
        """The hands of an image, those whose side is open judged anew.

        Args:
            tracker: which hands they are; it is told the judgements.
            image: (H, W, 3) uint8 RGB, unmirrored.
            hands: of this image, as the tracker gave them.
            camera: of the image.
            estimator: which will be asked next; its second witness is shared, and what that said
                goes with the hand.
        """
        settled = []
        for hand in hands:
            if tracker.is_open(hand):
                right, hand = self.judge(image, hand, camera, estimator)
                hand = tracker.hear(hand, right)
            settled.append(hand)
        return settled

    def judge(
        self, image: UInt8, hand: TrackedHand, camera: Camera, estimator: Estimator
    ) -> tuple[float, TrackedHand]:
        """Log odds that it is a right hand, by all but the detector's opinion; and the hand with
        what the second witness said of it, which then need not look again."""
        if self._fits is None:
            second = getattr(estimator, "second", None) or second_witness()
            self._fits = FusedEstimator(self._hand, None, second)
        second = self._fits.second
        looks = hand.detection.looks
        if second is not None and looks is None:
            looks = second.look(image, [hand.detection.landmarks_2d])[0]
        right, left = self._fits.side_costs(hand, camera, looks)
        odds = _FIT_WEIGHT * math.log(max(left, 1e-9) / max(right, 1e-9))
        if looks is not None:
            sure = np.clip(looks.is_right, 1e-6, 1.0 - 1e-6)
            own = np.log(sure / (1.0 - sure)).clip(-_MOST_LOOK, _MOST_LOOK)
            odds += _LOOK_WEIGHT * float(own.mean())
        seen = replace(hand, detection=replace(hand.detection, looks=looks))
        return min(max(odds, -_MOST), _MOST), seen
