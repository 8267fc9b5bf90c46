"""How many messages may be on their way to a client: few enough that a slow one gets fresh hands.

The system, the network and the client's own library together hold seconds of messages for a
program that reads slowly. So a message counts as taken when the client says so (``ack``) or, of
clients that never do, when they answer a ping that follows it; and until then only so many go out.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

#: Messages on their way to a client that takes them at once; for others it is one.
_WINDOW: Final = 2
#: A client that needs longer for a message is slow, s.
_SLOW_S: Final = 0.1
#: The Python package ``websockets`` takes up to 16 frames ahead of its program and answers pings
#: meanwhile. A message in more fragments fills that, so the ping is not read before the message.
#: (A client that acknowledges needs none of this.)
_FRAGMENTS: Final = 20
#: By then its reader has stopped; a ping that came with the message would be answered at once, s.
_PING_DELAY_S: Final = 0.01

#: What goes out together: texts and bytes, one message each.
Parcel = Sequence["str | bytes"]


class Outbox:
    """What one client still has to get: the newest parcel, a newer one replaces what was not sent
    yet; greetings, which are all sent, in order, before it; and an addition to the next parcel."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sent = 0
        """Parcels sent."""
        self.skipped = 0
        self.addition = ""
        """Members, as JSON, that the first text of the next parcel gets besides its own."""
        self._greetings: deque[Parcel] = deque()
        self._newest: Parcel | None = None
        self._filled = asyncio.Event()

    def put(self, parcel: Parcel) -> None:
        self.skipped += self._newest is not None
        self._newest = parcel
        self._filled.set()

    def greet(self, parcel: Parcel) -> None:
        self._greetings.append(parcel)
        self._filled.set()

    async def take(self) -> tuple[Parcel, bool]:
        """What is next, and whether it is a greeting."""
        await self._filled.wait()
        if self._greetings:
            parcel, is_greeting = self._greetings.popleft(), True
        else:
            newest, self._newest = self._newest, None
            assert newest is not None
            parcel, is_greeting = newest, False
            if self.addition and isinstance(newest[0], str):
                first = f"{newest[0][:-1]},{self.addition}}}"
                self.addition, parcel = "", [first, *newest[1:]]
        if not self._greetings and self._newest is None:
            self._filled.clear()
        return parcel, is_greeting


class Flow:
    """Sends to one client, waiting until it has taken what was sent before.

    Args:
        connection: to the client.
        stall_s: how long it may neither take a message nor answer a ping.
    """

    def __init__(self, connection: ServerConnection, stall_s: float) -> None:
        self._connection = connection
        self._stall_s = stall_s
        agent = ""
        if connection.request is not None:
            agent = ", ".join(connection.request.headers.get_all("User-Agent"))
        self._reads_ahead = re.search(r"\bwebsockets/\d", agent) is not None
        self._numbers = 0
        """Messages sent."""
        self._acks = 0
        self._acked: dict[int, asyncio.Future[Any]] = {}
        self._on_way: deque[tuple[float, Any]] = deque()
        self._slow = True  # until it proves otherwise

    def hear(self, text: str | bytes) -> None:
        """What the client said: ``{"type": "ack"}`` for each message it is done with."""
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return
        if isinstance(said, dict) and said.get("type") == "ack" and self._acks < self._numbers:
            self._acks += 1
            receipt = self._acked.pop(self._acks, None)
            if receipt is not None and not receipt.done():
                receipt.set_result(None)

    async def send(self, parcel: Parcel) -> None:
        """Send a parcel; returns when there is room for the next one.

        Raises:
            TimeoutError: the client takes nothing (asyncio.TimeoutError before Python 3.11).
            websockets.ConnectionClosed: it is gone.
        """
        for message in parcel:
            self._numbers += 1
            await asyncio.wait_for(self._connection.send(self._cut(message)), self._stall_s)
        self._on_way.append((asyncio.get_running_loop().time(), await self._receipt()))
        while len(self._on_way) >= (1 if self._slow else _WINDOW):
            started, receipt = self._on_way.popleft()
            await self._wait(receipt)
            self._slow = asyncio.get_running_loop().time() - started > _SLOW_S
        if self._slow and self._reads_ahead and not self._acks:
            # The message may still lie where the ping was read with it: a ping of its own is
            # read after it.
            await self._wait(await self._connection.ping())

    def _cut(self, message: str | bytes) -> Any:
        """``message``, in fragments where that helps."""
        if not self._reads_ahead or self._acks or len(message) < _FRAGMENTS:
            return message
        step = -(-len(message) // _FRAGMENTS)
        return [message[start : start + step] for start in range(0, len(message), step)]

    async def _receipt(self) -> Any:
        """Done when the client has taken what was sent last."""
        if self._acks:
            receipt = asyncio.get_running_loop().create_future()
            if self._acks < self._numbers:
                self._acked[self._numbers] = receipt
            else:  # it answered before we came here
                receipt.set_result(None)
            return receipt
        if self._reads_ahead:
            await asyncio.sleep(_PING_DELAY_S)
        return await self._connection.ping()

    async def _wait(self, receipt: Any) -> None:
        try:
            await asyncio.wait_for(receipt, self._stall_s)
        except (asyncio.TimeoutError, TimeoutError):
            if not self._acks:
                raise
            # It stopped saying so, but may still read.
            await asyncio.wait_for(await self._connection.ping(), self._stall_s)
