"""A LeRobot data set with its hands as further columns."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.batch.lerobot import INFO, LeRobotSet, clip_name
from hands3c_core.batch.run_folder import RunFolder, name_of
from hands3c_core.errors import UserError
from hands3c_core.export.results import read_results
from hands3c_core.export_formats import EXPORT_FORMATS
from hands3c_core.types import Hand

#: What is written of a hand: name -> length. Zero, with a confidence of zero, where there is none.
COLUMNS: Final = {
    "joints_3d": 63,
    "joints_2d": 42,
    "pose": 48,
    "shape": 10,
    "translation": 3,
    "confidence": 1,
}
_SIDES: Final = ("left", "right")
#: Hugging Face's own description of a table's columns, which does not know the new ones.
_FOREIGN: Final = b"huggingface"


def annotate(dataset: str | Path, run: str | Path, out: str | Path) -> Path:
    """Copy a LeRobot data set, with columns for the hands of a run over it.

    A feature ``observation.hands.SIDE.WHAT`` (of several cameras
    ``observation.hands.CAMERA.SIDE.WHAT``) is added for each side and each of ``COLUMNS``; units
    and frames are those of docs/formats.md. Of two hands of one side the more certain is taken.
    Videos are linked where the file system can, else copied; statistics of the new columns are not
    made.

    Args:
        dataset: as given to ``process``.
        run: its folder.
        out: the new data set's folder, which must be empty.

    Raises:
        UserError: a folder is not what it should be, pyarrow is missing, or ``out`` is not empty.
    """
    EXPORT_FORMATS["parquet"].require()
    source, folder, out = LeRobotSet.open(dataset), RunFolder(run), Path(out)
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} is not empty: choose another folder for the data set.")
    _copy(source.root, out)
    for path in sorted((source.root / "data").rglob("*.parquet")):
        _annotate_file(path, out / path.relative_to(source.root), source, folder)
    features = dict(source.info["features"])
    for camera in source.cameras:
        for side in _SIDES:
            for what, length in COLUMNS.items():
                name = feature(source, camera, side, what)
                features[name] = {"dtype": "float32", "shape": [length], "names": None}
    info = json.dumps(source.info | {"features": features}, indent=4)
    write_atomically(out / INFO, info.encode())
    return out


def feature(source: LeRobotSet, camera: str, side: str, what: str) -> str:
    """Name of a new column."""
    between = "" if len(source.cameras) == 1 else f"{camera.rpartition('.')[2]}."
    return f"observation.hands.{between}{side}.{what}"


def _copy(root: Path, out: Path) -> None:
    """All but the tables, which are written anew."""
    for path in sorted(root.rglob("*")):
        told = path.relative_to(root)
        if not path.is_file() or told.parts[0] == "data" or told == INFO:
            continue
        target = out / told
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Never the descriptions: whoever changes the copy must not change the original.
            if told.parts[0] != "videos":
                raise OSError
            target.hardlink_to(path)
        except OSError:
            shutil.copy2(path, target)


def _annotate_file(path: Path, target: Path, source: LeRobotSet, folder: RunFolder) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    try:
        episodes = table["episode_index"].to_numpy()
        frames = table["frame_index"].to_numpy()
    except KeyError:
        raise UserError(f"{path} has no episode_index and frame_index.") from None
    for camera in source.cameras:
        for side in _SIDES:
            columns = {n: np.zeros((len(table), k), np.float32) for n, k in COLUMNS.items()}
            for episode in np.unique(episodes).tolist():
                hands = _hands(folder, clip_name(camera, episode), side, source.fps)
                for row in np.flatnonzero(episodes == episode).tolist():
                    hand = hands.get(int(frames[row]))
                    if hand is not None:
                        for name, column in columns.items():
                            column[row] = np.nan_to_num(np.ravel(getattr(hand, name)))
            for name, column in columns.items():
                array: Any = pa.array(column.ravel())
                if COLUMNS[name] > 1:
                    array = pa.FixedSizeListArray.from_arrays(array, COLUMNS[name])
                table = table.append_column(feature(source, camera, side, name), array)
    kept = {k: v for k, v in (table.schema.metadata or {}).items() if k != _FOREIGN}
    plain = table.replace_schema_metadata(kept)
    write_atomically(target, lambda temporary: pq.write_table(plain, temporary))


def _hands(folder: RunFolder, name: str, side: str, fps: float) -> Mapping[int, Hand]:
    """The hands of an episode by its frames' numbers; none of an episode that failed."""
    log = folder.of(name) / name_of(name, "jsonl")
    if not log.is_file():
        return {}
    return dict(_of_side(log, side, fps))


def _of_side(log: Path, side: str, fps: float) -> Iterator[tuple[int, Hand]]:
    for frame in read_results(log).frames:
        hands = [hand for hand in frame.hands if hand.is_right == (side == "right")]
        if hands:
            yield round(frame.timestamp * fps), max(hands, key=lambda hand: hand.confidence)
