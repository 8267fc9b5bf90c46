# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand-offs between threads: the newest wins for views, nothing is lost for recordings."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


class Latest(Generic[T]):
    """A slot for one value: a put replaces what nobody has taken yet, so nothing queues up."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._ready = threading.Condition()
        self._closed = False
        self.replaced = 0
        """How many values were replaced before anybody took them."""

    def put(self, value: T) -> bool:
        """Store ``value``; True if the slot was empty (the taker should be told)."""
        with self._ready:
            if self._closed:
                return False
            was_empty = self._value is None
            self.replaced += not was_empty
            self._value = value
            self._ready.notify()
            return was_empty

    def take(self, timeout: float | None = 0.0) -> T | None:
        """The value, emptying the slot; None when there is none after ``timeout`` seconds (None
        waits for ever) or when the slot was closed."""
        with self._ready:
            if self._value is None and not self._closed and timeout != 0.0:
                self._ready.wait_for(lambda: self._value is not None or self._closed, timeout)
            value, self._value = self._value, None
            return value

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Refuse further values and wake the taker."""
        with self._ready:
            self._closed = True
            self._value = None
            self._ready.notify_all()


class BoundedQueue(Generic[T]):
    """A first-in first-out queue of at most ``capacity`` values for one consumer."""

    def __init__(self, capacity: int) -> None:
        self._values: deque[T] = deque()
        self._capacity = capacity
        self._changed = threading.Condition()
        self._closed = False

    def put(self, value: T, *, wait: bool) -> bool:
        """Append ``value``. A full queue makes the caller wait (``wait``) or refuses the value.

        Returns False if the value was refused: the queue is full and ``wait`` is False, or closed.
        """
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: len(self._values) < self._capacity or self._closed)
            if self._closed or len(self._values) >= self._capacity:
                return False
            self._values.append(value)
            self._changed.notify_all()
            return True

    def get(self) -> T | None:
        """The oldest value, waiting for one; None once the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._values) or self._closed)
            if not self._values:
                return None
            value = self._values.popleft()
            self._changed.notify_all()
            return value

    def __len__(self) -> int:
        return len(self._values)

    def close(self, *, drop: bool = False) -> None:
        """No more values; what is queued is still handed out unless ``drop``."""
        with self._changed:
            self._closed = True
            if drop:
                self._values.clear()
            self._changed.notify_all()


class RenderThread(Generic[T]):
    """Runs ``work(newest value)`` on a thread of its own; older values are skipped."""

    def __init__(self, name: str, work: Callable[[T], None]) -> None:
        self._slot: Latest[T] = Latest()
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def skipped(self) -> int:
        return self._slot.replaced

    def post(self, value: T) -> None:
        self._slot.put(value)

    def close(self, timeout: float = 5.0) -> None:
        self._slot.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._slot.closed:
            value = self._slot.take(timeout=None)
            if value is None:
                continue
            try:
                self._work(value)
            except Exception:
                log.exception("the %s thread failed on a value", self._thread.name)


class TaskThread:
    """Runs small jobs one after another on a thread of its own."""

    def __init__(self, name: str) -> None:
        self._tasks: BoundedQueue[Callable[[], None]] = BoundedQueue(32)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def post(self, task: Callable[[], None]) -> bool:
        """Queue ``task``; False if too many wait already."""
        return self._tasks.put(task, wait=False)

    def close(self, timeout: float = 5.0) -> None:
        """Run what is queued, then end."""
        self._tasks.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except Exception:
                log.exception("a background task failed")
