"""A WebSocket server that sends the newest hands to every client and waits for none of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import UserError
from .origins import origin_allowed
from .pages import page
from .targets import Target

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

MAX_CLIENTS: Final = 16
#: A client that takes nothing for so long is dropped, s.
STALL_S: Final = 5.0
#: Bytes the system may hold for a client: more would only be old hands.
_SEND_BUFFER: Final = 1 << 16
#: Clients have nothing to say: longer messages end the connection, bytes.
_LONGEST_MESSAGE: Final = 1024
_START_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class LiveClient:
    """A connected client."""

    address: str
    """'127.0.0.1:51234'."""
    sent: int = 0
    """Frames it was sent."""
    skipped: int = 0
    """Frames it was too slow for."""


class _Outbox:
    """The newest message for one client; a newer one replaces what was not sent yet."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sent = 0
        self.skipped = 0
        self._newest: str | None = None
        self._filled = asyncio.Event()

    def put(self, text: str) -> None:
        self.skipped += self._newest is not None
        self._newest = text
        self._filled.set()

    async def take(self) -> str:
        await self._filled.wait()
        self._filled.clear()
        text, self._newest = self._newest, None
        assert text is not None
        return text


class WebSocketServer:
    """Serves on its own thread; ``publish`` may be called from any thread and returns at once.

    Args:
        target: where to listen.
        hello: the first message to each client.
        on_change: called on the server's thread when clients come and go.
        stall_s: how long a client may take nothing.

    Raises:
        UserError: the address is not this computer's or its port is taken.
    """

    def __init__(
        self,
        target: Target,
        hello: str,
        *,
        on_change: Callable[[], None] | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        self.target = target
        self._hello = hello
        self._on_change = on_change or (lambda: None)
        self._stall_s = stall_s
        self._outboxes: dict[ServerConnection, _Outbox] = {}
        self._lock = threading.Lock()
        self._newest: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: UserError | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hands3c-websocket", daemon=True)
        self._thread.start()
        self._started.wait(_START_TIMEOUT_S)
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    # ------------------------------------------------------------------------------ any thread

    @property
    def clients(self) -> tuple[LiveClient, ...]:
        """Who is connected."""
        boxes = tuple(self._outboxes.values())
        return tuple(LiveClient(box.address, box.sent, box.skipped) for box in boxes)

    def publish(self, text: str) -> None:
        """Send ``text`` to every client that can take it; a newer one replaces it."""
        with self._lock:
            due = self._newest is None
            self._newest = text
        if due and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._fan_out)

    def close(self) -> None:
        """Say goodbye to all clients and free the port; blocks until that is done."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    # ------------------------------------------------------------------------- the loop's thread

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            log.exception("the WebSocket server failed")
            self._failure = self._failure or UserError("The WebSocket server failed; see the log.")
        finally:
            self._started.set()

    async def _serve(self) -> None:
        from websockets.asyncio.server import serve

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server: Server = await serve(
                self._attend,
                self.target.host,
                self.target.port,
                process_request=self._answer,
                compression=None,
                max_size=_LONGEST_MESSAGE,
                max_queue=4,
                close_timeout=1.0,
                logger=log.getChild("websockets"),
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            self._failure = UserError(
                f"WebSocket: cannot listen on {self.target.host} port {self.target.port} "
                f"({reason}); choose another port"
            )
            return
        async with server:
            self._started.set()
            await self._stop.wait()
            # A stalled client would not hear a goodbye: it must not hold up the rest.
            for connection in self._outboxes:
                if connection.transport.get_write_buffer_size() > 0:
                    connection.transport.abort()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """None to go on with a WebSocket handshake, or a page, or a refusal."""
        from websockets.datastructures import Headers
        from websockets.http11 import Response

        if "upgrade" not in request.headers.get("Connection", "").lower():
            found = page(request.path)
            if found is None:
                return connection.respond(404, "There is no such page.\n")
            content, kind = found
            headers = Headers(
                {
                    "Content-Type": kind,
                    "Content-Length": str(len(content)),
                    "Cache-Control": "no-cache",
                    "X-Content-Type-Options": "nosniff",
                    "Connection": "close",
                }
            )
            return Response(200, "OK", headers, content)
        origin = request.headers.get("Origin")
        if not origin_allowed(origin, request.headers.get("Host")):
            log.warning("a page of %s was refused", origin)
            return connection.respond(403, f"Pages of {origin} may not listen.\n")
        if len(self._outboxes) >= MAX_CLIENTS:
            return connection.respond(503, "Too many clients are connected.\n")
        return None

    async def _attend(self, connection: ServerConnection) -> None:
        """Serve one client until it leaves or stalls."""
        handle = connection.transport.get_extra_info("socket")
        if handle is not None:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        box = _Outbox(_address(connection))
        self._outboxes[connection] = box
        self._on_change()
        tasks = [
            asyncio.create_task(self._feed(connection, box)),
            asyncio.create_task(_ignore(connection)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            del self._outboxes[connection]
            self._on_change()

    async def _feed(self, connection: ServerConnection, box: _Outbox) -> None:
        """Send a client what is newest whenever it can take more, until it is gone or stalls."""
        from websockets.exceptions import ConnectionClosed

        try:
            await asyncio.wait_for(connection.send(self._hello), self._stall_s)
            while True:
                text = await box.take()
                await asyncio.wait_for(connection.send(text), self._stall_s)
                box.sent += 1
        except (asyncio.TimeoutError, TimeoutError):
            log.warning("the client %s takes nothing and was dropped", box.address)
            connection.transport.abort()
        except ConnectionClosed:
            pass

    def _fan_out(self) -> None:
        with self._lock:
            text, self._newest = self._newest, None
        if text is not None:
            for box in self._outboxes.values():
                box.put(text)


async def _ignore(connection: ServerConnection) -> None:
    """Read what a client says, so that its pings and its goodbye are heard, and forget it."""
    from websockets.exceptions import ConnectionClosed

    with contextlib.suppress(ConnectionClosed):
        async for _ in connection:
            pass


def _address(connection: ServerConnection) -> str:
    host, port, *_ = connection.remote_address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
