"""The reading thread: newest wins, every frame in order, controls, loss and return."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.sources import (
    ReaderState,
    Source,
    SourceLostError,
    SourceReader,
    VideoSource,
)
from hands3c_core.sources.base import LiveStamps
from hands3c_core.sources.pacing import MAX_LATE_S, PlayClock
from hands3c_core.types import Frame

WAIT = 20.0  # seconds until a test gives up; nothing is expected to take so long


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    names = [thread.name for thread in threading.enumerate()]
    assert "hands3c-source" not in names


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.002)


class Clip(Source):
    """Numbered frames at the times given; counts reads."""

    def __init__(self, times: list[float], fps: float = 10.0) -> None:
        self.times, self.fps = times, fps
        self.name, self.position, self.reads, self.closed = "clip", 0, 0, False
        self.duration = times[-1] + 1 / fps
        self.fail_at: int | None = None

    def read(self) -> Frame | None:
        k = self.position
        if k == self.fail_at:
            raise UserError("the disk is gone: plug it in")
        if k >= len(self.times):
            return None
        self.position, self.reads = k + 1, self.reads + 1
        return Frame(np.full((2, 2, 3), k, np.uint8), self.times[k], k, time.monotonic())

    def seek(self, seconds: float) -> None:
        self.position = max(0, sum(t <= seconds for t in self.times) - 1)

    def close(self) -> None:
        self.closed = True


class Live(Source):
    """Gives a frame for each permit; ``lose`` makes it fail until ``back`` is set."""

    is_live = True

    def __init__(self) -> None:
        self.name, self.closed = "live", False
        self.permits = threading.Semaphore(0)
        self.given = 0
        self.lost = threading.Event()
        self.back = threading.Event()
        self.cancelled = threading.Event()
        self.attempts = 0
        self.stamps = LiveStamps()
        self.width = 2

    def give(self, count: int = 1) -> None:
        before = self.given
        self.permits.release(count)
        until(lambda: self.given == before + count)

    def read(self) -> Frame | None:
        while not self.permits.acquire(timeout=0.005):
            if self.cancelled.is_set() or self.lost.is_set():
                raise SourceLostError("the camera is gone")
        frame = self.stamps.frame(np.zeros((2, self.width, 3), np.uint8))
        self.given += 1
        return frame

    def reopen(self) -> None:
        self.attempts += 1
        if not self.back.is_set():
            raise UserError("still gone")
        self.lost.clear()

    def cancel(self) -> None:
        self.cancelled.set()

    def close(self) -> None:
        self.closed = True


def indices(reader: SourceReader, count: int) -> list[int]:
    frames = [reader.next(WAIT) for _ in range(count)]
    return [-1 if frame is None else frame.index for frame in frames]


def test_files_give_every_frame_in_order_and_end() -> None:
    states: list[tuple[ReaderState, str]] = []
    clip = Clip([k / 10 for k in range(50)])
    with SourceReader(clip, realtime=False, on_state=lambda *s: states.append(s)) as reader:
        assert reader.state is ReaderState.RUNNING
        assert [frame.index for frame in reader] == list(range(50))
        assert reader.state is ReaderState.ENDED
        assert reader.next(0) is None
        assert reader.position == pytest.approx(4.9)
        until(lambda: bool(states))
    assert states == [(ReaderState.ENDED, "")]
    assert clip.closed
    assert reader.state is ReaderState.CLOSED
    assert reader.next(0) is None


def test_the_consumer_sets_the_pace_of_a_file() -> None:
    """Nothing is read more than a few frames ahead, and nothing is lost."""
    clip = Clip([k / 10 for k in range(30)])
    with SourceReader(clip, realtime=False) as reader:
        for k in range(10):
            assert indices(reader, 1) == [k]
            time.sleep(0.003)
            assert clip.reads <= k + 4
        assert reader.dropped == 0


def test_a_loop_begins_a_new_epoch_with_true_times() -> None:
    clip = Clip([0.0, 0.1, 0.25])
    with SourceReader(clip, loop=True, realtime=False) as reader:
        seen = []
        for _ in range(7):
            frame = reader.next(WAIT)
            assert frame is not None
            seen.append((reader.epoch, frame.index, frame.timestamp))
        expected = [(e, k, t) for e in range(3) for k, t in enumerate(clip.times)]
        assert seen == expected[:7]


def test_turning_the_loop_on_and_off() -> None:
    clip = Clip([0.0, 0.1, 0.2])
    with SourceReader(clip, realtime=False) as reader:
        assert indices(reader, 2) == [0, 1]
        until(lambda: reader._exhausted)
        reader.set_loop(True)
        assert indices(reader, 3) == [2, 0, 1]
        reader.set_loop(False)
        rest = [frame.index for frame in reader]
        assert rest in ([2], [2, 0, 1, 2])  # what had been read ahead is still played
        assert reader.state is ReaderState.ENDED
        reader.resume()
        assert indices(reader, 3) == [0, 1, 2]


def test_pause_step_and_seek() -> None:
    clip = Clip([k / 10 for k in range(20)])
    with SourceReader(clip) as reader:
        reader.pause()
        assert reader.next(0.03) is None
        reader.step()
        assert indices(reader, 1) == [0]
        assert reader.next(0.03) is None
        reader.step(3)
        assert indices(reader, 3) == [1, 2, 3]
        reader.step(-1)
        assert indices(reader, 1) == [2]
        reader.step(-1)
        reader.step(-1)  # two key presses before the picture came
        frame = reader.next(WAIT)
        while (later := reader.next(0.05)) is not None:
            frame = later
        assert frame is not None
        assert frame.index == 0
        for at in (0.3, 0.9, 1.5):
            reader.seek(at)
        assert indices(reader, 1) == [15]
        assert reader.next(0.03) is None
        assert reader.paused
        reader.seek(0.75)
        reader.resume()
        assert indices(reader, 3) == [7, 8, 9]
        reader.seek(99)
        assert indices(reader, 1) == [19]
        assert reader.next(WAIT) is None
        assert reader.state is ReaderState.ENDED
        reader.seek(0.4)
        assert indices(reader, 2) == [4, 5]


def test_real_time_holds_frames_back_by_their_timestamps() -> None:
    clip = Clip([0.0, 0.02, 0.04, 0.3])
    with SourceReader(clip) as reader:
        started = time.monotonic()
        assert indices(reader, 4) == [0, 1, 2, 3]
        assert time.monotonic() - started >= 0.25
        with pytest.raises(ValueError):
            reader.set_speed(0)
        reader.set_speed(1e6)
        assert reader.speed == 1e6


def test_the_play_clock() -> None:
    now = 100.0
    clock = PlayClock(lambda: now)
    assert clock.wait_for(5.0) == 0
    assert clock.wait_for(5.5) == pytest.approx(0.5)
    now = 100.5
    assert clock.wait_for(5.5) == 0
    clock.set_speed(2)
    assert clock.wait_for(6.0) == 0  # sets the clock anew
    assert clock.wait_for(7.0) == pytest.approx(0.5)
    now += 1.0 + MAX_LATE_S
    assert clock.wait_for(7.0) == 0  # late: the clip slows down instead of rushing
    assert clock.wait_for(8.0) == pytest.approx(0.5)
    assert clock.wait_for(2.0) == 0
    for speed in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError):
            clock.set_speed(speed)


def test_live_gives_the_newest_frame_and_counts_the_rest() -> None:
    live = Live()
    with SourceReader(live) as reader:
        live.give(1)
        assert indices(reader, 1) == [0]
        live.give(100)
        until(lambda: reader.dropped == 99)
        assert indices(reader, 1) == [100]
        assert reader.next(0.02) is None
        live.width = 5
        live.give(1)
        frame = reader.next(WAIT)
        assert frame is not None
        assert frame.image.shape == (2, 5, 3)
        with pytest.raises(UserError, match="live"):
            reader.seek(1.0)


def test_a_paused_camera_shows_a_fresh_picture_afterwards() -> None:
    live = Live()
    with SourceReader(live) as reader:
        live.give(1)
        assert indices(reader, 1) == [0]
        reader.pause()
        live.give(5)
        assert reader.next(0.02) is None
        reader.step()
        assert indices(reader, 1) == [5]
        live.give(4)
        until(lambda: bool(reader._queue) and reader._queue[0].frame.index == 9)
        reader.resume()
        assert indices(reader, 1) == [9]
        assert reader.dropped == 0


def test_a_lost_camera_is_reported_and_comes_back() -> None:
    states: list[tuple[ReaderState, str]] = []
    live = Live()
    options: dict[str, Any] = {"first_backoff": 0.002, "max_backoff": 0.01}
    with SourceReader(live, on_state=lambda *s: states.append(s), **options) as reader:
        live.give(1)
        assert indices(reader, 1) == [0]
        live.lost.set()
        until(lambda: live.attempts >= 3)
        assert reader.state is ReaderState.RECONNECTING
        assert reader.message == "the camera is gone"
        assert reader.next(0.02) is None
        live.back.set()
        until(lambda: not live.lost.is_set())
        live.give(1)
        assert indices(reader, 1) == [1]
        until(lambda: len(states) == 3)
        assert reader.message == ""
    assert states == [
        (ReaderState.LOST, "the camera is gone"),
        (ReaderState.RECONNECTING, "the camera is gone"),
        (ReaderState.RUNNING, ""),
    ]
    assert live.closed


def test_without_reconnection_a_loss_is_final() -> None:
    live = Live()
    with SourceReader(live, reconnect=False) as reader:
        live.lost.set()
        assert reader.next() is None
        assert reader.state is ReaderState.LOST
    assert live.attempts == 0


def test_a_file_that_fails_is_lost_with_its_reason() -> None:
    clip = Clip([k / 10 for k in range(9)])
    clip.fail_at = 4
    with SourceReader(clip, realtime=False) as reader:
        assert [frame.index for frame in reader] == [0, 1, 2, 3]
        assert (reader.state, reader.message) == (
            ReaderState.LOST,
            "the disk is gone: plug it in",
        )


def test_a_failing_listener_and_a_failing_source_do_not_end_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Live):
        def read(self) -> Frame | None:
            if self.attempts == 0:
                raise ZeroDivisionError
            return super().read()

    def listener(state: ReaderState, message: str) -> None:
        raise KeyError(state)

    live = Broken()
    live.back.set()
    with SourceReader(live, on_state=listener, first_backoff=0.001) as reader:
        until(lambda: live.attempts == 1)
        live.give(1)
        assert indices(reader, 1) == [0]
    assert "listener" in caplog.text


def test_closing_wakes_a_waiting_consumer_and_a_blocked_source() -> None:
    live = Live()
    reader = SourceReader(live)
    got: list[Frame | None] = []
    consumer = threading.Thread(target=lambda: got.append(reader.next()))
    consumer.start()
    assert reader.close(WAIT)
    consumer.join(WAIT)
    assert got == [None]
    assert live.closed
    assert reader.close()


def test_closing_while_it_reconnects() -> None:
    live = Live()
    live.lost.set()
    reader = SourceReader(live, first_backoff=60)
    until(lambda: reader.state is ReaderState.LOST)
    assert reader.close(WAIT)


def test_a_real_video_looped_stepped_and_sought(make_video, helpers) -> None:
    with SourceReader(VideoSource(make_video(frames=20)), loop=True, realtime=False) as reader:
        frames = [reader.next(WAIT) for _ in range(45)]
        assert [helpers.number(f.image) for f in frames if f] == [k % 20 for k in range(45)]
        assert reader.epoch == 2
        reader.seek(1.2)
        frame = reader.next(WAIT)
        assert frame is not None
        assert helpers.number(frame.image) == 12
        reader.step(-1)
        frame = reader.next(WAIT)
        assert frame is not None
        assert helpers.number(frame.image) == 11
