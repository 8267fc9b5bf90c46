"""The WebSocket server with real clients: good, slow, stalled, foreign and rude ones."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.live import LiveOut, Target
from hands3c_core.live.origins import parse_origin
from hands3c_core.live.websocket import WebSocketServer


def wait_until(condition: Callable[[], bool], timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def join(port: int, **options) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}/", compression=None, **options)


@pytest.fixture
def live(port: int) -> Iterator[LiveOut]:
    with LiveOut([Target("ws", port=port)]) as made:
        yield made


def stalled_client(port: int) -> socket.socket:
    """A client that shakes hands and then never reads again."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{HANDSHAKE}".encode())
    return client


def test_a_client_is_greeted_and_sent_every_frame_it_can_take(live, port, make_result):
    with join(port) as client:
        hello = json.loads(client.recv(timeout=10))
        assert (hello["type"], hello["format"], hello["version"]) == ("hello", "hands3c-live", 1)
        assert hello["joint_names"] == list(JOINT_NAMES)
        assert len(hello["bones"]) == 20
        wait_until(lambda: len(live.status.clients) == 1)
        for index in range(5):
            result = make_result(index)
            live.send(result)
            frame = json.loads(client.recv(timeout=10))
            assert frame["type"] == "frame"
            assert frame["index"] == index
            assert frame["camera"]["fx"] == 500.0
            assert [hand["is_right"] for hand in frame["hands"]] == [True, False]
            for told, hand in zip(frame["hands"], result.hands, strict=True):
                np.testing.assert_allclose(told["joints_3d"], hand.joints_3d, atol=1e-6)
                np.testing.assert_allclose(told["pose"], hand.pose, atol=1e-5)
                assert "vertices" not in told
        wait_until(lambda: live.status.clients[0].sent == 5)
    wait_until(lambda: not live.status.clients)


def test_a_client_that_left_is_noticed_without_any_frame(port):
    changes: list[int] = []
    live = LiveOut([Target("ws", port=port)], on_change=lambda: changes.append(1))
    with live:
        with join(port) as client:
            client.recv(timeout=10)
        wait_until(lambda: len(changes) >= 2 and not live.status.clients)


def test_a_client_that_never_reads_slows_nobody_and_is_dropped(port, make_result):
    """Without a drop the sender would fill its memory or block; the good client gets the newest."""
    big = "x" * 50_000
    server = WebSocketServer(Target("ws", port=port), "hello", stall_s=0.7)
    try:
        stalled = stalled_client(port)
        with join(port, max_size=None) as good:
            assert good.recv(timeout=10) == "hello"
            wait_until(lambda: len(server.clients) == 2)
            slowest, heard, skipped = 0.0, 0, 0
            for index in range(60):
                started = time.perf_counter()
                server.publish(f"{index}:{big}")
                slowest = max(slowest, time.perf_counter() - started)
                assert int(good.recv(timeout=10).split(":")[0]) == index
                heard += 1
                skipped = max([skipped, *(client.skipped for client in server.clients)])
                time.sleep(0.001)
            assert heard == 60
            assert skipped > 0
            print(f"slowest publish {slowest * 1e3:.2f} ms")
            wait_until(lambda: len(server.clients) == 1)
            assert good.ping().wait(10)
        stalled.close()
    finally:
        server.close()


def test_a_slow_client_gets_the_newest_not_the_next(port):
    """What piles up while it looks away is at most what the system's buffers hold."""
    server = WebSocketServer(Target("ws", port=port), "hello", stall_s=30)
    big = "x" * 200_000
    try:
        with join(port, max_size=None, max_queue=1) as slow:
            slow.recv(timeout=10)
            for index in range(200):
                server.publish(f"{index}:{big}")
                time.sleep(0.002)
            numbers = []
            while not numbers or numbers[-1] != 199:
                numbers.append(int(slow.recv(timeout=10).split(":")[0]))
            assert numbers == sorted(numbers)
            assert len(numbers) < 100
            assert server.clients[0].skipped > 100
    finally:
        server.close()


class Ticker:
    """Publishes numbered messages of a frame's size at 30 a second."""

    def __init__(self, server: WebSocketServer) -> None:
        self.newest = 0
        self._server = server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._done.wait(1 / 30):
            self.newest += 1
            self._server.publish(json.dumps({"index": self.newest, "pad": "x" * 5000}))

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


#: Frames that a client of 200 ms a message may lag behind: 0.6 s of them.
MOST_LAG = 18


@pytest.mark.parametrize("way", ["plain", "acks", "asyncio"])
@pytest.mark.parametrize("seconds", [0.1, 0.2])
def test_a_client_that_is_slow_for_every_message_gets_fresh_hands(port, way, seconds):
    """Counted in frames between what it is given and what is newest then."""
    server = WebSocketServer(Target("ws", port=port), json.dumps({"type": "hello"}), stall_s=3)
    lags: list[int] = []

    def plain(ticker: Ticker, acks: bool) -> None:
        with join(port, close_timeout=0.1) as client:
            for number in range(22):
                message = json.loads(client.recv(timeout=20))
                if number:
                    lags.append(ticker.newest - message["index"])
                time.sleep(seconds)
                if acks:
                    client.send('{"type": "ack"}')

    async def awaited(ticker: Ticker) -> None:
        from websockets.asyncio.client import connect as connect_async

        async with connect_async(
            f"ws://127.0.0.1:{port}/", compression=None, close_timeout=0.1
        ) as client:
            for number in range(22):
                message = json.loads(await client.recv())
                if number:
                    lags.append(ticker.newest - message["index"])
                await asyncio.sleep(seconds)

    try:
        with Ticker(server) as ticker:
            if way == "asyncio":
                asyncio.run(awaited(ticker))
            else:
                plain(ticker, way == "acks")
    finally:
        server.close()
    print(f"{way} {seconds} s a message: lag at most {max(lags)} frames, {sorted(lags)}")
    assert max(lags) <= MOST_LAG


NODE_CLIENT = """
const url = process.argv[1], pause = Number(process.argv[2]);
const socket = new WebSocket(url);
let seen = 0;
socket.onmessage = ({ data }) => {
  const { index } = JSON.parse(data);
  const until = Date.now() + pause;
  while (Date.now() < until) { /* busy with the message */ }
  socket.send('{"type": "ack"}');
  console.log(index ?? 0);
  if (++seen === 20) socket.close();
};
"""


def test_a_slow_node_program_that_acknowledges_gets_fresh_hands(port):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node on this machine")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout[1:].split(".")[0]) < 21:
        pytest.skip("Node before 21 has no WebSocket of its own")
    server = WebSocketServer(Target("ws", port=port), json.dumps({"type": "hello"}))
    try:
        with Ticker(server) as ticker:
            command = [node, "-e", NODE_CLIENT, f"ws://localhost:{port}/", "200"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                lags = []
                for line in process.stdout:
                    # Printed when the message is done with: its 200 ms are 6 frames more.
                    if int(line):
                        lags.append(ticker.newest - int(line))
                assert process.wait(20) == 0
    finally:
        server.close()
    assert len(lags) == 19
    assert max(lags) <= MOST_LAG + 6


def test_a_client_that_acknowledged_once_and_never_again_is_still_served(port):
    server = WebSocketServer(Target("ws", port=port), json.dumps({"type": "hello"}), stall_s=0.3)
    try:
        with Ticker(server), join(port) as client:
            client.recv(timeout=10)
            client.send('{"type": "ack"}')
            for _ in range(6):
                client.recv(timeout=10)
    finally:
        server.close()


@pytest.mark.parametrize(
    "said", ["ack", "[1]", '{"type": []}', '{"type": "ack", "n": 1}', "[" * 900]
)
def test_odd_words_of_a_client_do_no_harm(live, port, make_result, said):
    with join(port) as client:
        client.recv(timeout=10)
        for index in range(5):
            client.send(said)
            client.send(said)
            live.send(make_result(index))
            assert json.loads(client.recv(timeout=10))["index"] == index


def test_localhost_is_reached_by_ipv6_too(live, port):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    headers = {"Origin": f"http://[::1]:{port}"}
    with connect(f"ws://[::1]:{port}/", compression=None, additional_headers=headers) as client:
        assert json.loads(client.recv(timeout=10))["type"] == "hello"
        wait_until(lambda: len(live.status.clients) == 1)
        assert live.status.clients[0].address.startswith("[::1]:")
    with urllib.request.urlopen(f"http://[::1]:{port}/", timeout=10) as answer:
        assert b"hands.js" in answer.read()


def handshake_status(port: int, headers: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"GET / HTTP/1.1\r\n{headers}{HANDSHAKE}".encode())
        return client.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("second", ["http://localhost:1", "https://evil.example"])
def test_two_origins_are_a_bad_request(live, port, second):
    own = f"Host: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    assert b"101" in handshake_status(port, own)
    assert b"400" in handshake_status(port, f"{own}Origin: {second}\r\n")
    assert b"400" in handshake_status(port, f"{own}Host: 127.0.0.1:{port}\r\n")


def test_other_pages_cannot_frame_the_page(live, port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("chosen", "origin", "allowed"),
    [
        ("app://obsidian.md", "app://obsidian.md", True),
        ("app://obsidian.md", "app://other", False),
        ("tauri://localhost", "tauri://localhost", True),
        ("vscode-webview://", "vscode-webview://1gq7abc", True),
        ("vscode-webview://", "https://vscode-webview.example", False),
        ("https://studio.example/", "https://studio.example", True),
        ("https://studio.example", "https://studio.example.evil.net", False),
        ("", "app://obsidian.md", False),
    ],
)
def test_pages_the_user_names_may_listen(port, chosen, origin, allowed):
    origins = [parse_origin(chosen)] if chosen else []
    with LiveOut([Target("ws", port=port)], origins=origins):
        headers = f"Host: 127.0.0.1:{port}\r\nOrigin: {origin}\r\n"
        assert (b"101" in handshake_status(port, headers)) is allowed


@pytest.mark.parametrize("text", ["studio.example", "https://", "://x", "file://", "a b://c"])
def test_what_is_no_origin_is_told(text):
    with pytest.raises(UserError, match="no origin"):
        parse_origin(text)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "127.0.0.1", True),
        ("http://127.0.0.1:{port}", "127.0.0.1:{port}", True),
        ("http://localhost:3000", "localhost:{port}", True),
        ("http://192.168.1.7:{port}", "192.168.1.7:{port}", True),
        ("http://192.168.1.7:{port}", "192.168.1.8:{port}", False),
        ("https://evil.example", "127.0.0.1:{port}", False),
        ("http://evil.example:{port}", "evil.example:{port}", False),
        ("null", "127.0.0.1:{port}", False),
        ("http://[broken", "127.0.0.1:{port}", False),
    ],
)
def test_only_pages_of_this_computer_or_this_server_may_listen(live, port, origin, host, allowed):
    headers = {"Host": host.format(port=port)}
    if origin is not None:
        headers["Origin"] = origin.format(port=port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"GET / HTTP/1.1\r\n{lines}{HANDSHAKE}".encode())
        status = client.recv(4096).split(b"\r\n")[0]
    assert (b"101" in status) is allowed, status
    assert allowed or b"403" in status


def test_it_listens_on_this_computer_only_unless_told_otherwise(live, port):
    assert Target("ws").host == "127.0.0.1"
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError):
        socket.create_connection((own, port), timeout=2)


def test_the_page_and_three_js_are_served_and_nothing_else(live, port):
    base = f"http://127.0.0.1:{port}"
    for path, kind, words in (
        ("/", "text/html", b"hands.js"),
        ("/hands.js", "text/javascript", b"WebSocket"),
        ("/vendor/three.module.min.js", "text/javascript", b"Three.js"),
        ("/vendor/three.core.min.js", "text/javascript", b"Three.js"),
        ("/vendor/OrbitControls.js", "text/javascript", b"OrbitControls"),
    ):
        with urllib.request.urlopen(base + path, timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith(kind)
            assert words in answer.read()
    for path in ("/../README.md", "/blender_receiver.py", "/vendor/", "/%2e%2e/setup.py"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(base + path, timeout=10)


def test_what_clients_say_is_ignored_and_long_messages_end_it(live, port, make_result):
    with join(port) as client:
        client.recv(timeout=10)
        client.send("hello there")
        wait_until(lambda: bool(live.status.clients))
        live.send(make_result(1))
        assert json.loads(client.recv(timeout=10))["index"] == 1
        client.send("x" * 100_000)
        wait_until(lambda: not live.status.clients)


def test_too_many_clients_are_refused(live, port, monkeypatch):
    monkeypatch.setattr("hands3c_core.live.websocket.MAX_CLIENTS", 3)
    with ExitStack() as stack:
        for _ in range(3):
            # What is not read keeps this client waiting ten seconds when it says goodbye.
            stack.enter_context(join(port)).recv(timeout=10)
        wait_until(lambda: len(live.status.clients) == 3)
        with pytest.raises(InvalidStatus):
            stack.enter_context(join(port))


def test_a_port_that_is_taken_or_a_foreign_address_is_one_line(live, port):
    with pytest.raises(UserError, match=f"port {port}"):
        LiveOut([Target("ws", port=port)])
    with pytest.raises(UserError, match="cannot listen"):
        LiveOut([Target("ws", host="203.0.113.9", port=port)])


@pytest.mark.stress
def test_a_taken_port_is_told_however_long_the_start_takes(live, port, monkeypatch):
    """An import took longer than ten seconds on a busy machine, and nobody heard of the failure."""
    serve = WebSocketServer._serve

    async def late(self):
        await asyncio.sleep(12)
        await serve(self)

    monkeypatch.setattr(WebSocketServer, "_serve", late)
    with pytest.raises(UserError, match="cannot listen on"):
        LiveOut([Target("ws", port=port)])


def test_closing_frees_the_port_and_tells_clients(port, make_result):
    for _ in range(2):
        live = LiveOut([Target("ws", port=port)])
        with join(port) as client:
            client.recv(timeout=10)
            live.close()
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=10)
        live.send(make_result(0))


def test_closing_does_not_wait_for_a_stalled_client(port):
    server = WebSocketServer(Target("ws", port=port), "hello", stall_s=60)
    stalled = stalled_client(port)
    wait_until(lambda: len(server.clients) == 1)
    for _ in range(100):
        server.publish("x" * 100_000)
        time.sleep(0.002)
    started = time.monotonic()
    server.close()
    assert time.monotonic() - started < 30
    stalled.close()
