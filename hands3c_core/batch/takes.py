"""A run's results, read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hands3c_core.batch.inputs import Clip
from hands3c_core.batch.run_folder import CLIP_FORMAT, RESULT, RunFolder, name_of
from hands3c_core.errors import UserError
from hands3c_core.export.results import LoggedFrame, ResultReader
from hands3c_core.hand_model import load_hand_model
from hands3c_core.hand_model.shipped import SHIPPED
from hands3c_core.reading import read_json


@dataclass(frozen=True)
class Take:
    """The hands of one clip."""

    name: str
    folder: Path
    """Where its files are."""
    record: dict[str, Any]
    """``result.json``: ``path``, ``sha256``, ``frames``, ``seconds``, ``confidence``, ``hands``."""

    @property
    def log(self) -> Path:
        """Its JSONL; ``app/`` opens it, ``hands3c export`` converts it."""
        return self.folder / name_of(self.name, "jsonl")

    def frames(self) -> Iterator[LoggedFrame]:
        """Its frames, one by one.

        Raises:
            UserError: the file is damaged.
        """
        with ResultReader(self.log) as reader:
            yield from reader

    def table(self, hand_model: str | None = None) -> Any:
        """A ``pyarrow.Table`` with a row per hand and frame (docs/formats.md, Parquet);
        ``.to_pandas()`` makes a data frame of it.

        Args:
            hand_model: name or path of the hand model, if it is not one of ours.

        Raises:
            UserError: pyarrow is not installed, the file is damaged, or its hand model not known.
        """
        from hands3c_core.export_formats import EXPORT_FORMATS

        EXPORT_FORMATS["parquet"].require()
        from hands3c_core.export.parquet import TableRecorder

        name = hand_model or self.record.get("hand_model")
        if hand_model is None and name not in SHIPPED:
            raise UserError(f"{self.name} was made with the hand model {name!r}: say where it is.")
        with ResultReader(self.log) as reader:
            about = {key: str(reader.header.get(key, "")) for key in ("hand_model", "estimator")}
            recorder = TableRecorder(load_hand_model(str(name)), about | {"source": self.name})
            for frame in reader:
                recorder.add(frame)
        return recorder.table()


def original_of(log: Path) -> Clip | None:
    """The clip that a take of a run was made of; None if the file is no such take, or the clip is
    not there any more or another one."""
    try:
        record = read_json(log.with_name(RESULT)) if log.with_name(RESULT).is_file() else None
        if not isinstance(record, dict) or record.get("format") != CLIP_FORMAT:
            return None
        clip = Clip(**{name: record[name] for name in Clip.__slots__})
        path = Path(clip.path)
        same = clip.kind == "images" or path.stat().st_size == clip.size
        return clip if same and path.exists() else None
    except (UserError, OSError, KeyError, TypeError, ValueError):
        return None


def iter_takes(folder: str | Path) -> Iterator[Take]:
    """The takes of a run's folder, by name; clips that failed have none.

        for take in iter_takes("hands"):
            angles = take.table().to_pandas()

    Raises:
        UserError: it is no folder of a run.
    """
    run = RunFolder(folder)
    for record in run.results():
        if record.get("state") == "done":
            name = str(record["name"])
            yield Take(name, run.of(name), record)
