"""The 3D view is recorded with a take, alone or beside the picture."""

from __future__ import annotations

import av
import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, Modifier, show_paused

from app.config import SceneVideo


@pytest.mark.parametrize("what", [SceneVideo.SCENE, SceneVideo.BOTH])
def test_the_3d_view_is_recorded_with_the_take(qtbot, window, hand_clip, what):
    show_paused(qtbot, window, hand_clip)
    window.show_tab("record")
    box = window.record_panel.scene_box
    box.setFocus()
    while box.currentData() is not what:
        qtbot.keyClick(box, Key.Key_Down)
    qtbot.waitUntil(
        lambda: window.session.observables.record_choice.value.scene is what, timeout=TIMEOUT
    )
    window.stage.setFocus()
    qtbot.mouseClick(window.record_panel.switches["glb"], Button.LeftButton)
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(
        lambda: window.session.observables.recording.value.frames >= 20, timeout=TIMEOUT
    )
    view, picture = window.viewport.pixel_size(), window.session.shown.result.frame.image
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    takes = window.session.observables.takes
    qtbot.waitUntil(
        lambda: any(f.name.endswith(".scene.mp4") for t in takes.value for f in t.files),
        timeout=TIMEOUT,
    )
    file = next(f for f in takes.value[0].files if f.name.endswith(".scene.mp4"))
    with av.open(str(file)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert frames
    height, width = frames[-1].shape[:2]
    wide = 0 if what is SceneVideo.SCENE else round(picture.shape[1] * view[1] / picture.shape[0])
    assert abs(height - view[1]) <= 1
    assert abs(width - view[0] - wide) <= 1
    if what is SceneVideo.BOTH:
        assert np.abs(frames[-1][:, :wide].astype(int) - frames[-1][0, 0]).mean() > 5


def test_nothing_of_the_3d_view_is_recorded_unless_asked_for(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: window.session.observables.recording.value.active, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(window.session.observables.takes.value), timeout=TIMEOUT)
    files = window.session.observables.takes.value[0].files
    assert not [file for file in files if file.name.endswith(".scene.mp4")]
