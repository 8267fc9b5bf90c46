"""A small data set of drawn hands that a network can learn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.conventions import BONES, FINGER_COLORS
from hands3c_core.data.synthetic import SyntheticConfig, render_shards
from hands3c_core.hand_model import FastHandLayer, load_hand_model

SIDE = 128
FOCAL = 300.0
COLORS = [(255, 255, 255), *(color for color in FINGER_COLORS.values() for _ in range(4))]


def draw_hands(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Stick figures with exact labels, as the arrays of an ``arrays:`` file."""
    rng = np.random.default_rng(seed)
    layer = FastHandLayer(load_hand_model("hand_mano778"))
    camera = np.array([[FOCAL, 0, 63.5], [0, FOCAL, 63.5], [0, 0, 1.0]])
    names = ("images", "joints_3d", "joints_2d", "pose", "vertices")
    rows: dict[str, list] = {name: [] for name in names}
    for _ in range(count):
        pose = (0.15 * rng.normal(size=(16, 3))).astype(np.float32)
        pose[0] = 0.4 * rng.normal(size=3)
        vertices, joints = layer(pose, np.zeros(10, np.float32))
        place = [0.0, 0.0, 0.6] - joints.mean(axis=0)
        vertices, joints = vertices + place, joints + place
        flat = joints @ camera.T
        flat = flat[:, :2] / flat[:, 2:]
        image = np.full((SIDE, SIDE, 3), rng.integers(0, 80), np.uint8)
        for parent, child in BONES:
            ends = (tuple(np.round(flat[k]).astype(int).tolist()) for k in (parent, child))
            cv2.line(image, *ends, COLORS[child], 4)
        for name, value in zip(rows, (image, joints, flat, pose, vertices), strict=True):
            rows[name].append(value)
    arrays = {name: np.stack(values) for name, values in rows.items()}
    arrays["shape"] = np.zeros((count, 10), np.float32)
    arrays["K"] = np.repeat(camera[None], count, axis=0)
    return arrays


@pytest.fixture(scope="session", name="draw_hands")
def drawing() -> Callable[..., dict[str, np.ndarray]]:
    """``draw_hands``, for tests that write another kind of data."""
    return draw_hands


@pytest.fixture(scope="session")
def drawn_hands(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A spec for ``--data`` of 64 stick figures."""
    path: Path = tmp_path_factory.mktemp("hands") / "hands.npz"
    np.savez(path, **draw_hands(64))
    return f"arrays:{path}?parameters=hands3c"


@pytest.fixture(scope="session")
def rendered_hands(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A spec for ``--data`` of 48 hands of the synthetic renderer."""
    folder: Path = tmp_path_factory.mktemp("renders")
    render_shards(folder, 48, SyntheticConfig(size=128), seed=7, workers=1)
    return f"synthetic:{folder}"
