# SPDX-License-Identifier: GPL-3.0-or-later
"""A file's pictures as they are, until the first model is ready; then they are done properly."""

from __future__ import annotations

import time

from hands3c_core.geometry import default_camera
from hands3c_core.types import Frame, FrameResult

from .player import Player
from .session_types import Shown, State


class Preview:
    """What of a file was shown without its hands. Used on the engine's thread, but for ``shown``.

    Nothing is lost by it: once there is a model, a file that plays goes back to where the preview
    began, and the frame that a paused one stands at is handed out again.
    """

    def __init__(self) -> None:
        self.shown: Shown | None = None
        """The newest raw picture; any thread may read it."""
        self._start = 0.0
        self._again: Frame | None = None

    def show(self, frame: Frame, fov_deg: float, *, jumped: bool) -> Shown:
        """``frame`` without hands; ``jumped`` where it does not follow the one before."""
        if jumped or self.shown is None:
            self._start = frame.timestamp
        self.shown = raw_picture(frame, fov_deg, time.monotonic())
        return self.shown

    def hold(self) -> None:
        """What comes next must be whole (it is recorded): go back no further than here."""
        if self.shown is not None:
            self._start = self.shown.result.frame.timestamp

    def end(self, player: Player) -> None:
        """There is a model: have ``player`` give the frames again."""
        shown, self.shown = self.shown, None
        if shown is None or player.is_live:
            return
        if player.state is State.PAUSED:
            self._again = shown.result.frame
            return
        ended = player.state is State.ENDED
        player.seek(self._start)
        if ended:
            player.play()

    def forget(self) -> None:
        """Another source is open."""
        self.shown = self._again = None

    def take_again(self) -> Frame | None:
        """The frame to do again, once."""
        frame, self._again = self._again, None
        return frame


def raw_picture(frame: Frame, fov_deg: float, arrived_at: float) -> Shown:
    """A frame in which nobody has looked for hands."""
    height, width = frame.image.shape[:2]
    camera = default_camera(width, height, fov_deg)
    return Shown(FrameResult(frame=frame, camera=camera, hands=()), None, arrived_at)
