# SPDX-License-Identifier: GPL-3.0-or-later
"""Small controls in the app's own look: switch, combo box, segmented choice, slider, buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PyQt6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..icons import draw_icon, icon
from ..theme import Theme
from ..wording import tr

_SLIDER_KEYS = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End}


class Switch(QCheckBox):
    """A check box drawn as a sliding switch with its label on the left."""

    def __init__(self, text: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 52, max(26, metrics.height() + 8))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent | None) -> None:
        palette = self._theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(palette.text if self.isEnabled() else palette.muted))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect().adjusted(0, 0, -44, 0), flags, self.text())
        track = QRectF(self.width() - 36.0, (self.height() - 20) / 2, 34, 20)
        on = self.isChecked()
        if not self.isEnabled():
            painter.setOpacity(0.5)
        painter.setPen(QColor(palette.accent if on or self.hasFocus() else palette.border))
        painter.setBrush(QColor(palette.accent if on else palette.raised))
        painter.drawRoundedRect(track, 10, 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.on_accent if on else palette.muted))
        painter.drawEllipse(
            QRectF(track.right() - 17 if on else track.left() + 3, track.y() + 3, 14, 14)
        )


class ComboBox(QComboBox):
    """A combo box with the app's chevron that leaves the wheel to the page unless focused."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.width() - 23, (self.height() - 14) / 2, 14, 14)
        draw_icon(painter, "chevron-down", place, self._theme.palette.muted)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None and not self.hasFocus():
            event.ignore()
        else:
            super().wheelEvent(event)

    def select_data(self, data: object) -> None:
        """Select the entry holding ``data`` without telling listeners."""
        index = self.findData(data)
        if index != self.currentIndex():
            blocked = self.blockSignals(True)
            self.setCurrentIndex(index)
            self.blockSignals(blocked)


class JumpSlider(QSlider):
    """A horizontal slider whose handle jumps to the click; the wheel needs focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumHeight(22)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def event(self, e: QEvent | None) -> bool:
        # With the keyboard on the slider, its keys move it instead of playing the window's part.
        override = QEvent.Type.ShortcutOverride
        if isinstance(e, QKeyEvent) and e.type() == override and e.key() in _SLIDER_KEYS:
            e.accept()
            return True
        return super().event(e)

    def mousePressEvent(self, ev: QMouseEvent | None) -> None:
        if ev is not None and ev.button() == Qt.MouseButton.LeftButton and self.isEnabled():
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            handle = 16
            value = QStyle.sliderValueFromPosition(
                self.minimum(),
                self.maximum(),
                round(ev.position().x() - handle / 2),
                max(1, self.width() - handle),
            )
            self.setSliderPosition(value)
        super().mousePressEvent(ev)

    def wheelEvent(self, e: QWheelEvent | None) -> None:
        if e is not None and not self.hasFocus():
            e.ignore()
        else:
            super().wheelEvent(e)


class RangeSlider(JumpSlider):
    """A seek bar that shows an in and an out point."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._range: tuple[float | None, float | None] = (None, None)

    @property
    def shown_range(self) -> tuple[float | None, float | None]:
        """In and out point as shares of the whole; None where there is none."""
        return self._range

    def show_range(self, low: float | None, high: float | None) -> None:
        """Mark what lies between ``low`` and ``high``, shares of the whole."""
        if (low, high) != self._range:
            self._range = (low, high)
            self.update()

    def paintEvent(self, ev: QPaintEvent | None) -> None:
        if self._range != (None, None):
            low, high = self._range
            room = self.width() - 16
            left = 8 + room * (low if low is not None else 0.0)
            right = 8 + room * (high if high is not None else 1.0)
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.palette.accent_soft))
            middle = self.height() / 2
            painter.drawRoundedRect(QRectF(left, middle - 8, right - left, 16), 3, 3)
            painter.setBrush(QColor(self._theme.palette.accent))
            for mark, x in ((low, left), (high, right)):
                if mark is not None:
                    painter.drawRoundedRect(QRectF(x - 1.5, middle - 10, 3, 20), 1.5, 1.5)
            painter.end()
        super().paintEvent(ev)


class SliderRow(QWidget):
    """A labelled slider with its value; ``changed`` carries the value in the caller's unit."""

    changed = pyqtSignal(float)

    def __init__(
        self,
        label: str,
        low: float,
        high: float,
        step: float,
        shown: Callable[[float], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._step, self._shown = low, step, shown
        self._value = QLabel()
        self._value.setProperty("role", "value")
        self.slider = JumpSlider()
        self.slider.setRange(0, round((high - low) / step))
        self.slider.setAccessibleName(label)
        self.slider.valueChanged.connect(self._on_change)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(QLabel(label))
        top.addStretch(1)
        top.addWidget(self._value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.slider)
        self._value.setText(shown(low))

    @property
    def value(self) -> float:
        return self._low + self.slider.value() * self._step

    def set_value(self, value: float) -> None:
        """Show ``value`` without telling listeners."""
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(round((value - self._low) / self._step))
        self.slider.blockSignals(blocked)
        self._value.setText(self._shown(self.value))

    def _on_change(self) -> None:
        self._value.setText(self._shown(self.value))
        self.changed.emit(self.value)


class IconButton(QToolButton):
    """A tool button whose icon follows the theme."""

    def __init__(
        self,
        icon_name: str,
        tip: str,
        theme: Theme,
        *,
        checkable: bool = False,
        text: str = "",
        role: str = "",
    ) -> None:
        super().__init__()
        self._icon_name = icon_name
        self._theme = theme
        self._role = role
        self.setProperty("role", role)
        self.setCheckable(checkable)
        self.setToolTip(tip)
        self.setAccessibleName(text or tip.split(" (")[0])
        self.setIconSize(QSize(18, 18))
        if text:
            self.setText(text)
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.changed.connect(self._paint_icon)
        self._paint_icon()

    def set_icon_name(self, name: str) -> None:
        if name != self._icon_name:
            self._icon_name = name
            self._paint_icon()

    def _paint_icon(self) -> None:
        palette = self._theme.palette
        color = palette.on_accent if self._role == "play" else palette.text
        self.setIcon(icon(self._icon_name, color, palette.accent, palette.disabled))


class Segmented(QFrame):
    """One choice of a few, as joined buttons."""

    chosen = pyqtSignal(object)

    def __init__(
        self,
        entries: Sequence[tuple[object, str, str, str]],
        theme: Theme,
        parent: QWidget | None = None,
        *,
        stretch: bool = False,
    ) -> None:
        """``entries`` are (value, text or "", icon or "", tooltip)."""
        super().__init__(parent)
        self.setObjectName("segmented")
        self._theme = theme
        self._buttons: list[tuple[object, QToolButton, str]] = []
        group = QButtonGroup(self)
        group.setExclusive(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for value, text, icon_name, tip in entries:
            button = QToolButton()
            button.setCheckable(True)
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(text or tip.split(" (")[0])
            if icon_name:
                button.setIconSize(QSize(18, 18))
                if text:
                    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            if stretch:
                policy = button.sizePolicy()
                policy.setHorizontalPolicy(policy.Policy.MinimumExpanding)
                button.setSizePolicy(policy)
            button.clicked.connect(lambda _=False, picked=value: self.chosen.emit(picked))
            group.addButton(button)
            layout.addWidget(button)
            self._buttons.append((value, button, icon_name))
        theme.changed.connect(self._paint_icons)
        self._paint_icons()

    def button(self, value: object) -> QToolButton:
        return next(button for held, button, _ in self._buttons if held == value)

    def set_value(self, value: object) -> None:
        """Show ``value`` as chosen without telling listeners."""
        for held, button, _ in self._buttons:
            if held == value:
                button.setChecked(True)

    def _paint_icons(self) -> None:
        palette = self._theme.palette
        for _, button, name in self._buttons:
            if name:
                button.setIcon(icon(name, palette.muted, palette.accent, palette.disabled))


class RecordButton(QPushButton):
    """The record button: a dot that turns into a square while recording."""

    def __init__(
        self,
        theme: Theme,
        start_tip: str = "Start recording (Ctrl+R)",
        stop_tip: str = "Stop recording (Ctrl+R)",
    ) -> None:
        super().__init__(tr("Record"))
        self._theme = theme
        self._tips = {False: start_tip, True: stop_tip}
        self.setCheckable(True)
        self.setProperty("role", "record")
        self.setIconSize(QSize(18, 18))
        self.toggled.connect(self._show_state)
        theme.changed.connect(self._show_state)
        self._show_state()

    def show_recording(self, active: bool) -> None:
        """Show the state without telling listeners of ``clicked``."""
        self.setChecked(active)

    def _show_state(self) -> None:
        active = self.isChecked()
        self.setText(tr("Stop") if active else tr("Record"))
        palette = self._theme.palette
        self.setIcon(
            icon("stop" if active else "record", palette.danger, disabled=palette.disabled)
        )
        self.setToolTip(tr(self._tips[active]))


class ElidedLabel(QLabel):
    """A one-line label that gives way: what does not fit is cut with an ellipsis."""

    def __init__(
        self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__(text)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        area = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), self._mode, area.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def heading(text: str) -> QLabel:
    """A section heading."""
    label = QLabel(text.upper())
    label.setProperty("role", "heading")
    return label


class GroupHeading(QPushButton):
    """A section heading that folds what is below it away; checked while that is seen."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.setProperty("role", "heading")
        self.setCheckable(True)
        self.setChecked(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)
        self.toggled.connect(self._say)
        self._say(True)

    def _say(self, is_open: bool) -> None:
        self.setText(f"{self._title.upper()}  {'▾' if is_open else '▸'}")
        self.setToolTip(tr("Fold away") if is_open else tr("Show"))


def muted(text: str = "") -> QLabel:
    """A quiet line of explanation."""
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label


def divider() -> QFrame:
    """A thin horizontal line."""
    line = QFrame()
    line.setObjectName("divider")
    line.setFixedHeight(1)
    return line
