# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain callbacks and observable values: how the session speaks to whoever listens, without Qt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Disconnect = Callable[[], None]

log = logging.getLogger(__name__)


class Event(Generic[T]):
    """A list of callbacks, called in the emitting thread.

    A callback that raises is logged and does not keep the others from being called: a faulty
    listener must never stop the pipeline.
    """

    def __init__(self) -> None:
        self._callbacks: list[Callable[[T], None]] = []
        self._lock = threading.Lock()

    def connect(self, callback: Callable[[T], None]) -> Disconnect:
        """Call ``callback`` on every later ``emit``; returns the function that ends it."""
        with self._lock:
            self._callbacks.append(callback)

        def disconnect() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return disconnect

    def emit(self, value: T) -> None:
        with self._lock:
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            try:
                callback(value)
            except Exception:
                log.exception("a listener failed")


class Observable(Generic[T]):
    """A value that tells its listeners when it becomes another one. Any thread may read or set."""

    def __init__(self, value: T) -> None:
        self._value = value
        self._changed: Event[T] = Event()
        self._lock = threading.Lock()

    @property
    def value(self) -> T:
        return self._value

    def set(self, value: T) -> None:
        """Store ``value``; listeners are called in this thread if it differs from the old one."""
        with self._lock:
            if value == self._value:
                return
            self._value = value
        self._changed.emit(value)

    def connect(self, callback: Callable[[T], None], *, now: bool = True) -> Disconnect:
        """Call ``callback`` with every new value and, unless ``now`` is False, with this one."""
        disconnect = self._changed.connect(callback)
        if now:
            callback(self._value)
        return disconnect
