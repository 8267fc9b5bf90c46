"""Takes opened again: the recorded hands in both views, without the pipeline, and out again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, Modifier, settle, show_paused

from app.replay import TakeReplay, is_take
from app.session_types import State
from hands3c_core.errors import UserError
from hands3c_core.export import convert_take
from hands3c_core.export.results import read_results
from hands3c_core.pipeline import HandMeshPipeline


@pytest.fixture
def take(qtbot, window, hand_clip):
    """A second of the clip, recorded in the window with its raw video."""
    show_paused(qtbot, window, hand_clip)
    window.show_tab("record")
    qtbot.mouseClick(window.record_panel.switches["raw"], Button.LeftButton)
    qtbot.mouseClick(window.record_panel.switches["glb"], Button.LeftButton)
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(
        lambda: window.session.observables.recording.value.frames >= 12, timeout=TIMEOUT
    )
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    takes = window.session.observables.takes
    qtbot.waitUntil(lambda: bool(takes.value), timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_Space)
    assert window.session.takes.wait(60)
    return takes.value[0]


def test_a_take_is_replayed_in_both_views_without_the_pipeline(qtbot, window, take, monkeypatch):
    logged = read_results(take.log).frames
    monkeypatch.setattr(
        HandMeshPipeline, "process", lambda *_: pytest.fail("a replay infers nothing")
    )
    qtbot.waitUntil(window.record_panel.takes.replay_button.isEnabled, timeout=TIMEOUT)
    qtbot.mouseClick(window.record_panel.takes.replay_button, Button.LeftButton)
    session = window.session
    qtbot.waitUntil(lambda: session.observables.source.value.is_take, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: session.shown.is_replayed, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(
        lambda: session.observables.playback.value.state is not State.PLAYING, timeout=TIMEOUT
    )
    qtbot.keyClick(window, Key.Key_Home)
    qtbot.waitUntil(
        lambda: session.wait_idle(5) and session.shown.result.frame.index == 0, timeout=TIMEOUT
    )
    qtbot.keyClick(window, Key.Key_Period)
    qtbot.waitUntil(
        lambda: session.wait_idle(5) and session.shown.result.frame.index == 1, timeout=TIMEOUT
    )
    shown = session.shown.result
    assert len(shown.hands) == len(logged[1].hands) > 0
    for hand, wanted in zip(shown.hands, logged[1].hands, strict=True):
        np.testing.assert_array_equal(hand.pose, wanted.pose)
        assert hand.vertices.shape == (1500, 3)
    assert shown.frame.image.std() > 10  # the take's own video, not grey
    settle(qtbot, window)
    assert window.camera_view.picture.result is shown
    assert window.viewport.joint_places()
    assert "recorded" in window.note_label.text()
    assert not window.hud.fallback_badge.isVisible()
    qtbot.mouseClick(window.record_panel.snapshot_buttons[".obj"], Button.LeftButton)
    folder = session.observables.record_choice.value.folder
    qtbot.waitUntil(lambda: bool(list(folder.glob("frame-*.obj"))), timeout=TIMEOUT)


def test_log_and_arrays_replay_alike_and_seek_to_the_frame(take):
    convert_take(take.log, ["npz"])
    with TakeReplay(take.log) as log, TakeReplay(take.log.with_suffix(".npz")) as arrays:
        assert log.frame_count == arrays.frame_count == take.frames
        for _ in range(3):
            one, other = log.read(), arrays.read()
            assert one.timestamp == pytest.approx(other.timestamp)
            np.testing.assert_array_equal(one.image, other.image)
            for hand, same in zip(
                log.result_of(one).hands, arrays.result_of(other).hands, strict=True
            ):
                np.testing.assert_allclose(hand.vertices, same.vertices, atol=1e-6)
        for index in (take.frames - 1, 0, 5):
            log.seek((index + 0.5) / log.fps)
            assert log.read().index == index


def test_without_a_video_the_hands_are_on_grey(take, tmp_path):
    alone = tmp_path / "alone.jsonl"
    alone.write_bytes(take.log.read_bytes())
    with TakeReplay(alone) as replay:
        frame = replay.read()
        assert (frame.image == frame.image[0, 0]).all()
        assert frame.image.shape[:2] == replay.size[::-1]


def test_what_is_no_take_is_told_in_one_line(tmp_path, take):
    assert is_take("a/b.JSONL")
    assert not is_take("a/b.mp4")
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK\x03\x04 nothing")
    np.savez(tmp_path / "other.npz", about=np.array(json.dumps({"format": "x"})))
    header = json.loads(take.log.read_text().splitlines()[0])
    lines = [json.dumps({**header, "hand_model": "../../etc/passwd"})]
    lines += take.log.read_text().splitlines()[1:]
    (tmp_path / "foreign.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "empty.jsonl").write_text(json.dumps(header) + "\n")
    for name in ("bad.npz", "other.npz", "foreign.jsonl", "empty.jsonl", "missing.npz"):
        with pytest.raises(UserError) as caught:
            TakeReplay(tmp_path / name)
        assert "\n" not in str(caught.value)
