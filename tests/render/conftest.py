"""One textured hand model, two posed hands and an off-screen 3D scene with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from open3d_views import CAMERA

from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandLayer, load_hand_model
from hands3c_core.render import HandScene, SceneHand, hand_meshes

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "hand"


@pytest.fixture(scope="module")
def model():
    return load_hand_model("hand_mid")


@pytest.fixture(scope="module")
def meshes(model):
    return hand_meshes(model, ASSETS / "hand_skin_512.jpg")


@pytest.fixture(scope="module")
def hands(model):
    pose = torch.zeros(1, 16, 3)
    pose[0, 0] = torch.tensor([-1.2092, -1.2092, 1.2092])
    output = HandLayer(model)(pose, torch.zeros(1, 10))
    vertices, joints = output.vertices[0].numpy(), output.joints[0].numpy()
    centre = joints.mean(axis=0)
    placed = []
    for is_right, at in ((True, (0.1, 0.0, 0.5)), (False, (-0.1, 0.0, 0.5))):
        side = np.array([1.0 if is_right else -1.0, 1.0, 1.0], np.float32)
        placed.append(
            SceneHand(
                is_right,
                ((vertices - centre) * side + at).astype(np.float32),
                ((joints - centre) * side + at).astype(np.float32),
            )
        )
    return placed


@pytest.fixture
def scene(meshes):
    scene = HandScene(meshes, CAMERA)
    try:
        scene.open((320, 240))
    except UserError as error:
        pytest.skip(f"no off-screen OpenGL here: {error}")
    yield scene
    scene.close()
