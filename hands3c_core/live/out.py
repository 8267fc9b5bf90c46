"""Live hands to every chosen target."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hands3c_core.closing import Closing
from hands3c_core.export.openxr_files import openxr_hands
from hands3c_core.hand_model import HandModelData
from hands3c_core.live.meshes import mesh_bytes, mesh_message
from hands3c_core.live.messages import frame_message, hello_message
from hands3c_core.live.osc import OscSender, UdpSender
from hands3c_core.live.rerun import RerunSender
from hands3c_core.live.targets import Target, check_host
from hands3c_core.live.vmc import VmcSender
from hands3c_core.live.websocket import LiveClient, WebSocketServer
from hands3c_core.openxr import OpenXrHands
from hands3c_core.types import FrameResult

_SENDERS: Final[dict[str, type[UdpSender] | type[RerunSender]]] = {
    "osc": OscSender,
    "vmc": VmcSender,
    "rerun": RerunSender,
}


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
    vmc_frames: int = 0
    """Frames sent by VMC."""
    rerun_frames: int = 0
    """Frames sent to a Rerun viewer."""


class LiveOut(Closing):
    """Sends results to WebSocket clients, and to addresses by OSC, VMC and Rerun.

    Args:
        targets: at most one of a kind.
        on_change: called when clients come and go, on another thread.
        origins: pages that may listen besides those of this computer (``parse_origin``).

    Raises:
        UserError: a port is taken, a host is none or not known, or a package is not installed.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        on_change: Callable[[], None] | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        self._targets = tuple(targets)
        self._server: WebSocketServer | None = None
        self._senders: dict[str, UdpSender | RerunSender] = {}
        self._model: HandModelData | None = None
        self._openxr: OpenXrHands | None = None
        try:
            for target in self._targets:
                check_host(target.host)
                if target.kind == "ws":
                    hello = _text(hello_message())
                    self._server = WebSocketServer(
                        target, hello, on_change=on_change, origins=origins
                    )
                else:
                    self._senders[target.kind] = _SENDERS[target.kind](target)
        except BaseException:
            self.close()
            raise

    @property
    def status(self) -> LiveStatus:
        return LiveStatus(
            targets=self._targets,
            clients=self._server.clients if self._server is not None else (),
            osc_frames=self._count("osc", "sent"),
            osc_lost=self._count("osc", "lost"),
            vmc_frames=self._count("vmc", "sent"),
            rerun_frames=self._count("rerun", "sent"),
        )

    def _count(self, kind: str, what: str) -> int:
        sender = self._senders.get(kind)
        return 0 if sender is None else int(getattr(sender, what))

    def send(self, result: FrameResult, model: HandModelData | None = None) -> None:
        """Send a frame. Takes a millisecond or two to write it down and never waits for a client;
        with nobody to hear it, it costs nothing.

        Args:
            result: the frame.
            model: the (right) hand model it was made with. Without it clients get no skeleton, no
                joint rotations and no meshes, and VMC cannot be sent (ValueError).
        """
        if self._server is not None:
            if model is not None and model is not self._model:
                hello = hello_message(model)
                members = _text({"skeleton": hello["skeleton"]})[1:-1]
                self._server.introduce(_text(hello), members, _text(mesh_message(model)))
                self._model = model
            if self._server.clients:
                wanted = model is not None and self._server.wants_meshes
                mesh_part = mesh_bytes(result, model) if wanted and model is not None else None
                openxr = ""
                if model is not None and self._server.wants_openxr:
                    if self._openxr is None or self._openxr.model is not model:
                        self._openxr = OpenXrHands(model)
                    openxr = _text({"openxr": openxr_hands(result.hands, self._openxr)})[1:-1]
                self._server.publish(_text(frame_message(result, model)), mesh_part, openxr)
        for sender in self._senders.values():
            sender.send(result, model)

    def close(self) -> None:
        """Stop; blocks until the port is free."""
        if self._server is not None:
            self._server.close()
        for sender in self._senders.values():
            sender.close()


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, allow_nan=False, separators=(",", ":"))
