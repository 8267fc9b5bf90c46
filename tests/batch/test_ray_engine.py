"""The same work on a Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
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


#: Nodes that are lost.
LOSSES = int(os.environ.get("HANDS3C_STRESS", "3"))


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("ray", reason="needs Ray (the extra cluster)")
    import ray
    from ray.cluster_utils import Cluster

    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parents[1]), os.environ.get("PYTHONPATH", "")])
    os.environ["PYTHONPATH"] = path
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    cluster.add_node(num_cpus=1)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def engine(cluster):
    from hands3c_core.batch.ray_engine import RayEngine

    return RayEngine(2, address=cluster.address)


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


def test_workers_for_whom_there_is_no_room_keep_nobody_waiting(cluster):
    from hands3c_core.batch.ray_engine import RayEngine

    found = outcomes(RayEngine(5, address=cluster.address), [1, 2, 3, 4, 5, 6], square)
    assert sorted(outcome.result[0] for outcome in found) == [1, 4, 9, 16, 25, 36]


def test_a_run_is_the_one_of_the_local_engine(engine, clips, here, tmp_path):
    from test_process import CONFIG, contents

    from hands3c_core.batch import process

    process([clips / "one.mp4", clips / "text.mp4"], tmp_path / "a", CONFIG, engine=here)
    process([clips / "one.mp4", clips / "text.mp4"], tmp_path / "b", CONFIG, engine=engine)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_nodes_lost_at_random_moments_leave_no_trace(cluster, engine, clips, here, tmp_path):
    """The second of two nodes goes while it works, and another comes."""
    from test_process import CONFIG, contents

    from hands3c_core.batch import process

    process([clips], tmp_path / "undisturbed", CONFIG, engine=here)
    out = tmp_path / "disturbed"
    generator = random.Random(5)
    node = next(iter(cluster.worker_nodes))
    for _ in range(LOSSES):
        if (out / "clips").is_dir():
            for done in sorted((out / "clips").iterdir())[:3]:
                shutil.rmtree(done)
        loss = threading.Timer(generator.uniform(0.5, 15.0), cluster.remove_node, (node,))
        loss.start()
        process([clips], out, CONFIG, engine=engine, resume=True)
        loss.join()
        node = cluster.add_node(num_cpus=1)
    process([clips], out, CONFIG, engine=engine, resume=True)
    assert contents(out) == contents(tmp_path / "undisturbed")


def test_without_ray_it_is_told_how_to_get_it(monkeypatch):
    from hands3c_core.batch import ray_engine

    monkeypatch.setattr(ray_engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="cluster"):
        ray_engine.RayEngine()
