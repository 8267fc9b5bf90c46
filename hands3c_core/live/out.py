"""Live hands to every chosen target."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..hand_model import HandModelData
from ..types import FrameResult
from .meshes import mesh_bytes, mesh_message
from .messages import frame_message, hello_message
from .osc import OscSender
from .targets import Target
from .websocket import LiveClient, WebSocketServer


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """What is being sent, and to whom."""

    targets: tuple[Target, ...] = ()
    clients: tuple[LiveClient, ...] = ()
    """Of the WebSocket."""
    osc_frames: int = 0
    """Frames sent by OSC."""
    osc_lost: int = 0
    """OSC packets the system refused."""


class LiveOut:
    """Sends results to WebSocket clients and to an OSC address.

    Args:
        targets: at most one of a kind.
        on_change: called when clients come and go, on another thread.
        origins: pages that may listen besides those of this computer (``parse_origin``).

    Raises:
        UserError: a port is taken or a host is not known.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        on_change: Callable[[], None] | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        self._targets = tuple(targets)
        self._server: WebSocketServer | None = None
        self._osc: OscSender | None = None
        self._model: HandModelData | None = None
        try:
            for target in self._targets:
                if target.kind == "ws":
                    hello = _text(hello_message())
                    self._server = WebSocketServer(
                        target, hello, on_change=on_change, origins=origins
                    )
                else:
                    self._osc = OscSender(target)
        except BaseException:
            self.close()
            raise

    @property
    def status(self) -> LiveStatus:
        return LiveStatus(
            targets=self._targets,
            clients=self._server.clients if self._server is not None else (),
            osc_frames=self._osc.sent if self._osc is not None else 0,
            osc_lost=self._osc.lost if self._osc is not None else 0,
        )

    def send(self, result: FrameResult, model: HandModelData | None = None) -> None:
        """Send a frame. Takes a millisecond or two to write it down and never waits for a client;
        with nobody to hear it, it costs nothing.

        Args:
            result: the frame.
            model: the (right) hand model it was made with. Without it clients get no skeleton, no
                joint rotations and no meshes.
        """
        if self._server is not None:
            if model is not None and model is not self._model:
                hello, mesh = hello_message(model), mesh_message(model)
                self._server.greet(_text(hello), _text(mesh))
                self._model = model
            if self._server.clients:
                wanted = model is not None and self._server.wants_meshes
                mesh_part = mesh_bytes(result, model) if wanted and model is not None else None
                self._server.publish(_text(frame_message(result, model)), mesh_part)
        if self._osc is not None:
            self._osc.send(result)

    def close(self) -> None:
        """Stop; blocks until the port is free."""
        if self._server is not None:
            self._server.close()
        if self._osc is not None:
            self._osc.close()

    def __enter__(self) -> LiveOut:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, allow_nan=False, separators=(",", ":"))
