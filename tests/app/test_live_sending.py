"""Live hands from a real session: switched on, changed and off, with who listens and what fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from app.config import LiveChoice, ModelConfig
from app.options import live_choice, parse
from app.session import Session
from app.session_types import Notice
from hands3c_core.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
MODEL = ModelConfig(estimator="landmarks")


def wait_until(condition: Callable[[], object], timeout: float = 60.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def session(hand_clip: Path) -> Iterator[Session]:
    with Session(MODEL, paints=False) as made:
        made.open(str(hand_clip))
        yield made


def test_websocket_and_osc_carry_the_sessions_hands(session):
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(60)
        session.live.choose(
            LiveChoice(
                websocket=True, websocket_port=port, osc=True, osc_port=listener.getsockname()[1]
            )
        )
        state = session.observables.live
        wait_until(lambda: state.value.websocket and state.value.osc)
        assert state.value.websocket == f"http://127.0.0.1:{port}/"
        with connect(f"ws://127.0.0.1:{port}/", max_size=None) as client:
            assert json.loads(client.recv(timeout=60))["type"] == "hello"
            frame = json.loads(client.recv(timeout=60))
            while not frame["hands"]:
                frame = json.loads(client.recv(timeout=60))
            assert len(frame["hands"][0]["joints_3d"]) == 21
            wait_until(lambda: state.value.clients and state.value.clients[0][1] > 0)
        wait_until(lambda: not state.value.clients)
        assert listener.recv(65536).startswith(b"#bundle\0")
        session.live.choose(LiveChoice())
        wait_until(lambda: not state.value.websocket and not state.value.osc)
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=2)


def test_who_joins_while_paused_sees_the_frame_on_show(session):
    wait_until(lambda: session.shown is not None and session.shown.result.hands)
    session.pause()
    session.wait_idle(10)
    port = free_port()
    session.live.choose(LiveChoice(websocket=True, websocket_port=port))
    wait_until(lambda: session.observables.live.value.websocket)
    with connect(f"ws://127.0.0.1:{port}/", max_size=None) as client:
        assert json.loads(client.recv(timeout=60))["type"] == "hello"
        frame = json.loads(client.recv(timeout=60))
        assert frame["index"] == session.shown.result.frame.index


def test_a_port_that_is_taken_is_told_and_the_rest_runs(session):
    notices: list[Notice] = []
    session.observables.notices.connect(notices.append)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        session.live.choose(
            LiveChoice(websocket=True, websocket_port=taken, osc=True, osc_port=free_port())
        )
        wait_until(lambda: any(notice.key == "live" and notice.text for notice in notices))
        assert str(taken) in session.observables.live.value.error
        assert session.observables.live.value.osc
        assert not session.observables.live.value.websocket
    session.live.choose(LiveChoice(websocket=True, websocket_port=free_port()))
    wait_until(lambda: session.observables.live.value.websocket)
    assert session.observables.live.value.error == ""
    assert notices[-1].key != "live" or notices[-1].text == ""


def test_a_listener_that_never_reads_does_not_slow_the_session(session):
    port = free_port()
    session.live.choose(LiveChoice(websocket=True, websocket_port=port))
    wait_until(lambda: session.observables.live.value.websocket)
    with connect(f"ws://127.0.0.1:{port}/", max_size=None, max_queue=1):
        wait_until(lambda: session.observables.live.value.clients)
        seen: list[object] = []
        session.observables.results.connect(seen.append)
        wait_until(lambda: len(seen) >= 40)
        assert session.wait_idle(10)


def test_the_command_line_chooses_over_what_is_remembered():
    remembered = LiveChoice(osc=True, osc_port=7000)
    assert live_choice(parse(["clip.mp4"]), remembered) == remembered
    chosen = live_choice(parse(["clip.mp4", "--live", "ws:9001"]), remembered)
    assert chosen.websocket
    assert chosen.websocket_port == 9001
    assert chosen.websocket_host == "127.0.0.1"
    assert not chosen.osc
    with pytest.raises(UserError, match="live target"):
        parse(["--live", "carrier-pigeon"])


def test_headless_sends_live_at_the_clips_pace_and_writes_nothing_if_told(tmp_path, hand_clip):
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "app", str(hand_clip), "--headless", "--loop", "--estimator",
            "landmarks", "--live", f"ws:{port}", "--write", "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            try:
                client = connect(f"ws://127.0.0.1:{port}/", max_size=None)
                break
            except OSError:
                time.sleep(0.1)
        with client as live:
            frames = []
            while len(frames) < 5:
                message = json.loads(live.recv(timeout=60))
                frames += [message] if message["type"] == "frame" else []
        assert frames[-1]["index"] > frames[0]["index"]
    finally:
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert f"Live: http://127.0.0.1:{port}/" in told
    assert "Traceback" not in told
    assert list((tmp_path / "out").iterdir()) == []
