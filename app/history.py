# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo and redo of what the user chose: the view, the model, what recordings write. No Qt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from app.observe import Disconnect
from app.session import Session

#: Changes of the same choice within this time are one step: a dragged slider makes many.
_MERGE_S = 1.0
_LIMIT = 100


@dataclass(frozen=True, slots=True)
class _Step:
    topic: str
    names: frozenset[str]
    """The fields that changed."""
    old: Any
    new: Any
    at: float


class History:
    """Listens to a session's choices and takes them back. Any thread may call it."""

    def __init__(self, session: Session, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        outlets = session.outlets
        self._apply: dict[str, Callable[[Any], None]] = {
            "view": session.set_view,
            "model": session.set_model,
            "record": session.set_record_choice,
        }
        self._known: dict[str, Any] = {
            "view": outlets.view.value,
            "model": outlets.model.value,
            "record": outlets.record_choice.value,
        }
        self._expected: dict[str, Any] = {}
        self._disconnects: list[Disconnect] = [
            outlets.view.connect(lambda value: self._changed("view", value), now=False),
            outlets.model.connect(lambda value: self._changed("model", value), now=False),
            outlets.record_choice.connect(lambda value: self._changed("record", value), now=False),
        ]

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def undo(self) -> None:
        """Take the last change back; nothing happens if there is none."""
        self._go(self._done, self._undone, lambda step: step.old)

    def redo(self) -> None:
        """Make the change that was taken back last again."""
        self._go(self._undone, self._done, lambda step: step.new)

    def clear(self) -> None:
        """Forget all changes."""
        with self._lock:
            self._done.clear()
            self._undone.clear()

    def close(self) -> None:
        """Listen no more."""
        for disconnect in self._disconnects:
            disconnect()

    def _go(self, source: list[_Step], target: list[_Step], pick: Callable[[_Step], Any]) -> None:
        with self._lock:
            if not source:
                return
            step = source.pop()
            target.append(step)
            # Only the fields of the step: others may have changed since without a step.
            value = _with_fields(self._known[step.topic], pick(step), step.names)
            self._expected[step.topic] = value
        self._apply[step.topic](value)

    def _changed(self, topic: str, value: Any) -> None:
        with self._lock:
            old, self._known[topic] = self._known[topic], value
            if self._expected.pop(topic, None) == value:
                return
            step = _Step(topic, _different(old, value), old, value, self._now())
            last = self._done[-1] if self._done else None
            if last is not None and last.topic == topic and self._belongs(last, step):
                self._done.pop()
                step = _Step(topic, last.names, last.old, value, step.at)
            self._undone.clear()
            if step.old != step.new:
                self._done.append(step)
            del self._done[:-_LIMIT]

    @staticmethod
    def _belongs(last: _Step, step: _Step) -> bool:
        """Whether ``step`` goes on with ``last``: a slider's next place, or a model that could not
        be built and was left again by itself."""
        goes_on = step.names == last.names and step.at - last.at < _MERGE_S
        return goes_on or (step.topic == "model" and step.new == last.old)


def _different(one: Any, other: Any) -> frozenset[str]:
    return frozenset(
        field.name
        for field in fields(one)
        if getattr(one, field.name) != getattr(other, field.name)
    )


def _with_fields(value: Any, chosen: Any, names: frozenset[str]) -> Any:
    kept = {field.name: getattr(value, field.name) for field in fields(value)}
    return type(value)(**{**kept, **{name: getattr(chosen, name) for name in names}})
