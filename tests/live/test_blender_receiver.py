"""The Blender example: its parser on our sender's packets, its timer in a stand-in for Blender."""

from __future__ import annotations

import importlib.util
import sys
import types
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from hands3c_core.assets import asset_path
from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.live import LiveOut, Target
from hands3c_core.live.osc import packets


@pytest.fixture
def receiver() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "blender_receiver", asset_path("live/blender_receiver.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_reads_what_we_send(receiver, make_result):
    result = make_result(5)
    heard = {}
    for packet in packets(result):
        heard |= dict(receiver.messages(packet))
    assert heard["/hands3c/frame"][:2] == (1, 5)
    for hand, side in zip(result.hands, ("right", "left"), strict=True):
        told = [heard[f"/hands3c/{side}/joint/{name}"] for name in JOINT_NAMES]
        np.testing.assert_allclose(told, hand.joints_3d, atol=1e-6)
        np.testing.assert_allclose(heard[f"/hands3c/{side}/pose"], hand.pose.reshape(-1), atol=1e-6)
        assert len(heard[f"/hands3c/{side}/shape"]) == 10


class Objects(dict):
    """bpy.data.objects, as far as the example uses it."""

    def new(self, name: str, data: None) -> SimpleNamespace:
        self[name] = SimpleNamespace(name=name, location=None, empty_display_size=1.0)
        return self[name]


def test_it_moves_an_empty_per_joint_in_blenders_axes(receiver, make_result, port, monkeypatch):
    linked, timers = [], []
    bpy = types.ModuleType("bpy")
    bpy.data = SimpleNamespace(objects=Objects())
    collection = SimpleNamespace(objects=SimpleNamespace(link=linked.append))
    bpy.context = SimpleNamespace(scene=SimpleNamespace(collection=collection))
    bpy.app = SimpleNamespace(timers=SimpleNamespace(register=timers.append))
    monkeypatch.setitem(sys.modules, "bpy", bpy)
    receiver.receive(port)
    with LiveOut([Target("osc", port=port)]) as live:
        for index in range(3):
            result = make_result(index)
            live.send(result)
    assert timers[0]() == pytest.approx(0.01)
    assert len(linked) == 42
    x, y, z = (float(value) for value in result.hands[0].joints_3d[8])
    told = bpy.data.objects["right_index4"].location
    assert told == pytest.approx((x, z, -y), abs=1e-6)
    assert timers[0]() == pytest.approx(0.01)
