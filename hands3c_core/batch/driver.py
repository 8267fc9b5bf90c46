"""The driver of a run: which clips are to be done, by whom, and what became of them."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from hands3c_core.batch.engine import Engine, Outcome, Step, Task, make_engine
from hands3c_core.batch.inputs import Clip, check_inputs, find_clips
from hands3c_core.batch.run_folder import MANIFEST, RunFolder
from hands3c_core.batch.settings import BatchConfig
from hands3c_core.batch.work import ClipWork, Job, Report, fail
from hands3c_core.errors import UserError

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a run is."""

    clips: int
    """In all."""
    kept: int = 0
    """Were done before."""
    done: int = 0
    failed: int = 0
    frames: int = 0
    """Processed in this run."""
    seconds: float = 0.0
    """Since the run began."""
    workers: dict[int, tuple[str, int, int | None]] = field(default_factory=dict)
    """Worker -> what it does, frames done of it, their number if known."""
    failures: list[tuple[str, str]] = field(default_factory=list)
    """Clips of this run that failed, and why."""

    @property
    def finished(self) -> int:
        """Clips that need nothing more."""
        return self.kept + self.done + self.failed

    @property
    def left_s(self) -> float | None:
        """Seconds to the end, at the rate of this run; None if that cannot be told yet."""
        now = self.done + self.failed
        if not now:
            return None
        return self.seconds / now * (self.clips - self.finished)


Watch = Callable[[Progress], None]


def process(
    inputs: Iterable[str | Path] | str | Path,
    out: str | Path,
    config: BatchConfig | None = None,
    *,
    engine: Engine | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> Progress:
    """Turn clips into hands: each into a folder of its own in ``out``, whole or not at all.

    Args:
        inputs: videos, pictures, folders, patterns, ``@list.txt``, LeRobot data sets.
        out: the run's folder.
        config: what to do with each.
        engine: where; processes of this machine by default.
        resume: go on with what is in ``out``: only clips that are missing or have changed are done.
        watch: called whenever something has happened.

    Returns:
        What was done. Clips that cannot be processed do not stop a run: they are recorded with
        their reason.

    Raises:
        UserError: nothing is found, a setting is out of range, ``out`` holds another run or cannot
            be written to, or no clip can be processed here at all.
    """
    config = (config or BatchConfig()).check()
    inputs = [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
    check_inputs(inputs)
    engine = engine or make_engine()
    folder = RunFolder(out)
    known = folder.known_names()
    if known and not resume:
        raise UserError(
            f"{folder.path} holds a run already ({len(known)} clips): add --resume to go on with "
            "it, or choose another folder."
        )
    clips = find_clips(inputs, known)
    with folder.owned():
        driver = _Driver(folder, config, clips, watch or (lambda _: None))
        folder.write_manifest(clips, config)
        driver.run(engine)
        folder.write_manifest(clips, config)
        from hands3c_core.batch.summary import write_summary

        write_summary(folder)
    return driver.progress


class _Driver:
    """Feeds an engine."""

    def __init__(
        self, folder: RunFolder, config: BatchConfig, clips: Sequence[Clip], watch: Watch
    ) -> None:
        self._folder = folder
        self._config = config
        self._watch = watch
        self._begun = time.monotonic()
        self._waiting: dict[str, int] = {}
        """Clip in segments -> how many of them are to come."""
        self._queue: deque[Task] = deque()
        self.progress = Progress(len(clips))
        for clip in clips:
            state = folder.state_of(clip, config)
            if state == "done":
                self.progress.kept += 1
            elif state == "failed":
                self.progress.kept += 1
                result = folder.result_of(clip.name) or {}
                self.progress.failures.append((clip.name, str(result.get("reason"))))
            else:
                stage = "formats" if state == "formats" else "clip"
                self._queue.append(Task(clip.name, Job(clip, stage)))  # type: ignore[arg-type]

    def run(self, engine: Engine) -> None:
        """Do everything.

        Raises:
            UserError: what a worker cannot put down to a clip.
        """
        self._tell()
        if not self._queue:
            return
        work = ClipWork(self._config, self._folder.path.resolve())
        with contextlib.closing(engine.run(self._queue, work)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, Step):
                    self.progress.workers[event.worker] = (event.task.key, event.done, event.total)
                else:
                    self.progress.workers.pop(event.worker, None)
                    self._end(event)
                self._tell()

    def _tell(self) -> None:
        self.progress.seconds = time.monotonic() - self._begun
        self._watch(self.progress)

    def _end(self, outcome: Outcome) -> None:
        job: Job = outcome.task.payload
        report: Report | None = outcome.result
        if outcome.crashed:
            report = fail(self._folder, job.clip, self._config, outcome.problem, retry=True)
        elif report is None:
            # Not the clip's fault: so would every other one end.
            raise UserError(outcome.problem)
        self._folder.note(
            clip=job.clip.name,
            stage=job.stage,
            segment=None if job.segment is None else job.segment.number,
            state=report.state,
            worker=outcome.worker,
            seconds=round(outcome.seconds, 3),
            frames=report.frames,
            at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )
        self.progress.frames += report.frames
        if report.state == "failed":
            if job.clip.name not in {name for name, _ in self.progress.failures}:
                self.progress.failed += 1
                self.progress.failures.append((job.clip.name, report.reason))
            self._waiting.pop(job.clip.name, None)
            shutil.rmtree(self._folder.segments_of(job.clip.name), ignore_errors=True)
        elif report.state == "cut":
            self._cut(job.clip, report)
        elif job.stage == "segment":
            self._join_when_complete(job)
        else:
            self.progress.done += 1

    def _cut(self, clip: Clip, report: Report) -> None:
        """Let a long clip's segments be done next, by whoever is free."""
        self._waiting[clip.name] = len(report.segments)
        for segment in reversed(report.segments):
            key = f"{clip.name}, part {segment.number + 1} of {len(report.segments)}"
            job = Job(clip, "segment", segment, report.segments)
            self._queue.appendleft(Task(key, job))

    def _join_when_complete(self, job: Job) -> None:
        name = job.clip.name
        if name not in self._waiting:  # another part of it has failed
            return
        self._waiting[name] -= 1
        if not self._waiting[name]:
            del self._waiting[name]
            self._queue.appendleft(Task(name, Job(job.clip, "join", None, job.segments)))


def holds_run(path: str | Path) -> bool:
    """Whether a folder is one of a run."""
    return (Path(path) / MANIFEST).is_file()
