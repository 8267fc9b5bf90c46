"""Two estimators on the same picture, with a line between them that mouse and keys move."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, Modifier, drag, pixels, settle
from PyQt6.QtCore import QPoint

from app.compare import apart, comparable
from app.session_types import State
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.weights import LANDMARKS

pytestmark = pytest.mark.usefixtures("shrinking")


class Shrinking(LandmarkEstimator):
    """Sees every hand farther away than it is: nobody takes it for another one."""

    name = "shrinking"

    def estimate(self, image, hands, camera, timestamp):
        found = super().estimate(image, hands, camera, timestamp)
        return [
            replace(one, translation=(one.translation * 1.25).astype(np.float32)) for one in found
        ]


@pytest.fixture
def shrinking(monkeypatch):
    """An estimator from elsewhere joins those that can be chosen."""
    from hands3c_core.estimators import choose

    make, resolve = choose.make_estimator, choose.resolve

    def other(name, hand, **settings):
        return Shrinking(hand) if name == "shrinking" else make(name, hand, **settings)

    monkeypatch.setattr(choose, "make_estimator", other)
    monkeypatch.setattr("hands3c_core.pipeline.make_estimator", other)
    monkeypatch.setattr(
        choose, "resolve", lambda name, *a: LANDMARKS if name == "shrinking" else resolve(name, *a)
    )
    monkeypatch.setattr("app.compare.shipped_weights", lambda: ("shrinking",))


def compared(window):
    picture = window.camera_view.picture
    return picture is not None and picture.second is not None


def paused(qtbot, window, clip: Path) -> None:
    """A picture with hands, alone on the stage: the 3D view has nothing to do with it."""
    qtbot.keyClick(window, Key.Key_F2)
    window.open_source(str(clip))
    view = window.camera_view
    qtbot.waitUntil(
        lambda: view.picture is not None and bool(view.picture.result.hands), timeout=TIMEOUT
    )
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: not is_live(window), timeout=TIMEOUT)
    settle(qtbot, window)
    assert window.session.shown.result.hands


def is_live(window) -> bool:
    return window.session.observables.playback.value.state is State.PLAYING


def switched_on(qtbot, window) -> None:
    qtbot.keyClick(window, Key.Key_W)
    qtbot.waitUntil(lambda: compared(window), timeout=TIMEOUT)
    qtbot.wait(50)


def test_the_key_compares_a_paused_picture_and_ends_it(qtbot, window, hand_clip):
    paused(qtbot, window, hand_clip)
    qtbot.keyClick(window, Key.Key_W)
    qtbot.waitUntil(lambda: compared(window), timeout=TIMEOUT)
    # The second is the landmark estimator at first.
    state = window.session.compare.state.value
    assert state.on
    qtbot.keyClick(window, Key.Key_W, Modifier.ShiftModifier)
    while window.session.compare.state.value.estimator != "shrinking":
        qtbot.keyClick(window, Key.Key_W, Modifier.ShiftModifier)
    view = window.camera_view
    qtbot.waitUntil(
        lambda: compared(window) and view.picture.second.figures[1].title == "shrinking",
        timeout=TIMEOUT,
    )
    first, second = view.picture.second.figures
    hand = window.session.shown.result.hands[0]
    assert first.title == "Automatic"
    assert first.error_px == pytest.approx(
        np.mean([h.reprojection_error_px for h in window.session.shown.result.hands])
    )
    assert hand.estimator == "auto"
    assert second.error_px > 2 * first.error_px
    assert second.error_share > first.error_share
    assert second.ms > 0
    assert second.confidence is not None
    assert view.picture.second.apart_px > 3
    assert window.view_panel.compare.switch.isChecked()
    assert window.view_panel.compare.box.currentData() == "shrinking"
    assert window.actions_["compare"].isChecked()
    qtbot.keyClick(window, Key.Key_W)
    qtbot.waitUntil(lambda: not compared(window), timeout=TIMEOUT)
    assert not window.view_panel.compare.switch.isChecked()


def test_the_line_is_dragged_and_moved_by_keys_and_shows_each_side(qtbot, window, hand_clip):
    paused(qtbot, window, hand_clip)
    view = window.camera_view
    alone = pixels(view.grab().toImage())
    window.session.compare.choose(estimator="shrinking")
    switched_on(qtbot, window)
    seen = view.seen_rect()
    middle, height = int(view.wipe.x(seen)), int(seen.center().y())
    low = int(seen.bottom()) - 4

    def strip(left: int, right: int) -> np.ndarray:
        return pixels(view.grab().toImage())[height:low, left:right]

    def drag_to(x: int) -> None:
        start = (int(view.wipe.x(seen)), height)
        drag(view, Button.LeftButton, [start, ((start[0] + x) // 2, height), (x, height)],
             Modifier.NoModifier)  # fmt: skip

    left, right = int(seen.left()) + 4, int(seen.right()) - 4
    drag_to(right + 20)
    assert view.wipe.share == 1.0
    # Of the first there is everything but the line itself.
    kept = strip(left, right - 20)
    assert np.abs(kept - alone[height:low, left : right - 20]).max() <= 2
    drag_to(left - 20)
    assert view.wipe.share == 0.0
    other = strip(left + 20, right)
    assert np.abs(other - alone[height:low, left + 20 : right]).max() > 40
    assert view.selection.pinned is None
    for _ in range(10):
        qtbot.keyClick(window, Key.Key_Right, Modifier.ShiftModifier)
    assert view.wipe.share == pytest.approx(0.5)
    assert abs(view.wipe.x(seen) - middle) < 1
    qtbot.keyClick(window, Key.Key_Left, Modifier.ShiftModifier)
    assert view.wipe.share == pytest.approx(0.45)
    # The keys alone still seek.
    before = window.session.observables.playback.value.position
    qtbot.keyClick(window, Key.Key_Right)
    qtbot.waitUntil(
        lambda: window.session.observables.playback.value.position > before, timeout=TIMEOUT
    )
    assert view.wipe.share == pytest.approx(0.45)


def test_the_second_is_chosen_in_the_page_and_follows_zoom_and_mirror(qtbot, window, hand_clip):
    paused(qtbot, window, hand_clip)
    window.show_tab("view")
    group, view = window.view_panel.compare, window.camera_view
    window.view_panel.ensureWidgetVisible(group)
    qtbot.mouseClick(group.switch, Button.LeftButton, pos=QPoint(group.switch.width() - 20, 10))
    qtbot.waitUntil(lambda: compared(window), timeout=TIMEOUT)
    group.box.setFocus()
    assert group.box.currentData() == LANDMARKS
    qtbot.keyClick(group.box, Key.Key_Up)
    assert group.box.currentData() == "shrinking"
    qtbot.waitUntil(
        lambda: compared(window) and view.picture.second.figures[1].title == "shrinking",
        timeout=TIMEOUT,
    )
    window.stage.setFocus()
    qtbot.keyClick(window, Key.Key_Plus, Modifier.ControlModifier)
    qtbot.keyClick(window, Key.Key_M)
    qtbot.waitUntil(
        lambda: (
            compared(window)
            and view.picture.mirrored
            and view.picture.zoom.factor > 1
            and view.picture.second.display.shape == view.picture.display.shape
        ),
        timeout=TIMEOUT,
    )


def test_it_goes_on_while_playing_and_what_is_recorded_stays_the_firsts(
    qtbot, window, hand_clip, tmp_path
):
    paused(qtbot, window, hand_clip)
    window.session.compare.choose(estimator="shrinking")
    switched_on(qtbot, window)
    seen = set()
    window.session.observables.pictures.connect(
        lambda picture: seen.add(picture.result.index) if picture.second is not None else None
    )
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: is_live(window), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: len(seen) > 5, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    folder = window.session.observables.record_choice.value.folder
    qtbot.waitUntil(lambda: bool(list(folder.glob("*.jsonl"))), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not window.session.observables.recording.value.saving, timeout=TIMEOUT)
    lines = next(iter(folder.glob("*.jsonl"))).read_text(encoding="utf-8").splitlines()[1:]
    hands = [hand for line in lines for hand in json.loads(line).get("hands", ())]
    assert hands
    assert {hand.get("estimator") for hand in hands} == {"auto"}
    errors = [hand["reprojection_error_px"] for hand in hands if "reprojection_error_px" in hand]
    assert np.median(errors) < 10


def test_photographs_are_compared_too(qtbot, window, hand_clip, tmp_path):
    import av
    import cv2

    with av.open(str(hand_clip)) as container:
        images = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    for number, image in enumerate((images[5], images[40])):
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    window.session.compare.choose(estimator="shrinking")
    window.open_source(str(tmp_path))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    switched_on(qtbot, window)
    qtbot.keyClick(window, Key.Key_Right)
    qtbot.waitUntil(
        lambda: compared(window) and window.camera_view.picture.result.index == 1, timeout=TIMEOUT
    )


def test_an_estimator_that_cannot_be_loaded_is_said_and_the_picture_goes_on(
    qtbot, window, hand_clip, tmp_path: Path
):
    paused(qtbot, window, hand_clip)
    window.session.compare.choose(estimator=str(tmp_path / "none.safetensors"))
    qtbot.keyClick(window, Key.Key_W)
    qtbot.waitUntil(lambda: window.banner.isVisible(), timeout=TIMEOUT)
    assert not window.session.compare.state.value.on
    qtbot.waitUntil(lambda: not window.actions_["compare"].isChecked(), timeout=TIMEOUT)
    assert window.camera_view.picture.second is None


def test_hands_are_matched_by_place():
    class Stub:
        def __init__(self, *places):
            self.hands = [
                type("H", (), {"joints_2d": np.full((21, 2), p) + np.arange(42).reshape(21, 2)})
                for p in places
            ]

    assert apart(Stub(0.0, 300.0), Stub(303.0, 4.0)) == pytest.approx((4 + 3) / 2 * 2**0.5)
    assert apart(Stub(0.0), Stub(500.0)) is None
    assert comparable("mine.safetensors")[-1] == "mine.safetensors"
