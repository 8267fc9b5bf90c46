"""Frames from anywhere: a source of one's own, here one that zooms into a picture.

A source gives frames in order, with times that increase. This one serves the pipeline; cameras,
files, folders and streams are in ``hands3c_core.sources``.

python examples/own_source.py photo.jpg
"""

import sys
import time

import cv2
import numpy as np

from hands3c_core import HandMeshPipeline, UserError
from hands3c_core.sources import Source
from hands3c_core.types import Frame


class Zoom(Source):
    """A picture, nearer from frame to frame."""

    fps = 30.0

    def __init__(self, image: np.ndarray, frames: int = 30) -> None:
        self._image = image
        self._next = 0
        self.frame_count = frames
        self.duration = frames / self.fps
        self.size = image.shape[1], image.shape[0]
        self.name = "zoom"

    def read(self) -> Frame | None:
        if self._next == self.frame_count:
            return None
        turn = cv2.getRotationMatrix2D(
            (self.size[0] / 2, self.size[1] / 2), 0.0, 1.0 + 0.01 * self._next
        )
        image = cv2.warpAffine(self._image, turn, self.size)
        frame = Frame(image, self._next / self.fps, self._next, time.monotonic())
        self._next += 1
        return frame

    def close(self) -> None:
        """There is nothing to release."""


def main(picture: str, frames: int = 30) -> None:
    image = cv2.imread(picture)
    if image is None:
        raise UserError(f"{picture} is no picture that can be read.")
    with HandMeshPipeline() as pipeline:
        for result in pipeline.run(Zoom(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), frames)):
            depths = ", ".join(f"{hand.joints_3d[0, 2]:.3f} m" for hand in result.hands)
            print(f"frame {result.index}: {depths or 'no hand'}")


if __name__ == "__main__":
    try:
        main(sys.argv[1], *map(int, sys.argv[2:]))
    except UserError as error:
        sys.exit(f"error: {error}")
