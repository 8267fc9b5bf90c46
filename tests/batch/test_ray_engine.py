"""The same work on a Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os
import signal
from collections import deque
from pathlib import Path

import pytest

from hands3c_core.batch.engine import Outcome, Task
from hands3c_core.errors import UserError

pytestmark = pytest.mark.stress


def square(payload, tell):
    return payload * payload, os.environ["OMP_NUM_THREADS"]


def die_once(payload, tell):
    marker = Path(payload)
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


@pytest.fixture(scope="module")
def engine():
    pytest.importorskip("ray", reason="needs Ray (the extra cluster)")
    import ray
    from ray.cluster_utils import Cluster

    from hands3c_core.batch.ray_engine import RayEngine

    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parents[1]), os.environ.get("PYTHONPATH", "")])
    os.environ["PYTHONPATH"] = path
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    yield RayEngine(2, address=cluster.address)
    ray.shutdown()
    cluster.shutdown()


def outcomes(engine, payloads, work):
    queue = deque(Task(str(number), payload) for number, payload in enumerate(payloads))
    return [event for event in engine.run(queue, work) if isinstance(event, Outcome)]


def test_tasks_are_shared(engine):
    found = outcomes(engine, [1, 2, 3], square)
    assert sorted(outcome.result[0] for outcome in found) == [1, 4, 9]
    assert {outcome.result[1] for outcome in found} == {"1"}


def test_a_killed_actor_is_replaced_and_its_task_done_again(engine, tmp_path):
    (outcome,) = outcomes(engine, [str(tmp_path / "died")], die_once)
    assert outcome.result == "alive"


def test_a_run_is_the_one_of_the_local_engine(engine, clips, here, tmp_path):
    from test_process import CONFIG, contents

    from hands3c_core.batch import process

    process([clips / "one.mp4", clips / "text.mp4"], tmp_path / "a", CONFIG, engine=here)
    process([clips / "one.mp4", clips / "text.mp4"], tmp_path / "b", CONFIG, engine=engine)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_without_ray_it_is_told_how_to_get_it(monkeypatch):
    from hands3c_core.batch import ray_engine

    monkeypatch.setattr(ray_engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="cluster"):
        ray_engine.RayEngine()
