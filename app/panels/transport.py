# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport bar under the views: play, step, seek, loop, speed."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from ..config import SPEEDS
from ..session_types import Playback, SourceInfo, State
from ..theme import Theme
from ..views.controls import ComboBox, IconButton, RangeSlider
from ..wording import tr

#: Positions of the seek bar; fine enough for one frame in ten minutes on a wide screen.
_STEPS = 10_000


def clock(seconds: float) -> str:
    """``seconds`` as m:ss.t or h:mm:ss."""
    seconds = max(0.0, seconds)
    minutes, rest = divmod(seconds, 60.0)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours}:{minutes:02d}:{int(rest):02d}"
    return f"{minutes}:{int(rest):02d}.{int(rest * 10) % 10}"


class TransportBar(QFrame):
    """Shows a ``Playback`` and asks for changes; live sources only pause and resume."""

    play_asked = pyqtSignal()
    step_asked = pyqtSignal(int)
    seek_asked = pyqtSignal(float)
    loop_asked = pyqtSignal(bool)
    speed_asked = pyqtSignal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self._info: SourceInfo | None = None
        self._playback = Playback()
        self.start_button = IconButton("start", tr("Back to the start (Home)"), theme)
        self.back_button = IconButton("step-back", tr("One frame back (,)"), theme)
        self.play_button = IconButton("play", tr("Play or pause (Space)"), theme, role="play")
        self.play_button.setFixedSize(QSize(36, 36))
        self.forward_button = IconButton("step-forward", tr("One frame on (.)"), theme)
        self.position_label = QLabel("0:00.0")
        self.position_label.setMinimumWidth(52)
        self.position_label.setAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self.frame_label = QLabel()
        self.frame_label.setProperty("role", "value")
        self.frame_label.setToolTip(tr("Number of this frame; Ctrl+G goes to another"))
        self.frame_label.setMinimumWidth(34)
        self.seek_slider = RangeSlider(theme)
        self.seek_slider.setRange(0, _STEPS)
        self.seek_slider.setMinimumWidth(48)
        self.seek_slider.setToolTip(tr("Seek (Left and Right arrows: one second)"))
        self.seek_slider.setAccessibleName(tr("Position"))
        self.duration_label = QLabel("0:00.0")
        self.duration_label.setProperty("role", "value")
        self.loop_button = IconButton("loop", tr("Loop (L)"), theme, checkable=True)
        self.speed_box = ComboBox(theme)
        self.speed_box.setToolTip(tr("Playback speed"))
        self.speed_box.setAccessibleName(tr("Playback speed"))
        for speed in SPEEDS:
            self.speed_box.addItem(f"{speed:g}×", speed)
        self.speed_box.setMinimumContentsLength(0)
        self.speed_box.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(4)
        for widget in (self.start_button, self.back_button, self.play_button, self.forward_button):
            layout.addWidget(widget)
        layout.addSpacing(4)
        layout.addWidget(self.position_label)
        layout.addWidget(self.frame_label)
        layout.addSpacing(6)
        layout.addWidget(self.seek_slider, 1)
        layout.addSpacing(6)
        layout.addWidget(self.duration_label)
        layout.addSpacing(6)
        layout.addWidget(self.loop_button)
        layout.addWidget(self.speed_box)
        self.start_button.clicked.connect(lambda: self.seek_asked.emit(0.0))
        self.back_button.clicked.connect(lambda: self.step_asked.emit(-1))
        self.forward_button.clicked.connect(lambda: self.step_asked.emit(1))
        self.play_button.clicked.connect(self.play_asked)
        self.loop_button.clicked.connect(self.loop_asked)
        self.speed_box.activated.connect(self._on_speed)
        self.seek_slider.valueChanged.connect(self._on_seek)
        self.show_source(None)

    def show_source(self, info: SourceInfo | None) -> None:
        """Enable what ``info`` can do."""
        self._info = info
        seekable = info is not None and not info.is_live and bool(info.duration)
        for widget in (
            self.start_button,
            self.back_button,
            self.forward_button,
            self.seek_slider,
            self.loop_button,
            self.speed_box,
        ):
            widget.setEnabled(seekable)
        self.play_button.setEnabled(info is not None)
        if info is None:
            self.duration_label.setText("–:––")
        else:
            self.duration_label.setText(tr("live") if info.is_live else clock(info.duration or 0.0))
        pictures = info.pictures if info is not None else ()
        self.play_button.setEnabled(info is not None and len(pictures) != 1)
        if len(pictures) == 1:
            for widget in (self.start_button, self.back_button, self.forward_button):
                widget.setEnabled(False)
            self.seek_slider.setEnabled(False)
        self.back_button.setToolTip(
            tr("One picture back (,)") if pictures else tr("One frame back (,)")
        )
        self.forward_button.setToolTip(
            tr("One picture on (.)") if pictures else tr("One frame on (.)")
        )
        steps = tr("one picture") if pictures else tr("one second")
        self.seek_slider.setToolTip(tr("Seek (Left and Right arrows: {step})", step=steps))
        if pictures:
            self.duration_label.setText(f"/ {len(pictures)}")
        self.show_playback(self._playback)

    def show_playback(self, playback: Playback) -> None:
        """Show where playback stands, without asking for anything."""
        playing = playback.state is State.PLAYING
        self._playback = playback
        self.play_button.set_icon_name("pause" if playing else "play")
        self.play_button.setAccessibleName(tr("Pause") if playing else tr("Play"))
        pictures = self._info.pictures if self._info is not None else ()
        here = str(playback.index + 1) if pictures else clock(playback.position)
        self.position_label.setText(here)
        counts = self._info is not None and not self._info.is_live and not pictures
        self.frame_label.setText(f"#{playback.index + 1}" if counts else "")
        self.loop_button.setChecked(playback.loop)
        self.speed_box.select_data(playback.speed)
        duration = self._info.duration if self._info is not None else None
        if duration and not self.seek_slider.isSliderDown():
            low, high = playback.marks
            self.seek_slider.show_range(
                None if low is None else low / duration, None if high is None else high / duration
            )
            blocked = self.seek_slider.blockSignals(True)
            self.seek_slider.setValue(round(playback.position / duration * _STEPS))
            self.seek_slider.blockSignals(blocked)

    def _on_seek(self, value: int) -> None:
        if self._info is not None and self._info.duration:
            self.seek_asked.emit(value / _STEPS * self._info.duration)

    def _on_speed(self) -> None:
        self.speed_asked.emit(float(self.speed_box.currentData()))
