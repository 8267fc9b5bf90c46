"""A network camera on this machine: a clip as an MJPEG stream, well-behaved or not.

``python -m hands3c_core.benchmark.loopback_camera CLIP`` prints its address and serves until its
input closes. It runs in a process of its own, so that encoding and sending take no time from what
is measured.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2

from hands3c_core.errors import UserError
from hands3c_core.sources import open_source

_BOUNDARY = "frame"


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how often; the defaults are a camera that works."""

    every_s: float = 0.0
    """Seconds between faults, on average; 0 for none. Each is a hang-up, a stall or a new size."""
    stall_s: float = 4.0
    """How long a stall lasts, longer than a client waits."""
    seed: int = 0


class LoopbackCamera:
    """Serves a clip in a circle to whoever connects."""

    def __init__(self, clip: str | Path, fps: float, faults: Faults) -> None:
        self._sizes = _encoded_sizes(clip)
        self._fps = fps
        self._faults = faults
        self._random = random.Random(faults.seed)
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
                self.send_header("Content-Type", kind)
                self.end_headers()
                try:
                    for jpeg in camera.frames():
                        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                        size = f"Content-Length: {len(jpeg)}\r\n\r\n"
                        self.wfile.write((head + size).encode() + jpeg + b"\r\n")
                except OSError:
                    return

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/live"

    def frames(self) -> Iterator[bytes]:
        """The JPEGs of one connection, at the camera's pace, until it hangs up."""
        size = 0
        fault_at = self._next_fault()
        due = time.monotonic()
        number = 0
        while True:
            if time.monotonic() >= fault_at:
                fault_at = self._next_fault()
                kind = self._random.choice(("hang up", "stall", "size"))
                if kind == "hang up":
                    return
                if kind == "stall":
                    time.sleep(self._faults.stall_s)
                    due = time.monotonic()
                if kind == "size":
                    size = (size + 1) % len(self._sizes)
            jpegs = self._sizes[size]
            yield jpegs[number % len(jpegs)]
            number += 1
            due += 1 / self._fps
            time.sleep(max(0.0, due - time.monotonic()))

    def _next_fault(self) -> float:
        if self._faults.every_s <= 0:
            return float("inf")
        return time.monotonic() + self._faults.every_s * self._random.uniform(0.5, 1.5)


@contextmanager
def loopback_camera(
    clip: str | Path, fps: float = 30.0, faults: Faults | None = None
) -> Iterator[str]:
    """Run a camera in a process of its own; gives its address.

    Raises:
        UserError: the clip cannot be read.
    """
    faults = faults or Faults()
    command = [sys.executable, "-m", __name__, str(clip), "--fps", str(fps)]
    command += ["--every-s", str(faults.every_s), "--stall-s", str(faults.stall_s)]
    command += ["--seed", str(faults.seed)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        if not address.startswith("http://"):
            raise UserError(f"{clip} cannot be served as a camera: is it a video?")
        yield address
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _encoded_sizes(clip: str | Path) -> list[list[bytes]]:
    """The clip's frames as JPEGs, in its own size and in two thirds of it."""
    sizes: list[list[bytes]] = [[], []]
    with open_source(str(clip)) as source:
        for frame in source:
            image = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
            for jpegs, scale in zip(sizes, (1.0, 2 / 3), strict=True):
                small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                jpegs.append(cv2.imencode(".jpg", small)[1].tobytes())
    return sizes


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--every-s", type=float, default=0.0)
    parser.add_argument("--stall-s", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    faults = Faults(given.every_s, given.stall_s, given.seed)
    try:
        camera = LoopbackCamera(given.clip, given.fps, faults)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    threading.Thread(target=camera.server.serve_forever, daemon=True).start()
    print(camera.url, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _main()
