"""Photographs are looked at one by one, each inferred once and for itself."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, Modifier, settle
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent

from app.session_types import State
from hands3c_core.errors import UserError
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.sources import ImageFolder
from hands3c_core.sources.images import read_image


@pytest.fixture
def photos(tmp_path: Path, hand_clip: Path) -> Path:
    """Four pictures: three moments of a clip, which a film would smooth together, and a wall."""
    folder = tmp_path / "photos"
    folder.mkdir()
    clip = cv2.VideoCapture(str(hand_clip))
    for name, moment in (("a wave", 4.6), ("fist", 5.0), ("morning", 5.2)):
        clip.set(cv2.CAP_PROP_POS_MSEC, 1000 * moment)
        read, image = clip.read()
        assert read
        cv2.imwrite(str(folder / f"{name}.png"), image)
    cv2.imwrite(str(folder / "wall.png"), np.full((240, 320, 3), 90, np.uint8))
    return folder


def gallery(qtbot, window, folder: Path) -> None:
    window.open_source(str(folder))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    settle(qtbot, window)


def index(window) -> int:
    assert window.session.wait_idle(30)
    return window.session.shown.result.frame.index


def test_a_folder_of_photographs_is_a_paused_gallery(qtbot, window, photos):
    processed = []
    window.session.observables.results.connect(processed.append)
    gallery(qtbot, window, photos)
    playback = window.session.observables.playback
    assert playback.value.state is State.PAUSED
    assert index(window) == 0
    assert len(processed) == 1
    view, transport = window.camera_view, window.transport
    qtbot.waitUntil(lambda: view._caption == "a wave.png · 1 / 4", timeout=TIMEOUT)
    assert (transport.position_label.text(), transport.duration_label.text()) == ("1", "/ 4")
    assert window.filmstrip.isVisible()
    assert window.filmstrip.count == 4
    qtbot.waitUntil(lambda: window.filmstrip.thumbnail(3) is not None, timeout=TIMEOUT)

    for key, wanted in (
        (Key.Key_Right, 1), (Key.Key_Right, 2), (Key.Key_Left, 1), (Key.Key_Period, 2),
        (Key.Key_Comma, 1), (Key.Key_End, 3), (Key.Key_Home, 0),
    ):  # fmt: skip
        qtbot.keyClick(window, key)
        qtbot.waitUntil(lambda wanted=wanted: index(window) == wanted, timeout=TIMEOUT)
        name = sorted(file.name for file in photos.iterdir())[wanted]
        qtbot.waitUntil(lambda name=name: view._caption.startswith(name), timeout=TIMEOUT)
    assert window.filmstrip.currentIndex().row() == 0
    assert playback.value.state is State.PAUSED

    strip = window.filmstrip
    at = strip.visualRect(strip.model().index(2, 0)).center()
    qtbot.mouseClick(strip.viewport(), Button.LeftButton, pos=at)
    qtbot.waitUntil(lambda: index(window) == 2, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_End)
    qtbot.waitUntil(lambda: view.status_text() == "No hand found", timeout=TIMEOUT)


def test_each_photograph_is_inferred_as_if_it_were_the_only_one(qtbot, window, photos):
    """However one comes to it, the hands are those of a fresh pipeline without smoothing."""
    gallery(qtbot, window, photos)
    files = sorted(photos.iterdir())
    expected = []
    for file in files:
        with HandMeshPipeline("auto", smoothing=0.0) as pipeline:
            expected.append(pipeline(read_image(file)).hands)
    assert any(expected)
    keys = [Key.Key_Right, Key.Key_Right, Key.Key_Left, Key.Key_Left, Key.Key_Right]
    for key, wanted in zip([None, *keys], (0, 1, 2, 1, 0, 1), strict=True):
        if key is not None:
            qtbot.keyClick(window, key)
        qtbot.waitUntil(lambda wanted=wanted: index(window) == wanted, timeout=TIMEOUT)
        hands = window.session.shown.result.hands
        assert len(hands) == len(expected[wanted])
        for hand, wanted_hand in zip(hands, expected[wanted], strict=True):
            np.testing.assert_allclose(hand.vertices, wanted_hand.vertices, atol=1e-6)
            np.testing.assert_allclose(hand.pose, wanted_hand.pose, atol=1e-6)


def test_a_single_photograph_is_inferred_once_and_cannot_play(qtbot, window, photos):
    processed = []
    window.session.observables.results.connect(processed.append)
    gallery(qtbot, window, photos / "fist.png")
    assert not window.transport.play_button.isEnabled()
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.wait(500)
    assert len(processed) == 1
    assert window.session.observables.playback.value.state is State.PAUSED
    assert not window.filmstrip.isVisible()
    assert window.camera_view._caption == "fist.png"
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: window.session.observables.recording.value.frames == 1, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(window.session.observables.takes.value), timeout=TIMEOUT)


def test_several_dropped_pictures_are_a_gallery_in_their_order(qtbot, window, photos):
    data = QMimeData()
    names = ["morning.png", "fist.png"]
    data.setUrls([QUrl.fromLocalFile(str(photos / name)) for name in names])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Button.LeftButton, Modifier.NoModifier
    )
    window.dropEvent(event)  # Qt sends it on only within a drag by the window system
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    pictures = window.session.observables.source.value.pictures
    assert [file.name for file in pictures] == names
    assert "and 1 more" in window.sources_panel.recent_list.item(0).text()
    window.open_source(str(photos))
    qtbot.waitUntil(
        lambda: len(window.session.observables.source.value.pictures) == 4, timeout=TIMEOUT
    )
    recent = window.sources_panel.recent_list
    qtbot.waitUntil(lambda: recent.count() == 2, timeout=TIMEOUT)
    window.show_tab("source")
    place = recent.visualItemRect(recent.item(1)).center()
    qtbot.mouseClick(recent.viewport(), Button.LeftButton, pos=QPoint(place))
    qtbot.waitUntil(
        lambda: len(window.session.observables.source.value.pictures) == 2, timeout=TIMEOUT
    )


def test_numbered_frames_are_a_film_and_photographs_are_not(tmp_path):
    def folder(name: str, names: list[str]) -> Path:
        made = tmp_path / name
        made.mkdir()
        for each in names:
            cv2.imwrite(str(made / each), np.zeros((24, 32, 3), np.uint8))
        return made

    film = folder("film", [f"frame_{k:04d}.png" for k in range(12)])
    assert ImageFolder(film).is_sequence
    for number, names in enumerate(
        (
            ["IMG_2041.png", "IMG_2042.png", "IMG_2043.png"],
            ["a_0.png", "a_1.png", "b_2.png"],
            ["1.png", "2.png", "4.png"],
            ["cat.png", "dog.png"],
        )
    ):
        assert not ImageFolder(folder(str(number), names)).is_sequence
    both = ImageFolder([film / "frame_0003.png", tmp_path / "3"])
    assert [file.name for file in both.pages] == ["frame_0003.png", "cat.png", "dog.png"]
    assert both.name == "frame_0003.png and 1 more"
    with pytest.raises(UserError, match="no picture"):
        ImageFolder([])
