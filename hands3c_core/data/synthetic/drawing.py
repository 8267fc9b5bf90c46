"""Every random decision of a sample, before anything is drawn: what both renderers start from.

``SceneSampler`` turns random numbers into a ``Scene``: parameters, labels, the picture behind and
the faults of the camera. A renderer turns a scene into a picture and draws no numbers of its own,
so a seed means the same sample to all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.backgrounds import (
    list_backgrounds,
    photo_background,
    room_background,
    scene_light,
)
from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.faults import CameraFaults, draw_faults
from hands3c_core.data.synthetic.lights import Floats, draw_lighting
from hands3c_core.data.synthetic.occluders import Occluder, draw_occluder
from hands3c_core.data.synthetic.pose_prior import PosePrior, SampledPose
from hands3c_core.data.synthetic.scene import (
    View,
    draw_elbow,
    draw_place,
    draw_rotation,
    draw_view,
    second_hand_offset,
)
from hands3c_core.data.synthetic.skins import nearest_skin, skin_tones
from hands3c_core.geometry import project
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import mirror_points
from hands3c_core.render import Lighting, Material
from hands3c_core.types import Float32, UInt8

#: The skins are the same for every seed: another seed shows other samples of them.
SKIN_SEED: Final = 0
#: A scene that shows fewer joints is drawn again, up to this many times in all.
LEAST_VISIBLE: Final = 9
ATTEMPTS: Final = 5


@dataclass(frozen=True, eq=False)
class Sleeve:
    """Cloth over a forearm (see ``Forearm.sleeve``)."""

    start: float
    looseness: float
    waves: Floats
    """(3,) radians."""
    folds: int
    material: Material


@dataclass(frozen=True, eq=False)
class Person:
    """A hand with its arm. A left hand is built as a right one and mirrored at the end."""

    pose: Float32
    """(16, 3) axis-angle."""
    shape: Float32
    """(10,)"""
    translation: Float32
    """(3,) metres, before mirroring."""
    joints: Float32
    """(21, 3) metres, before mirroring."""
    elbow: Floats
    """(3,) metres, before mirroring."""
    skin: int
    """Number in the ``SkinBank``."""
    material: Material
    sleeve: Sleeve | None
    offset: Float32 | None = None
    """(3,) metres added after mirroring a left hand; None for a right one."""

    @property
    def mirrored(self) -> bool:
        """Whether it is a left hand."""
        return self.offset is not None


@dataclass(frozen=True, eq=False)
class Scene:
    """One try at a sample, camera frame, metres."""

    drawn: SampledPose
    view: View
    tone: float
    """Skin tone, 0 very light to 1 very dark."""
    background: UInt8
    """(S, S, 3) RGB."""
    lighting: Lighting
    key: Floats
    """(3,) unit vector towards the key light."""
    key_share: float
    """The key's share of the light."""
    people: list[Person]
    """The hand of the labels first."""
    occluder: Occluder | None
    faults: CameraFaults | None
    """None for a perfect camera."""

    @cached_property
    def joints_2d(self) -> Float32:
        """(21, 2) px in the crop."""
        return project(self.people[0].joints, self.view.crop)

    def joints_in_frame(self) -> NDArray[np.bool_]:
        """(21,) which joints the camera's picture reaches to."""
        left, top, right, bottom = self.view.frame_in_crop()
        u, v = self.joints_2d.T
        return (u > left) & (u < right) & (v > top) & (v < bottom)


def sample_random(seed: int, index: int) -> np.random.Generator:
    """The random numbers of sample ``index``."""
    return np.random.default_rng([seed, index])


class SceneSampler:
    """Draws scenes. Not thread-safe: give each thread or process its own.

    Args:
        config: what to draw, checked.
        model: the hand.

    Raises:
        UserError: the background folder is missing or empty.
    """

    def __init__(self, config: SyntheticConfig, model: HandModelData) -> None:
        self.config = config
        self._prior = PosePrior(model)
        self._layer = FastHandLayer(model)
        self._tones = skin_tones(SKIN_SEED)
        folder = config.backgrounds
        self._backgrounds = list_backgrounds(Path(folder)) if folder else []

    def draw(self, random: np.random.Generator, crowded: bool = True) -> Scene:
        """A scene.

        Args:
            random: draws everything.
            crowded: False leaves out whatever could hide the hand.
        """
        config = self.config
        crowded = crowded and not config.clean
        drawn = self._prior.sample(random)
        pose = drawn.pose.copy()
        pose[0] = draw_rotation(config.uniform_rotations, random)
        local = self._layer.joints(pose, drawn.shape)
        translation, frame = draw_place(local, random)
        joints = self._layer.joints(pose, drawn.shape, translation)
        view = draw_view(project(joints, frame), frame, config, random)
        tone = float(random.random())
        background = self._background(random)
        lighting, key, key_share = draw_lighting(scene_light(background), random)
        people = [self._person(pose, drawn.shape, translation, joints, tone, random)]
        if crowded and random.random() < config.second_hand:
            people.append(self._second_hand(joints, tone, random))
        occluder = None
        if crowded and random.random() < config.occluders:
            held = drawn.family == "grasp" or random.random() < 0.3
            occluder = draw_occluder(joints.astype(np.float64), held, random)
        faults = None if config.clean else draw_faults(config, view.box.side, random)
        return Scene(
            drawn=drawn,
            view=view,
            tone=tone,
            background=background,
            lighting=lighting,
            key=key,
            key_share=key_share,
            people=people,
            occluder=occluder,
            faults=faults,
        )

    def _background(self, random: np.random.Generator) -> UInt8:
        size = self.config.size
        image = None
        if self._backgrounds and random.random() >= self.config.made_up_share:
            image = photo_background(self._backgrounds, size, random)
        if image is None:
            image = room_background(size, random)
        if not self.config.clean and random.random() < 0.7:  # rooms are rarely in focus
            sigma = random.uniform(0.3, 2.5) * size / 128
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
        return image

    def _person(
        self,
        pose: Float32,
        shape: Float32,
        translation: Float32,
        joints: Float32,
        tone: float,
        random: np.random.Generator,
    ) -> Person:
        """A hand with a forearm, and a sleeve for some."""
        palm = float(np.linalg.norm(joints[9] - joints[0]))
        elbow = draw_elbow(pose[0], joints[0], palm, random)
        tint = np.exp(random.normal(0, 0.05, 3))
        material = Material(
            base_color=(float(tint[0]), float(tint[1]), float(tint[2])),
            specular=random.uniform(0.02, 0.14),
            shininess_log2=int(random.integers(3, 6)),
            rim=random.uniform(0.0, 0.06),
        )
        sleeve = _draw_sleeve(random) if random.random() < self.config.sleeves else None
        skin = nearest_skin(self._tones, tone)
        return Person(pose, shape, translation, joints, elbow, skin, material, sleeve)

    def _second_hand(self, joints: Float32, tone: float, random: np.random.Generator) -> Person:
        """Mostly the same person's left hand, somewhere near."""
        drawn = self._prior.sample(random)
        pose = drawn.pose.copy()
        pose[0] = draw_rotation(self.config.uniform_rotations, random)
        own_joints = self._layer.joints(pose, drawn.shape)
        if random.random() < 0.25:
            tone = float(random.random())
        person = self._person(pose, drawn.shape, np.zeros(3, np.float32), own_joints, tone, random)
        offset = second_hand_offset(joints, mirror_points(own_joints), random).astype(np.float32)
        return replace(person, offset=offset)


def _draw_sleeve(random: np.random.Generator) -> Sleeve:
    start = random.uniform(0.03, 0.5) if random.random() < 0.6 else random.uniform(0.03, 0.1)
    looseness = random.uniform(0.003, 0.012)
    waves, folds = random.uniform(0, 2 * np.pi, 3), int(random.integers(2, 5))
    color = np.clip(random.uniform(0.01, 0.8) * random.normal(1, 0.25, 3), 0.005, 0.85)
    shade = (float(color[0]), float(color[1]), float(color[2]))
    cotton = Material(plain_color=shade, specular=0.0, rim=0.02)
    return Sleeve(start, looseness, waves, folds, cotton)
