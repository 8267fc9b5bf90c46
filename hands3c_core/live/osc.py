"""Sends hands as OSC bundles over UDP. Nothing ever waits: what the network cannot take is lost."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData
from hands3c_core.live.messages import LIVE_VERSION, hand_of_side
from hands3c_core.live.targets import Target
from hands3c_core.types import FrameResult, Hand

log = logging.getLogger(__name__)


class UdpSender:
    """Sends each frame as datagrams to one address.

    Raises:
        UserError: the host is not known.
    """

    name = "UDP"
    """What messages call it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise UserError(
                f"{self.name}: the host {target.host} is not known; check its name or use its "
                "address"
            ) from error
        family, self._address = found[0][0], found[0][4]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.sent = 0
        """Frames sent."""
        self.lost = 0
        """Packets the system refused."""

    def packets(self, result: FrameResult, model: HandModelData | None) -> Iterator[bytes]:
        """A frame's datagrams."""
        raise NotImplementedError

    def send(self, result: FrameResult, model: HandModelData | None = None) -> None:
        """Send a frame made with the hand model ``model``; returns at once."""
        for packet in self.packets(result, model):
            try:
                self._socket.sendto(packet, self._address)
            except OSError as error:
                self.lost += 1
                log.debug("%s: %s", self.name, error)
        self.sent += 1

    def close(self) -> None:
        self._socket.close()


class OscSender(UdpSender):
    """Sends each frame as OSC: a bundle that says what is there, then two per hand."""

    name = "OSC"

    def packets(self, result: FrameResult, model: HandModelData | None) -> Iterator[bytes]:
        return packets(result)


def packets(result: FrameResult) -> Iterator[bytes]:
    """A frame's datagrams, each small enough for any network (under 1472 bytes)."""
    sides = {"right": hand_of_side(result, True), "left": hand_of_side(result, False)}
    frame = result.frame
    there = [int(hand is not None) for hand in sides.values()]
    state = [LIVE_VERSION, frame.index, float(frame.timestamp), *there]
    yield osc_bundle([("/hands3c/frame", state)])
    for side, hand in sides.items():
        if hand is not None:
            yield osc_bundle(_joints(f"/hands3c/{side}", hand).items())
            yield osc_bundle(_parameters(f"/hands3c/{side}", hand).items())


def _joints(prefix: str, hand: Hand) -> dict[str, list[Any]]:
    points = np.asarray(hand.joints_3d, np.float64).tolist()
    return {f"{prefix}/joint/{name}": xyz for name, xyz in zip(JOINT_NAMES, points, strict=True)}


def _parameters(prefix: str, hand: Hand) -> dict[str, list[Any]]:
    return {
        f"{prefix}/track": [int(hand.track_id)],
        f"{prefix}/confidence": [float(hand.confidence)],
        f"{prefix}/pose": np.asarray(hand.pose, np.float64).reshape(-1).tolist(),
        f"{prefix}/shape": np.asarray(hand.shape, np.float64).tolist(),
        f"{prefix}/translation": np.asarray(hand.translation, np.float64).tolist(),
    }


def osc_bundle(messages: Iterable[tuple[str, Sequence[Any]]]) -> bytes:
    """An OSC bundle of messages: addresses and their arguments (int, float or str)."""
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
    from pythonosc.osc_message_builder import OscMessageBuilder

    bundle = OscBundleBuilder(IMMEDIATELY)  # type: ignore[arg-type]
    for address, values in messages:
        message = OscMessageBuilder(address)
        for value in values:
            tag = "s" if isinstance(value, str) else "i" if isinstance(value, int) else "f"
            message.add_arg(value, tag)
        bundle.add_content(message.build())  # type: ignore[arg-type]
    return bytes(bundle.build().dgram)
