"""The camera picture enlarged by wheel, pinch, drag and keys, and following the hands."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, Modifier, drag, settle, show_paused
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PyQt6.QtWidgets import QApplication

from app.painter import for_display
from app.zoom import WHOLE, Zoom, visible_part


def turn_wheel(view, at: QPointF, notches: int) -> None:
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Button.NoButton,
        Modifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def wait_drawn(qtbot, window) -> None:
    view = window.camera_view
    qtbot.waitUntil(lambda: view.picture.zoom == view.zoom, timeout=TIMEOUT)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_wheel_enlarges_about_the_pointer_and_joints_stay_found(
    qtbot, window, hand_clip, mirrored
):
    show_paused(qtbot, window, hand_clip)
    view = window.camera_view
    if mirrored:
        qtbot.keyClick(window, Key.Key_M)
        qtbot.waitUntil(lambda: view.picture.mirrored, timeout=TIMEOUT)
    hand = window.session.shown.result.hands[0]
    u, v = (float(value) for value in hand.joints_2d[9])
    at = view.to_view(u, v)
    turn_wheel(view, at, 4)
    assert view.zoom.factor == pytest.approx(1.25**4)
    moved = view.to_view(u, v) - at
    assert abs(moved.x()) < 3
    assert abs(moved.y()) < 3
    wait_drawn(qtbot, window)
    seen = view.seen_rect()
    assert seen.width() <= view.width() + 1
    assert seen.height() <= view.height() + 1
    found = view.joint_at(view.to_view(u, v))
    assert found is not None

    before = view.to_view(u, v)
    start = (int(view.width() / 2), int(view.height() / 2))
    away = (start[0] + 25, start[1] + 10)
    drag(view, Button.LeftButton, [start, (start[0] + 12, start[1] + 5), away], Modifier.NoModifier)
    after = view.to_view(u, v)
    assert after.x() > before.x() + 5
    assert view.selection.pinned is None
    turn_wheel(view, at, -20)
    assert view.zoom.factor == 1.0
    wait_drawn(qtbot, window)


def test_a_pinch_and_keys_enlarge_and_ctrl_0_shows_all(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    view = window.camera_view
    middle = QPointF(view.width() / 2, view.height() / 2)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2,
        middle, middle, view.mapToGlobal(middle), 0.5, QPointF(),
    )  # fmt: skip
    QApplication.sendEvent(view, pinch)
    assert view.zoom.factor == pytest.approx(1.5)
    qtbot.keyClick(window, Key.Key_Plus, Modifier.ControlModifier)
    assert view.zoom.factor == pytest.approx(1.5 * 1.25)
    qtbot.keyClick(window, Key.Key_Minus, Modifier.ControlModifier)
    assert view.zoom.factor == pytest.approx(1.5)
    wait_drawn(qtbot, window)
    qtbot.keyClick(window, Key.Key_0, Modifier.ControlModifier)
    assert view.zoom == WHOLE
    wait_drawn(qtbot, window)


@pytest.fixture
def far_hands(tmp_path: Path, hand_clip: Path) -> Path:
    """The clip at half its size in a corner of a grey picture: hands to be brought nearer."""
    path = tmp_path / "far.mp4"
    with av.open(str(hand_clip)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=30, options={"crf": "14"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for frame in itertools.islice(source.decode(video=0), 60):
            image = np.full((480, 640, 3), 90, np.uint8)
            image[220:460, 300:620] = frame.reformat(320, 240, "rgb24").to_ndarray()
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                target.mux(packet)
        for packet in stream.encode():
            target.mux(packet)
    return path


def test_following_brings_the_hands_into_the_middle_until_the_user_moves_on(
    qtbot, window, far_hands
):
    show_paused(qtbot, window, far_hands)
    view = window.camera_view
    qtbot.keyClick(window, Key.Key_H)
    qtbot.waitUntil(lambda: view.picture.zoom.factor > 1.0, timeout=TIMEOUT)
    settle(qtbot, window)
    points = [view.to_view(*map(float, p)) for h in view.picture.result.hands for p in h.joints_2d]
    inside = [view.rect().contains(point.toPoint()) for point in points]
    assert np.mean(inside) > 0.9
    assert window.view_panel.switches["picture_follow"].isChecked()
    start = (int(view.width() / 2), int(view.height() / 2))
    drag(
        view, Button.LeftButton,
        [start, (start[0] + 20, start[1]), (start[0] + 40, start[1])], Modifier.NoModifier,
    )  # fmt: skip
    qtbot.waitUntil(
        lambda: not window.session.observables.view.value.picture_follow, timeout=TIMEOUT
    )
    assert view.zoom.factor > 1.0


def test_an_enlarged_display_shows_the_part_it_says():
    image = np.zeros((90, 160, 3), np.uint8)
    image[40:50, 100:120] = 255
    zoom = Zoom(110 / 160, 45 / 90, 4.0)
    for mirror in (False, True):
        display, part = for_display(image, (320, 180), zoom, mirror=mirror)
        assert display.shape[:2] == (180, 320)
        assert (part.width, part.height) == (40, 22.5)
        rows, columns = np.nonzero(display[..., 0] > 127)
        assert columns.mean() == pytest.approx(159.5, abs=1.0)
        assert rows.mean() == pytest.approx(89.5, abs=1.0)
        assert np.ptp(columns) == pytest.approx(159, abs=2)


def test_a_part_never_leaves_the_frame():
    for zoom in (Zoom(0.0, 0.0, 3.0), Zoom(1.0, 1.0, 3.0), Zoom(5.0, -5.0, 16.0), WHOLE):
        part = visible_part((640, 360), (300.0, 400.0), zoom)
        assert part.x >= 0
        assert part.y >= 0
        assert part.x + part.width <= 640 + 1e-9
        assert part.y + part.height <= 360 + 1e-9
