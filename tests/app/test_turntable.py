"""A video of the 3D view that turns once around."""

from __future__ import annotations

import av
import numpy as np
import pytest
from driving import TIMEOUT, Key, show_paused

from app import turntable
from hands3c_core.errors import UserError

PICTURES = 12


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turntable, "PICTURES", PICTURES)
    monkeypatch.setattr(turntable.Turntable, "step", 720.0 / PICTURES)


def test_a_key_writes_a_turn_and_the_view_is_where_it_was(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    yaw = window.viewport.worker._scene.view.yaw
    folder = window.session.observables.record_choice.value.folder
    qtbot.keyClick(window, Key.Key_Y)
    qtbot.waitUntil(lambda: str(folder.absolute()) in window.banner.text, timeout=TIMEOUT)
    (file,) = folder.glob("turntable-*.mp4")
    with av.open(str(file)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == PICTURES
    size = window.viewport.pixel_size()
    assert abs(frames[0].shape[1] - size[0]) <= 1
    assert abs(frames[0].shape[0] - size[1]) <= 1
    apart = [np.abs(frames[0].astype(int) - frame).mean() for frame in frames]
    assert apart[PICTURES // 2] > 1.0
    assert window.viewport.worker._scene.view.yaw == pytest.approx(yaw, abs=1e-6)
    assert not window.viewport.worker.is_turning


def test_the_key_again_ends_it_and_leaves_no_file(qtbot, window, hand_clip, monkeypatch):
    monkeypatch.setattr(turntable, "PICTURES", 100_000)
    show_paused(qtbot, window, hand_clip)
    folder = window.session.observables.record_choice.value.folder
    images = window.viewport.images
    qtbot.keyClick(window, Key.Key_Y)
    qtbot.waitUntil(lambda: window.viewport.images > images + 2, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_Y)
    qtbot.waitUntil(lambda: window.viewport.worker.idle, timeout=TIMEOUT)
    assert not list(folder.glob("*turntable*"))
    qtbot.keyClick(window, Key.Key_Y)
    qtbot.waitUntil(lambda: window.viewport.images > images + 6, timeout=TIMEOUT)
    window.close()  # closing ends it, too
    assert not list(folder.glob("*turntable*"))


def test_a_disk_that_is_full_is_told(qtbot, window, hand_clip, monkeypatch):
    def full(*_: object) -> bool:
        raise UserError("turntable.mp4 cannot be written: No space left on device.")

    show_paused(qtbot, window, hand_clip)
    monkeypatch.setattr(turntable.Turntable, "take", full)
    qtbot.keyClick(window, Key.Key_Y)
    qtbot.waitUntil(lambda: "No space" in window.banner.text, timeout=TIMEOUT)
    assert window.banner.notice.level == "error"
    assert not window.viewport.worker.is_turning


def test_without_a_hand_it_says_so(qtbot, window):
    qtbot.keyClick(window, Key.Key_Y)
    qtbot.waitUntil(lambda: "nothing to see" in window.banner.text, timeout=TIMEOUT)
