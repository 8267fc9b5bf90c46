"""Textured hands in rooms with exact labels, one per index, the same on every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.sample import HandSample, ValidLabels
from hands3c_core.data.synthetic import camera_effects
from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.drawing import (
    ATTEMPTS,
    LEAST_VISIBLE,
    SKIN_SEED,
    Person,
    Scene,
    SceneSampler,
    sample_random,
)
from hands3c_core.data.synthetic.forearm import Forearm
from hands3c_core.data.synthetic.lights import shadow_light
from hands3c_core.data.synthetic.skins import SkinBank
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.model_space import mirror_points
from hands3c_core.render import MeshInstance, MeshRasterizer, RenderedLayer
from hands3c_core.types import Float32, UInt8

#: A joint of a mean hand lies this far under the skin that shows it, metres, at most.
FLESH: Final = 0.022


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


def rendered_hand(
    index: int,
    scene: Scene,
    crop: UInt8,
    visible: NDArray[np.bool_],
    mask: Float32,
) -> RenderedHand:
    """What a renderer made of a scene; arguments as in ``RenderedHand``."""
    hand, camera = scene.people[0], scene.view.crop
    matrix = [[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]]
    return RenderedHand(
        index=index,
        crop=crop,
        joints_2d=scene.joints_2d,
        joints_3d=hand.joints,
        pose=hand.pose,
        shape=hand.shape,
        translation=hand.translation,
        camera_matrix=np.array(matrix, np.float32),
        visible=visible,
        mask=mask,
        family=scene.drawn.family,
        gesture=scene.drawn.name,
        tone=scene.tone,
    )


class SyntheticRenderer:
    """Renders samples on the CPU. Not thread-safe: give each thread or process its own.

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
        self._sampler = SceneSampler(self.config, self.model)
        self._layer = FastHandLayer(self.model)
        self._forearm = Forearm(self.model)
        skins = SkinBank(self.model, SKIN_SEED, size=self.config.texture_size)
        self._skin_templates = [self._forearm.skin_template(skin) for skin in skins.textures]

    def render(self, index: int) -> RenderedHand:
        """Sample ``index`` >= 0."""
        cv2.setNumThreads(1)  # images this small only lose time on threads
        random = sample_random(self.seed, index)
        best: RenderedHand | None = None
        for attempt in range(ATTEMPTS):
            # The last attempt leaves out whatever else could hide the hand.
            result = self._draw(index, self._sampler.draw(random, attempt < ATTEMPTS - 1))
            if best is None or result.visible.sum() > best.visible.sum():
                best = result
            if best.visible.sum() >= LEAST_VISIBLE:
                break
        assert best is not None
        return best

    def _draw(self, index: int, scene: Scene) -> RenderedHand:
        meshes = [mesh for person in scene.people for mesh in self._person(person)]
        if scene.occluder is not None:
            meshes.append(scene.occluder.mesh())
        if self.config.shadows:
            meshes = _shaded(meshes, scene.key, scene.key_share)
        rasterizer = MeshRasterizer(samples=self.config.samples, lighting=scene.lighting)
        layer = rasterizer.render(meshes, scene.view.crop)
        crop = _photograph(layer, scene)
        return rendered_hand(index, scene, crop, self._visible(layer, scene), self._mask(layer))

    def _person(self, person: Person) -> list[MeshInstance]:
        """Hand with forearm, and the sleeve if there is one."""
        vertices, _ = self._layer.forward(person.pose, person.shape, person.translation)
        skin = self._forearm.skin(vertices, person.elbow)
        meshes = [MeshInstance(self._skin_templates[person.skin], skin, person.material)]
        sleeve = person.sleeve
        if sleeve is not None:
            cloth, light = self._forearm.sleeve(
                vertices, person.elbow, sleeve.start, sleeve.looseness, sleeve.waves, sleeve.folds
            )
            template = self._forearm.cloth_template
            meshes.append(MeshInstance(template, cloth, sleeve.material, light))
        if person.offset is None:
            return meshes
        return [
            MeshInstance(
                m.template.mirrored(),
                mirror_points(m.vertices) + person.offset,
                m.material,
                m.vertex_light,
            )
            for m in meshes
        ]

    def _mask(self, layer: RenderedLayer) -> Float32:
        """(S, S) share of the samples that see the first person's skin."""
        ids = layer.face_ids
        seen = ((ids >= 0) & (ids < len(self._forearm.faces))).mean(axis=2, dtype=np.float32)
        full = np.zeros((layer.height, layer.width), np.float32)
        full[layer.y0 : layer.y0 + ids.shape[0], layer.x0 : layer.x0 + ids.shape[1]] = seen
        return full

    def _visible(self, layer: RenderedLayer, scene: Scene) -> NDArray[np.bool_]:
        """(21,) whether the pixel over each joint shows the hand's skin just before the joint."""
        ids, inverse = layer.face_ids, layer.inverse_depth
        height, width = ids.shape[:2]
        joints = scene.people[0].joints
        reach = flesh(joints)
        u, v = scene.joints_2d.T
        x, y = np.round(u).astype(int) - layer.x0, np.round(v).astype(int) - layer.y0
        visible = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        visible &= scene.joints_in_frame()
        x, y, z = x[visible], y[visible], joints[visible, 2]
        ours = (ids[y, x] >= 0) & (ids[y, x] < self._forearm.num_hand_faces)
        near = inverse[y, x] * (z - reach)[:, None] < 1.0
        visible[visible] = (ours & near).any(axis=1)
        return visible


def _photograph(layer: RenderedLayer, scene: Scene) -> UInt8:
    """The picture as the webcam takes it."""
    faults, size = scene.faults, layer.width
    rgba, x0, y0 = layer.rgba, layer.x0, layer.y0
    if faults is not None and faults.motion is not None:
        kernel = camera_effects.motion_kernel(*faults.motion)
        full = np.zeros((size, size, 4), np.float32)
        full[y0 : y0 + rgba.shape[0], x0 : x0 + rgba.shape[1]] = rgba
        rgba, x0, y0 = np.asarray(cv2.filter2D(full, -1, kernel), np.float32), 0, 0
    image = camera_effects.blend(rgba, x0, y0, scene.background.astype(np.float32))
    if faults is None:
        return np.clip(image + 0.5, 0, 255).astype(np.uint8)
    image = camera_effects.soften(image, faults.blur, faults.source_side)
    image = camera_effects.recolor(image, faults)
    image = camera_effects.add_noise(image, faults)
    crop = camera_effects.compress(image, faults.jpeg_quality)
    # Past the frame's edge a crop is black.
    left, top, right, bottom = scene.view.frame_pixels()
    crop[:top] = 0
    crop[bottom:] = 0
    crop[:, :left] = 0
    crop[:, right:] = 0
    return crop


def _shaded(
    meshes: list[MeshInstance], key: NDArray[np.float64], key_share: float
) -> list[MeshInstance]:
    """The meshes with shadows and occlusion on top of their own light factors."""
    shaded = []
    for mesh, light in zip(meshes, shadow_light(meshes, key, key_share), strict=True):
        own = light if mesh.vertex_light is None else light * mesh.vertex_light
        shaded.append(MeshInstance(mesh.template, mesh.vertices, mesh.material, own))
    return shaded


def flesh(joints: Float32) -> float:
    """How far under the skin a visible joint of this hand (21, 3) may lie, metres."""
    return FLESH * float(np.linalg.norm(joints[9] - joints[0])) / 0.095
