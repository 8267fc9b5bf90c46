# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of takes and what can be done with one: rename, delete and undo, make other formats."""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hands3c_core.errors import UserError, unexpected

from .observables import Observables
from .recording import Recording
from .session_types import FAILURE_S, ExportState, Level, Notice, Take, TakeChange
from .take_files import files_of, read_take, scan, size_of
from .wording import saved_text
from .workers import TaskThread

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData

log = logging.getLogger(__name__)

#: Deleted takes wait here, beside the others, until the app is closed.
_BIN = ".deleted-takes"
#: How long closing waits for formats still being made, s.
_PATIENCE_S = 60.0
#: What a crash left in the bin is kept for so long, s.
_BIN_AGE_S = 86_400.0


@dataclass(frozen=True)
class _Deleted:
    take: Take
    bin: Path


@dataclass
class _Job:
    take: Take
    kinds: tuple[str, ...]
    hand: HandModelData | None
    cancelled: threading.Event = field(default_factory=threading.Event)


class TakeShelf:
    """Works on its own threads: every public method returns at once unless it says otherwise."""

    def __init__(self, observables: Observables, tasks: TaskThread) -> None:
        """``tasks`` does the quick work on files."""
        self._out = observables
        self._tasks = tasks
        self._exports = TaskThread("hands3c-exports")
        self._jobs: list[_Job] = []
        self._idle = threading.Condition()
        self._deleted: list[_Deleted] = []

    def refresh(self) -> None:
        """List the takes of the chosen folder."""
        self._tasks.post(self._scan)

    def recorded(self, recording: Recording) -> None:
        """Add what a finished recording wrote, and make the formats that were chosen for it."""
        take = recording.take
        if take is None:
            if recording.error is None:
                self._say("Nothing was recorded: no frame came.", "warning", seconds=8.0)
            return
        # The 3D view's video, which another thread writes, may be there already.
        files = files_of(take.folder, take.name) or take.files
        take = replace(take, files=files, size_bytes=sum(map(size_of, files)))
        self._say(saved_text(take.files), seconds=6.0)
        self._out.takes.set((take, *self._others(take)))
        # Where the disk is full, other formats would only fill it; they can be made later.
        if recording.files.exports and take.log is not None and recording.error is None:
            self.export(take, recording.files.exports, recording.hand)

    def rename(self, take: Take, name: str) -> None:
        """Give all files of ``take`` another name."""
        self._tasks.post(lambda: self._told(lambda: self._rename(take, name.strip())))

    def delete(self, take: Take) -> None:
        """Take ``take`` away; ``undo_delete`` brings it back until the session is closed."""
        self._tasks.post(lambda: self._told(lambda: self._delete(take)))

    def undo_delete(self, take: Take | None = None) -> None:
        """Bring ``take`` back, or the one that was deleted last."""
        self._tasks.post(lambda: self._told(lambda: self._undo_delete(take)))

    def export(self, take: Take, kinds: Sequence[str], hand: HandModelData | None = None) -> None:
        """Make ``kinds`` (of ``export.FORMATS``) of ``take``. ``hand`` is the hand model it was
        made with; None takes the shipped one its log names."""
        if take.log is None:
            text = f"{take.name} has no parameters to make anything of; record with JSONL."
            self._say(text, "warning", FAILURE_S)
            return
        job = _Job(take, tuple(kinds), hand)
        with self._idle:
            self._jobs.append(job)
        if not self._exports.post(lambda: self._run(job)):
            self._end(job)
            self._say(
                "Too many exports are waiting; try again when some are done.", "warning", FAILURE_S
            )

    def cancel_export(self) -> None:
        """Stop the export in progress and those that wait."""
        with self._idle:
            for job in self._jobs:
                job.cancelled.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until no export runs or waits; False after ``timeout`` s."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._jobs, timeout)

    def close(self) -> None:
        """Finish exports (or, after a minute, stop them) and forget deleted takes for good; blocks
        until that is done."""
        if not self.wait(_PATIENCE_S):
            self.cancel_export()
        self._exports.close()
        self._tasks.post(self._empty_bins)

    # ------------------------------------------------------------------------ the tasks' thread

    def _scan(self) -> None:
        folder = self._out.record_choice.value.folder
        _empty_old_bins(folder / _BIN)
        found = scan(folder)
        running = self._out.recording.value.name
        known = {(take.folder, take.name): take for take in self._out.takes.value}
        listed = [
            replace(take, frames=known[key].frames)
            if (key := (take.folder, take.name)) in known
            else take
            for take in found
            if take.name != running
        ]
        elsewhere = [
            take
            for (where, _), take in known.items()
            if where.resolve() != folder.resolve() and take.files[0].exists()
        ]
        self._out.takes.set((*listed, *elsewhere))

    def _rename(self, take: Take, name: str) -> None:
        take = self._as_it_is(take)
        if name == take.name:
            return
        if not re.fullmatch(r"[^\W_][\w .,()+-]*", name) or name.endswith((".raw", ".", " ")):
            raise UserError(f"{name!r} is no name for a take: use letters, digits, space, - and _.")
        if files_of(take.folder, name):
            raise UserError(f"There is a take called {name} already; choose another name.")
        self._check_free(take)
        moves = [
            (file, file.with_name(name + file.name.removeprefix(take.name))) for file in take.files
        ]
        _move_all(moves)
        renamed = replace(take, name=name, files=tuple(target for _, target in moves))
        self._out.take_changes.emit(TakeChange(take, renamed))
        self._swap(take, renamed)

    def _delete(self, take: Take) -> None:
        take = self._as_it_is(take)
        self._check_free(take)
        place = take.folder / _BIN / uuid.uuid4().hex[:8]
        try:
            place.mkdir(parents=True)
        except OSError as error:
            raise UserError(f"{take.name} cannot be deleted: {error.strerror}.") from error
        _move_all([(file, place / file.name) for file in take.files])
        self._deleted.append(_Deleted(take, place))
        self._out.take_changes.emit(TakeChange(take, None))
        self._out.takes.set(self._others(take))
        self._out.deleted.set(take.name)

    def _undo_delete(self, wanted: Take | None) -> None:
        known = [entry for entry in self._deleted if wanted is None or _same(entry.take, wanted)]
        if not known:
            return
        deleted = known[-1]
        take = deleted.take
        if files_of(take.folder, take.name):
            raise UserError(f"There is another take called {take.name} now: rename that first.")
        _move_all([(deleted.bin / file.name, file) for file in take.files])
        _remove_bin(deleted.bin)
        self._deleted.remove(deleted)
        self._out.deleted.set(self._deleted[-1].take.name if self._deleted else "")
        self._out.take_changes.emit(TakeChange(None, take))
        self._out.takes.set((take, *self._others(take)))
        self._scan()

    def _empty_bins(self) -> None:
        for deleted in self._deleted:
            _remove_bin(deleted.bin)
        self._deleted.clear()

    def _told(self, work: object) -> None:
        """Do ``work``; what goes wrong becomes a notice."""
        assert callable(work)
        try:
            work()
        except UserError as error:
            self._say(str(error), "error", FAILURE_S)

    def _check_free(self, take: Take) -> None:
        with self._idle:
            busy = any(job.take.files[0] == take.files[0] for job in self._jobs)
        if busy:
            raise UserError(f"{take.name} is being exported: wait or cancel that first.")

    # ---------------------------------------------------------------------- the exports' thread

    def _run(self, job: _Job) -> None:
        from hands3c_core.export import Cancelled, convert_take

        take = job.take
        assert take.log is not None

        def show(share: float) -> None:
            self._out.export.set(ExportState(True, take.name, job.kinds, round(share, 2)))

        try:
            if not job.cancelled.is_set():
                show(0.0)
                done = convert_take(
                    take.log,
                    job.kinds,
                    hand_model=job.hand,
                    progress=show,
                    cancelled=job.cancelled.is_set,
                )
                self._say(saved_text(done.files), seconds=6.0)
        except Cancelled:
            self._say(f"The export of {take.name} was stopped.", seconds=6.0)
        except UserError as error:
            self._say(f"{take.name} was not exported: {error}", "error", FAILURE_S)
        except Exception as error:
            text = unexpected(log, f"{take.name} was not exported", error)
            self._say(text, "error", FAILURE_S)
        finally:
            self._out.export.set(ExportState())
            self._update(take)
            self._end(job)

    def _update(self, take: Take) -> None:
        """The take's files as they are now."""
        now = read_take(take.folder, take.name)
        if now is not None:
            self._swap(
                take, replace(take, files=now.files, size_bytes=sum(map(size_of, now.files)))
            )

    def _end(self, job: _Job) -> None:
        with self._idle:
            self._jobs.remove(job)
            self._idle.notify_all()

    # -------------------------------------------------------------------------------- any thread

    def _others(self, take: Take) -> tuple[Take, ...]:
        return tuple(other for other in self._out.takes.value if not _same(other, take))

    def _as_it_is(self, take: Take) -> Take:
        """``take`` with the files it has by now: formats may have been made since."""
        listed = (other for other in self._out.takes.value if _same(other, take))
        return next(listed, take)

    def _swap(self, old: Take, new: Take) -> None:
        takes = (new if _same(take, old) else take for take in self._out.takes.value)
        self._out.takes.set(tuple(takes))

    def _say(self, text: str, level: Level = "info", seconds: float | None = None) -> None:
        self._out.notices.emit(Notice("record", text, level, seconds))


def _same(one: Take, other: Take) -> bool:
    return (one.folder, one.name) == (other.folder, other.name)


def _move_all(moves: Sequence[tuple[Path, Path]]) -> None:
    """Rename each; on failure those done are renamed back. Raises UserError."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.rename(target)
            done.append((source, target))
    except OSError as error:
        for source, target in reversed(done):
            target.rename(source)
        raise UserError(f"{source.name} cannot be moved: {error.strerror}.") from error


def _empty_old_bins(bins: Path) -> None:
    """Remove what a session that crashed long ago had deleted."""
    with contextlib.suppress(OSError):
        for place in list(bins.iterdir()) if bins.is_dir() else ():
            if time.time() - place.stat().st_mtime > _BIN_AGE_S:
                _remove_bin(place)


def _remove_bin(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    try:
        place.parent.rmdir()  # the last one takes the folder with it
    except OSError as error:
        log.debug("the folder of deleted takes stays: %s", error)
