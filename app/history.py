# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo and redo, newest first: what the user chose (view, model, what recordings write) and what
was done with takes. No Qt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from .observe import Disconnect
from .session import Session
from .session_types import Take, TakeChange
from .wording import tr

#: Changes of the same choice within this time are one step: a dragged slider makes many.
_MERGE_S = 1.0
_LIMIT = 100
_TAKES = "takes"
_TOPICS = {"view": "the view", "model": "the model", "record": "what recordings write"}


@dataclass(frozen=True, slots=True)
class _Step:
    topic: str
    names: frozenset[str]
    """The fields that changed."""
    old: Any
    new: Any
    at: float

    @property
    def title(self) -> str:
        """What was changed, for a menu."""
        if self.topic != _TAKES:
            return tr(_TOPICS[self.topic])
        if self.new is None:
            return tr("deleting {name}", name=self.old.name)
        return tr("renaming {name}", name=self.old.name)


class History:
    """Listens to a session's choices and takes and takes changes back. Any thread may call it."""

    def __init__(self, session: Session, now: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._now = now
        self._lock = threading.Lock()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._awaited: list[TakeChange] = []
        """Changes of takes that were asked for here: they are no steps of their own."""
        observables = session.observables
        self._apply: dict[str, Callable[[Any], None]] = {
            "view": session.set_view,
            "model": session.set_model,
            "record": session.set_record_choice,
        }
        self._known: dict[str, Any] = {
            "view": observables.view.value,
            "model": observables.model.value,
            "record": observables.record_choice.value,
        }
        self._expected: dict[str, Any] = {}
        self._disconnects: list[Disconnect] = [
            observables.view.connect(lambda value: self._changed("view", value), now=False),
            observables.model.connect(lambda value: self._changed("model", value), now=False),
            observables.record_choice.connect(
                lambda value: self._changed("record", value), now=False
            ),
            observables.take_changes.connect(self._take_changed),
        ]

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    @property
    def undo_title(self) -> str:
        """What ``undo`` would take back; '' if there is nothing."""
        with self._lock:
            return self._done[-1].title if self._done else ""

    @property
    def redo_title(self) -> str:
        """What ``redo`` would make again; '' if there is nothing."""
        with self._lock:
            return self._undone[-1].title if self._undone else ""

    def undo(self) -> None:
        """Take the last change back; nothing happens if there is none."""
        self._go(self._done, self._undone, back=True)

    def redo(self) -> None:
        """Make the change that was taken back last again."""
        self._go(self._undone, self._done, back=False)

    def clear(self) -> None:
        """Forget all changes."""
        with self._lock:
            self._done.clear()
            self._undone.clear()

    def close(self) -> None:
        """Listen no more."""
        for disconnect in self._disconnects:
            disconnect()

    def _go(self, source: list[_Step], target: list[_Step], *, back: bool) -> None:
        with self._lock:
            if not source:
                return
            step = source.pop()
            target.append(step)
            wanted, now = (step.old, step.new) if back else (step.new, step.old)
            if step.topic == _TAKES:
                self._awaited.append(TakeChange(now, wanted))
            else:
                # Only the fields of the step: others may have changed since without a step.
                wanted = _with_fields(self._known[step.topic], wanted, step.names)
                self._expected[step.topic] = wanted
        if step.topic == _TAKES:
            self._change_take(now, wanted)
        else:
            self._apply[step.topic](wanted)

    def _change_take(self, now: Take | None, wanted: Take | None) -> None:
        shelf = self._session.takes
        if now is None:
            shelf.undo_delete(wanted)
        elif wanted is None:
            shelf.delete(now)
        else:
            shelf.rename(now, wanted.name)

    def _take_changed(self, change: TakeChange) -> None:
        with self._lock:
            asked = [_alike(one, change) for one in self._awaited]
            if any(asked):  # those before it have failed: takes are changed in order
                del self._awaited[: asked.index(True) + 1]
                return
            if change.before is None:  # brought back by its own button: no longer to be undone
                self._done = [step for step in self._done if not _deleted(step, change.after)]
                return
            step = _Step(_TAKES, frozenset(), change.before, change.after, self._now())
            self._undone.clear()
            self._done.append(step)
            del self._done[:-_LIMIT]

    def _changed(self, topic: str, value: Any) -> None:
        with self._lock:
            old, self._known[topic] = self._known[topic], value
            if self._expected.pop(topic, None) == value:
                return
            step = _Step(topic, _different(old, value), old, value, self._now())
            last = self._done[-1] if self._done else None
            if last is not None and last.topic == topic and self._belongs(last, step):
                self._done.pop()
                step = replace(step, names=last.names, old=last.old)
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


def _key(take: Take | None) -> tuple[Any, ...] | None:
    return None if take is None else (take.folder, take.name)


def _alike(one: TakeChange, other: TakeChange) -> bool:
    return (_key(one.before), _key(one.after)) == (_key(other.before), _key(other.after))


def _deleted(step: _Step, take: Take | None) -> bool:
    return step.topic == _TAKES and step.new is None and _key(step.old) == _key(take)


def _different(one: Any, other: Any) -> frozenset[str]:
    return frozenset(
        field.name
        for field in fields(one)
        if getattr(one, field.name) != getattr(other, field.name)
    )


def _with_fields(value: Any, chosen: Any, names: frozenset[str]) -> Any:
    kept = {field.name: getattr(value, field.name) for field in fields(value)}
    return type(value)(**{**kept, **{name: getattr(chosen, name) for name in names}})
