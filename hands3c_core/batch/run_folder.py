"""The folder of a run: what it is of, and one result for each clip, whole or not there.

manifest.json                what was asked for, and of which clips
clips/NAME/result.json       what became of a clip
clips/NAME/NAME.jsonl, ...   its hands
clips/NAME/best.jpg, ...     frames of it
log.jsonl                    when and by which worker
summary.html, summary.parquet
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from hands3c_core.atomic import write_atomically
from hands3c_core.batch.inputs import Clip, key_of
from hands3c_core.batch.settings import BatchConfig
from hands3c_core.errors import UserError
from hands3c_core.export_formats import known_formats
from hands3c_core.reading import read_json

FORMAT: Final = "hands3c-run"
#: Of a clip's record.
CLIP_FORMAT: Final = "hands3c-clip"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
RESULT: Final = "result.json"
_CLIPS: Final = "clips"
_PART: Final = ".part"
_MOST_BYTES: Final = 1 << 28


class RunFolder:
    """A run's folder.

    Args:
        path: of the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def clips(self) -> Path:
        """Where results are."""
        return self.path / _CLIPS

    def of(self, name: str) -> Path:
        """The folder of a clip's result."""
        return self.clips / name

    def segments_of(self, name: str) -> Path:
        """Where the parts of a long clip wait for each other."""
        return self.clips / f".{name}.segments"

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Nobody else writes to the folder meanwhile.

        Raises:
            UserError: another run does, or the folder cannot be made.
        """
        try:
            self.clips.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock")
            lock.acquire(timeout=5.0)
        except Timeout:
            raise UserError(
                f"another run is writing to {self.path}: wait for it, or choose another folder."
            ) from None
        except OSError as error:
            raise UserError(
                f"cannot write to {self.path}: {error.strerror}; choose another folder."
            ) from None
        try:
            self._tidy()
            yield
        finally:
            lock.release()

    def _tidy(self) -> None:
        """Remove what killed workers left half-written."""
        for path in self.clips.iterdir():
            if path.name.startswith(".") and path.name.endswith(_PART):
                shutil.rmtree(path, ignore_errors=True)
        for folder in self.clips.glob(".*.segments"):
            for left in folder.glob(f".*{_PART}"):
                left.unlink(missing_ok=True)

    # ------------------------------------------------------------------------------- manifest

    def read_manifest(self) -> dict[str, Any] | None:
        """What the folder was made for; None if it is new.

        Raises:
            UserError: it is damaged, or of a newer version.
        """
        path = self.path / MANIFEST
        if not path.exists():
            return None
        manifest = read_json(path, _MOST_BYTES)
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise UserError(f"{path} is no manifest of a run: choose another folder.")
        if not isinstance(manifest.get("version"), int) or manifest["version"] > VERSION:
            raise UserError(f"{path} was made by a newer version of this program.")
        return manifest

    def known_names(self) -> dict[str, str]:
        """Names that clips have in the folder, by ``inputs.key_of``."""
        names = {}
        for name, entry in self._entries().items():
            with contextlib.suppress(TypeError, KeyError):
                names[key_of(_clip_of(entry))] = name
        return names

    def _entries(self) -> dict[str, dict[str, Any]]:
        """What the manifest says of each clip, by name; entries without one are passed over."""
        clips = (self.read_manifest() or {}).get("clips")
        entries = (
            [entry for entry in clips if isinstance(entry, dict)] if isinstance(clips, list) else []
        )
        return {str(entry["name"]): entry for entry in entries if "name" in entry}

    def write_manifest(self, clips: Sequence[Clip], config: BatchConfig) -> None:
        """Say what the folder is for; clips of earlier runs stay in it."""
        entries = self._entries()
        for clip in clips:
            entries[clip.name] = asdict(clip)
        for name, entry in entries.items():
            result = self.result_of(name) or {}
            entry["sha256"] = result.get("sha256")
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "settings": config.record(),
            "formats": list(config.kinds),
            "fingerprint": config.fingerprint(),
            "clips": [entries[name] for name in sorted(entries)],
        }
        text = json.dumps(manifest, indent=1, allow_nan=False)
        write_atomically(self.path / MANIFEST, text.encode())

    # -------------------------------------------------------------------------------- results

    def result_of(self, name: str) -> dict[str, Any] | None:
        """What became of a clip; None if nothing yet."""
        try:
            result = read_json(self.of(name) / RESULT)
        except UserError:
            return None
        return result if isinstance(result, dict) else None

    def results(self) -> Iterator[dict[str, Any]]:
        """What became of every clip that was done, by name."""
        if not self.clips.is_dir():
            raise UserError(f"{self.path} is no folder of a run (hands3c process --out).")
        for folder in sorted(self.clips.iterdir()):
            if not folder.name.startswith("."):
                result = self.result_of(folder.name)
                if result is not None:
                    yield result

    def state_of(self, clip: Clip, config: BatchConfig) -> str:
        """'done', 'failed' (and would again), 'formats' (only files are missing) or 'open'."""
        result = self.result_of(clip.name)
        if result is None or result.get("fingerprint") != config.fingerprint():
            return "open"
        if not _is_of(result, clip):
            return "open"
        if result.get("state") != "done":
            return "open" if result.get("retry") else "failed"
        folder = self.of(clip.name)
        whole = all((folder / name_of(clip.name, kind)).exists() for kind in config.kinds)
        if whole:
            return "done"
        return "formats" if (folder / name_of(clip.name, "jsonl")).exists() else "open"

    def put(self, name: str, write: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
        """Make a clip's result: ``write`` fills a new folder and returns the record; the folder
        then takes the place of an older one.

        Raises:
            UserError: it cannot be written.
        """
        part = self.clips / f".{name}.{uuid.uuid4().hex[:8]}{_PART}"
        try:
            part.mkdir(parents=True)
            record = write(part)
            text = json.dumps(record, indent=1, allow_nan=False)
            write_atomically(part / RESULT, text.encode())
            if os.name == "posix":
                _sync(part)
            target = self.of(name)
            if target.exists():
                old = self.clips / f".{name}.{uuid.uuid4().hex[:8]}.old{_PART}"
                target.rename(old)
                shutil.rmtree(old, ignore_errors=True)
            part.rename(target)
            return record
        except OSError as error:
            raise UserError(
                f"cannot write to {self.clips}: {error.strerror or error}; is the disk full?"
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def note(self, **values: Any) -> None:
        """Add a line to the log."""
        with contextlib.suppress(OSError), (self.path / "log.jsonl").open("a") as file:
            file.write(json.dumps(values) + "\n")


def name_of(clip: str, kind: str) -> str:
    """File of a clip's hands as ``kind``."""
    endings = {"jsonl": ".jsonl", "mp4": ".mp4"}
    return clip + (endings.get(kind) or known_formats()[kind].ending)


def _is_of(result: dict[str, Any], clip: Clip) -> bool:
    """Whether a result is of this very clip; a file that was only touched is read to find out."""
    if result.get("size") != clip.size or result.get("path") != clip.path:
        return False
    if (result.get("start"), result.get("end")) != (clip.start, clip.end):
        return False
    if result.get("modified_ns") == clip.modified_ns:
        return True
    try:
        return result.get("sha256") == clip.sha256()
    except UserError:
        return False


def _clip_of(entry: dict[str, Any]) -> Clip:
    return Clip(**{name: entry[name] for name in Clip.__slots__})


def _sync(folder: Path) -> None:
    """What is in a folder outlives the machine."""
    for path in (*folder.iterdir(), folder):
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
