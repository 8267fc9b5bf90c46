"""A take as a Parquet table, a row per hand and frame: pandas, Polars, DuckDB, Arrow and robotics
data sets read it. Units and conventions are in the metadata of the schema and of each column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import JOINT_NAMES, NUM_JOINTS, NUM_ROTATIONS, NUM_SHAPE
from hands3c_core.export.arrays import utc_datetime
from hands3c_core.export.hand_record import joint_quaternions
from hands3c_core.export.results import LoggedFrame
from hands3c_core.export.schema import conventions_record
from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.joint_angles import ANGLE_NAMES, joint_angles
from hands3c_core.types import Hand

PARQUET_FORMAT: Final = "hands3c-table"
PARQUET_VERSION: Final = 1
#: Rows that are written together.
_GROUP: Final = 4096

#: Column -> (length of its list, unit, what it is), for the lists of float32.
_LISTS: Final[dict[str, tuple[int, str, str]]] = {
    "pose": (NUM_ROTATIONS * 3, "rad", "16 x 3 axis-angle, model space, row 0 global"),
    "rotations": (NUM_ROTATIONS * 4, "1", "16 x 4 quaternions x y z w, joint to parent, true side"),
    "shape": (NUM_SHAPE, "1", "shape coefficients"),
    "translation": (3, "m", "model space"),
    "joints_3d": (NUM_JOINTS * 3, "m", "21 x 3, camera frame"),
    "joints_2d": (NUM_JOINTS * 2, "px", "21 x 2, projection of joints_3d"),
    "landmarks_2d": (NUM_JOINTS * 2, "px", "21 x 2, as detected"),
    "crop": (3, "px", "centre x, centre y, side of the estimator's window"),
    "camera": (6, "px", "fx, fy, cx, cy, width, height"),
}
#: Column -> (unit, what it is), for single values.
_VALUES: Final[dict[str, tuple[str, str]]] = {
    "frame_index": ("1", "position in the source"),
    "time": ("s", "the take's own"),
    "source_time": ("s", "the source's"),
    "captured_at": ("UTC", "when the frame arrived"),
    "track_id": ("1", "identity in the session"),
    "is_right": ("1", "anatomical side"),
    "confidence": ("1", "0 to 1"),
    "is_filled": ("1", "not seen: between the frames before and after"),
    "estimator": ("1", "what made the estimate"),
    "crop_angle": ("rad", "how far the estimator's window is turned"),
    "reprojection_error_px": ("px", "mean distance of joints_2d and landmarks_2d"),
}


class TableRecorder:
    """Collects a take, then writes it as one Parquet file. A frame without hands has no row.

    Args:
        model: the hand model the hands were made with.
        about: what the take is of, as in a log's header, for the metadata.
    """

    def __init__(self, model: HandModelData, about: dict[str, Any]) -> None:
        self._model = model
        self._about = about
        self._columns: dict[str, list[Any]] = {
            name: [] for name in (*_VALUES, *_LISTS, *ANGLE_NAMES)
        }

    def add(self, frame: LoggedFrame) -> None:
        """Add a frame."""
        lens = frame.camera
        camera = (lens.fx, lens.fy, lens.cx, lens.cy, float(lens.width), float(lens.height))
        for hand in frame.hands:
            row = {
                "frame_index": frame.index,
                "time": frame.timestamp,
                "source_time": frame.source_time,
                "captured_at": utc_datetime(frame.captured_at),
                "camera": np.array(camera, np.float32),
                **self._hand(hand),
            }
            for name, value in row.items():
                self._columns[name].append(value)

    def _hand(self, hand: Hand) -> dict[str, Any]:
        angles = joint_angles(hand.pose, self._model).reshape(-1).astype(np.float32)
        crop = (hand.crop.center_x, hand.crop.center_y, hand.crop.side)
        turns = joint_quaternions(hand.pose, self._model.hands_mean, hand.is_right)
        return {
            "track_id": hand.track_id,
            "is_right": bool(hand.is_right),
            "confidence": float(hand.confidence),
            "is_filled": bool(hand.is_filled),
            "estimator": hand.estimator,
            "reprojection_error_px": float(hand.reprojection_error_px),
            "pose": hand.pose.reshape(-1),
            "rotations": turns.astype(np.float32).reshape(-1),
            "shape": hand.shape,
            "translation": hand.translation,
            "joints_3d": hand.joints_3d.reshape(-1),
            "joints_2d": hand.joints_2d.reshape(-1),
            "landmarks_2d": hand.landmarks_2d.reshape(-1),
            "crop": np.array(crop, np.float32),
            "crop_angle": float(hand.crop.angle),
            **dict(zip(ANGLE_NAMES, angles, strict=True)),
        }

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; raises UserError if it cannot be written."""
        import pyarrow.parquet as pq

        table = self.table()
        return write_atomically(
            path, lambda temporary: pq.write_table(table, temporary, row_group_size=_GROUP)
        )

    def table(self) -> Any:
        """What was collected as a ``pyarrow.Table``."""
        import pyarrow as pa

        kinds: dict[str, Callable[[], Any]] = {
            "frame_index": pa.int64,
            "time": pa.float64,
            "source_time": pa.float64,
            "captured_at": lambda: pa.timestamp("us", tz="UTC"),
            "track_id": pa.int64,
            "is_right": pa.bool_,
            "is_filled": pa.bool_,
            "estimator": pa.string,
        }
        arrays, fields = [], []
        for name, values in self._columns.items():
            if name in _LISTS:
                length, unit, what = _LISTS[name]
                flat = np.array(values, np.float32).reshape(-1)
                array = pa.FixedSizeListArray.from_arrays(pa.array(flat), length)
            else:
                unit, what = _VALUES.get(name, ("deg", "joint angle"))
                kind = kinds.get(name, pa.float32)()
                if name == "captured_at":
                    stamps = np.array(values, "datetime64[us]")
                    array = pa.array(stamps, pa.timestamp("us")).cast(kind)
                else:
                    array = pa.array(values, kind)
            arrays.append(array)
            about = {"unit": unit, "description": what}
            fields.append(pa.field(name, array.type, metadata=about))
        metadata = {
            "format": PARQUET_FORMAT,
            "version": str(PARQUET_VERSION),
            "conventions": json.dumps(conventions_record()),
            "joint_names": json.dumps(JOINT_NAMES),
            **{
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in self._about.items()
            },
        }
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))
