"""Observations of made-up hands, as the first pass would have them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hands3c_core.batch.observations import Notebook, Observations
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.geometry import default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.model_space import mirror_camera
from hands3c_core.types import Detection, TrackedHand

MODEL = load_hand_model("hand_mano778")
CAMERA = default_camera(640, 480)
FPS = 30.0


@dataclass
class Made:
    """A hand that goes from left to right and closes a little, with noise."""

    track_id: int = 1
    is_right: bool = True
    first: int = 0
    last: int = 40
    missing: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()
    """Frames in which it is taken for a hand of the other side."""
    x: float = 0.0
    speed: float = 0.15
    noise_px: float = 0.4
    shape: np.ndarray = field(default_factory=lambda: np.zeros(10))


def truth(hand: Made, time: float) -> np.ndarray:
    """(21, 3) m of the hand as a right one (mirrored if it is left)."""
    pose = np.zeros((16, 3))
    pose[0] = (0.0, 0.2, 1.4)
    pose[1:, 2] = 0.15 * np.sin(3.0 * time)
    place = np.array([hand.x + hand.speed * time, 0.0, 0.55]) - MODEL.rest_joints.mean(axis=0)
    return FastHandLayer(MODEL).joints(pose, hand.shape, place)


def observe(hands: list[Made], frames: int = 40, seed: int = 1) -> Observations:
    """What the landmark estimator makes of them, frame by frame."""
    random = np.random.default_rng(seed)
    estimator = LandmarkEstimator(MODEL, looks_straight=False)
    notes = Notebook()
    lens = (CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy, CAMERA.width, CAMERA.height)
    for number in range(frames):
        time = number / FPS
        notes.add_frame(index=number, time=time, camera=lens)
        for hand in hands:
            if not hand.first <= number < hand.last or number in hand.missing:
                continue
            side = hand.is_right != (number in hand.turned)
            joints = truth(hand, time)
            joints = joints if hand.is_right else joints * (-1.0, 1.0, 1.0)
            points = project(joints, CAMERA) + random.normal(0, hand.noise_px, (21, 2))
            world = (joints - joints.mean(axis=0)).astype(np.float32)
            detection = Detection(side, 0.9, points.astype(np.float32), world)
            tracked = TrackedHand(hand.track_id, side, detection, number)
            (estimate,) = estimator.estimate(
                np.zeros((16, 16, 3), np.uint8), [tracked], CAMERA, time
            )
            notes.add_hand(
                track_id=hand.track_id,
                is_right=side,
                detected_right=side,
                handedness=0.9,
                landmarks_2d=points,
                landmarks_world=world,
                pose=estimate.pose,
                shape=estimate.shape,
                translation=estimate.translation,
                confidence=estimate.confidence,
                is_unsure=False,
                crop=(320.0, 240.0, 200.0, 0.0),
                estimator="landmarks",
            )
    return notes.finish()


__all__ = ["CAMERA", "FPS", "MODEL", "Made", "mirror_camera", "observe", "truth"]
