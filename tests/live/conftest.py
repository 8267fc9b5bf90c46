"""A frame with both hands, and ports that are free."""

from __future__ import annotations

import socket
from collections.abc import Callable

import numpy as np
import pytest

from hands3c_core.hand_model import FastHandLayer, HandModelData, load_hand_model
from hands3c_core.model_space import mirror_points
from hands3c_core.types import Camera, CropBox, Frame, FrameResult, Hand

CAMERA = Camera(500.0, 500.0, 319.5, 239.5, 640, 480)


@pytest.fixture(scope="session")
def hand_model() -> HandModelData:
    """What ``make_result``'s hands are made with."""
    return load_hand_model("hand_mano778")


@pytest.fixture(scope="session")
def make_result(hand_model: HandModelData) -> Callable[..., FrameResult]:
    """A frame by number: a right hand that moves to the right with it, and a left one."""
    model = hand_model
    layer = FastHandLayer(model)
    shape = np.zeros(10, np.float32)

    def make(index: int, sides: tuple[bool, ...] = (True, False)) -> FrameResult:
        hands = []
        for number, is_right in enumerate(sides, start=1):
            pose = model.named_pose("relaxed").astype(np.float32)
            pose[0] = (0.1 * number, -1.2, 0.3)
            move = np.array([0.05 + 0.001 * index, 0.02 * number, 0.5], np.float32)
            vertices, joints = layer(pose, shape, move)
            if not is_right:
                vertices, joints = mirror_points(vertices), mirror_points(joints)
            flat = np.ascontiguousarray(500 * joints[:, :2] / joints[:, 2:] + (319.5, 239.5))
            flat = flat.astype(np.float32)
            hand = Hand(
                number, is_right, 0.5 + 0.1 * number, vertices, joints,
                flat, flat, pose, shape, move, CropBox(1.0, 2.0, 3.0), 0.5, "landmarks",
            )  # fmt: skip
            hands.append(hand)
        frame = Frame(np.zeros((2, 2, 3), np.uint8), index / 30, index, 0.0)
        return FrameResult(frame, CAMERA, tuple(hands), {"total": 10.0})

    return make


@pytest.fixture
def port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
