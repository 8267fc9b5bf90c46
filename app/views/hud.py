# SPDX-License-Identifier: GPL-3.0-or-later
"""The performance read-out in the status bar: a stacked strip of stages and the figures."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ..session_types import Stats
from ..theme import Theme
from ..wording import tr

#: Colour of each stage, distinguishable on both themes; anything else is grey.
STAGE_COLORS = {
    "detect": "#4f8ff7",
    "track": "#8f7bf2",
    "estimate": "#f0803c",
    "smooth": "#e8b93a",
    "mesh": "#57b86a",
    "draw": "#3fc2ab",
}
#: Full width of the strip, ms: a 30 frames/s budget.
_BUDGET_MS = 33.3


class StageStrip(QWidget):
    """Milliseconds by stage as one stacked bar against a 33 ms budget."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._stages: dict[str, float] = {}
        self.setAccessibleName(tr("Milliseconds by stage"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(150, 16)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 16)

    def show_stages(self, stages: dict[str, float]) -> None:
        self._stages = {name: ms for name, ms in stages.items() if name != "total" and ms > 0}
        lines = [f"{name}: {ms:.1f} ms" for name, ms in self._stages.items()]
        self.setToolTip("\n".join([*lines, tr("The strip's full width is 33 ms (30 frames/s).")]))
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, (self.height() - 8) / 2, self.width(), 8)
        path = QPainterPath()
        path.addRoundedRect(bar, 4, 4)
        painter.setClipPath(path)
        painter.fillPath(path, QColor(self._theme.palette.border))
        scale = bar.width() / max(_BUDGET_MS, sum(self._stages.values()))
        x = bar.x()
        for name, ms in self._stages.items():
            painter.fillRect(
                QRectF(x, bar.y(), ms * scale, bar.height()),
                QColor(STAGE_COLORS.get(name, self._theme.palette.muted)),
            )
            x += ms * scale


class Hud(QWidget):
    """Strip, frames per second, milliseconds, latency, dropped frames and memory; and a badge while
    hands come from the landmark estimator because the network disagrees wildly."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = StageStrip(theme)
        self.fps_label = QLabel()
        self.total_label = QLabel()
        self.latency_label = QLabel()
        self.latency_label.setToolTip(tr("Median time from a frame's arrival to its display"))
        self.dropped_label = QLabel()
        self.dropped_label.setToolTip(tr("Frames of the source that were skipped to keep up"))
        self.memory_label = QLabel()
        self.fallback_badge = QLabel(tr("landmark fallback"))
        self.fallback_badge.setProperty("role", "badge")
        self.fallback_badge.setToolTip(
            tr(
                "The network's joints are far from where the detector sees them, so these hands "
                "come\nfrom the landmark estimator until the network agrees again."
            )
        )
        self.fallback_badge.setAccessibleName(tr("Hands come from the landmark estimator"))
        self.fallback_badge.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(14)
        layout.addWidget(self.fallback_badge)
        for label, width in (
            (self.fps_label, 78),
            (self.total_label, 62),
            (self.latency_label, 96),
            (self.dropped_label, 72),
            (self.memory_label, 60),
        ):
            label.setMinimumWidth(width)
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            layout.addWidget(label)
            if label is self.fps_label:
                layout.addWidget(self.strip)
        self.show_stats(Stats())

    def show_stats(self, stats: Stats) -> None:
        """Show ``stats``."""
        self.strip.show_stages(stats.stages_ms)
        self.fps_label.setText(
            tr("{rate} fps", rate=f"{stats.fps:.1f}") if stats.fps else tr("– fps")
        )
        total = stats.stages_ms.get("total", 0.0)
        self.total_label.setText(f"{total:.1f} ms" if total else tr("– ms"))
        latency = stats.latency_ms
        self.latency_label.setText(
            tr("latency {time} ms", time=f"{latency:.0f}") if latency else tr("latency –")
        )
        self.dropped_label.setText(tr("{count} dropped", count=stats.dropped))
        self.memory_label.setText(f"{stats.memory_mb:.0f} MB" if stats.memory_mb else tr("– MB"))
        gpu = (
            ""
            if stats.gpu_mb is None
            else "\n" + tr("On the GPU: {size} MB", size=f"{stats.gpu_mb:.0f}")
        )
        self.memory_label.setToolTip(tr("Memory of the whole app") + gpu)
        self.fallback_badge.setVisible(stats.fallen > 0)
