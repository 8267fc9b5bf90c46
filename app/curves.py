# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves over time: what was measured of each hand, frame by frame. No Qt."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import FINGER_NAMES
from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.joint_angles import ANGLE_JOINTS, joint_angles
from hands3c_core.types import FrameResult, Hand

#: Frames that are kept: 20 minutes at 30 frames/s; the oldest go first.
MOST_FRAMES: Final = 36_000
#: Frames farther apart than this say nothing of a hand's speed, s.
_SPEED_GAP_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class CurveKind:
    """One choice of what is drawn."""

    key: str
    title: str
    unit: str
    parts: tuple[str, ...]
    """Curves of one hand."""


KINDS: Final = (
    CurveKind("flexion", "Finger flexion", "degrees", tuple(FINGER_NAMES)),
    CurveKind("confidence", "Confidence", "", ("confidence",)),
    CurveKind("speed", "Speed of the hand", "m/s", ("speed",)),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot."""

    hand: str
    """'#1 right'."""
    part: str
    times: NDArray[np.float64]
    """(N,) s of the source."""
    values: NDArray[np.float64]
    """(N,), NaN where the hand was not there."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One hand in one frame."""

    name: str
    flexion: tuple[float, ...]
    confidence: float
    middle: NDArray[np.float64]


class Curves:
    """Gathers results of one source. A frame that is seen again takes its old one's place. Any
    thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: dict[float, dict[int, _Row]] = {}
        self.version = 0
        """Grows with every change."""

    def clear(self) -> None:
        """Forget everything: another source begins."""
        with self._lock:
            self._frames.clear()
            self.version += 1

    def add(self, result: FrameResult, model: HandModelData | None = None) -> None:
        """Take in a frame; ``model`` is that of hands which do not carry their own."""
        rows = {hand.track_id: _row(hand, hand.model or model) for hand in result.hands}
        with self._lock:
            self._frames[float(result.frame.timestamp)] = rows
            while len(self._frames) > MOST_FRAMES:
                del self._frames[next(iter(self._frames))]
            self.version += 1

    def of(self, kind: CurveKind) -> list[Curve]:
        """The curves of a kind, hand by hand, in the order of time."""
        with self._lock:
            frames = sorted(self._frames.items())
        times = np.array([time for time, _ in frames])
        hands: dict[int, str] = {}
        for _, rows in frames:
            hands |= {track: row.name for track, row in rows.items()}
        curves = []
        for track, name in sorted(hands.items()):
            values = _VALUES[kind.key](times, [rows.get(track) for _, rows in frames])
            curves += [
                Curve(name, part, times, values[:, column])
                for column, part in enumerate(kind.parts)
            ]
        return curves

    def write_csv(self, path: Path) -> None:
        """Write all kinds, one row a frame and hand.

        Raises:
            UserError: the file cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        units = {"flexion": "_flexion_deg", "speed": "_m_per_s", "confidence": ""}
        heads = [part + units[kind.key] for kind in KINDS for part in kind.parts]
        writer.writerow(["time_s", "hand", *heads])
        columns = [self.of(kind) for kind in KINDS]
        names = list(dict.fromkeys(curve.hand for curve in columns[0]))
        for name in names:
            own = [curve for curves in columns for curve in curves if curve.hand == name]
            for row, time in enumerate(own[0].times):
                values = [curve.values[row] for curve in own]
                if np.isfinite(values[0]):
                    cells = [f"{value:.4f}" if np.isfinite(value) else "" for value in values]
                    writer.writerow([f"{time:.4f}", name, *cells])
        write_atomically(path, text.getvalue().encode())


def _row(hand: Hand, model: HandModelData | None) -> _Row:
    name = f"#{hand.track_id} {'right' if hand.is_right else 'left'}"
    flexion = (float("nan"),) * len(FINGER_NAMES)
    if model is not None:
        bends = joint_angles(hand.pose, model)[:, 0].reshape(len(FINGER_NAMES), -1)
        assert len(ANGLE_JOINTS) == bends.size
        flexion = tuple(bends.sum(axis=1).tolist())
    middle = np.asarray(hand.joints_3d, np.float64).mean(axis=0)
    return _Row(name, flexion, float(hand.confidence), middle)


def _flexions(times: NDArray[np.float64], rows: list[_Row | None]) -> NDArray[np.float64]:
    del times
    nothing = (float("nan"),) * len(FINGER_NAMES)
    return np.array([nothing if row is None else row.flexion for row in rows]).reshape(
        len(rows), len(FINGER_NAMES)
    )


def _confidences(times: NDArray[np.float64], rows: list[_Row | None]) -> NDArray[np.float64]:
    del times
    return np.array([[float("nan") if row is None else row.confidence] for row in rows])


def _speeds(times: NDArray[np.float64], rows: list[_Row | None]) -> NDArray[np.float64]:
    """(N, 1) m/s from each frame to the one before."""
    speeds = np.full((len(rows), 1), np.nan)
    for index in range(1, len(rows)):
        last, this = rows[index - 1], rows[index]
        elapsed = times[index] - times[index - 1]
        if last is not None and this is not None and 0 < elapsed <= _SPEED_GAP_S:
            speeds[index, 0] = np.linalg.norm(this.middle - last.middle) / elapsed
    return speeds


_VALUES: Final[
    dict[str, Callable[[NDArray[np.float64], list[_Row | None]], NDArray[np.float64]]]
] = {
    "flexion": _flexions,
    "confidence": _confidences,
    "speed": _speeds,
}
