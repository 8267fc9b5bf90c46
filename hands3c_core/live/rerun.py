"""Sends hands, with the picture, to a Rerun viewer that is running (``rerun`` in a terminal).
Needs the package rerun-sdk."""

from __future__ import annotations

from importlib.util import find_spec

from hands3c_core.errors import UserError
from hands3c_core.export.results import LoggedFrame
from hands3c_core.hand_model import HandModelData
from hands3c_core.live.targets import Target
from hands3c_core.types import FrameResult

#: JPEG quality of the picture: it is for looking at.
_QUALITY = 75


class RerunSender:
    """Sends each frame to one viewer; one that is not there (yet) misses it.

    Raises:
        UserError: rerun-sdk is not installed.
    """

    def __init__(self, target: Target) -> None:
        if find_spec("rerun") is None:
            raise UserError(
                "the live target rerun needs the package rerun-sdk: pip install rerun-sdk"
            )
        import rerun as rr

        self.target = target
        self.sent = 0
        """Frames sent."""
        self.lost = 0
        """Always 0: the package does not tell."""
        host = f"[{target.host}]" if ":" in target.host else target.host
        self._recording = rr.RecordingStream("hands3c")
        self._recording.connect_grpc(f"rerun+http://{host}:{target.port}/proxy")
        self._model: HandModelData | None = None
        self._hands: object | None = None

    def send(self, result: FrameResult, model: HandModelData | None = None) -> None:
        """Send a frame made with the hand model ``model``."""
        import rerun as rr

        from hands3c_core.export.rerun_file import RerunHands

        if not isinstance(self._hands, RerunHands) or model is not self._model:
            self._hands, self._model = RerunHands(self._recording, model), model
        self._hands.log(LoggedFrame.of(result))
        picture = rr.Image(result.frame.image).compress(jpeg_quality=_QUALITY)
        self._recording.log("world/camera/image", picture)
        self.sent += 1

    def close(self) -> None:
        self._recording.disconnect()
