"""A small RTSP camera over TCP (RFC 2326, H.264 as in RFC 6184).

``python rtsp_camera.py PORT`` serves ``rtsp://127.0.0.1:PORT/live`` to any number of clients until
it is ended; it prints ``ready`` first. One picture a packet train, 15 a second, for ever.
"""

from __future__ import annotations

import re
import socketserver
import struct
import sys
import threading
import time
from fractions import Fraction

import av
import numpy as np

FPS, SIZE = 15, (320, 240)
SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "c=IN IP4 0.0.0.0\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
    "a=control:track1\r\n"
)


def pictures() -> list[list[bytes]]:
    """Two seconds of a ball that goes round: the NAL units of each picture, a key frame first."""
    coder = av.CodecContext.create("libx264", "w")
    coder.width, coder.height, coder.pix_fmt = *SIZE, "yuv420p"
    coder.time_base, coder.framerate = Fraction(1, FPS), Fraction(FPS)
    coder.options = {"tune": "zerolatency", "g": str(FPS), "preset": "ultrafast", "slices": "1"}
    units, rows, columns = [], *np.ogrid[: SIZE[1], : SIZE[0]]
    for number in range(2 * FPS):
        turn = np.pi * number / FPS
        centre = 120 + 60 * np.sin(turn), 160 + 60 * np.cos(turn)
        ball = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < 900
        image = np.where(ball[..., None], 230, 40).astype(np.uint8).repeat(3, axis=2)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts = number
        for packet in coder.encode(frame):
            units.append([unit for unit in re.split(b"\0\0\0?\1", bytes(packet)) if unit])
    return units


class Client(socketserver.StreamRequestHandler):
    """One client: answers its requests, and from PLAY on sends."""

    def handle(self) -> None:
        self.sending = threading.Lock()
        playing = threading.Event()
        while (request := self.request_lines()) is not None:
            method, address = request[0].split()[:2]
            fields = dict(line.split(": ", 1) for line in request[1:] if ": " in line)
            answer, body = [f"CSeq: {fields.get('CSeq', '0')}", "Session: 1"], ""
            if method == "OPTIONS":
                answer.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
            elif method == "DESCRIBE":
                body = SDP
                answer += ["Content-Type: application/sdp", f"Content-Base: {address}/"]
            elif method == "SETUP":
                answer.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
            answer.append(f"Content-Length: {len(body)}")
            self.send("\r\n".join(["RTSP/1.0 200 OK", *answer, "", body]).encode())
            if method == "PLAY" and not playing.is_set():
                playing.set()
                threading.Thread(target=self.play, daemon=True).start()
            if method == "TEARDOWN":
                return

    def request_lines(self) -> list[str] | None:
        """The next request; what a client reports of its reception is passed over."""
        lines: list[str] = []
        while True:
            first = self.rfile.read(1)
            if first == b"$" and not lines:
                _, length = struct.unpack(">BH", self.rfile.read(3))
                self.rfile.read(length)
                continue
            line = (first + self.rfile.readline()).decode("latin-1").strip()
            if not first:
                return None
            if not line and lines:
                return lines
            if line:
                lines.append(line)

    def play(self) -> None:
        started, number, sequence = time.monotonic(), 0, 0
        while True:
            units = PICTURES[number % len(PICTURES)]
            for unit in units:
                last = unit is units[-1]
                stamp = (number * 90_000 // FPS) & 0xFFFFFFFF
                head = struct.pack(">BBHII", 0x80, 96 | (last << 7), sequence & 0xFFFF, stamp, 1)
                packet = head + unit
                try:
                    self.send(b"$\0" + struct.pack(">H", len(packet)) + packet)
                except OSError:
                    return
                sequence += 1
            number += 1
            late = time.monotonic() - started - number / FPS
            if late > 0:  # it was stopped, or the machine is slow: no burst follows
                started += late
            else:
                time.sleep(-late)

    def send(self, data: bytes) -> None:
        with self.sending:
            self.wfile.write(data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no fault."""


if __name__ == "__main__":
    PICTURES = pictures()
    with Server(("127.0.0.1", int(sys.argv[1])), Client) as server:
        print("ready", flush=True)
        server.serve_forever()
