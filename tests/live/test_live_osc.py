"""OSC over real UDP, read by python-osc's own server side."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.live import LiveOut, Target, exposure_warning, parse_targets
from hands3c_core.live.osc import packets
from hands3c_core.live.targets import KINDS


def messages(packet: bytes) -> dict[str, list]:
    return {timed.message.address: timed.message.params for timed in OscPacket(packet).messages}


def receive(listener: socket.socket, count: int) -> dict[str, list]:
    heard: dict[str, list] = {}
    for _ in range(count):
        heard |= messages(listener.recv(65536))
    return heard


def test_a_frame_arrives_as_documented(make_result):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        port = listener.getsockname()[1]
        result = make_result(7)
        with LiveOut([Target("osc", port=port)]) as live:
            live.send(result)
            heard = receive(listener, 5)
            assert heard["/hands3c/frame"] == [1, 7, pytest.approx(7 / 30), 1, 1]
            assert live.status.osc_frames == 1
        for hand, side in zip(result.hands, ("right", "left"), strict=True):
            told = [heard[f"/hands3c/{side}/joint/{name}"] for name in JOINT_NAMES]
            np.testing.assert_allclose(told, hand.joints_3d, atol=1e-6)
            pose = np.reshape(heard[f"/hands3c/{side}/pose"], (16, 3))
            np.testing.assert_allclose(pose, hand.pose, atol=1e-6)
            np.testing.assert_allclose(heard[f"/hands3c/{side}/shape"], hand.shape, atol=1e-6)
            np.testing.assert_allclose(
                heard[f"/hands3c/{side}/translation"], hand.translation, atol=1e-6
            )
            assert heard[f"/hands3c/{side}/track"] == [hand.track_id]
            assert heard[f"/hands3c/{side}/confidence"] == [pytest.approx(hand.confidence)]


def test_packets_fit_any_network(make_result):
    assert max(len(packet) for packet in packets(make_result(2**20))) <= 1472


def test_an_absent_hand_is_told_and_of_two_of_a_side_the_surer_is_sent(make_result):
    first, *_ = packets(make_result(3, ()))
    assert messages(first)["/hands3c/frame"][3:] == [0, 0]
    sent = {}
    for packet in packets(make_result(3, (True, True))):
        sent |= messages(packet)
    assert sent["/hands3c/frame"][3:] == [1, 0]
    assert sent["/hands3c/right/track"] == [2]


def test_nobody_listening_is_no_error(make_result, port):
    with LiveOut([Target("osc", port=port)]) as live:
        for index in range(20):
            live.send(make_result(index))
        assert live.status.osc_frames == 20


def test_an_unknown_host_is_one_line():
    with pytest.raises(UserError, match="not known"):
        LiveOut([Target("osc", host="no-such-host.invalid", port=9000)])
    for kind in KINDS:
        with pytest.raises(UserError, match="is no host"):
            LiveOut([Target(kind, host="no such host", port=9000)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ws", Target("ws", "127.0.0.1", 8765)),
        ("ws:9001", Target("ws", "127.0.0.1", 9001)),
        ("ws:0.0.0.0", Target("ws", "0.0.0.0", 8765)),
        ("osc", Target("osc", "127.0.0.1", 9000)),
        ("osc:studio.local:7000", Target("osc", "studio.local", 7000)),
        ("ws:[::1]:8000", Target("ws", "::1", 8000)),
        ("ws:[::1]", Target("ws", "::1", 8765)),
        ("ws:::1", Target("ws", "::1", 8765)),
        ("osc:fe80::1:7000", Target("osc", "fe80::1:7000", 9000)),
        ("vmc", Target("vmc", "127.0.0.1", 39539)),
        ("osc:b\u00fccher.example:7000", Target("osc", "b\u00fccher.example", 7000)),
        ("osc:my_pc", Target("osc", "my_pc", 9000)),
        ("osc:3d.example.", Target("osc", "3d.example.", 9000)),
        ("osc:3d:80", Target("osc", "3d", 80)),
    ],
)
def test_targets_are_read_and_written(text, expected):
    assert parse_targets([text]) == (expected,)
    assert parse_targets([str(expected)]) == (expected,)


@pytest.mark.parametrize("text", ["http:80", "", "-1", "WS", "ws8765", "ws 8765", "://"])
def test_what_is_no_target_is_told(text):
    with pytest.raises(UserError, match="live target"):
        parse_targets([text])


#: Out of range, signed, with other digits, letters or spaces, none.
WRONG_PORTS = (
    *("0", "99999", "-1", "+80", "80x", "0x50", "1e3", "\u0668\u0668", " 80", "80 ", "8_0", ""),
    *("host:", "host:x", "host:-1", "host:0", "host:65536", "host:\u00b2", ":80", ":", "[::1]:"),
    "[::1]:x",
)
#: No names, wrong addresses, with what belongs to a web address.
WRONG_HOSTS = (
    *("-1:80", "-", "a b", "a b:80", " :80", "256.1.1.1", "1.2.3", "1.2.3.4.5:80", "host-.x:80"),
    *("//host", "//host:80/", "host/page:80", "[::1", "[::1]8765", "[host]:80", "a:b:c:80"),
    *("user@h", "..:80", "a..b", "x" * 64, "h\0st", "host\n", "%41:80", "*", "\u200b", "\udce9:80"),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rest", WRONG_PORTS + WRONG_HOSTS)
def test_wrong_targets_are_told_in_one_line(kind, rest):
    with pytest.raises(UserError) as error:
        parse_targets([f"{kind}:{rest}"])
    assert "\n" not in str(error.value)
    assert repr(f"{kind}:{rest}")[:20] in str(error.value) or "is no host" in str(error.value)


def test_only_a_websocket_that_others_reach_is_warned_of():
    for text, warned in (
        ("ws", False),
        ("ws:::1", False),
        ("ws:localhost", False),
        ("osc:192.168.1.9", False),
        ("ws:0.0.0.0", True),
        ("ws:[::]:9", True),
        ("ws:192.168.1.9:80", True),
    ):
        assert bool(exposure_warning(parse_targets([text]))) is warned, text


def test_one_target_of_a_kind():
    with pytest.raises(UserError, match="only once"):
        parse_targets(["ws:1", "ws:2"])
