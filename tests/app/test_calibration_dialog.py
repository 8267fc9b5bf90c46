"""Calibrating in the window: a clip of a chessboard, the dialog driven by clicks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog

from app.calibrations import Calibrations
from app.config import ModelConfig
from app.session import Session
from app.session_types import SourceInfo
from app.windows.calibration_dialog import CalibrationDialog
from app.windows.main_window import MainWindow
from hands3c_core.geometry import load_camera
from hands3c_core.geometry.calibration import Board, board_svg

TIMEOUT = 60_000
SIZE = (640, 480)
FOCAL = 600.0


def board_frame(turn: tuple[float, float, float], place: tuple[float, float, float]) -> np.ndarray:
    """(480, 640, 3) of a 9 x 6 board, drawn square by square through a pinhole."""
    rotation, _ = cv2.Rodrigues(np.radians(turn))
    middle = Board().points().mean(axis=0)

    def project(points: np.ndarray) -> np.ndarray:
        seen = (points - middle) @ rotation.T + place
        return seen[:, :2] / seen[:, 2:] * FOCAL + ((SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2)

    image = np.full((SIZE[1], SIZE[0]), 255, np.uint8)
    for row in range(-1, 6):
        for column in range(-1, 9):
            if (row + column) % 2 == 0:
                corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) + np.array([column, row])
                points = np.column_stack([corners, np.zeros(4)]) * Board().square_m
                fixed = np.round(project(points) * 256).astype(np.int32)
                cv2.fillConvexPoly(image, fixed, 0, cv2.LINE_AA, 8)
    return np.repeat(image[..., None], 3, axis=2)


@pytest.fixture(scope="module")
def board_clip(tmp_path_factory) -> Path:
    """Eight views of a board, each held for eight frames."""
    views = [
        ((0, 0, 0), (0, 0, 0.5)),
        ((25, 0, 0), (-0.06, 0.03, 0.5)),
        ((-25, 0, 5), (0.06, -0.03, 0.55)),
        ((0, 28, 0), (0.05, 0.05, 0.5)),
        ((0, -28, 6), (-0.07, -0.04, 0.5)),
        ((18, 18, 12), (0.0, 0.05, 0.6)),
        ((-20, 20, -10), (0.05, -0.05, 0.6)),
        ((22, -20, 0), (-0.04, 0.0, 0.42)),
    ]
    path = tmp_path_factory.mktemp("board") / "board.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for view in views:
            frame = av.VideoFrame.from_ndarray(board_frame(*view), format="rgb24")
            for _ in range(8):
                for packet in stream.encode(frame):
                    container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.fixture
def window(qtbot, settings, theme):
    made = MainWindow(Session(), settings, theme)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def dialog_of(qtbot, window: MainWindow) -> CalibrationDialog:
    qtbot.waitUntil(lambda: bool(window.findChildren(CalibrationDialog)), timeout=TIMEOUT)
    return window.findChildren(CalibrationDialog)[-1]


def test_a_chessboard_gives_the_lens_which_is_used_and_kept(qtbot, window, board_clip):
    session = window.session
    window.open_source(str(board_clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    assert window.model_panel.calibrate_button.isEnabled()
    qtbot.mouseClick(window.model_panel.calibrate_button, Qt.MouseButton.LeftButton)
    dialog = dialog_of(qtbot, window)
    assert not dialog.solve_button.isEnabled()
    qtbot.waitUntil(dialog.solve_button.isEnabled, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: dialog.progress.value() >= 7, timeout=TIMEOUT)
    assert dialog.picture.pixmap() is not None
    qtbot.mouseClick(dialog.solve_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.save_button.isEnabled, timeout=TIMEOUT)
    assert dialog.result_ is not None
    assert dialog.result_.camera.fx == pytest.approx(FOCAL, rel=0.02)
    assert "Focal length" in dialog.outcome.text()
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: session.observables.model.value.calibration is not None, timeout=TIMEOUT
    )
    file = session.observables.model.value.calibration
    assert file.parent == window.calibrations.folder
    assert load_camera(file, *SIZE).fx == pytest.approx(FOCAL, rel=0.02)
    qtbot.waitUntil(lambda: session.wait_idle(5) and session.shown.result.camera.fx < 650)
    note = window.model_panel.calibration_note
    qtbot.waitUntil(lambda: "board" in note.text(), timeout=TIMEOUT)


def test_start_over_forgets_and_escape_ends_the_threads(qtbot, window, board_clip):
    window.open_source(str(board_clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    window.commands.calibrate()
    dialog = dialog_of(qtbot, window)
    qtbot.waitUntil(lambda: dialog.progress.value() >= 1, timeout=TIMEOUT)
    dialog.columns.setValue(5)  # a board that is not there
    assert dialog.progress.value() == 0
    qtbot.waitUntil(lambda: "all of it" in dialog.hint.text(), timeout=TIMEOUT)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_without_a_source_it_says_what_to_do(qtbot, window):
    window.commands.calibrate()
    assert "Open the camera first" in window.banner.text
    assert not window.model_panel.calibrate_button.isEnabled()


def test_a_board_can_be_printed(qtbot, window, board_clip, monkeypatch, tmp_path):
    window.open_source(str(board_clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    window.commands.calibrate()
    dialog = dialog_of(qtbot, window)
    file = tmp_path / "board.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    qtbot.mouseClick(dialog.print_button, Qt.MouseButton.LeftButton)
    assert file.read_text() == board_svg(Board())
    assert file.read_text().count("<rect") == 1 + 35
    assert 'width="300mm"' in file.read_text()
    dialog.close()


def test_each_camera_has_its_own_calibration(tmp_path):
    kept = Calibrations(tmp_path)
    desk, other = (
        SourceInfo("0", name, True, 640, 480, 30.0, None, None) for name in ("Desk: HD", "Other")
    )
    clip = replace(desk, is_live=False)
    plain = ModelConfig()
    assert kept.fit(plain, desk) == plain
    kept.file_for("Desk: HD").touch()
    assert kept.file_for("Desk: HD").name == "Desk_ HD.json"
    mine = replace(plain, calibration=kept.file_for("Desk: HD"))
    assert kept.fit(plain, desk) == mine
    assert kept.fit(mine, desk) == mine
    assert kept.fit(mine, other) == plain
    assert kept.fit(plain, clip) == plain
    loaded = replace(plain, calibration=Path("elsewhere.json"))
    assert kept.fit(loaded, desk) == loaded
    assert kept.fit(loaded, other) == loaded
