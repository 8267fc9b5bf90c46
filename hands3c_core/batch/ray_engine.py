"""Workers of a Ray cluster: actors, each on one core; see https://docs.ray.io."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import math
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from hands3c_core.batch.engine import ATTEMPTS, THREADS, Event, Outcome, Task, Work, in_one_line
from hands3c_core.batch.local_engine import limit_threads
from hands3c_core.errors import UserError
from hands3c_core.threads import thread_environment

log = logging.getLogger(__name__)

#: How long to wait for a task before looking whether there is more to do, s.
_WAIT_S: Final = 1.0
#: So long without anybody at work is said, s.
_LONG_S: Final = 30.0
#: As many workers one after another that die before they are there end a run.
_MOST_FAILED: Final = 10


class RayEngine:
    """See ``engine.Engine``. Each worker is an actor with one core and, where asked for, a share
    of a GPU; Ray puts it where there is room. A dead actor, or one whose node is lost, is replaced,
    and its task done again.

    Results are written by the workers: the run's folder must be one that all nodes share.

    Args:
        workers: actors; as many as the cluster has cores by default.
        address: of the cluster; None starts one on this machine, which ends with the run.
        gpus: share of a GPU that each worker is given.

    Raises:
        UserError: Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(
        self, workers: int | None = None, *, address: str | None = None, gpus: float = 0.0
    ) -> None:
        if importlib.util.find_spec("ray") is None:
            raise UserError("--engine ray needs Ray: pip install 'hands3c-live[cluster]'.")
        if gpus < 0:
            raise UserError(f"--gpus-per-worker {gpus:g}: use 0 or more.")
        import ray

        if not ray.is_initialized():
            # Ray tells of its use by default; nothing here leaves the machine unasked.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            try:
                ray.init(
                    address=address,
                    num_cpus=workers if address is None else None,
                    include_dashboard=False if address is None else None,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
            except (ConnectionError, RuntimeError, ValueError, OSError) as error:
                raise UserError(f"the Ray cluster cannot be used: {in_one_line(error)}.") from error
        cores = int(ray.cluster_resources().get("CPU", 1))
        self.workers = workers or max(1, cores)
        self._gpus = gpus

    def run(self, queue: deque[Task], work: Work) -> Iterator[Event]:
        """See ``engine.Engine``."""
        import ray

        shared = ray.put(work)
        crew = _Crew(lambda: self._hire(shared))
        doing: dict[Any, _Doing] = {}
        deaths: Counter[str] = Counter()
        try:
            while queue or doing:
                crew.enlarge(min(self.workers, len(queue) + len(doing)))
                while queue and crew.idle:
                    task, number = queue.popleft(), crew.idle.pop()
                    future = crew.actors[number].do.remote(task.payload)
                    doing[future] = _Doing(task, number, time.monotonic())
                waited = [*doing, *crew.coming]
                ready, _ = ray.wait(waited, num_returns=1, timeout=_WAIT_S)
                for future in ready:
                    if future in doing:
                        yield from self._hear(future, doing.pop(future), crew, queue, deaths)
                    else:
                        crew.arrive(future)
                crew.say_if_nobody_comes()
        finally:
            crew.end()

    def _hire(self, work: Any) -> Any:
        import ray

        actor = ray.remote(_Worker).options(
            num_cpus=THREADS,
            num_gpus=self._gpus or None,
            runtime_env={"env_vars": thread_environment(THREADS)},
        )
        return actor.remote(work)

    def _hear(
        self,
        future: Any,
        it: _Doing,
        crew: _Crew,
        queue: deque[Task],
        deaths: Counter[str],
    ) -> Iterator[Event]:
        import ray

        seconds = time.monotonic() - it.since
        try:
            result, problem = ray.get(future)
        except ray.exceptions.RayError as error:
            log.warning("a Ray worker was lost at %s: %s", it.task.key, in_one_line(error))
            crew.dismiss(it.worker)
            deaths[it.task.key] += 1
            if deaths[it.task.key] < ATTEMPTS:
                queue.appendleft(it.task)
                return
            problem = f"its worker was lost {ATTEMPTS} times ({type(error).__name__})"
            yield Outcome(it.task, it.worker, seconds, None, problem, crashed=True)
            return
        crew.idle.append(it.worker)
        yield Outcome(it.task, it.worker, seconds, result, problem)


class _Crew:
    """The actors by number. One for which the cluster has no room (fewer cores than workers, a node
    that is gone) never begins: nobody is given a task before he is there."""

    def __init__(self, hire: Callable[[], Any]) -> None:
        self._hire = hire
        self.actors: dict[int, Any] = {}
        self.coming: dict[Any, int] = {}
        """Numbers of those that are not there yet, by what tells that they are."""
        self.idle: list[int] = []
        self._failed = 0
        self._complain_at = time.monotonic() + _LONG_S

    def enlarge(self, wanted: int) -> None:
        """Ask for more until there are so many: as there is work for, no more."""
        while len(self.actors) < wanted:
            number = next(it for it in count() if it not in self.actors)
            self.actors[number] = actor = self._hire()
            self.coming[actor.is_there.remote()] = number

    def arrive(self, future: Any) -> None:
        """One of ``coming`` is there, or never will be.

        Raises:
            UserError: one after another could not begin.
        """
        import ray

        number = self.coming.pop(future)
        try:
            ray.get(future)
        except ray.exceptions.RayError as error:
            self.dismiss(number)
            self._failed += 1
            if self._failed >= _MOST_FAILED:
                reason = in_one_line(error)
                raise UserError(f"workers cannot begin on the Ray cluster: {reason}.") from error
        else:
            self._failed = 0
            self.idle.append(number)

    def dismiss(self, number: int) -> None:
        """End one, if it has not ended by itself."""
        import ray

        with contextlib.suppress(Exception):
            ray.kill(self.actors[number])
        del self.actors[number]

    def say_if_nobody_comes(self) -> None:
        """A run that waits for room says so."""
        if len(self.coming) < len(self.actors):
            self._complain_at = time.monotonic() + _LONG_S
        elif time.monotonic() > self._complain_at:
            self._complain_at = math.inf
            log.warning("the Ray cluster has no room for a worker yet; waiting for cores or GPUs")

    def end(self) -> None:
        """End all."""
        for number in list(self.actors):
            self.dismiss(number)


@dataclass(frozen=True, slots=True)
class _Doing:
    """A task, who does it, and since when."""

    task: Task
    worker: int
    since: float


class _Worker:
    """The actor."""

    def __init__(self, work: Work) -> None:
        self._work = work
        limit_threads()

    def is_there(self) -> bool:
        return True

    def do(self, payload: Any) -> tuple[Any, str]:
        try:
            return self._work(payload, _tell_nobody), ""
        except Exception as error:
            log.debug("a task failed", exc_info=True)
            return None, in_one_line(error)


def _tell_nobody(done: int, total: int | None) -> None:
    """Progress within a clip stays on its node."""
