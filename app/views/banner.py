# SPDX-License-Identifier: GPL-3.0-or-later
"""The banner over the stage: what is wrong or worth knowing, and what to do about it."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from ..icons import pixmap
from ..messages import in_users_language
from ..session_types import Notice
from ..theme import Theme
from ..wording import tr
from .controls import IconButton

#: What a notice's key is called where something is wrong.
_CAUSES = {
    "source": "Source",
    "connection": "Camera",
    "model": "Model",
    "record": "Recording",
    "scene": "3D view",
    "compare": "Comparison",
}
_MAX_WIDTH = 640
#: Room left for what the views say in their upper corners.
_BELOW_CHIPS = 42


class Banner(QFrame):
    """Shows the newest ``Notice``; one with the same key replaces or clears its own. A notice with
    a time is news and goes by itself; one without is a state, and shows again when what covered it
    goes, until it is cleared.

    It lies over a view (``lie_over``), so that nothing moves when it comes and goes.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self.notice: Notice | None = None
        self._covered: list[Notice] = []  # still true, oldest first
        self._area: QWidget | None = None
        self._symbol = QLabel()
        self._symbol.setFixedSize(QSize(20, 20))
        self._title = QLabel()
        self._title.setProperty("role", "cause")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.dismiss_button = IconButton("close", tr("Dismiss"), theme)
        self.dismiss_button.clicked.connect(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(10)
        layout.addWidget(self._symbol)
        layout.addWidget(self._title)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.dismiss_button)
        theme.changed.connect(self._paint_symbol)
        self.hide()

    def lie_over(self, area: QWidget) -> None:
        """Lie over ``area``, which shares this banner's window, and stay there."""
        self._area = area
        self.setParent(area.parentWidget())
        area.installEventFilter(self)
        self.hide()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Follow the area."""
        moves = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show)
        if a1 is not None and a1.type() in moves:
            self._place()
        return super().eventFilter(a0, a1)

    def _place(self) -> None:
        area, layout = self._area, self.layout()
        if area is None or layout is None or self.isHidden():
            return
        width = max(min(_MAX_WIDTH, area.width() - 24), 120)
        height = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
        left = area.x() + (area.width() - width) // 2
        top = area.y() + min(_BELOW_CHIPS, max(area.height() - height, 0) // 4)
        self.setGeometry(left, top, width, height)
        self.raise_()

    @property
    def text(self) -> str:
        return self._text.text() if self.notice is not None else ""

    def show_notice(self, notice: Notice) -> None:
        """Show ``notice``; an empty text takes away the notice of that key."""
        self._covered = [other for other in self._covered if other.key != notice.key]
        if self.notice is not None and self.notice.key == notice.key:
            self.notice = None
        elif notice.text and self.notice is not None and self.notice.seconds is None:
            self._covered.append(self.notice)
        if notice.text:
            self._show(notice)
        elif self.notice is None:
            self.dismiss()

    def dismiss(self) -> None:
        """Take the notice away; one that it covered shows again."""
        self._timer.stop()
        self.notice = None
        if self._covered:
            self._show(self._covered.pop())
        else:
            self.hide()

    def _show(self, notice: Notice) -> None:
        self.notice = notice
        cause = tr(_CAUSES.get(notice.key, "")) if notice.level != "info" else ""
        self._title.setText(cause)
        self._title.setVisible(bool(cause))
        text = in_users_language(notice.text)
        self._text.setText(text)
        self.setAccessibleName(text)
        self.setProperty("level", notice.level)
        style = self.style()
        if style is not None:
            style.unpolish(self)
            style.polish(self)
        self._paint_symbol()
        self.show()
        self._place()
        self._timer.stop()
        if notice.seconds is not None:
            self._timer.start(round(notice.seconds * 1000))

    def _paint_symbol(self) -> None:
        if self.notice is None:
            return
        palette = self._theme.palette
        name, color = {
            "error": ("error", palette.danger),
            "warning": ("warning", palette.warning),
        }.get(self.notice.level, ("info", palette.accent))
        self._symbol.setPixmap(pixmap(name, color, 20))
