"""A loopback RTSP camera for tests: MPEG-TS in RTP (RFC 2250), interleaved in TCP (RFC 2326)."""

from __future__ import annotations

import socketserver
import struct
import threading

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 33\r\na=control:track1\r\n"
)
_PACKETS_OF_TS = 7 * 188


class RtspServer:
    """Sends ``transport_stream`` to each client and then stalls until closed."""

    def __init__(self, transport_stream: bytes) -> None:
        self.stopping = threading.Event()
        self.requests: list[str] = []
        camera = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while line := self.rfile.readline().decode():
                    method = line.split(" ")[0]
                    camera.requests.append(line.strip())
                    headers = {}
                    while (header := self.rfile.readline().decode().strip()) != "":
                        key, _, value = header.partition(":")
                        headers[key.lower()] = value.strip()
                    self.reply(method, headers)
                    if method == "PLAY":
                        self.play()
                        return

            def reply(self, method: str, headers: dict[str, str]) -> None:
                body = SDP if method == "DESCRIBE" else ""
                extra = {
                    "OPTIONS": "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
                    "DESCRIBE": "Content-Type: application/sdp\r\n",
                    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n",
                }.get(method, "")
                self.wfile.write(
                    f"RTSP/1.0 200 OK\r\nCSeq: {headers.get('cseq', '0')}\r\nSession: 1\r\n{extra}"
                    f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
                )

            def play(self) -> None:
                for number, start in enumerate(range(0, len(transport_stream), _PACKETS_OF_TS)):
                    payload = transport_stream[start : start + _PACKETS_OF_TS]
                    packet = struct.pack(">BBHII", 0x80, 33, number, number * 900, 1) + payload
                    self.wfile.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                camera.stopping.wait(20)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> RtspServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
