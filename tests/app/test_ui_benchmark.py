"""The window's own benchmark, and the loopback camera behind it and the soak."""

from __future__ import annotations

import threading
import time

import pytest

from app.benchmark import as_lines, benchmark_ui, thread_seconds
from app.config import ModelConfig
from hands3c_core.benchmark.loopback_camera import Faults, LoopbackCamera, loopback_camera
from hands3c_core.sources import open_source


def test_latency_and_gaps_of_the_window_are_measured(qtbot, plain_clip, monkeypatch):
    monkeypatch.setattr("app.benchmark._WARM_UP_S", 0.3)
    report = benchmark_ui(
        plain_clip, seconds=1.5, fps=20.0, model=ModelConfig("landmarks"), size=(900, 600)
    )
    assert 0 < report["latency_ms"]["median"] <= report["latency_ms"]["p95"]
    assert report["gui_gap_ms"]["median"] <= report["gui_gap_ms"]["max"]
    assert report["shown_fps"] > 0
    assert report["meshes"] == "Meshes come from the landmark estimator"
    spent = report["cpu_ms_a_picture"]
    assert {"window", "decode", "follow", "estimate", "overlay", "3D view"} <= set(spent)
    # No more than that: threads are counted in ticks of 10 ms, and no hands may need less.
    assert all(value >= 0 for value in spent.values())
    total = sum(spent.values()) * report["shown_fps"] / 1e3
    assert total == pytest.approx(report["cores_used"], abs=0.25)
    assert any("arrival to screen" in line for line in as_lines(report))


@pytest.mark.parametrize(("name", "work"), [("hands3c-engine", "estimate"), ("other", None)])
def test_processor_time_is_counted_under_the_name_of_the_work(name, work):
    work = work or "libraries and others"
    seen = threading.Event()

    def compute() -> None:
        while not seen.is_set():
            sum(range(1000))

    before = thread_seconds().get(work, 0.0)
    thread = threading.Thread(target=compute, name=name, daemon=True)
    thread.start()
    try:
        while thread_seconds().get(work, 0.0) <= before:  # its clock moves sooner or later
            time.sleep(0.005)
    finally:
        seen.set()
        thread.join()


def test_the_loopback_camera_sends_the_clip_in_a_circle(plain_clip):
    with loopback_camera(plain_clip, fps=200.0) as url, open_source(url) as source:
        frames = [source.read() for _ in range(60)]  # the clip has 40
    assert {frame.image.shape for frame in frames if frame} == {(240, 320, 3)}
    levels = [int(frame.image[200, 160, 0]) for frame in frames if frame]
    assert max(levels) > 100
    assert levels[-1] < max(levels)


def test_its_faults_are_hang_ups_stalls_and_new_sizes(plain_clip):
    faults = Faults(every_s=0.02, stall_s=0.05, seed=3)
    camera = LoopbackCamera(plain_clip, 500.0, faults)
    try:
        lengths, longest, ended = set(), 0.0, 0
        for _ in range(12):
            last = time.monotonic()
            for jpeg in camera.frames():
                lengths.add(jpeg in camera._sizes[0])
                longest = max(longest, time.monotonic() - last)
                last = time.monotonic()
            ended += 1
        assert ended == 12
        assert lengths == {True, False}
        assert longest >= 0.05
    finally:
        camera.server.server_close()
