"""Hand-offs between threads, observable values and the meter."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from app.meters import Meter
from app.observe import Event, Observable
from app.workers import BoundedQueue, Latest, RenderThread, TaskThread
from hands3c_core.geometry import default_camera
from hands3c_core.types import Frame, FrameResult


def test_latest_keeps_only_the_newest():
    slot: Latest[int] = Latest()
    assert slot.put(1)
    assert not slot.put(2)
    assert not slot.put(3)
    assert slot.replaced == 2
    assert slot.take() == 3
    assert slot.take() is None


def test_latest_wakes_the_taker_on_put_and_on_close():
    slot: Latest[int] = Latest()
    taken: list[int | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(timeout=None)))
    taker.start()
    slot.put(7)
    taker.join(5)
    assert taken == [7]
    closer = threading.Thread(target=lambda: taken.append(slot.take(timeout=None)))
    closer.start()
    slot.close()
    closer.join(5)
    assert taken == [7, None]
    assert not slot.put(8)


def test_bounded_queue_refuses_or_waits_when_full():
    queue: BoundedQueue[int] = BoundedQueue(2)
    assert queue.put(1, wait=False)
    assert queue.put(2, wait=False)
    assert not queue.put(3, wait=False)
    waiting = threading.Thread(target=lambda: queue.put(3, wait=True))
    waiting.start()
    assert queue.get() == 1
    waiting.join(5)
    assert not waiting.is_alive()
    queue.close()
    assert [queue.get(), queue.get(), queue.get()] == [2, 3, None]


def test_bounded_queue_close_releases_a_waiting_producer():
    queue: BoundedQueue[int] = BoundedQueue(1)
    queue.put(1, wait=False)
    outcome: list[bool] = []
    producer = threading.Thread(target=lambda: outcome.append(queue.put(2, wait=True)))
    producer.start()
    queue.close(drop=True)
    producer.join(5)
    assert outcome == [False]


def test_render_thread_skips_to_the_newest_and_survives_an_error():
    started, release = threading.Event(), threading.Event()
    done: list[int] = []
    last = threading.Event()

    def work(value: int) -> None:
        if value == 0:
            started.set()
            release.wait(5)
            raise RuntimeError("a frame that cannot be drawn")
        done.append(value)
        last.set()

    worker = RenderThread("hands3c-test", work)
    worker.post(0)
    assert started.wait(5)
    for value in (1, 2, 3):
        worker.post(value)
    release.set()
    assert last.wait(5)
    worker.close()
    assert done == [3]
    assert worker.skipped == 2


def test_task_thread_runs_what_was_queued_before_it_ends():
    ran: list[int] = []
    tasks = TaskThread("hands3c-test")
    tasks.post(lambda: 1 // 0)
    for value in range(3):
        tasks.post(lambda value=value: ran.append(value))
    tasks.close()
    assert ran == [0, 1, 2]


def test_observable_tells_changes_only_and_until_disconnected():
    seen: list[int] = []
    value = Observable(1)
    disconnect = value.connect(seen.append)
    value.set(1)
    value.set(2)
    disconnect()
    value.set(3)
    assert seen == [1, 2]
    assert value.value == 3


def test_a_failing_listener_does_not_silence_the_others():
    event: Event[int] = Event()
    seen: list[int] = []
    event.connect(lambda value: 1 // 0)
    event.connect(seen.append)
    event.emit(5)
    assert seen == [5]


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _result(index: int) -> FrameResult:
    frame = Frame(np.zeros((4, 4, 3), np.uint8), index / 10, index, 0.0)
    timings = {"detect": 4.0, "total": 6.0}
    return FrameResult(frame, default_camera(4, 4), (), timings)


def test_meter_counts_rate_stages_drops_and_latency():
    time = _Clock()
    meter = Meter(time)
    for index in (0, 1, 2, 5):
        time.now += 0.1
        meter.processed(_result(index), dropped=index - index % 2)
    meter.drawn(3.0)
    meter.displayed(time.now - 0.05)
    stats = meter.stats()
    assert stats.fps == pytest.approx(10.0)
    assert stats.dropped == 4
    assert stats.stages_ms["detect"] == pytest.approx(4.0)
    assert stats.stages_ms["draw"] == pytest.approx(3.0)
    assert stats.latency_ms == pytest.approx(50.0)
    time.now += 10.0
    assert meter.stats().fps == 0.0
    meter.reset()
    assert meter.stats().dropped == 0
