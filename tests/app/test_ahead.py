"""A camera's next picture is looked at while the one before is fitted."""

from __future__ import annotations

import threading
import time
from functools import partial

import numpy as np
import pytest

from app.ahead import Ahead
from app.config import ModelConfig, RecordChoice
from app.session import Session
from hands3c_core.benchmark.loopback_camera import loopback_camera
from hands3c_core.errors import UserError
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.pipeline_frames import Looked
from hands3c_core.types import Frame
from tests.app.test_session import wait_until as wait_briefly

wait_until = partial(wait_briefly, timeout=180.0)  # two models are loaded
_IMAGE = np.zeros((32, 32, 3), np.uint8)


class _Camera:
    """Numbered pictures, always there."""

    def __init__(self) -> None:
        self.given = 0
        self.looked_at: list[int] = []

    def fetch(self) -> tuple[Frame | None, bool]:
        self.given += 1
        return Frame(_IMAGE, self.given / 30, self.given, 0.0), self.given == 1

    def look(self, frame: Frame) -> Looked:
        self.looked_at.append(frame.index)
        return Looked([], 1.0)


@pytest.fixture
def ahead():
    made = Ahead()
    yield made
    made.close()


def test_the_next_picture_is_looked_at_while_the_last_is_fitted(ahead):
    camera = _Camera()
    first = ahead.take(camera.fetch, camera.look)
    assert (first.frame.index, first.jumped, first.looked) == (1, True, Looked([], 1.0))
    assert camera.given == 1  # nothing is done unasked
    ahead.start(camera.fetch, camera.look, fits=True)
    with ahead.fitting():
        wait_until(lambda: camera.looked_at == [1, 2])
    second = ahead.take(camera.fetch, camera.look)
    assert (second.frame.index, second.jumped) == (2, False)
    assert camera.looked_at == [1, 2]


def test_a_long_fit_is_not_waited_for_when_it_ends_early(ahead):
    camera = _Camera()
    ahead._fit_s = 3600.0
    ahead.start(camera.fetch, camera.look, fits=True)
    assert ahead.take(camera.fetch, camera.look).frame.index == 1


def test_what_was_found_is_forgotten_only_when_nothing_is_being_done(ahead):
    camera, going, may_end = _Camera(), threading.Event(), threading.Event()

    def slow(frame: Frame) -> Looked:
        going.set()
        assert may_end.wait(30)
        return camera.look(frame)

    ahead.start(camera.fetch, slow, fits=False)
    assert going.wait(30)
    done = threading.Event()
    thread = threading.Thread(target=lambda: (ahead.drop(), done.set()))
    thread.start()
    time.sleep(0.02)
    assert not done.is_set()
    may_end.set()
    thread.join(30)
    assert done.is_set()
    assert ahead.take(camera.fetch, camera.look).frame.index == 2


def test_no_picture_and_failures(ahead):
    assert ahead.take(lambda: (None, False), _Camera().look) is None

    def fails(frame: Frame) -> Looked:
        raise UserError("no")

    found = ahead.take(_Camera().fetch, fails)
    assert found.frame.index == 1
    assert found.looked is None

    def lost() -> tuple[Frame | None, bool]:
        raise UserError("lost")

    with pytest.raises(UserError, match="lost"):
        ahead.take(lost, _Camera().look)
    assert ahead.take(_Camera().fetch, _Camera().look) is not None


def test_a_camera_in_a_session_is_looked_ahead_in_order_and_without_a_clash(
    tmp_path, plain_clip, monkeypatch
):
    fitting, looking, clashes = threading.Event(), threading.Lock(), []
    overlaps = []
    process, look, reset = HandMeshPipeline.process, HandMeshPipeline.look, HandMeshPipeline.reset

    def slow_process(self, frame, looked=None):
        fitting.set()
        time.sleep(0.06)
        try:
            return process(self, frame, looked)
        finally:
            fitting.clear()

    def watched_look(self, frame):
        if not looking.acquire(blocking=False):
            clashes.append("look")
        overlaps.append(fitting.is_set())
        try:
            return look(self, frame)
        finally:
            looking.release()

    def watched_reset(self):
        if looking.locked():
            clashes.append("reset")
        reset(self)

    monkeypatch.setattr(HandMeshPipeline, "process", slow_process)
    monkeypatch.setattr(HandMeshPipeline, "look", watched_look)
    monkeypatch.setattr(HandMeshPipeline, "reset", watched_reset)
    choice = RecordChoice(folder=tmp_path / "takes")
    with (
        loopback_camera(plain_clip, 30.0) as url,
        Session(ModelConfig("landmarks"), record=choice) as session,
    ):
        seen = []
        session.observables.results.connect(seen.append)
        session.open(url)
        wait_until(lambda: sum(shown.model is not None for shown in seen) >= 8)
        session.set_model(ModelConfig("landmarks", smoothing=0.1))  # commands come between
        session.set_model(ModelConfig("landmarks", hand_model="hand_high", smoothing=0.1))
        wait_until(lambda: seen[-1].model and seen[-1].model.config.hand_model == "hand_high")
        count = len(seen)
        wait_until(lambda: len(seen) >= count + 5)
    assert any(overlaps)
    assert not clashes
    indices = [shown.result.frame.index for shown in seen]
    assert indices == sorted(set(indices))
