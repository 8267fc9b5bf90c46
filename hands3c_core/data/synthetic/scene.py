"""Where the hand, its arm and the camera are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.turns import quaternion_matrix, turn_matrix, turn_vector
from hands3c_core.geometry import apply_affine, crop_affine, crop_box, default_camera, project
from hands3c_core.types import Camera, CropBox

Floats = NDArray[np.floating[Any]]

#: Sizes of webcam images, px.
_FRAMES: Final = ((640, 480), (640, 480), (1280, 720), (640, 360))
_FOV_DEG: Final = (45.0, 75.0)
#: Nearest and farthest hand, metres.
_DISTANCE: Final = (0.3, 1.0)
#: The template's fingers (-x) upwards, its palm (-y) towards the camera.
_PALM_TO_CAMERA: Final = np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
#: Share of hands that are wholly inside the frame, where they fit; the others as they come.
_WHOLE: Final = 0.85
#: Turns about the fingers: palm, back, either edge; and how often each is seen.
_SIDES: Final = (0.0, np.pi, np.pi / 2, -np.pi / 2)
_SIDE_SHARES: Final = (0.45, 0.25, 0.15, 0.15)
_FOREARM: Final = 0.25


@dataclass(frozen=True)
class View:
    """A camera's frame and the crop of the hand in it."""

    frame: Camera
    """The webcam."""
    crop: Camera
    """The camera of the crop: same place, K of the crop's px."""
    box: CropBox
    """The crop in px of the frame."""
    affine: NDArray[np.float64]
    """(2, 3) frame px to crop px."""

    def frame_in_crop(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge of the frame in crop px."""
        corners = [(-0.5, -0.5), (self.frame.width - 0.5, self.frame.height - 0.5)]
        (left, top), (right, bottom) = apply_affine(self.affine, corners)
        return float(left), float(top), float(right), float(bottom)

    def frame_pixels(self) -> tuple[int, int, int, int]:
        """The crop's pixels inside the frame: left, top (included), right, bottom (excluded)."""
        left, top, right, bottom = (max(round(e + 0.5), 0) for e in self.frame_in_crop())
        return left, top, right, bottom


def draw_rotation(uniform_share: float, random: np.random.Generator) -> NDArray[np.float64]:
    """(3,) axis-angle of the hand's global orientation: any, or as before a webcam, fingers mostly
    up, showing palm, back or edge."""
    if random.random() < uniform_share:
        return turn_vector(quaternion_matrix(random.standard_normal(4)))
    side = random.choice(_SIDES, p=_SIDE_SHARES)
    about_fingers = turn_matrix(np.array([side + random.normal(0, 0.45), 0.0, 0.0]))
    pitch = turn_matrix(np.array([random.normal(0, 0.5), 0.0, 0.0]))
    roll = turn_matrix(np.array([0.0, 0.0, random.normal(0, 0.6)]))
    return turn_vector(roll @ pitch @ _PALM_TO_CAMERA @ about_fingers)


def draw_place(joints: Floats, random: np.random.Generator) -> tuple[NDArray[np.float32], Camera]:
    """A webcam and where the hand is before it.

    Args:
        joints: (21, 3) metres, turned as they will be, any origin.
        random: draws everything.

    Returns:
        (3,) translation to the camera frame, and the camera.
    """
    width, height = _FRAMES[random.integers(len(_FRAMES))]
    camera = default_camera(width, height, random.uniform(*_FOV_DEG))
    distance = float(np.exp(random.uniform(*np.log(_DISTANCE))))
    where = np.clip(random.normal(0.5, 0.18, 2), 0.08, 0.92) * (width, height)
    ray = np.array([(where[0] - camera.cx) / camera.fx, (where[1] - camera.cy) / camera.fy, 1.0])
    middle = (joints.min(axis=0) + joints.max(axis=0)) / 2
    translation = ray * distance - middle
    nearest = float((joints[:, 2] + translation[2]).min())
    translation += ray * max(0.14 - nearest, 0.0)
    if random.random() < _WHOLE:
        margin = random.uniform(0.05, 0.4)
        translation += _move_inside(joints + translation, camera, margin)
    return translation.astype(np.float32), camera


def _move_inside(points: Floats, camera: Camera, margin: float) -> NDArray[np.float64]:
    """(3,) sideways move that brings points (N, 3), with a margin (as a share of their extent),
    into the frame, or to its middle if they do not fit."""
    pixels = project(points, camera).astype(np.float64)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    margin *= (high - low).max()
    limit = np.array([camera.width - 1.0, camera.height - 1.0])
    shift = np.maximum(margin - low, 0.0) - np.maximum(high + margin - limit, 0.0)
    shift = np.where(high - low + 2 * margin > limit, (limit - low - high) / 2, shift)
    return np.array([*(shift / (camera.fx, camera.fy) * points[:, 2].mean()), 0.0])


def draw_view(
    joints_2d: Floats, frame: Camera, config: SyntheticConfig, random: np.random.Generator
) -> View:
    """The crop around joints (21, 2), px in the frame, with jitter of its place and size."""
    box = crop_box(joints_2d, random.uniform(config.crop_scale_low, config.crop_scale_high))
    shift = random.normal(0, config.crop_shift, 2) * box.side
    box = CropBox(box.center_x + float(shift[0]), box.center_y + float(shift[1]), box.side)
    affine = crop_affine(box, config.size)
    scale = config.size / box.side
    cx, cy = apply_affine(affine, [frame.cx, frame.cy])
    crop = Camera(
        frame.fx * scale, frame.fy * scale, float(cx), float(cy), config.size, config.size
    )
    return View(frame, crop, box, affine)


def draw_elbow(
    rotation: Floats, wrist: Floats, palm_length: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """(3,) metres: where the elbow is.

    Args:
        rotation: (3,) axis-angle, global orientation of the hand.
        wrist: (3,) metres, centre of the wrist.
        palm_length: wrist to middle finger's root, metres; arms grow with hands.
        random: draws the wrist's bend (most within 25 degrees either way).
    """
    bend = np.clip(random.normal(0, 0.4), -1.1, 1.1)
    deviation = np.clip(random.normal(0, 0.17), -0.45, 0.45)
    # The template's arm points along +x; its wrist bends about z and deviates about y.
    local = np.array(
        [np.cos(bend) * np.cos(deviation), np.sin(bend), -np.cos(bend) * np.sin(deviation)]
    )
    direction = turn_matrix(np.asarray(rotation, np.float64)) @ local
    return np.asarray(wrist, np.float64) + direction * _FOREARM * palm_length / 0.095


def second_hand_offset(
    joints: Floats, other: Floats, random: np.random.Generator
) -> NDArray[np.float64]:
    """(3,) translation of another hand's joints (21, 3) that puts it beside, before or behind the
    first one's without running through it."""
    angle = random.uniform(0, 2 * np.pi)
    aside = random.uniform(0.03, 0.16) * np.array([np.cos(angle), 0.7 * np.sin(angle), 0.0])
    # Seldom in front: the label is of the first hand.
    step = random.choice((0.012, -0.012), p=(0.75, 0.25))
    offset = joints.mean(axis=0) - other.mean(axis=0) + aside
    for _ in range(20):
        gap = np.linalg.norm(joints[:, None] - (other + offset)[None], axis=-1).min()
        if gap > 0.028:
            break
        offset[2] += step
    return offset
