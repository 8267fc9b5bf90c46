"""Worker processes of this machine.

Processes are spawned, not forked (the driver may hold threads that a fork would lose), each with
one thread (see ``engine.THREADS``). A worker that dies is replaced and its task tried again;
workers end by themselves when their driver is gone, however it went.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

from hands3c_core.batch.engine import (
    ATTEMPTS,
    THREADS,
    Event,
    Outcome,
    Step,
    Task,
    Work,
    in_one_line,
)
from hands3c_core.threads import available_cores, bounded_threads

log = logging.getLogger(__name__)

#: Progress is told no more often, s.
_TELL_S: Final = 0.3
#: How long a worker may take to end when it is asked to, s.
_PATIENCE_S: Final = 2.0


class LocalEngine:
    """See ``engine.Engine``.

    Args:
        workers: processes; as many as cores by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or available_cores()

    def run(self, queue: deque[Task], work: Work) -> Iterator[Event]:
        """See ``engine.Engine``."""
        crew: dict[int, _Worker] = {}
        deaths: Counter[str] = Counter()
        try:
            while queue or any(worker.task for worker in crew.values()):
                for number in range(self.workers):
                    if not queue:
                        break
                    if number not in crew:
                        crew[number] = _Worker(number, work)
                    if crew[number].task is None:
                        crew[number].give(queue.popleft())
                for worker in _ready(crew.values()):
                    yield from self._hear(worker, crew, queue, deaths)
        finally:
            _end(list(crew.values()))

    def _hear(
        self, worker: _Worker, crew: dict[int, _Worker], queue: deque[Task], deaths: Counter[str]
    ) -> Iterator[Event]:
        """What a worker has to say, its death included."""
        task = worker.task
        try:
            while worker.pipe.poll():
                kind, content = worker.pipe.recv()
                assert task is not None
                if kind == "step":
                    yield Step(task, worker.number, *content)
                else:
                    worker.task = None
                    result, problem = content
                    yield Outcome(task, worker.number, worker.seconds, result, problem)
            if worker.process.is_alive():
                return
        except (EOFError, OSError):
            pass
        worker.process.join(_PATIENCE_S)
        del crew[worker.number]
        _end([worker])
        if worker.task is None:
            return
        assert task is not None
        deaths[task.key] += 1
        how = _how(worker.process.exitcode)
        log.warning("worker %d died (%s) at %s", worker.number + 1, how, task.key)
        if deaths[task.key] < ATTEMPTS:
            queue.appendleft(task)
            return
        problem = f"its worker died {ATTEMPTS} times ({how}); is there enough memory?"
        yield Outcome(task, worker.number, worker.seconds, None, problem, crashed=True)


class _Worker:
    """A process and the task it does."""

    def __init__(self, number: int, work: Work) -> None:
        self.number = number
        self.task: Task | None = None
        self._since = time.monotonic()
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(far, work), name=f"hands3c-worker-{number + 1}"
        )
        with bounded_threads(THREADS):
            self.process.start()
        far.close()

    @property
    def seconds(self) -> float:
        """Since the task was given."""
        return time.monotonic() - self._since

    def give(self, task: Task) -> None:
        self.task, self._since = task, time.monotonic()
        with contextlib.suppress(OSError):  # a dead worker is noticed by its sentinel
            self.pipe.send(task.payload)


def _ready(crew: Any) -> list[_Worker]:
    """The workers that have said something or died; waits for the first."""
    by_handle: dict[Any, _Worker] = {}
    for worker in crew:
        by_handle[worker.pipe] = worker
        by_handle[worker.process.sentinel] = worker
    found = wait(list(by_handle), timeout=1.0)
    return list({id(by_handle[handle]): by_handle[handle] for handle in found}.values())


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _end(crew: list[_Worker]) -> None:
    """End processes at once: what they write is whole or not there."""
    for worker in crew:
        worker.pipe.close()
        with contextlib.suppress(OSError, ValueError):
            worker.process.terminate()
    until = time.monotonic() + _PATIENCE_S
    for worker in crew:
        worker.process.join(max(0.0, until - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join(_PATIENCE_S)


# ------------------------------------------------------------------------------- in the worker


def _serve(pipe: Connection, work: Work) -> None:
    """The life of a worker."""
    # A Ctrl+C reaches all processes: the driver alone answers, and ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_driver()
    limit_threads()
    teller = _Teller(pipe)
    while True:
        try:
            payload = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            content = (work(payload, teller), "")
        except Exception as error:
            log.debug("a task failed", exc_info=True)
            content = (None, in_one_line(error))
        try:
            pipe.send(("done", content))
        except (OSError, ValueError):
            return


class _Teller:
    """Sends progress, not too often."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._due = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _TELL_S
            with contextlib.suppress(OSError):
                self._pipe.send(("step", (done, total)))


def end_with_driver() -> None:
    """End this process as soon as the one that started it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="hands3c-driver-watch", daemon=True).start()


def limit_threads() -> None:
    """Bound what the environment does not: OpenCV's pool, whose 0 is "in the caller's thread"."""
    import cv2

    cv2.setNumThreads(0 if THREADS == 1 else THREADS)
