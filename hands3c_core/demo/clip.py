"""Frames of the bundled clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.demo.arm import Arm, knit
from hands3c_core.demo.motion import DURATION, LEFT_KEYS, RIGHT_KEYS, HandMotion, Motion
from hands3c_core.demo.room import ROOM_LIGHT, WINDOW, render_room
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.render.mesh import read_texture
from hands3c_core.render.rasterizer import MeshInstance, MeshRasterizer
from hands3c_core.render.shadow import soft_light
from hands3c_core.types import Camera, UInt8

WIDTH: Final = 640
HEIGHT: Final = 480
_MIDDLE_ROOT: Final = JOINT_NAMES.index("middle1")
#: Where the elbows rest, and how much of the wrist's movement they follow.
_ELBOW: Final = np.array([-0.235, 0.395, 0.50])
_WRIST_AT_REST: Final = np.array([-0.13, 0.11, 0.55])
_ELBOW_FOLLOWS: Final = 0.3


@dataclass(frozen=True, eq=False)
class ClipHand:
    """One hand's exact truth in a frame."""

    is_right: bool
    vertices: NDArray[np.float32]
    """(V, 3) metres, camera frame."""
    joints: NDArray[np.float32]
    """(21, 3) metres, camera frame."""


class DemoClip:
    """Two hands in a room: a picture for any time, deterministic by seed.

    Args:
        model: the hand model (right).
        skin: the skin texture's file.
        seed: of the room, the cloth, the tremor and the sensor's noise.
        shape: (10,) of the hands; None for the mean hand.
        motions: the hands there are and what each does, by ``is_right``; None for the clip's own.
    """

    def __init__(
        self,
        model: HandModelData,
        skin: str | Path,
        seed: int = 7,
        shape: NDArray | None = None,
        motions: Mapping[bool, Motion] | None = None,
    ) -> None:
        self.camera = Camera(554.256, 554.256, (WIDTH - 1) / 2, (HEIGHT - 1) / 2, WIDTH, HEIGHT)
        self.duration = DURATION
        self._seed = seed
        self._layer = FastHandLayer(model)
        self._shape = np.zeros(10) if shape is None else np.asarray(shape, float)
        self._motions = motions or {
            True: HandMotion(model, RIGHT_KEYS, seed),
            False: HandMotion(model, LEFT_KEYS, seed + 1),
        }
        arm = Arm(model, read_texture(skin), knit(seed, (92, 108, 138)))
        self._arm = arm
        self._templates = {
            True: (arm.skin, arm.sleeve),
            False: (arm.skin.mirrored(), arm.sleeve.mirrored()),
        }
        self._rasterizer = MeshRasterizer(lighting=ROOM_LIGHT, samples=8)
        self._room = render_room(self.camera, seed)

    def hands(self, time: float) -> list[ClipHand]:
        """The true hands at ``time`` seconds, right and left."""
        return [self._hand(is_right, time)[0] for is_right in self._motions]

    def _hand(self, is_right: bool, time: float) -> tuple[ClipHand, list[NDArray[np.float32]]]:
        """The hand, and the vertices of its skin (with the arm) and of its sleeve."""
        state = self._motions[is_right].at(time)
        vertices, joints = self._layer.forward(state.pose, self._shape)
        shift = state.knuckle - joints[_MIDDLE_ROOT]
        vertices, joints = vertices + shift, joints + shift
        axis = _wrist_axis(state.pose[0])
        elbow = _ELBOW + _ELBOW_FOLLOWS * (joints[0] - _WRIST_AT_REST)
        skin, sleeve = self._arm.place(vertices, axis, elbow)
        mirrored = ModelSpace(is_right).points
        hand = ClipHand(
            is_right, mirrored(vertices).astype(np.float32), mirrored(joints).astype(np.float32)
        )
        return hand, [mirrored(part).astype(np.float32) for part in (skin, sleeve)]

    def frame(self, time: float) -> UInt8:
        """(480, 640, 3) RGB at ``time`` seconds."""
        meshes = []
        for is_right in self._motions:
            _, parts = self._hand(is_right, time)
            for template, vertices in zip(self._templates[is_right], parts, strict=True):
                meshes.append(MeshInstance(template, vertices))
        light = soft_light(meshes, WINDOW, key_share=0.55)
        lit = [
            MeshInstance(mesh.template, mesh.vertices, vertex_light=level)
            for mesh, level in zip(meshes, light, strict=True)
        ]
        picture = self._rasterizer.draw(self._room, lit, self.camera)
        return self._as_webcam(picture, time)

    def _as_webcam(self, picture: UInt8, time: float) -> UInt8:
        """A small lens's softness and falling off, a small sensor's noise."""
        image = cv2.GaussianBlur(picture, (0, 0), 0.55).astype(np.float32)
        v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
        radius = np.hypot(u - self.camera.cx, v - self.camera.cy) / np.hypot(WIDTH / 2, HEIGHT / 2)
        image *= (1.0 - 0.16 * radius**2.5)[..., None].astype(np.float32)
        random = np.random.default_rng([self._seed, round(time * 1000)])
        image += random.normal(0.0, 1.1, (HEIGHT, WIDTH, 1)).astype(np.float32)
        return np.clip(image + 0.5, 0, 255).astype(np.uint8)


def _wrist_axis(orientation: NDArray) -> NDArray[np.float64]:
    """(3,) unit direction out of the wrist (the template's +x) of a global axis-angle."""
    rotation, _ = cv2.Rodrigues(np.asarray(orientation, np.float64))
    return np.asarray(rotation[:, 0], np.float64)
