# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves over time: what was measured of each hand, frame by frame. No Qt."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import FINGER_NAMES
from hands3c_core.types import FrameResult, Hand

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData

Floats = NDArray[np.float64]

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
    suffix: str
    """What a part's column in a CSV ends in."""
    parts: tuple[str, ...]
    """Curves of one hand."""


KINDS: Final = (
    CurveKind("flexion", "Finger flexion", "degrees", "_flexion_deg", tuple(FINGER_NAMES)),
    CurveKind("confidence", "Confidence", "", "", ("confidence",)),
    CurveKind("speed", "Speed of the hand", "m/s", "_m_per_s", ("speed",)),
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


_FINGERS: Final = len(FINGER_NAMES)
#: Columns of what is kept of a hand in a frame: flexions, confidence, its middle in metres.
_CONFIDENCE: Final = _FINGERS
_MIDDLE: Final = slice(_FINGERS + 1, _FINGERS + 4)
_COLUMNS: Final = _FINGERS + 4


class Curves:
    """Gathers results of one source. A frame that is seen again takes its old one's place. Any
    thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: dict[float, dict[int, tuple[str, Floats]]] = {}
        self.version = 0
        """Grows with every change."""

    def clear(self) -> None:
        """Forget everything: another source begins."""
        with self._lock:
            self._frames.clear()
            self.version += 1

    def add(self, result: FrameResult, model: HandModelData | None = None) -> None:
        """Take in a frame; ``model`` is that of hands which do not carry their own."""
        rows = {
            hand.track_id: (_name(hand), _row(hand, hand.model or model)) for hand in result.hands
        }
        with self._lock:
            self._frames[float(result.frame.timestamp)] = rows
            while len(self._frames) > MOST_FRAMES:
                del self._frames[next(iter(self._frames))]
            self.version += 1

    def of(self, kind: CurveKind) -> list[Curve]:
        """The curves of a kind, hand by hand, in the order of time."""
        times, hands = self._tables()
        return [
            Curve(name, part, times, column)
            for name, table in hands
            for part, column in zip(kind.parts, _values(kind, times, table).T, strict=True)
        ]

    def write_csv(self, path: Path) -> None:
        """Write all kinds, one row a frame and hand.

        Raises:
            UserError: the file cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        heads = [part + kind.suffix for kind in KINDS for part in kind.parts]
        writer.writerow(["time_s", "hand", *heads])
        times, hands = self._tables()
        for name, table in hands:
            values = np.hstack([_values(kind, times, table) for kind in KINDS])
            for time, row in zip(times[_is_there(table)], values[_is_there(table)], strict=True):
                cells = [f"{value:.4f}" if np.isfinite(value) else "" for value in row]
                writer.writerow([f"{time:.4f}", name, *cells])
        write_atomically(path, text.getvalue().encode())

    def _tables(self) -> tuple[Floats, list[tuple[str, Floats]]]:
        """Times (N,) and, for every hand, its name and what is known of it (N, _COLUMNS), NaN where
        it was not there."""
        with self._lock:
            frames = sorted(self._frames.items())
        names: dict[int, str] = {}
        tables: dict[int, Floats] = {}
        for number, (_, rows) in enumerate(frames):
            for track, (name, row) in rows.items():
                names[track] = name
                if track not in tables:
                    tables[track] = np.full((len(frames), _COLUMNS), np.nan)
                tables[track][number] = row
        times = np.array([time for time, _ in frames])
        return times, [(names[track], tables[track]) for track in sorted(tables)]


def _name(hand: Hand) -> str:
    return f"#{hand.track_id} {'right' if hand.is_right else 'left'}"


def _row(hand: Hand, model: HandModelData | None) -> Floats:
    """(_COLUMNS,) what is kept of a hand."""
    row = np.full(_COLUMNS, np.nan)
    if model is not None:
        from hands3c_core.hand_model.joint_angles import joint_angles  # brings numba: a second

        row[:_FINGERS] = joint_angles(hand.pose, model)[:, 0].reshape(_FINGERS, -1).sum(axis=1)
    row[_CONFIDENCE] = hand.confidence
    row[_MIDDLE] = np.asarray(hand.joints_3d, np.float64).mean(axis=0)
    return row


def _is_there(table: Floats) -> NDArray[np.bool_]:
    there: NDArray[np.bool_] = np.isfinite(table[:, _CONFIDENCE])
    return there


def _values(kind: CurveKind, times: Floats, table: Floats) -> Floats:
    """(N, parts) the numbers of a kind."""
    if kind.key == "flexion":
        return table[:, :_FINGERS]
    if kind.key == "confidence":
        return table[:, _CONFIDENCE : _CONFIDENCE + 1]
    # From each frame to the one before.
    elapsed = np.diff(times, prepend=np.nan)
    moved = np.linalg.norm(np.diff(table[:, _MIDDLE], axis=0, prepend=np.nan), axis=1)
    speed: Floats = np.where(elapsed <= _SPEED_GAP_S, moved / elapsed, np.nan)[:, None]
    return speed
