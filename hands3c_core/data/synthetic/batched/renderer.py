"""Renders batches of scenes on any torch device."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from time import perf_counter
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from hands3c_core.data.synthetic.batched.bodies import Batch, Bodies
from hands3c_core.data.synthetic.batched.host import DrawnBatch, ScenePool, Try
from hands3c_core.data.synthetic.batched.packing import upload
from hands3c_core.data.synthetic.batched.photography import Webcam
from hands3c_core.data.synthetic.batched.shading import Light, Shader, SkinTextures
from hands3c_core.data.synthetic.batched.shadows import shadow_light
from hands3c_core.data.synthetic.batched.soup import stir
from hands3c_core.data.synthetic.batched.visibility import Visible, see
from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.drawing import ATTEMPTS, LEAST_VISIBLE, SKIN_SEED, sample_random
from hands3c_core.data.synthetic.forearm import Forearm
from hands3c_core.data.synthetic.renderer import RenderedHand
from hands3c_core.data.synthetic.skins import SkinBank
from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData, load_hand_model
from hands3c_core.render.raster_kernels import SUBPIXEL
from hands3c_core.render.rasterizer import SAMPLE_PATTERNS

#: Batches that are sent to the device before they are needed.
_LOADED_AHEAD: Final = 2


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
    only where a number of pixels has to be known (ten times a batch).

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


@dataclass
class Split:
    """Where the time of a ``BatchRenderer`` went, seconds by the clock."""

    waiting: float = 0.0
    """For scenes to be drawn and sent."""
    device: float = 0.0
    """Rendering them and fetching the pictures."""


class BatchRenderer:
    """``SyntheticRenderer`` for whole batches: the same samples by index.

    Args:
        config: what to render.
        seed: samples of different seeds have nothing in common.
        device: of torch; 'cpu' works, and is slower than ``SyntheticRenderer``.
        batch: scenes drawn at once; memory grows with it. By default 256 at 128 px, fewer of larger
            ones.
        workers: processes that draw scenes; 0 draws them in a thread of this one.

    Raises:
        UserError: an option is out of range, or the background folder is missing or empty.
    """

    def __init__(
        self,
        config: SyntheticConfig | None = None,
        seed: int = 0,
        device: str | torch.device = "cuda",
        batch: int | None = None,
        workers: int = 0,
    ) -> None:
        self.config = (config or SyntheticConfig()).check()
        self.seed = seed
        self.device = torch.device(device)
        self.batch = batch or default_batch(self.config.size)
        self.split = Split()
        self._pool = ScenePool(self.config, workers)
        self._loader = ThreadPoolExecutor(1)
        model = load_hand_model(self.config.hand_model)
        self.scenes = SceneRenderer(self.config, model).to(self.device)

    def __enter__(self) -> BatchRenderer:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes."""
        self._pool.close()
        self._loader.shutdown(wait=False, cancel_futures=True)

    def render(self, indices: Iterable[int]) -> Iterator[RenderedHand]:
        """The samples of these indices, as they get ready: not in order, because those that show
        too little of the hand are drawn again with a later batch.

        Raises:
            UserError: the device has too little memory.
        """
        waiting = iter(indices)
        again: list[Try] = []
        drawing: deque[Callable[[], DrawnBatch]] = deque()
        loading: deque[Future[tuple[DrawnBatch, Batch]]] = deque()
        while True:
            while len(drawing) < self._pool.ahead:
                tries = again[: self.batch]
                again = again[len(tries) :]
                fresh = islice(waiting, self.batch - len(tries))
                tries += [Try(index, sample_random(self.seed, index)) for index in fresh]
                if not tries:
                    break
                drawing.append(self._pool.submit(tries))
            while drawing and len(loading) < _LOADED_AHEAD:
                loading.append(self._loader.submit(self._load, drawing.popleft()))
            if not loading:
                return
            start = perf_counter()
            drawn, batch = loading.popleft().result()
            ready = perf_counter()
            with _explained(self.device, len(drawn.tries)):
                results = list(finish(drawn, self.scenes(batch, drawn.sleeves_first)))
            self.split.waiting += ready - start
            self.split.device += perf_counter() - ready
            again += [result for result in results if isinstance(result, Try)]
            yield from (result for result in results if isinstance(result, RenderedHand))

    def _load(self, result: Callable[[], DrawnBatch]) -> tuple[DrawnBatch, Batch]:
        """A batch and what the device needs of it, there. Runs in a thread of its own, while the
        device is busy with the batch before."""
        drawn = result()
        with _explained(self.device, len(drawn.tries)):
            return drawn, upload(drawn.arrays, self.device)


@contextmanager
def _explained(device: torch.device, count: int) -> Iterator[None]:
    """Turns a lack of memory into a UserError."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise UserError(
            f"{device} has too little memory for {count} scenes at once: use a smaller --batch."
        ) from None


def default_batch(size: int) -> int:
    """Scenes in a batch whose crops have this side, px."""
    return max(8, 256 * 128**2 // max(size, 128) ** 2)


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
