"""Streams from a loopback camera that drops, stalls and changes its picture."""

from __future__ import annotations

import gzip
import logging
import socket
import sys
import threading
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.sources import (
    ReaderState,
    SourceLostError,
    SourceReader,
    StreamSource,
    open_source,
)
from hands3c_core.sources.stream import redact

sys.path.insert(0, str(Path(__file__).parent))
from mjpeg_server import MjpegServer, jpeg
from rtsp_server import RtspServer


def level(image: np.ndarray) -> int:
    return round(float(image.mean()) / 2)


def test_every_picture_arrives_in_order() -> None:
    with MjpegServer([jpeg(k) for k in range(12)]) as server, open_source(server.url) as source:
        assert source.is_live
        assert source.duration is None
        assert source.size == (64, 48)
        assert source.name == server.url
        frames = [source.read() for _ in range(12)]
        with pytest.raises(SourceLostError, match="ended"):
            source.read()
    assert [level(f.image) for f in frames if f] == list(range(12))
    assert [f.index for f in frames if f] == list(range(12))
    assert np.all(np.diff([f.timestamp for f in frames if f]) >= 1e-3 - 1e-9)


def test_the_size_may_change() -> None:
    sizes = [(64, 48), (64, 48), (160, 120), (33, 21), (64, 48)]
    script = [jpeg(k, size) for k, size in enumerate(sizes)]
    with MjpegServer([*script, ("stall",)]) as server, open_source(server.url) as source:
        for k, size in enumerate(sizes):
            frame = source.read()
            assert frame is not None
            assert (frame.image.shape[1], frame.image.shape[0]) == size == source.size
            assert level(frame.image) == k


def test_damaged_pictures_are_skipped_and_counted() -> None:
    cut, empty = jpeg(9)[:-60], b"\xff\xd8\xff\xfe\x00\x04ab\xff\xd9"
    script = [jpeg(1), cut, jpeg(2), b"junk", empty, jpeg(3)]
    with MjpegServer([*script, ("stall",)]) as server, open_source(server.url) as source:
        levels = [level(frame.image) for frame in (source.read(), source.read(), source.read())]
        assert levels == [1, 2, 3]
        assert source.skipped >= 2


def test_a_stall_is_a_loss_and_reopening_goes_on() -> None:
    scripts = ([jpeg(1), ("stall",)], [jpeg(2), ("stall",)])
    with MjpegServer(*scripts) as server, StreamSource(server.url, read_timeout=0.3) as source:
        first = source.read()
        with pytest.raises(SourceLostError, match="stopped sending"):
            source.read()
        source.reopen()
        second = source.read()
    assert first is not None
    assert second is not None
    assert (level(first.image), level(second.image)) == (1, 2)
    assert second.index == first.index + 1
    assert second.timestamp > first.timestamp


def test_cancel_ends_a_blocked_read() -> None:
    with MjpegServer([jpeg(1), ("stall",)]) as server:
        source = StreamSource(server.url, read_timeout=30)
        source.read()
        timer = threading.Timer(0.2, source.cancel)
        timer.start()
        started = time.monotonic()
        with pytest.raises(SourceLostError):
            source.read()
        assert time.monotonic() - started < 15  # not the 30 s of the time limit
        timer.join()
        source.close()


def test_passwords_are_used_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with MjpegServer([jpeg(1)]) as server:
        url = f"http://user:pa%3Ass@{server.host}/locked?token=hidden"
        with open_source(url) as source:
            assert source.read() is not None
            shown = [source.name]
            with pytest.raises(SourceLostError) as lost:
                source.read()
        wrong = f"http://user:wrongpass@{server.host}/locked?token=hidden"
        with pytest.raises(UserError, match="password") as refused:
            open_source(wrong)
    shown += [str(lost.value), str(refused.value), caplog.text]
    assert not any(secret in text for secret in ("pa%3Ass", "pa:ss", "wrongpass", "hidden")
                   for text in shown)  # fmt: skip
    assert redact("rtsp://u:p@cam:554/a?b=c#d") == "rtsp://cam:554/a"


def test_redirects_stay_on_the_host() -> None:
    with MjpegServer([jpeg(5)]) as server:
        with open_source(f"http://{server.host}/moved") as source:
            frame = source.read()
        assert frame is not None
        assert level(frame.image) == 5
        with pytest.raises(UserError, match="points to another address"):
            open_source(f"http://{server.host}/elsewhere")


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with MjpegServer([jpeg(5)]) as server, open_source(server.url) as source:
        assert source.read() is not None


def test_what_is_no_stream_is_a_user_error() -> None:
    with MjpegServer([b"junk"] * 3) as server:
        host = server.host
        for path, message in (
            ("/page", "cannot be opened as a video"),
            ("/missing", "HTTP 404"),
            ("/live", "."),
        ):
            with pytest.raises(UserError, match=message) as caught:
                open_source(f"http://{host}{path}")
            assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="does not answer"):
        open_source(f"http://{host}/live")
    with pytest.raises(UserError, match="cannot be opened"):
        open_source(f"rtsp://user:secret@{host}/live")


def test_a_video_over_http_streams_too(make_video, helpers, tmp_path: Path) -> None:
    """Anything FFmpeg can read without winding back, here MPEG-TS."""
    body = make_video("a.ts", frames=20).read_bytes()

    class Answer(MjpegServer):
        def answer(self, handler) -> None:  # type: ignore[no-untyped-def]
            handler.send_response(200)
            handler.send_header("Content-Type", "video/mp2t")
            handler.end_headers()
            handler.wfile.write(body)

    with Answer() as server, open_source(server.url) as source:
        frames = [source.read() for _ in range(20)]
        with pytest.raises(SourceLostError):
            source.read()
    assert [helpers.number(f.image) for f in frames if f] == list(range(20))


def test_rtsp(make_video, helpers, caplog: pytest.LogCaptureFixture) -> None:
    """Frames arrive; silence is a loss after the time limit; the password stays hidden."""
    caplog.set_level(logging.DEBUG)
    body = make_video("a.ts", frames=60, size=(160, 120)).read_bytes()
    with RtspServer(body) as server:
        url = f"rtsp://user:secret@{server.host}/live"
        with StreamSource(url, read_timeout=1.0) as source:
            assert (source.name, source.size) == (f"rtsp://{server.host}/live", (160, 120))
            numbers = []
            for _ in range(40):
                frame = source.read()
                assert frame is not None
                numbers.append(helpers.number(frame.image))
            assert numbers == list(range(numbers[0], numbers[0] + 40))
            lost = read_until_lost(source)
    assert "stopped sending" in lost
    assert "secret" not in lost + caplog.text
    assert any(request.startswith("PLAY") for request in server.requests)


def read_until_lost(source: StreamSource) -> str:
    """The message of the loss."""
    try:
        while source.read() is not None:
            pass
    except SourceLostError as error:
        return str(error)
    return ""


def test_a_reader_survives_hang_ups_stalls_and_new_sizes() -> None:
    """Three connections: one ends, one stalls, one brings another resolution."""
    states: list[ReaderState] = []
    scripts = (
        [jpeg(1), ("pause", 0.1), ("hang up",)],
        [jpeg(2), ("stall",)],
        [jpeg(3, (160, 120)), ("stall",)],
    )
    with MjpegServer(*scripts) as server:
        source = StreamSource(server.url, read_timeout=0.3)
        with SourceReader(
            source, on_state=lambda state, _: states.append(state), first_backoff=0.01
        ) as reader:
            frames = [reader.next(20) for _ in range(3)]
        assert reader.close()
    assert [level(f.image) for f in frames if f] == [1, 2, 3]
    assert [f.image.shape[:2] for f in frames if f] == [(48, 64), (48, 64), (120, 160)]
    times = [f.timestamp for f in frames if f]
    assert times == sorted(set(times))
    assert states[:6] == [ReaderState.LOST, ReaderState.RECONNECTING, ReaderState.RUNNING] * 2
    assert "hands3c-source" not in [thread.name for thread in threading.enumerate()]


#: How cameras frame their pictures, beside what the standard says; browsers show all of these.
_HABITS = {
    "plain": ("multipart/x-mixed-replace; boundary=b", b"--b\r\n%s\r\n", b"\r\n"),
    "no first boundary": ("multipart/x-mixed-replace; boundary=b", b"%s\r\n", b"\r\n--b\r\n"),
    "boundary after": ("multipart/x-mixed-replace; boundary=b", b"%s\r\n", b"--b\r\n"),
    "no dashes": ("multipart/x-mixed-replace; boundary=b", b"b\r\n%s\r\n", b"\r\n"),
    "no headers": ("multipart/x-mixed-replace; boundary=b", b"--b\r\n\r\n", b"\r\n"),
    "line feeds": ("multipart/x-mixed-replace;boundary=--b", b"--b\n%s\n", b"\n"),
    "no type at all": ("", b"--b\r\n%s\r\n", b"\r\n"),
    "one after another": ("video/x-motion-jpeg", b"", b""),
    "a wrong length": (
        "multipart/x-mixed-replace; boundary=b",
        b"--b\r\nContent-Length: 9\r\n\r\n",
        b"",
    ),
}


@pytest.mark.parametrize("habit", _HABITS)
def test_streams_that_browsers_show(habit: str) -> None:
    content_type, before, after = _HABITS[habit]
    header = b"Content-Type: image/jpg\r\n"
    body = b"".join(
        (before % header if b"%s" in before else before) + jpeg(k) + after for k in range(5)
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                line = f"Content-Type: {content_type}\r\n" if content_type else ""
                connection.sendall(f"HTTP/1.1 200 OK\r\n{line}\r\n".encode())
                for at in range(0, len(body), 777):
                    connection.sendall(body[at : at + 777])

        threading.Thread(target=serve, daemon=True).start()
        with open_source(f"http://127.0.0.1:{listener.getsockname()[1]}/") as source:
            found = [source.read() for _ in range(5)]
            with pytest.raises(SourceLostError):
                source.read()
    assert [level(frame.image) for frame in found if frame] == list(range(5))


def picture(k: int, kind: str) -> bytes:
    return cv2.imencode(kind, np.full((48, 64, 3), 2 * k, np.uint8))[1].tobytes()


def parts(kind: str, count: int = 5) -> bytes:
    head = b"--b\r\nContent-Type: image/" + kind[1:].encode() + b"\r\n\r\n"
    return b"".join(head + picture(k, kind) + b"\r\n" for k in range(count))


def answered(first: str, body: bytes) -> tuple[list[int], str]:
    """What is shown of a server's answer, and how it ends."""
    found: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(first.encode() + b"\r\n\r\n")
                for at in range(0, len(body), 333):
                    connection.sendall(body[at : at + 333])

        threading.Thread(target=serve, daemon=True).start()
        told = ""
        try:
            with open_source(f"http://127.0.0.1:{listener.getsockname()[1]}/") as source:
                while frame := source.read():
                    found.append(level(frame.image))
        except UserError as error:
            told = str(error)
    assert told
    assert "\n" not in told
    return found, told


MULTIPART = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b"


@pytest.mark.parametrize("kind", [".png", ".webp", ".jpg"])
def test_parts_of_other_kinds_are_shown(kind: str) -> None:
    mixed = parts(kind, 2) + parts(".jpg")[len(parts(".jpg", 2)) :]
    assert answered(MULTIPART, mixed)[0] == list(range(5))


def test_parts_that_are_damaged_cost_themselves_alone() -> None:
    whole = parts(".png")
    second = whole.index(b"\x89PNG", 100)
    cut = whole[: second + 60] + whole[whole.index(b"\x89PNG", second + 8) :]
    assert answered(MULTIPART, cut)[0] == [0, 2, 3, 4]
    webp = parts(".webp").replace(b"VP8", b"XXX", 1)
    assert answered(MULTIPART, webp)[0] == [1, 2, 3, 4]


@pytest.mark.parametrize("packing", ["gzip", "deflate", "identity", "GZIP", "two members"])
def test_packed_answers_are_unpacked(packing: str) -> None:
    body = parts(".jpg")
    packed = {
        "gzip": gzip.compress,
        "GZIP": gzip.compress,
        "deflate": zlib.compress,
        "identity": bytes,
        "two members": lambda b: gzip.compress(b[:700]) + gzip.compress(b[700:]),
    }[packing](body)
    name = "gzip" if packing == "two members" else packing
    found, _ = answered(f"{MULTIPART}\r\nContent-Encoding: {name}", packed)
    assert found == list(range(5))


def test_packings_that_are_not_read_and_damaged_ones_are_told() -> None:
    found, told = answered(f"{MULTIPART}\r\nContent-Encoding: br", parts(".jpg"))
    assert not found
    assert "packed (br)" in told
    found, told = answered(f"{MULTIPART}\r\nContent-Encoding: gzip", parts(".jpg"))
    assert not found
    assert "damaged" in told


def test_an_icy_answer_is_shown() -> None:
    answer = MULTIPART.replace("HTTP/1.1", "ICY")
    assert answered(answer, parts(".jpg"))[0] == list(range(5))


@pytest.mark.parametrize("count", [3, 300])
def test_parts_that_are_no_pictures_are_said(count: int) -> None:
    body = b"--b\r\nContent-Type: image/gif\r\n\r\nGIF89a, or so\r\n" * count
    found, told = answered(MULTIPART, body)
    assert not found
    assert "nothing that can be decoded (it sends image/gif)" in told


def test_a_server_that_speaks_no_http_is_quoted_shortly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"\0\xff" * 20_000)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(UserError, match="does not answer") as error:
            open_source(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert len(str(error.value)) < 300
