"""Worker processes: what they do, and what happens when they die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import psutil
import pytest

from hands3c_core.batch.engine import Outcome, Task, make_engine
from hands3c_core.batch.local_engine import LocalEngine
from hands3c_core.errors import UserError
from hands3c_core.threads import bounded_threads

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


def double(payload, tell):
    tell(1, 2)
    if payload == "wrong":
        raise UserError("this one is wrong")
    return 2 * payload, os.getpid(), os.environ["OMP_NUM_THREADS"]


def die(payload, tell):
    """Kills its own worker, the first ``times`` times."""
    path, times = payload
    count = len(list(path.iterdir()))
    if count < times:
        (path / str(count)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def wait_for_ever(payload, tell):
    Path(payload).write_text(str(os.getpid()))
    time.sleep(600)


def outcomes(engine, payloads, work):
    queue = deque(Task(str(number), payload) for number, payload in enumerate(payloads))
    return [event for event in engine.run(queue, work) if isinstance(event, Outcome)]


def test_tasks_are_shared_and_an_error_is_one_tasks_own():
    found = outcomes(LocalEngine(2), [1, 2, "wrong", 4], double)
    by_key = {outcome.task.key: outcome for outcome in found}
    assert [by_key[key].result[0] for key in "013"] == [2, 4, 8]
    assert by_key["2"].problem == "this one is wrong"
    assert not by_key["2"].crashed


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_has_one_thread_however_many_there_are(workers):
    # Another number of threads rounds sums otherwise: a run would depend on its machine.
    found = outcomes(LocalEngine(workers), [1, 2], double)
    assert {outcome.result[2] for outcome in found} == {"1"}


def test_a_killed_worker_is_replaced_and_its_task_done_again(tmp_path):
    (outcome,) = outcomes(LocalEngine(1), [(tmp_path, 2)], die)
    assert outcome.result == "alive"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_task_that_kills_every_worker_is_given_up(tmp_path):
    (outcome,) = outcomes(LocalEngine(1), [(tmp_path, 99)], die)
    assert outcome.crashed
    assert "SIGKILL" in outcome.problem
    assert len(list(tmp_path.iterdir())) == 3


def test_workers_end_with_a_driver_that_is_killed(tmp_path):
    # A driver that is killed cannot close anything: its workers notice by themselves.
    script = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from collections import deque\n"
        "from hands3c_core.batch.engine import Task\n"
        "from hands3c_core.batch.local_engine import LocalEngine\n"
        "from test_local_engine import wait_for_ever\n"
        "if __name__ == '__main__':\n"
        "    list(LocalEngine(1).run(deque([Task('one', sys.argv[1])]), wait_for_ever))\n"
    )
    file = tmp_path / "driver.py"
    file.write_text(script)
    paths = [str(ROOT), str(Path(__file__).parent)]
    driver = subprocess.Popen([sys.executable, str(file), str(tmp_path / "pid"), *paths])
    try:
        until = time.monotonic() + 300
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < until
            assert driver.poll() is None
            time.sleep(0.05)
        worker = psutil.Process(int((tmp_path / "pid").read_text()))
    finally:
        driver.kill()
        driver.wait()
    _, alive = psutil.wait_procs([worker], timeout=300)
    assert not alive


def test_threads_are_bounded_and_the_environment_put_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with bounded_threads(1):
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"name": "cloud"}, {"name": "local", "address": "auto"}]
)
def test_engines_that_cannot_be_are_refused(options):
    with pytest.raises(UserError):
        make_engine(**options)
