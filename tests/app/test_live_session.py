"""A session on a live source: a loopback MJPEG stream that stalls and comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.config import RecordChoice
from app.session import Session
from app.session_types import Notice, State


class Camera:
    """Serves numbered grey frames at 100 a second; ``broken`` ends every connection."""

    def __init__(self) -> None:
        self.broken = threading.Event()
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                number = 0
                while not (outer.broken.is_set() or outer.closing.is_set()):
                    number += 1
                    image = np.full((96, 128, 3), number % 250, np.uint8)
                    data = cv2.imencode(".jpg", image)[1].tobytes()
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}"
                    try:
                        self.wfile.write(f"{head}\r\n\r\n".encode() + data + b"\r\n")
                    except OSError:
                        return
                    time.sleep(0.01)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/stream"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def camera() -> Iterator[Camera]:
    made = Camera()
    yield made
    made.close()


def wait_until(condition, timeout: float = 120.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_a_stream_plays_pauses_records_and_comes_back_after_a_loss(camera, tmp_path: Path):
    told: list[Notice] = []
    with Session(record=RecordChoice(tmp_path).writing(glb=False)) as session:
        session.observables.notices.connect(told.append)
        session.open(camera.url)
        wait_until(lambda: session.shown is not None and session.shown.model is not None)
        info = session.observables.source.value
        assert info is not None
        assert info.is_live
        assert info.duration is None

        session.start_recording()
        wait_until(lambda: session.observables.recording.value.frames >= 5)
        session.stop_recording()
        wait_until(lambda: bool(session.observables.takes.value))

        session.pause()
        wait_until(lambda: session.observables.playback.value.state is State.PAUSED)
        held = session.shown
        time.sleep(0.2)
        assert session.shown is held
        session.play()
        wait_until(lambda: session.shown is not held)

        camera.broken.set()
        wait_until(lambda: any(notice.key == "connection" and notice.text for notice in told))
        assert session.observables.playback.value.state is State.PLAYING
        camera.broken.clear()
        lost = session.shown
        wait_until(lambda: session.shown is not lost)
        wait_until(lambda: told[-1].key == "connection" and not told[-1].text)
        assert session.shown.result.frame.timestamp > lost.result.frame.timestamp


def test_a_stream_that_is_not_there_is_told(tmp_path: Path):
    with Session() as session:
        told: list[Notice] = []
        session.observables.notices.connect(told.append)
        session.open("http://127.0.0.1:9/none")
        wait_until(lambda: any(notice.level == "error" for notice in told))
        assert session.observables.source.value is None
        assert session.observables.playback.value.state is State.EMPTY
