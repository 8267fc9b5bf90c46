"""A take as OpenXR's 26 joints: JSON lines or NumPy arrays. ``hands3c_core.openxr`` says what they
are, ``docs/formats.md`` how they lie in the files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.export.arrays import utc_datetime
from hands3c_core.export.results import LoggedFrame
from hands3c_core.export.schema import rounded
from hands3c_core.hand_model import HandModelData
from hands3c_core.openxr import OPENXR_FIELDS, OPENXR_JOINTS, OpenXrHands
from hands3c_core.types import Hand

OPENXR_FORMAT: Final = "hands3c-openxr"
OPENXR_VERSION: Final = 1


def openxr_header() -> dict[str, Any]:
    """What a reader must know."""
    return {
        "type": "header",
        "format": OPENXR_FORMAT,
        "version": OPENXR_VERSION,
        "units": {"length": "m", "time": "s"},
        "frame": "OpenXR view space of the camera: x right, y up, z backward",
        "joint_names": list(OPENXR_JOINTS),
        "fields": list(OPENXR_FIELDS),
    }


def openxr_frame(frame: LoggedFrame, maker: OpenXrHands) -> dict[str, Any]:
    """A frame as the layout has it."""
    return {
        "type": "frame",
        "index": frame.index,
        "time": round(frame.timestamp, 6),
        "source_time": None if frame.source_time is None else round(frame.source_time, 6),
        "captured_at": frame.captured_at,
        "hands": openxr_hands(frame.hands, maker),
    }


def openxr_hands(hands: Sequence[Hand], maker: OpenXrHands) -> list[dict[str, Any]]:
    """Hands as the layout has them."""
    return [
        {
            "track_id": hand.track_id,
            "is_right": bool(hand.is_right),
            "confidence": rounded(hand.confidence, 4),
            "joints": rounded(maker.joints(hand), 6),
        }
        for hand in hands
    ]


class OpenXrLog:
    """Collects a take, then writes it as JSON lines.

    Args:
        model: the (right) hand model the hands were made with.
    """

    def __init__(self, model: HandModelData) -> None:
        self._maker = OpenXrHands(model)
        self._lines = [json.dumps(openxr_header())]

    def add(self, frame: LoggedFrame) -> None:
        """Add a frame."""
        record = openxr_frame(frame, self._maker)
        self._lines.append(json.dumps(record, allow_nan=False, separators=(",", ":")))

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; raises UserError if it cannot be written."""
        return write_atomically(path, ("\n".join(self._lines) + "\n").encode())


class OpenXrArrays:
    """Collects a take, then writes it as one compressed NPZ.

    Args:
        model: the (right) hand model the hands were made with.
    """

    def __init__(self, model: HandModelData) -> None:
        self._maker = OpenXrHands(model)
        self._frames: list[LoggedFrame] = []
        self._hands: list[tuple[int, int, bool, float, NDArray[np.float64]]] = []

    def add(self, frame: LoggedFrame) -> None:
        """Add a frame."""
        for hand in frame.hands:
            joints = self._maker.joints(hand)
            entry = (len(self._frames), hand.track_id, hand.is_right, hand.confidence, joints)
            self._hands.append(entry)
        self._frames.append(frame)

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; raises UserError if it cannot be written."""
        frames, hands = self._frames, self._hands
        source = [np.nan if f.source_time is None else f.source_time for f in frames]
        arrays: dict[str, Any] = {
            "about": np.array(json.dumps(openxr_header())),
            "joint_names": np.array(OPENXR_JOINTS),
            "frame_index": np.array([frame.index for frame in frames], np.int64),
            "time": np.array([frame.timestamp for frame in frames], np.float64),
            "source_time": np.array(source, np.float64),
            "captured_at": np.array(
                [utc_datetime(frame.captured_at) for frame in frames], "datetime64[us]"
            ),
            "hand_frame": np.array([entry[0] for entry in hands], np.int64),
            "track_id": np.array([entry[1] for entry in hands], np.int64),
            "is_right": np.array([entry[2] for entry in hands], np.bool_),
            "confidence": np.array([entry[3] for entry in hands], np.float32),
        }
        joints = np.array([entry[4] for entry in hands]).reshape(-1, len(OPENXR_JOINTS), 8)
        arrays |= {
            "position": joints[..., :3].astype(np.float32),
            "orientation": joints[..., 3:7].astype(np.float32),
            "radius": joints[..., 7].astype(np.float32),
        }

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                np.savez_compressed(file, **arrays)

        return write_atomically(path, write)
