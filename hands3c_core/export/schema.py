"""The lines of a results log: ``docs/formats.md`` has the schema, ``jsonl`` the writer."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from hands3c_core.conventions import JOINT_NAMES, ROTATION_NAMES
from hands3c_core.export.hand_record import joint_quaternions
from hands3c_core.export.results import LoggedFrame
from hands3c_core.hand_model import HandModelData
from hands3c_core.types import Hand


def rounded(values: Any, decimals: int) -> Any:
    """Nested lists of rounded numbers; what is not finite becomes null, as JSON has no NaN."""
    array = np.asarray(values, dtype=np.float64)
    if np.isfinite(array).all():
        return np.round(array, decimals).tolist()

    def clean(item: Any) -> Any:
        if isinstance(item, list):
            return [clean(part) for part in item]
        return item if math.isfinite(item) else None

    return clean(np.round(array, decimals).tolist())


def conventions_record() -> dict[str, Any]:
    """Units, frame, names and their order: what a reader of hands must know."""
    return {
        "units": {"length": "m", "angle": "rad", "image": "px", "time": "s"},
        "frame": "camera: x right, y down, z forward; pixel centres have integer coordinates",
        "joint_names": list(JOINT_NAMES),
        "rotation_names": list(ROTATION_NAMES),
    }


def frame_record(
    frame: LoggedFrame, model: HandModelData | None = None, *, vertices: bool = False
) -> dict[str, Any]:
    """A frame as the schema has it; joint rotations need the hand model."""
    return {
        "type": "frame",
        "index": frame.index,
        "time": round(frame.timestamp, 6),
        "source_time": None if frame.source_time is None else round(frame.source_time, 6),
        "captured_at": frame.captured_at,
        "timings_ms": {k: round(v, 3) for k, v in frame.timings_ms.items()},
        "hands": [hand_record(hand, model, vertices=vertices) for hand in frame.hands],
    }


def hand_record(
    hand: Hand, model: HandModelData | None = None, *, vertices: bool = False
) -> dict[str, Any]:
    """A hand as the schema has it."""
    crop = (hand.crop.center_x, hand.crop.center_y, hand.crop.side)
    record = {
        "track_id": hand.track_id,
        "is_right": bool(hand.is_right),
        "confidence": rounded(hand.confidence, 4),
        "estimator": hand.estimator,
        "pose": rounded(hand.pose, 5),
        "shape": rounded(hand.shape, 5),
        "translation": rounded(hand.translation, 6),
        "joints_3d": rounded(hand.joints_3d, 6),
        "joints_2d": rounded(hand.joints_2d, 2),
        "landmarks_2d": rounded(hand.landmarks_2d, 2),
        "crop": rounded(crop, 2),
        "crop_angle": rounded(hand.crop.angle, 4),
        "reprojection_error_px": rounded(hand.reprojection_error_px, 3),
        "is_unsure": bool(hand.is_unsure),
        "is_filled": bool(hand.is_filled),
        "joint_sigma": None if hand.joint_sigma is None else rounded(hand.joint_sigma, 5),
    }
    if model is not None:
        turns = joint_quaternions(hand.pose, model.hands_mean, hand.is_right)
        record["rotations"] = rounded(turns, 5)
    if vertices:
        record["vertices"] = rounded(hand.vertices, 6)
    return record


def header_line(record: dict[str, Any]) -> bytes:
    """The first line of a log."""
    return (json.dumps(record, allow_nan=False) + "\n").encode()


def json_line(record: dict[str, Any]) -> bytes:
    """Another line; raises ValueError if a number is not finite."""
    return (json.dumps(record, allow_nan=False, separators=(",", ":")) + "\n").encode()
