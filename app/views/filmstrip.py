# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of a gallery as a strip of thumbnails, read when they come into view."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PyQt6.QtCore import QAbstractListModel, QModelIndex, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QPixmap
from PyQt6.QtWidgets import QListView, QWidget

from hands3c_core.sources import Page
from hands3c_core.sources.images import read_page

from ..theme import Theme
from ..wording import tr

_THUMBNAIL = QSize(92, 60)


class Filmstrip(QListView):
    """Shows the pictures of a gallery and asks for the one that is clicked."""

    picture_asked = pyqtSignal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filmstrip")
        self.setAccessibleName(tr("Pictures"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setIconSize(_THUMBNAIL)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setSpacing(3)
        self.setFixedHeight(_THUMBNAIL.height() + 34)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrow keys are the window's
        self._pictures = _Pictures(self)
        self.setModel(self._pictures)
        self.clicked.connect(lambda index: self.picture_asked.emit(index.row()))
        del theme  # its colours come with the window's style sheet
        self.hide()

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return self._pictures.rowCount()

    def show_pictures(self, files: Sequence[Page]) -> None:
        """The files of a gallery; a single picture needs no strip."""
        self._pictures.set_files(files if len(files) > 1 else ())
        self.setVisible(len(files) > 1)

    def show_current(self, index: int) -> None:
        """Mark the picture on show and bring it into view."""
        here = self._pictures.index(index, 0)
        if here.isValid() and here != self.currentIndex():
            self.setCurrentIndex(here)
            self.scrollTo(here, QListView.ScrollHint.EnsureVisible)

    def thumbnail(self, index: int) -> QPixmap | None:
        """The thumbnail of a picture, once it is read."""
        return self._pictures.thumbnails.get(index)

    def shutdown(self) -> None:
        """End the reading thread."""
        self._pictures.loader.close()


class _Pictures(QAbstractListModel):
    """Names and thumbnails; what is asked for and not there is read."""

    _read = pyqtSignal(object, int, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._files: tuple[Page, ...] = ()
        self.thumbnails: dict[int, QPixmap] = {}
        self._asked: set[int] = set()
        self.loader = _Loader(self._read.emit)
        queued = Qt.ConnectionType.QueuedConnection
        self._read.connect(self._take, queued)  # type: ignore[call-arg]

    def set_files(self, files: Sequence[Page]) -> None:
        if tuple(files) == self._files:
            return
        self.beginResetModel()
        self._files = tuple(files)
        self.thumbnails.clear()
        self._asked.clear()
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._files)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = index.row()
        if not 0 <= row < len(self._files):
            return None
        if role == Qt.ItemDataRole.DecorationRole:
            if row not in self._asked:
                self._asked.add(row)
                self.loader.ask(self._files, row)
            return self.thumbnails.get(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(self._files[row])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._files[row].name
        if role == Qt.ItemDataRole.SizeHintRole:
            return _THUMBNAIL + QSize(10, 10)
        return None

    def _take(self, files: tuple[Page, ...], row: int, image: QImage) -> None:
        if files is self._files:
            self.thumbnails[row] = QPixmap.fromImage(image)
            place = self.index(row, 0)
            self.dataChanged.emit(place, place, [Qt.ItemDataRole.DecorationRole])


class _Loader:
    """Reads thumbnails on a thread of its own, what was asked for last first."""

    def __init__(self, done: Callable[[tuple[Page, ...], int, QImage], None]) -> None:
        self._done = done
        self._wanted: deque[tuple[tuple[Page, ...], int]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def ask(self, files: tuple[Page, ...], row: int) -> None:
        with self._changed:
            self._wanted.append((files, row))
            self._changed.notify()
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(
                    target=self._run, name="hands3c-thumbnails", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closing)
                if self._closing:
                    return
                files, row = self._wanted.pop()
            self._done(files, row, _thumbnail(files[row]))


def _thumbnail(page: Page) -> QImage:
    """A picture filling the thumbnail's room, cut where its shape differs; grey if unreadable."""
    width, height = 2 * _THUMBNAIL.width(), 2 * _THUMBNAIL.height()
    picture = read_page(page)
    if picture is None:
        grey = QImage(width, height, QImage.Format.Format_RGB888)
        grey.fill(Qt.GlobalColor.gray)
        return grey
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    cut = np.ascontiguousarray(small[top : top + height, left : left + width])
    made = QImage(cut.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    made.setDevicePixelRatio(2.0)
    return made
