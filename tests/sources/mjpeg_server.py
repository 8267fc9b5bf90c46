"""A loopback MJPEG camera for tests: drops, stalls, changes its size, asks for passwords."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

BOUNDARY = "frameboundary"


def jpeg(number: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """A flat grey picture of level 2 * number."""
    image = np.full((size[1], size[0], 3), 2 * (number % 120), np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


class MjpegServer:
    """Serves whatever ``script`` says to each connection, in turn (the last one again and again).

    A script is a list of steps: bytes (a part's body), ``("stall",)`` waits until the server is
    closed or the client gone, ``("pause", s)`` waits, ``("hang up",)`` closes the connection.
    After its last step a script hangs up. /live needs nothing, /locked a password.
    """

    def __init__(self, *scripts: list[Any]) -> None:
        self.scripts = list(scripts)
        self.connections = 0
        self.requests: list[str] = []
        self.stopping = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/live"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(handler.path)
        if handler.path.startswith("/locked"):
            expected = "Basic " + base64.b64encode(b"user:pa:ss").decode()
            if handler.headers.get("Authorization") != expected:
                handler.send_response(401)
                handler.send_header("WWW-Authenticate", 'Basic realm="camera"')
                handler.end_headers()
                return
        elif handler.path == "/moved":
            self._redirect(handler, "/live")
            return
        elif handler.path == "/elsewhere":
            self._redirect(handler, "http://localhost.invalid/live")
            return
        elif handler.path == "/page":
            handler.send_response(200)
            handler.send_header("Content-Type", "text/html")
            handler.end_headers()
            handler.wfile.write(b"<html>not a video</html>")
            return
        elif handler.path == "/missing":
            handler.send_error(404)
            return
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        handler.send_response(200)
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        try:
            for step in self._steps(script):
                part = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(step)}"
                handler.wfile.write(part.encode() + b"\r\n\r\n" + step + b"\r\n")
        except OSError:
            pass

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _steps(self, script: list[Any]) -> Iterator[bytes]:
        for step in script:
            if isinstance(step, bytes):
                yield step
            elif step[0] == "stall":
                self.stopping.wait(20)
            elif step[0] == "pause":
                self.stopping.wait(step[1])
            elif step[0] == "hang up":
                return
            if self.stopping.is_set():
                return

    def _redirect(self, handler: BaseHTTPRequestHandler, where: str) -> None:
        handler.send_response(302)
        handler.send_header("Location", where)
        handler.end_headers()

    def __enter__(self) -> MjpegServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
