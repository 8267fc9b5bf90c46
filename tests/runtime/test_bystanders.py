"""Others' work on the same processors is noticed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import namedtuple

import numpy as np
import psutil
import pytest

from hands3c_core.runtime import bystanders
from hands3c_core.runtime.bystanders import Bystanders

_Times = namedtuple("_Times", "user nice system idle iowait steal guest")


@pytest.fixture
def machine(monkeypatch):
    """Two processors, and what this process used of them, all in s."""
    state = {"busy": [0.0, 0.0], "stolen": 0.0, "own": 0.0, "now": 0.0}

    def cpu_times(percpu):
        assert percpu
        return [_Times(busy, 0.0, 0.0, 99.0, 9.0, state["stolen"], busy) for busy in state["busy"]]

    class Process:
        def cpu_times(self):
            return _Times(state["own"], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

        def threads(self):
            return []

    monkeypatch.setattr(bystanders, "_processors", lambda: [0, 1])
    monkeypatch.setattr(bystanders.psutil, "cpu_times", cpu_times)
    monkeypatch.setattr(bystanders.psutil, "Process", Process)
    monkeypatch.setattr(bystanders.time, "monotonic", lambda: state["now"])
    return state


def test_a_quiet_machine_does_only_what_is_measured(machine):
    others = Bystanders()
    machine.update(now=10.0, busy=[10.0, 9.0], own=18.0)
    assert others.cores() == pytest.approx(0.1)
    assert not others.disturb()


@pytest.mark.parametrize(
    "change", [{"busy": [10.0, 9.0], "own": 15.0}, {"stolen": 3.0, "own": 0.0}]
)
def test_other_processes_and_a_host_that_takes_time_disturb(machine, change):
    others = Bystanders()
    machine.update(now=10.0, **change)
    assert others.disturb()


def test_a_system_that_does_not_tell_disturbs_nothing(machine, monkeypatch):
    def refuse(percpu):
        raise psutil.AccessDenied

    monkeypatch.setattr(bystanders.psutil, "cpu_times", refuse)
    others = Bystanders()
    machine.update(now=10.0)
    assert not others.disturb()


def test_a_real_process_beside_this_one_disturbs():
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    ) as burner:
        try:
            burner.stdout.readline()
            others = Bystanders()
            _until(others.disturb)
        finally:
            burner.kill()


@pytest.mark.skipif(sys.platform == "darwin", reason="its threads' numbers are not Python's")
def test_another_thread_of_this_process_disturbs():
    stop = threading.Event()
    matrix = np.ones((400, 400))

    def burn():
        while not stop.is_set():
            matrix @ matrix

    thread = threading.Thread(target=burn)
    thread.start()
    try:
        others = Bystanders()
        _until(others.disturb)
    finally:
        stop.set()
        thread.join()


def _until(happens, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.3)
