"""Short clips cut from the bundled one and encoded anew, and an engine without processes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from hands3c_core.assets import asset_path
from hands3c_core.batch.engine import Event, Outcome, Step, Task, Work, in_one_line
from hands3c_core.export import VideoWriter
from hands3c_core.sources import open_source

FRAMES = 14


class Here:
    """An engine that does everything in this process."""

    workers = 1

    def __init__(self) -> None:
        self.done: list[str] = []

    def run(self, queue: deque[Task], work: Work) -> Iterator[Event]:
        while queue:
            task = queue.popleft()
            steps: list[Step] = []
            begun = time.monotonic()

            def tell(done, total, task=task, steps=steps):
                steps.append(Step(task, 0, done, total))

            try:
                result, problem = work(task.payload, tell), ""
            except Exception as error:
                result, problem = None, in_one_line(error)
            self.done.append(task.key)
            yield from steps[-1:]
            yield Outcome(task, 0, time.monotonic() - begun, result, problem)


def cut(path: Path, start: float, frames: int = FRAMES, size: tuple[int, int] = (480, 360)) -> Path:
    """A few frames of the bundled clip, encoded anew."""
    writer = VideoWriter(path, size, 30.0)
    with open_source(asset_path("demo.mp4")) as source:
        source.seek(start)
        for number in range(frames):
            frame = source.read()
            image = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
            writer.write(np.asarray(image, np.uint8), number / 30.0)
    writer.close()
    return path
