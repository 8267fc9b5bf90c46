"""LeRobot data sets (https://github.com/huggingface/lerobot), layouts v2.1 and v3.0.

v2.1 has a Parquet file and a video for each episode, v3.0 several episodes in one file, with the
times at which each begins and ends in ``meta/episodes``. Both name their files by patterns in
``meta/info.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hands3c_core.errors import UserError
from hands3c_core.names import safe_name
from hands3c_core.reading import Fields, decode_text, parse_json, read_bytes, read_json

INFO: Final = Path("meta") / "info.json"
_MOST_INFO: Final = 1 << 26
_MOST_EPISODES: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class Episode:
    """One camera's video of one episode."""

    number: int
    camera: str
    """Name of the feature, as 'observation.images.top'."""
    video: Path
    start: float = 0.0
    """Seconds of the video at which it begins."""
    end: float | None = None
    """Seconds at which it ends, None for the video's end."""
    length: int = 0
    """Frames."""


@dataclass(frozen=True)
class LeRobotSet:
    """A data set on this machine.

    Args:
        root: its folder.
        info: ``meta/info.json``.
    """

    root: Path
    info: dict[str, Any]

    @classmethod
    def open(cls, root: str | Path) -> LeRobotSet:
        """Read what a folder says of itself.

        Raises:
            UserError: it is no LeRobot data set, or of another layout.
        """
        root = Path(root)
        info = read_json(root / INFO, _MOST_INFO)
        if not isinstance(info, dict):
            raise UserError(f"{root / INFO} describes no LeRobot data set.")
        found = cls(root, info)
        if found.layout not in ("v2.0", "v2.1", "v3.0"):
            raise UserError(
                f"{root} has LeRobot's layout {found.layout!r}: v2.0, v2.1 and v3.0 are read."
            )
        return found

    @property
    def layout(self) -> str:
        """'v2.1', 'v3.0', ..."""
        return str(self.info.get("codebase_version", ""))

    @property
    def fps(self) -> float:
        """Frames a second."""
        return Fields(self.info, str(self.root / INFO)).number("fps", 1e-3, 1e4)

    @property
    def cameras(self) -> list[str]:
        """Features that are videos."""
        features = self.info.get("features")
        if not isinstance(features, dict):
            raise UserError(f"{self.root / INFO} names no features.")
        return [
            name
            for name, about in features.items()
            if isinstance(about, dict) and about.get("dtype") == "video"
        ]

    def episodes(self) -> Iterator[Episode]:
        """Every camera's video of every episode, in order.

        Raises:
            UserError: the description is damaged, leads out of the folder, or needs pyarrow.
        """
        rows = self._rows_v3() if self.layout == "v3.0" else self._rows_v2()
        for row in rows:
            for camera in self.cameras:
                yield self._episode(row, camera)

    def _episode(self, row: Mapping[str, Any], camera: str) -> Episode:
        number = int(row["episode_index"])
        if self.layout != "v3.0":
            size = int(self.info.get("chunks_size") or 1000)
            names = {"episode_chunk": number // size, "episode_index": number, "video_key": camera}
            return Episode(
                number, camera, self.file("video_path", names), length=int(row["length"])
            )
        at = f"videos/{camera}/"
        try:
            names = {
                "chunk_index": int(row[f"{at}chunk_index"]),
                "file_index": int(row[f"{at}file_index"]),
                "video_key": camera,
            }
            start, end = float(row[f"{at}from_timestamp"]), float(row[f"{at}to_timestamp"])
        except (KeyError, TypeError, ValueError):
            raise UserError(f"{self.root}: meta/episodes does not say where {at} is.") from None
        return Episode(
            number, camera, self.file("video_path", names), start, end, int(row["length"])
        )

    def file(self, pattern: str, names: Mapping[str, Any]) -> Path:
        """The file of one of the patterns of ``info.json``.

        Raises:
            UserError: the pattern is damaged or leads out of the data set.
        """
        text = self.info.get(pattern)
        if not isinstance(text, str) or re.search(r"\{[^{}]*[.\[!]", text):
            raise UserError(f"{self.root / INFO} has no usable {pattern}.")
        try:
            path = self.root / text.format(**names)
        except (KeyError, ValueError, IndexError):
            raise UserError(f"{self.root / INFO} has no usable {pattern}.") from None
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise UserError(f"{self.root / INFO}: {pattern} leads out of the data set.")
        return path

    def _rows_v2(self) -> Iterator[dict[str, Any]]:
        path = self.root / "meta" / "episodes.jsonl"
        content = decode_text(read_bytes(path, _MOST_INFO), str(path))
        for number, line in enumerate(content.split("\n"), start=1):
            if line.strip():
                where = f"{path}, line {number}"
                yield _checked(parse_json(line, where), where)

    def _rows_v3(self) -> Iterator[dict[str, Any]]:
        from hands3c_core.export_formats import EXPORT_FORMATS

        EXPORT_FORMATS["parquet"].require()
        import pyarrow as pa
        import pyarrow.parquet as pq

        files = sorted((self.root / "meta" / "episodes").rglob("*.parquet"))
        if not files:
            raise UserError(f"{self.root} has no meta/episodes.")
        for path in files:
            try:
                file = pq.ParquetFile(path)
                wanted = [name for name in file.schema_arrow.names if not name.startswith("stats/")]
                rows = file.read(columns=wanted).to_pylist()
            except (pa.ArrowException, OSError) as error:
                raise UserError(f"{path} cannot be read ({type(error).__name__}).") from None
            for number, row in enumerate(rows):
                yield _checked(row, f"{path}, row {number}")


def _checked(row: Any, where: str) -> dict[str, Any]:
    fields = Fields(row, where)
    fields.integer("episode_index", 0, _MOST_EPISODES)
    fields.integer("length", 0, 1 << 31)
    return dict(row)


def is_dataset(folder: Path) -> bool:
    """Whether a folder looks like a LeRobot data set."""
    return (folder / INFO).is_file()


def clip_name(camera: str, episode: int) -> str:
    """What a run calls one camera's video of an episode."""
    return f"{safe_name(camera)}__episode_{episode:06d}"
