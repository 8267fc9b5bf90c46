"""What every engine offers: tasks in, events out, in whatever order they end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from hands3c_core.errors import UserError

EngineName = Literal["local", "ray"]

#: How often a task whose worker died is tried.
ATTEMPTS: Final = 3

#: Threads in each numeric library of a worker. Sums are rounded in the order in which threads share
#: them, so any other number would make results depend on how many workers a machine has; and clips
#: keep cores busier than threads do.
THREADS: Final = 1

#: What a worker does: called with a task's payload and with what takes its progress (done, of all),
#: it returns what the driver is to know, which should be small. It is pickled once for each worker,
#: where it may keep what is slow to build.
Work = Callable[[Any, "Tell"], Any]
Tell = Callable[[int, "int | None"], None]


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work; all of it can be pickled."""

    key: str
    """What it is called."""
    payload: Any


@dataclass(frozen=True, slots=True)
class Step:
    """A worker is so far with a task."""

    task: Task
    worker: int
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A task has ended."""

    task: Task
    worker: int
    seconds: float
    result: Any = None
    problem: str = ""
    """Why it failed, in one line; '' if it did not."""
    crashed: bool = False
    """Its workers died: it may succeed another time."""


Event = Step | Outcome


class Engine(Protocol):
    """Where tasks are done."""

    workers: int
    """How many at once."""

    def run(self, queue: deque[Task], work: Work) -> Iterator[Event]:
        """Do the tasks of ``queue`` until it is empty and none is being done. Whoever iterates may
        add to the queue meanwhile. Closing the iterator stops all workers at once."""
        ...


def make_engine(
    name: EngineName = "local",
    *,
    workers: int | None = None,
    address: str | None = None,
    gpus: float = 0.0,
) -> Engine:
    """The engine of this name.

    Args:
        name: 'local', processes of this machine, or 'ray', a Ray cluster.
        workers: how many tasks at once; as many as there are cores by default.
        address: of the Ray cluster; None starts one on this machine, 'auto' looks for one.
        gpus: share of a GPU that each worker of a Ray cluster is given.

    Raises:
        UserError: there is no such engine, it is not installed, or cannot be reached.
    """
    if workers is not None and workers < 1:
        raise UserError(f"--workers {workers}: use a whole number from 1.")
    if name == "local":
        if address is not None:
            raise UserError("--ray-address is for --engine ray: add that, or leave it out.")
        from hands3c_core.batch.local_engine import LocalEngine

        return LocalEngine(workers)
    if name == "ray":
        from hands3c_core.batch.ray_engine import RayEngine

        return RayEngine(workers, address=address, gpus=gpus)
    raise UserError(f"there is no engine {name!r}: choose local or ray.")


def in_one_line(error: BaseException) -> str:
    """An error as a reason that can be listed."""
    text = " ".join(str(error).split())[:300]
    if isinstance(error, UserError):
        return text
    if isinstance(error, MemoryError):
        return "the memory is used up: use fewer workers or shorter segments"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
