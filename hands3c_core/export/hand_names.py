"""What each hand of a take is called in a file: 'right_hand', 'left_hand', numbered only for
further hands of a side, so that a rig, a retargeting preset or a script fits the next take too."""

from __future__ import annotations

from collections.abc import Sequence

from hands3c_core.types import Hand


def hand_name(is_right: bool, number: int) -> str:
    """The name of the ``number``-th (from 0) hand of a side: 'right_hand', 'right_hand_2', ..."""
    side = "right_hand" if is_right else "left_hand"
    return side if number == 0 else f"{side}_{number + 1}"


class HandPlaces:
    """Gives each hand of a take, frame by frame, a place: its side and a number from 0.

    A hand keeps its track's place; another one takes a free place of its side, that of a track that
    ended for example, else a new one. So a second hand of the same side at the same time has a
    place of its own.
    """

    def __init__(self) -> None:
        self._tracks: dict[bool, list[int]] = {True: [], False: []}
        """Of each side, the track that each place showed last."""

    def of(self, hands: Sequence[Hand]) -> list[tuple[bool, int]]:
        """(is_right, number) of each of a frame's hands, in their order."""
        places: dict[int, int] = {}
        for tracked in (True, False):  # tracks that have a place come before those that need one
            for index, hand in enumerate(hands):
                tracks = self._tracks[hand.is_right]
                if index in places or (tracked and hand.track_id not in tracks):
                    continue
                taken = {places[k] for k in places if hands[k].is_right == hand.is_right}
                free = [number for number in range(len(tracks)) if number not in taken]
                own = [number for number in free if tracks[number] == hand.track_id]
                number = (own or free or [len(tracks)])[0]
                if number == len(tracks):
                    tracks.append(hand.track_id)
                tracks[number] = hand.track_id
                places[index] = number
        return [(hand.is_right, places[index]) for index, hand in enumerate(hands)]
