"""The host's part of a batch: drawing scenes and packing them, in this process or in several."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.batched.packing import Arrays, pack_scenes
from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.drawing import ATTEMPTS, SceneSampler
from hands3c_core.data.synthetic.renderer import RenderedHand, rendered_hand
from hands3c_core.errors import UserError
from hands3c_core.hand_model import load_hand_model


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
    """Their random numbers as drawing left them."""
    hands: list[RenderedHand]
    """Labels; the pictures are still empty."""
    arrays: Arrays
    sleeves_first: int
    """How many of the sleeves belong to the labelled hands; they come first."""


def draw_batch(sampler: SceneSampler, tries: list[Try]) -> DrawnBatch:
    """Draw the scenes of some tries and pack them."""
    cv2.setNumThreads(1)  # images this small only lose time on threads
    # The last attempt leaves out whatever else could hide the hand.
    scenes = [sampler.draw(t.random, t.attempt < ATTEMPTS - 1) for t in tries]
    picture, mask = np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.float32)
    unseen: NDArray[np.bool_] = np.zeros(21, np.bool_)
    hands = [
        rendered_hand(tried.index, scene, picture, unseen, mask)
        for tried, scene in zip(tries, scenes, strict=True)
    ]
    arrays = pack_scenes(scenes, sampler.config)
    first = int((arrays["sleeve_person"] < len(scenes)).sum())
    return DrawnBatch(tries, hands, arrays, first)


class ScenePool:
    """Draws batches, ahead of when they are asked for if there are worker processes.

    Args:
        config: what to draw, checked.
        workers: processes; 0 draws in this one, when the result is asked for.

    Raises:
        UserError: the background folder is missing or empty.
    """

    def __init__(self, config: SyntheticConfig, workers: int = 0) -> None:
        # Made here in any case, so that a missing folder is reported before processes start.
        self._sampler = SceneSampler(config, load_hand_model(config.hand_model))
        self._pool: ProcessPoolExecutor | None = None
        #: Batches worth having under way.
        self.ahead = 1
        if workers > 0:
            # Not forked: the parent may hold threads that a fork would lose.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, context, _start, (config,))
            self.ahead = workers + 1

    def submit(self, tries: list[Try]) -> Callable[[], DrawnBatch]:
        """Begin to draw a batch; the result is called for the batch.

        Raises:
            UserError: (the result) a process ended.
        """
        if self._pool is None:
            return lambda: draw_batch(self._sampler, tries)
        drawn: Future[DrawnBatch] = self._pool.submit(_draw, tries)

        def result() -> DrawnBatch:
            try:
                return drawn.result()
            except BrokenProcessPool:
                raise UserError(
                    "a process that drew scenes ended; if memory ran out, use fewer --workers "
                    "or a smaller --batch."
                ) from None

        return result

    def close(self) -> None:
        """End the processes; batches not begun are dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


_state: dict[str, Any] = {}


def _start(config: SyntheticConfig) -> None:
    """In a new worker process: a Ctrl+C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _state["sampler"] = SceneSampler(config, load_hand_model(config.hand_model))


def _draw(tries: list[Try]) -> DrawnBatch:
    return draw_batch(_state["sampler"], tries)
