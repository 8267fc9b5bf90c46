"""The two views: joints pointed at and held, the 3D view's styles, places, trails and pictures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, Modifier, drag, pixels, settle, show_paused
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QSplitter

from app.config import MeshStyle, ViewState
from app.painter import Painter
from app.views.joint_info import (
    JointRef,
    JointSelection,
    find_joint,
    joint_lines,
    nearest_joint,
)
from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.hand_model.joint_angles import ANGLE_JOINTS, joint_angles

INDEX_PIP = JOINT_NAMES.index("index2")


def place_of(view, joint: int, hand: int = 0) -> QPointF:
    return view.joint_places()[hand][1][joint]


def apart_joint(view) -> tuple[int, int]:
    """A joint (hand, joint) no other joint of the view is near to, so that a click finds it."""
    places = view.joint_places()
    points = [p for _, joints in places for p in joints if p is not None]
    area = view.rect().adjusted(10, 40, -10, -10)
    for number, (_, joints) in enumerate(places):
        for joint in ANGLE_JOINTS:
            at = joints[joint]
            if at is None or not area.contains(at.toPoint()):
                continue
            gaps = sorted((at - other).manhattanLength() for other in points)
            if gaps[1] > 20:
                return number, joint
    raise AssertionError("all joints are near to others")


def test_joint_lines_give_name_place_and_angles(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    shown = window.session.shown
    hand, model = shown.result.hands[0], shown.model.hand
    name, place, angles = joint_lines(hand, INDEX_PIP, model)
    side = "right" if hand.is_right else "left"
    assert name == f"Index proximal interphalangeal joint, {side}"
    assert f"{round(float(hand.joints_3d[INDEX_PIP, 2]) * 1000)} mm" in place
    flexion = joint_angles(hand.pose, model)[ANGLE_JOINTS.index(INDEX_PIP), 0]
    assert angles.replace("−", "-").startswith(f"flexion {round(flexion)}°")
    assert len(joint_lines(hand, 0, model)) == 2
    assert joint_lines(hand, 4, model, short=True)[0] == f"Thumb tip, {side}"
    assert len(joint_lines(hand, INDEX_PIP, None)) == 2


def test_pointing_and_clicking_select_a_joint_in_both_views(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    camera, scene = window.camera_view, window.viewport
    selection = camera.selection
    assert selection is scene.selection
    for view, other in ((camera, scene), (scene, camera)):
        number, joint = apart_joint(view)
        hand = view.joint_places()[number][0]
        at = place_of(view, joint, number).toPoint()
        calm = pixels(other.grab().toImage())
        QTest.mouseMove(view, at)
        qtbot.waitUntil(lambda: selection.hovered is not None, timeout=TIMEOUT)
        assert selection.hovered == JointRef(hand.track_id, hand.is_right, joint)
        assert selection.hovered_in is view
        assert selection.pinned is None
        marked = pixels(other.grab().toImage())
        changed = np.abs(marked - calm).max(axis=2) > 40
        spot = place_of(other, joint, number)
        rows, columns = np.nonzero(changed)
        ratio = other.devicePixelRatioF()
        assert abs(columns.mean() - spot.x() * ratio) < 4
        assert abs(rows.mean() - spot.y() * ratio) < 4

        qtbot.mouseClick(view, Button.LeftButton, pos=at)
        assert selection.pinned == JointRef(hand.track_id, hand.is_right, joint)
        QTest.mouseMove(view, view.rect().bottomLeft())
        qtbot.waitUntil(lambda: selection.hovered is None, timeout=TIMEOUT)
        held = pixels(other.grab().toImage())
        lower_right = np.abs(held - calm)[-40:, -120:].max(axis=2) > 40
        assert lower_right.mean() > 0.05
        assert view.accessibleDescription().startswith(joint_lines(hand, joint, None)[0])
        qtbot.mouseClick(view, Button.LeftButton, pos=at)
        assert selection.pinned is None


def test_a_drag_is_no_click_and_a_click_beside_lets_go(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    view, selection = window.viewport, window.viewport.selection
    number, joint = apart_joint(view)
    at = place_of(view, joint, number)
    drag(
        view,
        Button.LeftButton,
        [(int(at.x()), int(at.y())), (int(at.x()) + 30, int(at.y()))],
        Modifier.NoModifier,
    )
    assert selection.pinned is None
    settle(qtbot, window)
    at = place_of(view, joint, number).toPoint()
    qtbot.mouseClick(view, Button.LeftButton, pos=at)
    assert selection.pinned is not None
    qtbot.mouseClick(view, Button.LeftButton, pos=view.rect().topRight())
    assert selection.pinned is None


def test_nearest_joint_takes_the_nearest_in_reach():
    class FakeHand:
        track_id = 4
        is_right = True

    points = [None, QPointF(10, 10), QPointF(16, 10)]
    assert nearest_joint([(FakeHand(), points)], QPointF(15, 10)) == JointRef(4, True, 2)
    assert nearest_joint([(FakeHand(), points)], QPointF(11, 10)) == JointRef(4, True, 1)
    assert nearest_joint([(FakeHand(), points)], QPointF(60, 10)) is None
    assert nearest_joint([], QPointF(0, 0)) is None


def test_a_held_joint_stays_with_its_side_when_tracks_are_counted_anew():
    class FakeHand:
        def __init__(self, track_id, is_right):
            self.track_id, self.is_right = track_id, is_right

    right, left, second = FakeHand(1, True), FakeHand(2, False), FakeHand(3, True)
    places = [(left, []), (second, []), (right, [])]
    assert find_joint(places, JointRef(1, True, 5))[0] is right
    assert find_joint(places, JointRef(1, False, 5))[0] is left
    assert find_joint(places[:2], JointRef(9, True, 5))[0] is second
    assert find_joint(places[:1], JointRef(2, True, 5)) is None
    assert find_joint(places, None) is None


def test_the_selection_tells_of_changes_only(qtbot):
    selection, told = JointSelection(), []
    selection.changed.connect(lambda: told.append(1))
    selection.hover(None)
    selection.click(None)
    assert not told
    selection.hover(JointRef(1, True, 2))
    selection.hover(JointRef(1, True, 2))
    selection.click(JointRef(1, True, 2))
    selection.click(JointRef(1, True, 2))
    assert len(told) == 3
    assert selection.pinned is None


def test_mirroring_leaves_hands_and_words_as_they_are(qtbot, window, hand_clip):
    """The selfie view flips the pixels of both views and nothing else."""
    # It nears the hands with every redraw; words are not mirrored.
    window.change_view(scene_follow=False, labels=False)
    show_paused(qtbot, window, hand_clip)
    view, session = window.camera_view, window.session
    plain, result = view.picture, session.shown.result
    scene = pixels(window.viewport.image())
    number, joint = apart_joint(view)
    hand = view.joint_places()[number][0]
    qtbot.mouseClick(view, Button.LeftButton, pos=place_of(view, joint, number).toPoint())
    qtbot.keyClick(window, Key.Key_M)
    qtbot.waitUntil(lambda: view.picture.mirrored, timeout=TIMEOUT)
    settle(qtbot, window)
    assert session.shown.result is result
    np.testing.assert_array_equal(view.picture.image, plain.image)
    np.testing.assert_array_equal(view.picture.display[:, ::-1], plain.display)
    # The 3D view is mirrored with the picture.
    assert np.abs(pixels(window.viewport.image())[:, ::-1] - scene).mean() < 4
    at = place_of(view, joint, number)
    assert (
        view.joint_at(at) == JointRef(hand.track_id, hand.is_right, joint) == view.selection.pinned
    )
    # What lies under a joint in the mirrored picture is what lies under it in the true one.
    u, v = (round(float(value)) for value in hand.joints_2d[joint])
    place, shown = view.image_rect(), view.picture.display
    x = round((at.x() - place.x()) / place.width() * shown.shape[1] - 0.5)
    y = round((at.y() - place.y()) / place.height() * shown.shape[0] - 0.5)
    true = view.picture.image[v, u].astype(int)
    assert np.abs(shown[y, x, 2::-1].astype(int) - true).max() < 25


def changes_scene(qtbot, window, act) -> np.ndarray:
    """The 3D view's picture after ``act``, which must change it."""
    before = pixels(window.viewport.image())
    act()
    qtbot.waitUntil(
        lambda: np.abs(pixels(window.viewport.image()) - before).max() > 30, timeout=TIMEOUT
    )
    settle(qtbot, window)
    return pixels(window.viewport.image())


def test_keys_switch_what_the_scene_shows_and_undo_takes_it_back(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    view = window.session.observables.view
    for key, name in (
        (Key.Key_K, "scene_skeleton"),
        (Key.Key_G, "scene_grid"),
        (Key.Key_X, "scene_centered"),
    ):
        before = getattr(view.value, name)
        changes_scene(qtbot, window, lambda pressed=key: qtbot.keyClick(window, pressed))
        assert getattr(view.value, name) is not before
        assert window.view_panel.switches[name].isChecked() is not before
        assert window.actions_[name].isChecked() is not before
    for style in (MeshStyle.SHADED, MeshStyle.WIREFRAME, MeshStyle.NORMALS):
        press = lambda: qtbot.keyClick(window, Key.Key_S, Modifier.ShiftModifier)  # noqa: E731
        changes_scene(qtbot, window, press)
        assert view.value.scene_style is style
        assert window.view_panel.scene_box.currentData() is style
    assert window.actions_["undo"].isEnabled()
    for _ in range(20):
        qtbot.keyClick(window, Key.Key_Z, Modifier.ControlModifier)
    assert view.value == ViewState()
    qtbot.waitUntil(lambda: not window.actions_["undo"].isEnabled(), timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_Z, Modifier.ControlModifier | Modifier.ShiftModifier)
    assert view.value.scene_skeleton


def test_centred_hands_stand_apart_and_their_numbers_stay(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    window.change_view(scene_follow=False)
    settle(qtbot, window)
    hand, points = window.viewport.joint_places()[0]
    before = points[9]
    lines = joint_lines(hand, 9, window.viewport.hand_model())
    changes_scene(qtbot, window, lambda: window.change_view(scene_centered=True))
    again, moved = window.viewport.joint_places()[0]
    assert again is hand
    assert (moved[9] - before).manhattanLength() > 3
    assert joint_lines(again, 9, window.viewport.hand_model()) == lines


def test_the_scene_follows_the_theme(qtbot, window, hand_clip, theme):
    show_paused(qtbot, window, hand_clip)

    def corner() -> np.ndarray:
        return pixels(window.viewport.image())[2, -3]

    for name in ("light", "dark"):
        qtbot.waitUntil(lambda: window.viewport.image() is not None, timeout=TIMEOUT)
        window.actions_[f"theme_{name}"].trigger()
        color = QColor(theme.palette.stage)
        wanted = np.array([color.red(), color.green(), color.blue()])
        # The backdrop is a soft gradient about the theme's colour.
        qtbot.waitUntil(lambda goal=wanted: np.abs(corner() - goal).max() <= 40, timeout=TIMEOUT)


def test_presets_have_keys(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    for key in (Key.Key_3, Key.Key_4, Key.Key_5, Key.Key_1, Key.Key_2):
        press = lambda pressed=key: qtbot.keyClick(window, pressed, Modifier.ControlModifier)  # noqa: E731
        changes_scene(qtbot, window, press)
        assert any(point is not None for point in window.viewport.joint_places()[0][1])


def test_the_camera_preset_sees_the_joints_where_the_camera_does(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    changes_scene(
        qtbot, window, lambda: qtbot.keyClick(window, Key.Key_1, Modifier.ControlModifier)
    )
    result = window.session.shown.result
    scene = window.viewport
    scale = min(scene.height() / result.camera.height, scene.width() / result.camera.width)
    hand, points = scene.joint_places()[0]
    for (u, v), point in zip(hand.joints_2d, points, strict=True):
        x = scene.width() / 2 + (u - result.camera.cx) * scale
        y = scene.height() / 2 + (v - result.camera.cy) * scale
        assert point.x() == pytest.approx(float(x), abs=1.5)
        assert point.y() == pytest.approx(float(y), abs=1.5)


def test_trails_follow_the_fingers_while_it_plays(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    session = window.session
    session.play()
    qtbot.wait(1500)
    qtbot.keyClick(window, Key.Key_Space)
    settle(qtbot, window)
    assert session.shown.result.hands
    changes_scene(qtbot, window, lambda: qtbot.keyClick(window, Key.Key_T))


def test_a_picture_of_the_scene_is_saved_and_announced(qtbot, window, hand_clip, tmp_path):
    show_paused(qtbot, window, hand_clip)
    window.show_tab("view")
    before = pixels(window.viewport.image())
    button = window.view_panel.still_button
    window.view_panel.ensureWidgetVisible(button)
    qtbot.mouseClick(button, Button.LeftButton)
    qtbot.waitUntil(lambda: "Saved view-" in window.banner.text, timeout=TIMEOUT)
    (file,) = (tmp_path / "takes").glob("view-*.png")
    image = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB).astype(int)
    width, height = window.viewport.pixel_size()
    # The banner may have made the view smaller since.
    assert image.shape[1] == width
    assert image.shape[0] >= height
    assert np.abs(image[:20, -20:] - before[:20, -20:]).mean() < 3
    settle(qtbot, window)
    assert window.viewport.image() is not None


def test_a_picture_of_the_scene_needs_no_scene_on_the_stage(qtbot, window, hand_clip, tmp_path):
    show_paused(qtbot, window, hand_clip)
    qtbot.keyClick(window, Key.Key_F2)
    qtbot.waitUntil(lambda: not window.viewport.isVisible(), timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_P, Modifier.ControlModifier | Modifier.ShiftModifier)
    qtbot.waitUntil(lambda: "Saved view-" in window.banner.text, timeout=TIMEOUT)


def test_without_opengl_the_button_says_so(qtbot, window):
    window.viewport.failed.emit("Open3D could not create an OpenGL context; install libegl1.")
    qtbot.mouseClick(window.view_panel.still_button, Button.LeftButton)
    assert "not available" in window.banner.text
    assert window.viewport.hint == window.banner.text


def test_a_picture_that_cannot_be_written_is_an_error_to_act_on(qtbot, window, hand_clip, tmp_path):
    show_paused(qtbot, window, hand_clip)
    (tmp_path / "file").write_text("in the way")
    choice = window.session.observables.record_choice.value
    window.session.set_record_choice(replace(choice, folder=tmp_path / "file"))
    qtbot.keyClick(window, Qt.Key.Key_P, Modifier.ControlModifier | Modifier.ShiftModifier)
    qtbot.waitUntil(lambda: window.banner.property("level") == "error", timeout=TIMEOUT)
    assert "file" in window.banner.text
    images = window.viewport.images
    window.viewport.worker.orbit(20, 0)
    qtbot.waitUntil(lambda: window.viewport.images > images, timeout=TIMEOUT)


def test_the_views_change_places(qtbot, window):
    camera, scene = window.camera_view, window.viewport

    def before(one, other) -> bool:
        corners = [view.mapTo(window, view.rect().topLeft()) for view in (one, other)]
        return corners[0].x() < corners[1].x() or corners[0].y() < corners[1].y()

    qtbot.waitUntil(lambda: before(camera, scene), timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_F5)
    qtbot.waitUntil(lambda: before(scene, camera), timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_F4)
    qtbot.waitUntil(lambda: camera.width() < scene.width() / 2, timeout=TIMEOUT)
    assert not scene.covered.isEmpty()
    qtbot.keyClick(window, Key.Key_F5)
    qtbot.waitUntil(lambda: scene.width() < camera.width() / 2, timeout=TIMEOUT)
    assert not camera.covered.isEmpty()
    assert scene.covered.isEmpty()
    qtbot.keyClick(window, Key.Key_F1)
    qtbot.waitUntil(lambda: before(camera, scene) and camera.covered.isEmpty(), timeout=TIMEOUT)
    assert scene.isVisible()
    assert camera.isVisible()


def test_the_border_between_the_views_is_remembered(qtbot, window, settings):
    handle = window.stage.findChild(QSplitter).handle(1)
    middle = handle.rect().center()
    drag(
        handle,
        Button.LeftButton,
        [(middle.x(), middle.y()), (middle.x() - 200, middle.y())],
        Modifier.NoModifier,
    )
    assert window.stage.split < 0.5
    assert settings.get("window/split", 0.0) == pytest.approx(window.stage.split)
    for key in (Key.Key_F2, Key.Key_F1):
        qtbot.keyClick(window, key)
    qtbot.wait(50)
    widths = window.camera_view.width(), window.viewport.width()
    assert widths[0] < 0.9 * widths[1]
    window.resize(1100, 700)
    qtbot.wait(50)
    after = window.camera_view.width(), window.viewport.width()
    assert after[0] / after[1] == pytest.approx(widths[0] / widths[1], rel=0.02)
    qtbot.mouseDClick(window.stage.findChild(QSplitter).handle(1), Button.LeftButton)
    assert settings.get("window/split", 1.0) == 0.0
    assert window.camera_view.width() > 1.5 * window.viewport.width()


@pytest.mark.parametrize("size", [(900, 600), (1440, 820), (1920, 1080)])
@pytest.mark.parametrize("shape", [(320, 180), (240, 180), (180, 320)])
def test_the_picture_fills_its_pane_side_by_side(qtbot, window, tmp_path, size, shape):
    image = np.full((shape[1], shape[0], 3), 90, np.uint8)
    assert cv2.imwrite(str(tmp_path / "picture.png"), image)
    window.resize(*size)
    window.open_source(str(tmp_path / "picture.png"))
    view = window.camera_view
    qtbot.waitUntil(lambda: view.picture is not None, timeout=TIMEOUT)
    qtbot.wait(50)
    assert view.picture.image.shape == image.shape
    for key in (Key.Key_F1, Key.Key_F5):  # and with the views swapped
        qtbot.keyClick(window, key)
        qtbot.wait(50)
        seen = view.seen_rect()
        assert seen.width() * seen.height() > 0.97 * view.width() * view.height()
        assert min(window.viewport.width(), window.viewport.height()) >= 120


def test_the_3d_view_draws_what_the_camera_view_has_drawn(qtbot, window, hand_clip, monkeypatch):
    """Side by side, the two would hold each other up on a machine with few cores."""
    worker = window.viewport.worker
    overlaid: list[float] = []
    early: list[float] = []
    drawn: list[float] = []
    really, really_paint = worker._render, Painter.picture

    def paint(painter, shown, *wishes):
        picture = really_paint(painter, shown, *wishes)
        overlaid.append(shown.arrived_at)
        return picture

    def render(wishes, settings):
        if wishes.shown is not None:
            arrived = wishes.shown.arrived_at
            drawn.append(arrived)
            if not overlaid or max(overlaid) < arrived:
                early.append(arrived)
        really(wishes, settings)

    monkeypatch.setattr(worker, "_render", render)
    monkeypatch.setattr(Painter, "picture", paint)
    window.session.set_loop(True)
    window.open_source(str(hand_clip))
    qtbot.waitUntil(lambda: len(drawn) >= 5, timeout=TIMEOUT)
    assert early == []
