"""A WebSocket server that sends the newest hands to every client and waits for none of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from hands3c_core.errors import UserError
from hands3c_core.live.flow import Flow, Outbox, Parcel
from hands3c_core.live.origins import origin_allowed
from hands3c_core.live.pages import page
from hands3c_core.live.targets import LOOPBACK, LOOPBACK_IPV6, Target, cannot_listen

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

MAX_CLIENTS: Final = 16
#: A client that takes nothing and answers no ping for so long is dropped, s.
STALL_S: Final = 20.0
#: Bytes the system may hold for a client: more would only be old hands.
_SEND_BUFFER: Final = 1 << 16
#: Clients have nothing to say: longer messages end the connection, bytes.
_LONGEST_MESSAGE: Final = 1024


@dataclass(frozen=True, slots=True)
class LiveClient:
    """A connected client."""

    address: str
    """'127.0.0.1:51234'."""
    sent: int = 0
    """Frames it was sent."""
    skipped: int = 0
    """Frames it was too slow for."""


class WebSocketServer:
    """Serves on its own thread; ``publish`` may be called from any thread and returns at once.

    Args:
        target: where to listen.
        hello: the first message to each client.
        on_change: called on the server's thread when clients come and go.
        stall_s: how long a client may take nothing.
        origins: pages that may listen besides those of this computer: 'app://obsidian.md', or
            'tauri://' for all of a scheme.

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
        origins: Sequence[str] = (),
    ) -> None:
        self.target = target
        self._greeting: tuple[Parcel, Parcel] = ([hello], [hello])
        self._origins = tuple(origins)
        self._on_change = on_change or (lambda: None)
        self._stall_s = stall_s
        self._outboxes: dict[ServerConnection, Outbox] = {}
        self._mesh_clients: set[ServerConnection] = set()
        self._openxr_clients: set[ServerConnection] = set()
        self._lock = threading.Lock()
        self._newest: tuple[str, bytes | None, str] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: UserError | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hands3c-websocket", daemon=True)
        self._thread.start()
        # Without a limit: on a busy machine the import alone may take a minute, and a server that
        # fails after that would have been taken for one that runs.
        self._started.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    # ------------------------------------------------------------------------------ any thread

    @property
    def clients(self) -> tuple[LiveClient, ...]:
        """Who is connected."""
        boxes = tuple(self._outboxes.values())
        return tuple(LiveClient(box.address, box.sent, box.skipped) for box in boxes)

    @property
    def wants_meshes(self) -> bool:
        """Whether a client asked for meshes."""
        return bool(self._mesh_clients)

    @property
    def wants_openxr(self) -> bool:
        """Whether a client asked for OpenXR's joints."""
        return bool(self._openxr_clients)

    def publish(self, text: str, mesh: bytes | None = None, openxr: str = "") -> None:
        """Send a frame to every client that can take it; a newer one replaces it.

        Args:
            text: the frame, a JSON object.
            mesh: its meshes, for those that asked for meshes.
            openxr: members, as JSON, that those get besides who asked for OpenXR's joints.
        """
        with self._lock:
            due = self._newest is None
            self._newest = (text, mesh, openxr)
        if due:
            self._soon(self._fan_out)

    def introduce(self, hello: str, members: str, mesh: str) -> None:
        """Tell what hands are like from now on.

        Args:
            hello: the first message to clients that come from now on.
            members: what those that are there get as members of their next frame, as JSON.
            mesh: what those that asked for meshes get before that.
        """
        self._soon(lambda: self._introduce(hello, members, mesh))

    def close(self) -> None:
        """Say goodbye to all clients and free the port; blocks until that is done."""
        if self._stop is not None:
            self._soon(self._stop.set)
        self._thread.join()

    def _soon(self, work: Callable[[], object]) -> None:
        """Do ``work`` on the loop's thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(work)

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
        async with AsyncExitStack() as servers:
            try:
                await servers.enter_async_context(self._server(serve, self.target.host))
            except (OSError, OverflowError) as error:
                self._failure = cannot_listen(self.target, error)
                return
            if self.target.host == LOOPBACK:
                # Some programs try 'localhost' by IPv6 alone.
                try:
                    await servers.enter_async_context(self._server(serve, LOOPBACK_IPV6))
                except OSError as error:
                    log.info("not on %s as well: %s", LOOPBACK_IPV6, error)
            self._started.set()
            await self._stop.wait()
            # A stalled client would not hear a goodbye: it must not hold up the rest.
            for connection in self._outboxes:
                if connection.transport.get_write_buffer_size() > 0:
                    connection.transport.abort()

    def _server(self, serve: Any, host: str) -> Any:
        return serve(
            self._attend,
            host,
            self.target.port,
            process_request=self._answer,
            compression=None,
            max_size=_LONGEST_MESSAGE,
            max_queue=4,
            close_timeout=1.0,
            ping_timeout=None,  # ``Flow`` decides who is gone
            logger=log.getChild("websockets"),
        )

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
                    # Your own page may show the skin on the hands.
                    **({"Access-Control-Allow-Origin": "*"} if kind == "image/jpeg" else {}),
                    # No other page may put this one into a frame.
                    "Content-Security-Policy": "frame-ancestors 'self'",
                    "X-Frame-Options": "SAMEORIGIN",
                    "Connection": "close",
                }
            )
            return Response(200, "OK", headers, content)
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        if len(origins) > 1 or len(hosts) > 1:
            return connection.respond(400, "Origin and Host may be given once.\n")
        origin = origins[0] if origins else None
        if not origin_allowed(origin, hosts[0] if hosts else None, self._origins):
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
        box, flow = Outbox(_address(connection)), Flow(connection, self._stall_s)
        self._outboxes[connection] = box
        path = connection.request.path if connection.request is not None else ""
        for name, clients in (("mesh", self._mesh_clients), ("openxr", self._openxr_clients)):
            if asks_for(name, path):
                clients.add(connection)
        box.greet(self._greeting[connection in self._mesh_clients])
        self._on_change()
        tasks = [
            asyncio.create_task(self._feed(connection, box, flow)),
            asyncio.create_task(_listen(connection, flow)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            del self._outboxes[connection]
            self._mesh_clients.discard(connection)
            self._openxr_clients.discard(connection)
            self._on_change()

    async def _feed(self, connection: ServerConnection, box: Outbox, flow: Flow) -> None:
        """Send a client what is newest whenever it can take more, until it is gone or stalls."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                parcel, is_greeting = await box.take()
                box.sent += not is_greeting
                await flow.send(parcel)
        except (asyncio.TimeoutError, TimeoutError):
            log.warning("the client %s takes nothing and was dropped", box.address)
            connection.transport.abort()
        except ConnectionClosed:
            pass

    def _fan_out(self) -> None:
        with self._lock:
            newest, self._newest = self._newest, None
        if newest is None:
            return
        text, mesh, openxr = newest
        more = f"{text[:-1]},{openxr}}}" if openxr else text
        for connection, box in self._outboxes.items():
            parcel: list[str | bytes] = [more if connection in self._openxr_clients else text]
            if mesh is not None and connection in self._mesh_clients:
                parcel.append(mesh)
            box.put(parcel)

    def _introduce(self, hello: str, members: str, mesh: str) -> None:
        self._greeting = ([hello], [hello, mesh])
        for connection, box in self._outboxes.items():
            box.addition = members
            if connection in self._mesh_clients:
                box.greet([mesh])


async def _listen(connection: ServerConnection, flow: Flow) -> None:
    """Hear what a client says: acknowledgements, and its pings and its goodbye."""
    from websockets.exceptions import ConnectionClosed

    with contextlib.suppress(ConnectionClosed):
        async for said in connection:
            flow.hear(said)


def asks_for(name: str, path: str) -> bool:
    """Whether a client's address asks for something: ``ws://.../?mesh=1``."""
    return parse_qs(urlsplit(path).query).get(name, ["0"])[-1] in ("1", "true")


def _address(connection: ServerConnection) -> str:
    host, port, *_ = connection.remote_address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
