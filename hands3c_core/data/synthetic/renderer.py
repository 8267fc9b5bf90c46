"""Textured hands in rooms with exact labels, one per index, the same on every run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.sample import HandSample, ValidLabels
from hands3c_core.geometry import project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.render import Material, MeshInstance, MeshRasterizer, RenderedLayer
from hands3c_core.types import Camera, Float32, UInt8

from . import camera_effects
from .backgrounds import list_backgrounds, photo_background, room_background, scene_light
from .config import SyntheticConfig
from .forearm import Forearm
from .lights import draw_lighting, shadow_light
from .occluders import draw_occluder
from .pose_prior import PosePrior, SampledPose
from .scene import View, draw_elbow, draw_place, draw_rotation, draw_view, second_hand_offset
from .skins import SkinBank

#: A scene that shows fewer joints is drawn again.
_LEAST_VISIBLE = 9
_ATTEMPTS = 5
#: A joint lies this far under the skin that shows it, metres, at most.
_FLESH = 0.022


@dataclass(frozen=True, eq=False)
class RenderedHand:
    """One sample: the crop and the truth, camera frame, metres, always a right hand."""

    index: int
    """Its number; with the seed and the options it decides everything."""
    crop: UInt8
    """(S, S, 3) RGB."""
    joints_2d: Float32
    """(21, 2) px in the crop."""
    joints_3d: Float32
    """(21, 3) metres, camera frame."""
    pose: Float32
    """(16, 3) axis-angle."""
    shape: Float32
    """(10,)"""
    translation: Float32
    """(3,) metres: what is added to the hand layer's output."""
    camera_matrix: Float32
    """(3, 3) K of the crop."""
    visible: NDArray[np.bool_]
    """(21,) whether nothing hides the joint and it is inside the picture."""
    mask: Float32
    """(S, S) share of each pixel that shows the hand or its forearm, before blur."""
    family: str
    """Key of ``pose_prior.FAMILIES``."""
    gesture: str
    """Gesture's name, or the family's."""
    tone: float
    """Skin tone, 0 very light to 1 very dark."""

    def to_sample(self, vertices: Float32 | None = None) -> HandSample:
        """The sample as every dataset gives it.

        Args:
            vertices: (V, 3) metres in the camera frame, if wanted.
        """
        return hand_sample(
            f"synthetic[{self.index}]",
            self.crop,
            self.joints_2d,
            self.joints_3d,
            self.pose,
            self.shape,
            self.camera_matrix,
            vertices,
        )


def hand_sample(
    name: str,
    crop: UInt8,
    joints_2d: Float32,
    joints_3d: Float32,
    pose: Float32,
    shape: Float32,
    camera_matrix: Float32,
    vertices: Float32 | None,
) -> HandSample:
    """A ``HandSample`` of a rendered hand: arguments as in ``RenderedHand``, camera frame."""
    everything = np.ones(21, bool)
    root = joints_3d[0]
    return HandSample(
        crop=crop,
        joints_2d=joints_2d,
        joints_3d=joints_3d - root,
        is_right=True,
        valid=ValidLabels(
            joints_2d=everything,
            joints_3d=everything.copy(),
            vertices=vertices is not None,
            pose=True,
            shape=True,
        ),
        name=name,
        vertices=None if vertices is None else vertices - root,
        pose=pose,
        shape=shape,
        parameter_model="hands3c",
        root=root.copy(),
        intrinsics=camera_matrix,
    )


class SyntheticRenderer:
    """Renders samples. Not thread-safe: give each thread or process its own.

    Args:
        config: what to render.
        seed: samples of different seeds have nothing in common.

    Raises:
        UserError: an option is out of range, or the background folder is missing or empty.
    """

    def __init__(self, config: SyntheticConfig | None = None, seed: int = 0) -> None:
        self.config = (config or SyntheticConfig()).check()
        self.seed = seed
        self.model = load_hand_model(self.config.hand_model)
        self._prior = PosePrior(self.model)
        self._layer = FastHandLayer(self.model)
        self._forearm = Forearm(self.model)
        texture_size = 256 if self.config.size <= 160 else 512
        # The skins are the same for every seed: another seed shows other samples of them.
        self._skins = SkinBank(self.model, seed=0, size=texture_size)
        self._skin_templates = [
            self._forearm.skin_template(texture) for texture in self._skins.textures
        ]
        folder = self.config.backgrounds
        self._backgrounds = list_backgrounds(Path(folder)) if folder else []

    def render(self, index: int) -> RenderedHand:
        """Sample ``index`` >= 0."""
        cv2.setNumThreads(1)  # images this small only lose time on threads
        random = np.random.default_rng([self.seed, index])
        best: RenderedHand | None = None
        for attempt in range(_ATTEMPTS):
            # The last attempt leaves out whatever else could hide the hand.
            result = self._attempt(index, random, crowded=attempt < _ATTEMPTS - 1)
            if best is None or result.visible.sum() > best.visible.sum():
                best = result
            if best.visible.sum() >= _LEAST_VISIBLE:
                break
        assert best is not None
        return best

    def _attempt(self, index: int, random: np.random.Generator, crowded: bool) -> RenderedHand:
        config = self.config
        crowded = crowded and not config.clean
        drawn = self._prior.sample(random)
        pose = drawn.pose.copy()
        pose[0] = draw_rotation(config.uniform_rotations, random)
        local = self._layer.joints(pose, drawn.shape)
        translation, frame = draw_place(local, random)
        vertices, joints = self._layer.forward(pose, drawn.shape, translation)
        view = draw_view(project(joints, frame), frame, config, random)
        tone = float(random.random())
        background = self._background(random)
        lighting, key, key_share = draw_lighting(scene_light(background), random)

        meshes = self._person(vertices, joints, pose[0], tone, random)
        if crowded and random.random() < config.second_hand:
            meshes += self._second_hand(joints, tone, random)
        if crowded and random.random() < config.occluders:
            held = drawn.family == "grasp" or random.random() < 0.3
            meshes.append(draw_occluder(joints.astype(np.float64), held, random))
        if config.shadows:
            meshes = _shaded(meshes, key, key_share)
        rasterizer = MeshRasterizer(samples=config.samples, lighting=lighting)
        layer = rasterizer.render(meshes, view.crop)
        crop = self._photograph(layer, background, view, random)
        joints_2d = project(joints, view.crop)
        return RenderedHand(
            index=index,
            crop=crop,
            joints_2d=joints_2d,
            joints_3d=joints,
            pose=pose,
            shape=drawn.shape,
            translation=translation,
            camera_matrix=_matrix(view.crop),
            visible=self._visible(layer, joints, joints_2d, view),
            mask=self._mask(layer),
            family=drawn.family,
            gesture=drawn.name,
            tone=tone,
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
        vertices: Float32,
        joints: Float32,
        rotation: NDArray,
        tone: float,
        random: np.random.Generator,
    ) -> list[MeshInstance]:
        """Hand with forearm, and the sleeve if there is one."""
        palm = float(np.linalg.norm(joints[9] - joints[0]))
        elbow = draw_elbow(rotation, joints[0], palm, random)
        tint = np.exp(random.normal(0, 0.05, 3))
        material = Material(
            base_color=(float(tint[0]), float(tint[1]), float(tint[2])),
            specular=random.uniform(0.02, 0.14),
            shininess_log2=int(random.integers(3, 6)),
            rim=random.uniform(0.0, 0.06),
        )
        template = self._skin_templates[self._skins.pick(tone)]
        meshes = [MeshInstance(template, self._forearm.skin(vertices, elbow), material)]
        if random.random() < self.config.sleeves:
            start = (
                random.uniform(0.03, 0.5) if random.random() < 0.6 else random.uniform(0.03, 0.1)
            )
            cloth, folds = self._forearm.sleeve(
                vertices, elbow, start, random.uniform(0.003, 0.012), random
            )
            color = np.clip(random.uniform(0.01, 0.8) * random.normal(1, 0.25, 3), 0.005, 0.85)
            shade = (float(color[0]), float(color[1]), float(color[2]))
            cotton = Material(plain_color=shade, specular=0.0, rim=0.02)
            meshes.append(MeshInstance(self._forearm.cloth_template, cloth, cotton, folds))
        return meshes

    def _second_hand(
        self, joints: Float32, tone: float, random: np.random.Generator
    ) -> list[MeshInstance]:
        """Mostly the same person's left hand, somewhere near."""
        drawn: SampledPose = self._prior.sample(random)
        pose = drawn.pose.copy()
        pose[0] = draw_rotation(self.config.uniform_rotations, random)
        vertices, own_joints = self._layer.forward(pose, drawn.shape)
        if random.random() < 0.25:
            tone = float(random.random())
        meshes = self._person(vertices, own_joints, pose[0], tone, random)
        flip = np.array([-1.0, 1.0, 1.0], np.float32)
        offset = second_hand_offset(joints, own_joints * flip, random).astype(np.float32)
        return [
            MeshInstance(
                m.template.mirrored(), m.vertices * flip + offset, m.material, m.vertex_light
            )
            for m in meshes
        ]

    def _photograph(
        self, layer: RenderedLayer, background: UInt8, view: View, random: np.random.Generator
    ) -> UInt8:
        """The picture as the webcam takes it."""
        config = self.config
        rgba, x0, y0 = layer.rgba, layer.x0, layer.y0
        if not config.clean and random.random() < config.motion_blur:
            length = random.uniform(0.01, 0.09) * config.size
            kernel = camera_effects.motion_kernel(length, random.uniform(0, np.pi))
            full = np.zeros((config.size, config.size, 4), np.float32)
            full[y0 : y0 + rgba.shape[0], x0 : x0 + rgba.shape[1]] = rgba
            rgba, x0, y0 = np.asarray(cv2.filter2D(full, -1, kernel), np.float32), 0, 0
        image = camera_effects.blend(rgba, x0, y0, background.astype(np.float32))
        if config.clean:
            return np.clip(image + 0.5, 0, 255).astype(np.uint8)
        image = camera_effects.soften(image, view.box.side, random)
        image = camera_effects.recolor(image, random)
        image = camera_effects.add_noise(image, random)
        crop = camera_effects.compress(image, random)
        # Past the frame's edge a crop is black.
        left, top, right, bottom = (round(edge + 0.5) for edge in view.frame_in_crop())
        crop[: max(top, 0)] = 0
        crop[max(bottom, 0) :] = 0
        crop[:, : max(left, 0)] = 0
        crop[:, max(right, 0) :] = 0
        return crop

    def _mask(self, layer: RenderedLayer) -> Float32:
        """(S, S) share of the samples that see the first person's skin."""
        ids = layer.face_ids
        seen = ((ids >= 0) & (ids < len(self._forearm.faces))).mean(axis=2, dtype=np.float32)
        full = np.zeros((layer.height, layer.width), np.float32)
        full[layer.y0 : layer.y0 + ids.shape[0], layer.x0 : layer.x0 + ids.shape[1]] = seen
        return full

    def _visible(
        self, layer: RenderedLayer, joints: Float32, joints_2d: Float32, view: View
    ) -> NDArray[np.bool_]:
        """(21,) whether the pixel over each joint shows the hand's skin just before the joint."""
        ids, inverse = layer.face_ids, layer.inverse_depth
        height, width = ids.shape[:2]
        left, top, right, bottom = view.frame_in_crop()
        reach = _FLESH * float(np.linalg.norm(joints[9] - joints[0])) / 0.095
        u, v = joints_2d.T
        x, y = np.round(u).astype(int) - layer.x0, np.round(v).astype(int) - layer.y0
        visible = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        visible &= (u > left) & (u < right) & (v > top) & (v < bottom)
        x, y, z = x[visible], y[visible], joints[visible, 2]
        ours = (ids[y, x] >= 0) & (ids[y, x] < self._forearm.num_hand_faces)
        near = inverse[y, x] * (z - reach)[:, None] < 1.0
        visible[visible] = (ours & near).any(axis=1)
        return visible


def _shaded(
    meshes: list[MeshInstance], key: NDArray[np.float64], key_share: float
) -> list[MeshInstance]:
    """The meshes with shadows and occlusion on top of their own light factors."""
    shaded = []
    for mesh, light in zip(meshes, shadow_light(meshes, key, key_share), strict=True):
        own = light if mesh.vertex_light is None else light * mesh.vertex_light
        shaded.append(MeshInstance(mesh.template, mesh.vertices, mesh.material, own))
    return shaded


def _matrix(camera: Camera) -> Float32:
    return np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]], np.float32)
