"""What a network said of a hand a moment ago, carried along with what other witnesses see now.

A network's opinion of a hand differs from the other witnesses' by what it knows better or worse of
that hand, and that lasts: from one picture to the next its points move with theirs, its palm turns
with theirs, and its fingers' angles hardly change. So a picture may do with the opinion of the one
before (docs/adr/0011 has how far that is from looking at every picture).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import PALM_JOINTS
from hands3c_core.estimators.witnesses import SECOND, Witness
from hands3c_core.geometry.turning import rotation_between
from hands3c_core.types import Camera, CropBox, TrackedHand, UInt8

if TYPE_CHECKING:
    from hands3c_core.estimators.network_witness import NetworkSight, NetworkWitness

Floats = NDArray[np.float64]
_PALM = list(PALM_JOINTS)


@dataclass(frozen=True)
class _Memory:
    """What the network said of a hand, and what the others saw in the same picture."""

    sight: NetworkSight
    others: Sequence[Witness]
    is_right: bool
    picture: int


class NetworkTurns:
    """Lets a network look at each hand in every ``interval``-th picture, at different hands in
    different ones; between, what it said is carried along."""

    def __init__(self) -> None:
        self.interval = 1
        """Pictures from one look at a hand to the next, 1 or more."""
        self._picture = 0
        self._memories: dict[int, _Memory] = {}

    def reset(self) -> None:
        """Forget all tracks."""
        self._memories.clear()

    def sights(
        self,
        network: NetworkWitness,
        image: UInt8,
        hands: Sequence[TrackedHand],
        others: Sequence[Sequence[Witness]],
        camera: Camera,
    ) -> list[NetworkSight]:
        """What the network says of the hands of the next picture, or would say.

        Args:
            network: looks where it must. While its maps are shown it looks at every picture.
            image: (H, W, 3) RGB.
            hands: all hands of the picture.
            others: what the other witnesses see of each.
            camera: of the unmirrored image.
        """
        self._picture += 1
        boxes = network.follow(image, hands)
        places = {key: row for row, key in enumerate(sorted(hand.track_id for hand in hands))}
        sights: list[NetworkSight | None] = [None] * len(hands)
        for row, hand in enumerate(hands):
            is_due = (self._picture + places[hand.track_id]) % self.interval == 0
            if not (is_due or network.shows_maps):
                sights[row] = self._carried(hand, others[row], boxes[row])
        due = [row for row, sight in enumerate(sights) if sight is None]
        fresh = network.look(image, [hands[k] for k in due], [boxes[k] for k in due], camera)
        for row, sight in zip(due, fresh, strict=True):
            sights[row] = sight
            self._memories[hands[row].track_id] = _Memory(
                sight, others[row], hands[row].is_right, self._picture
            )
        self._memories = {key: it for key, it in self._memories.items() if key in places}
        return [sight for sight in sights if sight is not None]

    def _carried(
        self, hand: TrackedHand, others: Sequence[Witness], box: CropBox
    ) -> NetworkSight | None:
        """The remembered sight of a hand as it would be now; None where it cannot be told."""
        memory = self._memories.get(hand.track_id)
        if memory is None or memory.is_right != hand.is_right:
            return None
        if self._picture - memory.picture >= self.interval:
            return None
        witness = carry(memory.sight.witness, memory.others, others)
        return None if witness is None else replace(memory.sight, witness=witness, crop=box)


def carry(witness: Witness, then: Sequence[Witness], now: Sequence[Witness]) -> Witness | None:
    """A witness as it would speak now.

    Args:
        witness: what it said a moment ago.
        then, now: what the others saw at that time and what they see now.

    Returns:
        None where it cannot be told, since there are no others or not the same ones.
    """
    if not now or [w.name for w in then] != [w.name for w in now]:
        return None
    moved = np.mean([a.points - b.points for a, b in zip(now, then, strict=True)], axis=0)
    pose = witness.pose
    if pose is not None:
        best = next((row for row, w in enumerate(now) if w.name == SECOND), 0)
        turn = rotation_between(then[best].points[_PALM], now[best].points[_PALM])
        pose = (turn @ pose[0], pose[1])
    return replace(witness, points=witness.points + moved, pose=pose)
