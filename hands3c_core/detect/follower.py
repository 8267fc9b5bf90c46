"""Following hands without MediaPipe's task graph, at half its cost.

The detector finds hands; from then on the landmark network alone looks for each of them where it
was in the frame before, all in one pass (``follow_network``). The detector searches the whole image
only where no hand is followed, after one was lost, and every few frames for another one. Beside
followed hands a search has a thread of its own and two frames' time, so that no frame waits for it;
what it finds joins then. The result depends on the frames alone, never on how long a search took.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hands3c_core.closing import Closing
from hands3c_core.detect.follow_network import Followed, FollowNetwork
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector
from hands3c_core.detect.photographs import find_large
from hands3c_core.detect.tracker import TrackerSettings, same_hand
from hands3c_core.errors import UserError
from hands3c_core.types import Detection, UInt8

Points = NDArray[np.float32]

#: Frames after which a search's result is taken.
_SEARCH_FRAMES = 2
#: Frames after a loss during which the image is searched as often as searches allow.
_LOSS_FRAMES = 30
_SAME = TrackerSettings()


@dataclass
class _Hand:
    """One followed hand."""

    landmarks: Points
    velocity: NDArray[np.float64]
    """px a frame."""

    def move(self, landmarks: Points) -> None:
        self.velocity = landmarks.mean(axis=0, dtype=np.float64) - self.landmarks.mean(axis=0)
        self.landmarks = landmarks

    def leap(self, landmarks: Points) -> float:
        """How far landmarks are from where the hand was heading, px."""
        ahead = self.landmarks.mean(axis=0) + self.velocity
        return float(np.linalg.norm(landmarks.mean(axis=0) - ahead))


@dataclass
class _Search:
    """A search under way."""

    future: Future[list[Detection]]
    frame: int
    followed: list[Points]
    """The hands that were followed already, as they lay in the searched frame."""


class HandFollower(Closing):
    """A ``HandDetector`` for successive frames: MediaPipe finds hands, its landmark network alone
    follows them, in OpenVINO.

    Args:
        max_hands: most hands to report, 1 or more.
        min_detection_confidence, min_presence_confidence: as of ``MediaPipeDetector``; a followed
            hand whose presence falls below the second is lost.
        min_tracking_confidence: least overlap of the boxes of a found and a followed hand that are
            one hand, 0 to 1.
        search_interval: frames between searches for another hand while some are followed.
        bundle: a ``.task`` file; the shipped one by default.

    Raises:
        UserError: OpenVINO is not installed, a setting is out of range, or the bundle cannot be
            loaded.
    """

    def __init__(
        self,
        max_hands: int = 2,
        min_detection_confidence: float = 0.5,
        min_presence_confidence: float = 0.5,
        min_tracking_confidence: float = 0.5,
        search_interval: int = 8,
        bundle: str | Path | None = None,
    ) -> None:
        self._network = FollowNetwork(bundle)
        self._finder = MediaPipeDetector(
            max_hands,
            "image",
            min_detection_confidence,
            min_presence_confidence,
            min_tracking_confidence,
            search_interval,
            bundle,
        )
        self._closed = False
        self._search: _Search | None = None
        self._hands: list[_Hand] = []
        self._shape: tuple[int, ...] = ()
        self._frame = self._last_search = 0
        self._last_loss = -_LOSS_FRAMES

    @property
    def max_hands(self) -> int:
        """Most hands that are reported."""
        return self._finder.max_hands

    @property
    def min_detection_confidence(self) -> float:
        """Least palm score of a found hand, 0 to 1."""
        return self._finder.min_detection_confidence

    @property
    def min_presence_confidence(self) -> float:
        """Least presence of a followed hand, 0 to 1."""
        return self._finder.min_presence_confidence

    @property
    def min_tracking_confidence(self) -> float:
        """Least overlap of a found and a followed hand that are one, 0 to 1."""
        return self._finder.min_tracking_confidence

    @property
    def search_interval(self) -> int:
        """Frames between searches for another hand while some are followed."""
        return self._finder.search_interval

    def configure(self, **settings: float) -> None:
        """See ``HandDetector.configure``; the next image is searched anew if anything changed."""
        self._finish_search()
        before = self._settings()
        self._finder.configure(**settings)
        if self._settings() != before:
            self.reset()

    def detect(self, image: UInt8, timestamp_ms: float | None = None) -> list[Detection]:
        """See ``HandDetector.detect``. Time is not looked at: every image is the next frame."""
        if self._closed:
            raise UserError("the hand detector is closed; make a new one.")
        pixels = np.ascontiguousarray(image)
        if pixels.shape != self._shape:
            self.reset()
            self._shape = pixels.shape
        self._frame += 1
        if self._search is not None and self._frame - self._search.frame >= _SEARCH_FRAMES:
            search, self._search = self._search, None
            self._join(search.future.result(), search.followed)
        found = self._follow(pixels)
        if not found:
            self._finish_search()
            self._last_search = self._frame
            found = self._finder.detect(pixels)
            if not found and self._frame == 1:  # it may be a photograph
                found = find_large(self._finder, pixels)
            self._hands = [_Hand(hand.landmarks_2d, np.zeros(2)) for hand in found]
        elif self._search is None and self._search_is_due():
            self._last_search = self._frame
            # The caller may draw into its image once it has the result.
            self._search = self._begin_search(pixels.copy())
        return found

    def reset(self) -> None:
        """See ``HandDetector.reset``."""
        self._finish_search()
        self._hands = []
        self._shape = ()
        self._frame = self._last_search = 0
        self._last_loss = -_LOSS_FRAMES

    def close(self) -> None:
        """See ``HandDetector.close``."""
        self._closed = True
        self._finish_search()
        self._finder.close()

    def _settings(self) -> tuple[float, ...]:
        return (
            self.max_hands,
            self.min_detection_confidence,
            self.min_presence_confidence,
            self.min_tracking_confidence,
        )

    def _search_is_due(self) -> bool:
        if len(self._hands) >= self.max_hands:
            return False
        lost = self._frame - self._last_loss < _LOSS_FRAMES
        return lost or self._frame - self._last_search >= self.search_interval

    def _begin_search(self, pixels: UInt8) -> _Search:
        """Search an image on a thread that ends with it."""
        found: Future[list[Detection]] = Future()

        def search() -> None:
            try:
                found.set_result(self._finder.detect(pixels))
            except Exception as error:  # raised where the result is taken
                found.set_exception(error)

        threading.Thread(target=search, name="hands3c-search").start()
        return _Search(found, self._frame, [hand.landmarks for hand in self._hands])

    def _finish_search(self) -> None:
        """Wait for a search under way and forget what it finds: the finder serves one thread."""
        if self._search is not None:
            self._search.future.exception()
            self._search = None

    def _join(self, found: Sequence[Detection], followed: Sequence[Points]) -> None:
        """Follow those hands of a search that are not ``followed`` yet, from where they were."""
        least = self.min_tracking_confidence
        for hand in found:
            points = hand.landmarks_2d
            known = any(_overlap(points, other) > least for other in followed)
            if not known and len(self._hands) < self.max_hands:
                self._hands.append(_Hand(points, np.zeros(2)))

    def _follow(self, pixels: UInt8) -> list[Detection]:
        """The followed hands in the next frame; those that are lost are followed no longer."""
        if not self._hands:
            return []
        looks = self._network.look(pixels, [hand.landmarks for hand in self._hands])
        height, width = pixels.shape[:2]
        kept: list[tuple[_Hand, Followed]] = []
        # Of two that have come to lie on one hand, the one that was heading there has it.
        leaps = [
            hand.leap(look.detection.landmarks_2d)
            for hand, look in zip(self._hands, looks, strict=True)
        ]
        for row in np.argsort(leaps, kind="stable").tolist():
            look = looks[row]
            points = look.detection.landmarks_2d
            inside = ((points >= 0) & (points < (width, height))).all(axis=1).any()
            taken = any(same_hand(look.detection, other.detection, _SAME) for _, other in kept)
            if look.presence >= self.min_presence_confidence and inside and not taken:
                kept.append((self._hands[row], look))
        if len(kept) < len(self._hands):
            self._last_loss = self._frame
        order = {id(hand): row for row, hand in enumerate(self._hands)}
        kept.sort(key=lambda pair: order[id(pair[0])])
        for hand, look in kept:
            hand.move(look.detection.landmarks_2d)
        self._hands = [hand for hand, _ in kept]
        return [look.detection for _, look in kept]


def _overlap(one: Points, other: Points) -> float:
    """Intersection over union of the boxes of two hands' landmarks, 0 to 1."""
    low = np.maximum(one.min(axis=0), other.min(axis=0))
    high = np.minimum(one.max(axis=0), other.max(axis=0))
    shared = float(np.prod(np.maximum(high - low, 0.0)))
    both = float(np.prod(np.ptp(one, axis=0)) + np.prod(np.ptp(other, axis=0))) - shared
    return shared / max(both, 1e-9)
