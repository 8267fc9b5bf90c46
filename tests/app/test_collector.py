"""Python's collector does not stop the picture: nothing is collected while a model is loaded, and
what then lives is not looked at again."""

from __future__ import annotations

import gc
import weakref

import pytest
from PyQt6.QtCore import QObject, pyqtSignal

from app import collector as collecting
from app.collector import CalmCollector
from app.model_status import ModelStatus


class _Bridge(QObject):
    model_status = pyqtSignal(object)


class _Knot:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def calm(qtbot, monkeypatch):
    monkeypatch.setattr(collecting, "_SETTLED_MS", 0)
    bridge = _Bridge()
    made = CalmCollector(bridge, bridge)
    yield bridge, qtbot
    made.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def _settled(qtbot):
    qtbot.waitUntil(gc.isenabled, timeout=5000)


def test_nothing_is_collected_until_the_model_is_there_and_little_is_looked_at_then(calm):
    bridge, qtbot = calm
    assert not gc.isenabled()
    bridge.model_status.emit(ModelStatus(loading=True))
    assert not gc.isenabled()
    bridge.model_status.emit(ModelStatus(ready=True))
    _settled(qtbot)
    assert gc.get_freeze_count() > 10 * len(gc.get_objects())
    knot = _Knot()
    gone = weakref.ref(knot)
    del knot
    gc.collect()
    assert gone() is None  # what comes later is collected as ever


def test_a_model_that_was_replaced_is_let_go(calm):
    bridge, qtbot = calm
    old = _Knot()
    gone = weakref.ref(old)
    bridge.model_status.emit(ModelStatus(ready=True))
    _settled(qtbot)
    del old
    gc.collect()
    assert gone() is not None  # left out with all the rest
    bridge.model_status.emit(ModelStatus(loading=True))
    assert not gc.isenabled()
    bridge.model_status.emit(ModelStatus(ready=True))
    _settled(qtbot)
    assert gone() is None


def test_a_model_that_fails_leaves_no_process_without_a_collector(calm):
    bridge, qtbot = calm
    bridge.model_status.emit(ModelStatus(loading=True))
    bridge.model_status.emit(ModelStatus())
    _settled(qtbot)
