"""Renders batches of scenes on any torch device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hands3c_core.hand_model import HandModelData, load_hand_model
from hands3c_core.render.raster_kernels import SUBPIXEL
from hands3c_core.render.rasterizer import SAMPLE_PATTERNS
from hands3c_core.types import UInt8

from ..config import SyntheticConfig
from ..drawing import ATTEMPTS, LEAST_VISIBLE, SKIN_SEED, SceneSampler, sample_random
from ..forearm import Forearm
from ..renderer import RenderedHand, rendered_hand
from ..skins import SkinBank
from .bodies import Batch, Bodies
from .packing import Arrays, pack_scenes, upload
from .photography import Webcam
from .shading import Light, Shader, SkinTextures
from .shadows import shadow_light
from .soup import stir
from .visibility import Visible, see


@dataclass(frozen=True)
class Pictures:
    """What the device makes of B scenes; all on the device."""

    crop: Tensor
    """(B, S, S, 3) uint8 RGB."""
    visible: Tensor
    """(B, 21) bool: see ``RenderedHand``."""
    mask: Tensor
    """(B, S, S) share of each pixel that shows the first hand or its arm."""


class SceneRenderer(nn.Module):
    """From packed scenes to pictures. Everything here runs on the device; the host waits for it
    only where a number of pixels has to be known (six times a batch).

    Args:
        config: what to render, checked.
        model: the hand.
    """

    def __init__(self, config: SyntheticConfig, model: HandModelData) -> None:
        super().__init__()
        self.config = config
        forearm = Forearm(model)
        bank = SkinBank(model, SKIN_SEED, size=config.texture_size)
        template = forearm.skin_template(bank.textures[0])
        self.bodies = Bodies(model, forearm)
        uv = torch.from_numpy(template.uv)
        self.shader = Shader(SkinTextures(bank.textures, uv, template.uv_area))
        self.webcam = Webcam(config.size)
        self.skin_faces, self.hand_faces = len(forearm.faces), forearm.num_hand_faces
        pattern = np.array(SAMPLE_PATTERNS[config.samples]) * SUBPIXEL
        self.register_buffer("offsets", torch.from_numpy(np.round(pattern).astype(np.int64)))

    offsets: Tensor

    @torch.no_grad()
    def forward(self, batch: Batch, sleeves_first: int) -> Pictures:
        """The pictures of B scenes.

        Args:
            batch: ``packing.pack_scenes``, uploaded.
            sleeves_first: how many of the sleeves belong to the labelled hands.
        """
        camera = batch["camera"]
        soup = stir(self.bodies.groups(batch, len(camera), sleeves_first))
        visible = see(soup, camera, self.config.size, self.offsets)
        shade = soup.light
        if self.config.shadows:
            shade = shade * shadow_light(soup, batch["towards"], batch["key_share"])
        light = Light(batch["lights"], batch["ambient"], batch["wrap"])
        layers = self.shader(soup, visible, camera, self.offsets, light, shade)
        first = len(camera) * self.skin_faces  # the labelled hands' triangles come first
        mask = ((visible.face >= 0) & (visible.face < first)).float().mean(-1)
        return Pictures(self.webcam(layers, batch), self._seen_joints(visible, batch), mask)

    def _seen_joints(self, visible: Visible, batch: Batch) -> Tensor:
        """(B, 21) whether the pixel over each joint shows the hand's skin just before the joint."""
        scenes = len(batch["camera"])
        number = torch.arange(scenes, device=visible.face.device)[:, None]
        x, y = batch["joint_pixel"].unbind(-1)
        face, inverse = visible.face[number, y, x], visible.inverse_depth[number, y, x]
        ours = (face >= 0) & (face < scenes * self.skin_faces)
        ours &= face % self.skin_faces < self.hand_faces
        near = inverse * batch["joint_depth"][..., None] < 1.0
        return (ours & near).any(-1) & batch["joint_inside"]


@dataclass(frozen=True, eq=False)
class Try:
    """One sample to draw, or to draw again."""

    index: int
    random: np.random.Generator
    attempt: int = 0
    best: RenderedHand | None = None
    """The earlier attempt that shows most joints."""


@dataclass(frozen=True, eq=False)
class DrawnBatch:
    """What the host makes of some tries."""

    tries: list[Try]
    hands: list[RenderedHand]
    """Labels; the pictures are still empty."""
    arrays: Arrays
    sleeves_first: int


def draw_batch(sampler: SceneSampler, tries: list[Try]) -> DrawnBatch:
    """Draw the scenes of some tries and pack them."""
    scenes = [sampler.draw(t.random, t.attempt < ATTEMPTS - 1) for t in tries]
    empty: UInt8 = np.zeros((0, 0, 3), np.uint8)
    nothing: NDArray[Any] = np.zeros((0, 0), np.float32)
    hands = [
        rendered_hand(t.index, scene, empty, scene.joints_2d, np.zeros(21, bool), nothing)
        for t, scene in zip(tries, scenes, strict=True)
    ]
    arrays = pack_scenes(scenes, sampler.config)
    first = int((arrays["sleeve_person"] < len(scenes)).sum())
    return DrawnBatch(tries, hands, arrays, first)


class BatchRenderer:
    """``SyntheticRenderer`` for whole batches: the same samples by index.

    Args:
        config: what to render.
        seed: samples of different seeds have nothing in common.
        device: of torch; 'cpu' works, and is slower than ``SyntheticRenderer``.
        batch: scenes drawn at once; memory grows with it.

    Raises:
        UserError: an option is out of range, or the background folder is missing or empty.
    """

    def __init__(
        self,
        config: SyntheticConfig | None = None,
        seed: int = 0,
        device: str | torch.device = "cuda",
        batch: int = 256,
    ) -> None:
        self.config = (config or SyntheticConfig()).check()
        self.seed = seed
        self.device = torch.device(device)
        self.batch = batch
        model = load_hand_model(self.config.hand_model)
        self.sampler = SceneSampler(self.config, model)
        self.scenes = SceneRenderer(self.config, model).to(self.device)

    def render(self, indices: Iterable[int]) -> Iterator[RenderedHand]:
        """The samples of these indices, as they get ready: not in order, because those that show
        too little of the hand are drawn again with a later batch."""
        cv2.setNumThreads(1)  # images this small only lose time on threads
        waiting = iter(indices)
        again: list[Try] = []
        while True:
            fresh = (Try(index, sample_random(self.seed, index)) for index in waiting)
            tries = again + [t for _, t in zip(range(self.batch - len(again)), fresh, strict=False)]
            if not tries:
                return
            drawn = draw_batch(self.sampler, tries)
            again = []
            for result in finish(drawn, self.develop(drawn)):
                if isinstance(result, Try):
                    again.append(result)
                else:
                    yield result

    def develop(self, drawn: DrawnBatch) -> Pictures:
        """The pictures of a drawn batch, on the device."""
        return self.scenes(upload(drawn.arrays, self.device), drawn.sleeves_first)


def finish(drawn: DrawnBatch, pictures: Pictures) -> Iterator[RenderedHand | Try]:
    """The hands with their pictures, and what has to be drawn again. Waits for the device."""
    crops, masks = pictures.crop.cpu().numpy(), pictures.mask.cpu().numpy()
    visible = pictures.visible.cpu().numpy()
    for n, (tried, hand) in enumerate(zip(drawn.tries, drawn.hands, strict=True)):
        hand = replace(hand, crop=crops[n], mask=masks[n], visible=visible[n])
        best = tried.best
        if best is None or hand.visible.sum() > best.visible.sum():
            best = hand
        if best.visible.sum() >= LEAST_VISIBLE or tried.attempt + 1 == ATTEMPTS:
            yield best
        else:
            yield Try(tried.index, tried.random, tried.attempt + 1, best)
