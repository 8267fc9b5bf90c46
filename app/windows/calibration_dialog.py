# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrates the lens of the open source with a chessboard held before it."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QPixmap
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.geometry.calibration import (
    GOOD_VIEWS,
    LEAST_VIEWS,
    Board,
    Calibration,
    Calibrator,
    Corners,
    Offer,
    board_svg,
    find_corners,
    save_calibration,
)
from hands3c_core.types import UInt8

from ..session import Session
from ..session_types import Shown
from ..theme import Theme
from ..views.controls import muted
from ..wording import counted, tr
from ..workers import RenderThread

_VIEW = QSize(640, 420)
_HINTS = {
    None: "Hold the printed chessboard so that all of it is in the picture.",
    Offer.MOVING: "Now hold it still.",
    Offer.ALIKE: "Show it in another place, or tilt it.",
    Offer.KEPT: "Captured.",
}


class CalibrationDialog(QDialog):
    """Shows the live picture with the corners it finds, captures views by itself, solves, saves.

    Corners are searched on a thread of the dialog's own, in the newest frame only.
    """

    saved = pyqtSignal(object)
    """Path of the calibration to use."""
    _seen = pyqtSignal(object, object)
    _solved = pyqtSignal(object)

    def __init__(
        self, session: Session, theme: Theme, file: Path, parent: QWidget | None = None
    ) -> None:
        """``file`` is where the calibration is saved."""
        super().__init__(parent)
        self.setWindowTitle(tr("Calibrate with a chessboard"))
        self._file = file
        self._force = threading.Event()
        self._restart = threading.Event()
        self._board = Board()
        self._calibrator = Calibrator(self._board)
        self.result_: Calibration | None = None
        self._build(theme)
        self._seen.connect(self._show)
        self._solved.connect(self._show_solution)
        self._worker: RenderThread[Shown] = RenderThread("hands3c-calibration", self._look)
        self._solver: RenderThread[Calibrator] = RenderThread("hands3c-solver", self._solve)
        self._stop = session.observables.results.connect(self._worker.post)
        if session.shown is not None:
            self._worker.post(session.shown)

    def _build(self, theme: Theme) -> None:
        self.picture = QLabel()
        self.picture.setFixedSize(_VIEW)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setStyleSheet(f"background: {theme.palette.stage}; border-radius: 8px;")
        self.picture.setAccessibleName(tr("Live picture with the corners found"))
        self.hint = QLabel(tr(_HINTS[None]))
        self.hint.setWordWrap(True)
        self.columns = _number(tr("Inner corners across"), 3, 30, self._board.columns)
        self.rows = _number(tr("Inner corners down"), 3, 30, self._board.rows)
        self.square = _number(
            tr("Side of a square"), 1, 500, round(self._board.square_m * 1000), " mm"
        )
        for box in (self.columns, self.rows, self.square):
            box.valueChanged.connect(self.start_over)
        self.print_button = QPushButton(tr("Save a board to print…"))
        self.print_button.setToolTip(
            tr("An SVG of this board in its true size, to glue to something flat")
        )
        self.print_button.clicked.connect(self._save_board)
        self.progress = QProgressBar()
        self.progress.setRange(0, GOOD_VIEWS)
        self.progress.setFormat(tr("%v of %m views"))
        self.progress.setAccessibleName(tr("Views captured"))
        self.coverage = muted(tr("The board has been nowhere yet."))
        self.capture_button = QPushButton(tr("Capture now"))
        self.capture_button.setToolTip(tr("Keep the board as it is seen now"))
        self.capture_button.clicked.connect(self._force.set)
        self.restart_button = QPushButton(tr("Start over"))
        self.restart_button.clicked.connect(self.start_over)
        self.solve_button = QPushButton(tr("Solve"))
        self.solve_button.setToolTip(
            tr("From {least} views on; {good} are better", least=LEAST_VIEWS, good=GOOD_VIEWS)
        )
        self.solve_button.clicked.connect(self._ask_solve)
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        self.outcome.setAccessibleName(tr("Outcome"))
        self.save_button = QPushButton(tr("Use for this camera"))
        self.save_button.setProperty("role", "primary")
        self.save_button.clicked.connect(self._save)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.reject)
        self._lay_out(close)
        self._show_count()

    def _lay_out(self, close: QPushButton) -> None:
        form = QFormLayout()
        form.addRow(tr("Inner corners across"), self.columns)
        form.addRow(tr("Inner corners down"), self.rows)
        form.addRow(tr("Side of a square"), self.square)
        side = QVBoxLayout()
        side.setSpacing(10)
        side.addLayout(form)
        side.addWidget(
            muted(
                tr(
                    "Count the corners where four squares meet. Show it near every edge, "
                    "and tilted."
                )
            )
        )
        side.addWidget(self.print_button)
        side.addWidget(self.progress)
        side.addWidget(self.coverage)
        side.addWidget(self.capture_button)
        side.addWidget(self.restart_button)
        side.addWidget(self.solve_button)
        side.addWidget(self.outcome)
        side.addStretch(1)
        side.addWidget(self.save_button)
        side.addWidget(close)
        left = QVBoxLayout()
        left.addWidget(self.picture)
        left.addWidget(self.hint)
        left.addStretch(1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(20, 18, 20, 18)
        whole.setSpacing(18)
        whole.addLayout(left)
        whole.addLayout(side, 1)
        self.setMinimumWidth(_VIEW.width() + 330)

    # ------------------------------------------------------------------------- worker's thread

    def _look(self, shown: Shown) -> None:
        if self._restart.is_set():
            self._restart.clear()
            self._calibrator = Calibrator(self._board)
        calibrator = self._calibrator
        image = shown.result.frame.image
        corners = find_corners(image, calibrator.board)
        offer = None
        if corners is not None:
            force = self._force.is_set()
            self._force.clear()
            size = (image.shape[1], image.shape[0])
            offer = calibrator.offer(corners, size, force=force)
        self._seen.emit(_annotated(image, corners, calibrator.board), offer)

    def _solve(self, calibrator: Calibrator) -> None:
        try:
            self._solved.emit(calibrator.solve())
        except UserError as error:
            self._solved.emit(str(error))

    # ------------------------------------------------------------------------------ GUI thread

    def _show(self, picture: QImage, offer: Offer | None) -> None:
        self.picture.setPixmap(QPixmap.fromImage(picture))
        self.hint.setText(tr(_HINTS[offer]))
        if offer is Offer.KEPT:
            self._show_count()
            if len(self._calibrator.views) == GOOD_VIEWS:
                self._ask_solve()

    def _show_count(self) -> None:
        count = len(self._calibrator.views)
        self.progress.setValue(min(count, GOOD_VIEWS))
        self.solve_button.setEnabled(count >= LEAST_VIEWS)
        self.save_button.setEnabled(self.result_ is not None)
        if count:
            share = self._calibrator.coverage()
            self.coverage.setText(
                tr("The board has covered {share} % of the picture.", share=f"{share * 100:.0f}")
            )

    def start_over(self) -> None:
        """Forget all views; the board may be another one now."""
        self._board = Board(self.columns.value(), self.rows.value(), self.square.value() / 1000)
        self._restart.set()
        self.result_ = None
        self.outcome.setText("")
        self.progress.setValue(0)
        self.coverage.setText(tr("The board has been nowhere yet."))
        self.solve_button.setEnabled(False)
        self.save_button.setEnabled(False)

    def _ask_solve(self) -> None:
        self.outcome.setText(tr("Solving…"))
        self.solve_button.setEnabled(False)
        self._solver.post(self._calibrator)

    def _show_solution(self, solution: Calibration | str) -> None:
        if isinstance(solution, Calibration):
            self.result_ = solution
            self.outcome.setText(
                tr(
                    "Focal length {focal} px, a field of view of {fov}°. The corners are off by "
                    "{error} px over {views}.",
                    focal=f"{solution.camera.fx:.0f}",
                    fov=f"{solution.fov_deg:.1f}",
                    error=f"{solution.error_px:.2f}",
                    views=counted(solution.views, "view"),
                )
            )
        else:
            self.outcome.setText(solution)
        self._show_count()

    def _save(self) -> None:
        if self.result_ is None:
            return
        try:
            save_calibration(self.result_, self._file)
        except UserError as error:
            self.outcome.setText(str(error))
            return
        self.saved.emit(self._file)
        self.accept()

    def _save_board(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save a board to print"), "chessboard.svg", tr("Picture (*.svg)")
        )
        if name:
            try:
                write_atomically(name, board_svg(self._board).encode())
            except UserError as error:
                self.outcome.setText(str(error))

    def done(self, a0: int) -> None:
        """Every way out (a button, Escape, the window's cross) comes by here: end the threads."""
        self._stop()
        self._worker.close()
        self._solver.close()
        super().done(a0)


def _number(name: str, low: int, high: int, value: int, suffix: str = "") -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(suffix)
    box.setAccessibleName(name)
    return box


def _annotated(image: UInt8, corners: Corners | None, board: Board) -> QImage:
    """The picture at the dialog's size, with the corners drawn over it."""
    height, width = image.shape[:2]
    scale = min(_VIEW.width() / width, _VIEW.height() / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    if corners is not None:
        points = ((corners + 0.5) * scale - 0.5).reshape(-1, 1, 2).astype(np.float32)
        cv2.drawChessboardCorners(small, (board.columns, board.rows), points, True)
    made = QImage(small.tobytes(), size[0], size[1], 3 * size[0], QImage.Format.Format_RGB888)
    return made.copy()
