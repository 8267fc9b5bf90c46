# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves over time under the picture: a click goes there, and they are saved as CSV or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError

from ..curves import KINDS, Curve, Curves
from ..session_types import Shown, SourceInfo
from ..theme import Theme
from ..wording import tr
from .controls import ComboBox

if TYPE_CHECKING:
    import pyqtgraph

_HEIGHT = 190
#: Curves are drawn anew this often, ms: more says nothing to the eye and costs the picture.
_PERIOD_MS = 150
#: Colours of a hand's curves, thumb to little.
_COLOURS = ("#e4572e", "#f3a712", "#4fb477", "#3a86ff", "#9b5de5")


class CurveView(QWidget):
    """Draws ``Curves`` while it is visible."""

    seek_asked = pyqtSignal(float)
    saved = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, theme: Theme, curves: Curves, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.curves = theme, curves
        self._drawn: tuple[int, str] | None = None
        self._source: str | None = None
        self._position = 0.0
        self._plot: pyqtgraph.PlotWidget | None = None
        self._line: pyqtgraph.InfiniteLine | None = None
        # Beside the plot: in it, it would lie over the curves.
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setStyleSheet("font-size: 11px")
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(tr("Curves over time"))
        self.setFixedHeight(_HEIGHT)
        self.kind_box = ComboBox(theme)
        self.kind_box.setAccessibleName(tr("What the curves show"))
        for kind in KINDS:
            self.kind_box.addItem(tr(kind.title), kind)
        self.kind_box.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kind_box.currentIndexChanged.connect(lambda _: self._draw())
        self.save_button = QPushButton(tr("Save…"))
        self.save_button.setToolTip(tr("All curves as CSV, or this plot as PNG"))
        self.save_button.clicked.connect(lambda _: self.save())
        bar = QHBoxLayout()
        bar.addWidget(self.kind_box)
        bar.addWidget(self.legend, 1)
        bar.addWidget(self.save_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(bar)
        self._timer = QTimer(self)
        self._timer.setInterval(_PERIOD_MS)
        self._timer.timeout.connect(self._draw)
        theme.changed.connect(self._dress)
        self.hide()

    @property
    def lines(self) -> list[pyqtgraph.PlotDataItem]:
        """The curves as drawn."""
        return [] if self._plot is None else list(self._plot.getPlotItem().listDataItems())

    @property
    def plot(self) -> pyqtgraph.PlotWidget:
        """The plot; made when it is first shown, since its library takes a while to load."""
        self._make_plot()
        assert self._plot is not None
        return self._plot

    def set_shown(self, on: bool) -> None:
        """Show or hide the curves; hidden ones cost nothing."""
        if on:
            self._make_plot()
            self._timer.start()
            self._draw()
        else:
            self._timer.stop()
        self.setVisible(on)

    def show_source(self, info: SourceInfo | None) -> None:
        """Begin anew where it is another source."""
        spec = None if info is None else info.spec
        if spec != self._source:
            self._source = spec
            self.curves.clear()

    def take(self, shown: Shown) -> None:
        """Take in a frame; any thread."""
        self.curves.add(shown.result, None if shown.model is None else shown.model.hand)

    def show_position(self, seconds: float) -> None:
        """Where playback stands."""
        self._position = seconds
        if self._line is not None and self.isVisible():
            self._line.setValue(seconds)

    def save(self) -> None:
        """Ask for a place and write CSV, or, where the name ends so, PNG."""
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save the curves"), "curves.csv", tr("CSV (*.csv);;Picture (*.png)")
        )
        if not name:
            return
        file = Path(name)
        try:
            if file.suffix.lower() == ".png":
                write_atomically(file, lambda part: self.plot.grab().save(str(part), "PNG"))
            else:
                file = file if file.suffix else file.with_suffix(".csv")
                self.curves.write_csv(file)
        except UserError as error:
            self.failed.emit(str(error))
            return
        self.saved.emit(file)

    def _make_plot(self) -> None:
        if self._plot is not None:
            return
        import pyqtgraph

        plot = pyqtgraph.PlotWidget()
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrow keys are the window's
        plot.setMenuEnabled(False)
        plot.getPlotItem().hideButtons()
        plot.setLabel("bottom", "time", units="s")
        self._line = pyqtgraph.InfiniteLine(pos=self._position, angle=90)
        plot.addItem(self._line)
        plot.scene().sigMouseClicked.connect(self._clicked)
        self._plot = plot
        self._column.addWidget(plot, 1)
        self._dress()

    def _dress(self) -> None:
        if self._plot is None or self._line is None:
            return
        palette = self._theme.palette
        self._plot.setBackground(QColor(palette.raised))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(QColor(palette.border))
            axis.setTextPen(QColor(palette.muted))
        self._line.setPen(QColor(palette.text))

    def _draw(self) -> None:
        kind = self.kind_box.currentData()
        state = (self.curves.version, kind.key)
        if self._plot is None or state == self._drawn:
            return
        self._drawn = state
        import pyqtgraph

        curves = self.curves.of(kind)
        plot = self._plot.getPlotItem()
        lines = {line.name(): line for line in plot.listDataItems()}
        for index, curve in enumerate(curves):
            name = _name(curve)
            line = lines.pop(name, None)
            if line is None:
                line = plot.plot(name=name, connect="finite")
            style = Qt.PenStyle.DashLine if "left" in curve.hand else Qt.PenStyle.SolidLine
            colour = _COLOURS[index % len(_COLOURS)]
            line.setPen(pyqtgraph.mkPen(colour, width=1.6, style=style))
            line.setData(curve.times, curve.values)
        words = _legend(curves)
        self.legend.setText(words)
        self.legend.setToolTip(words)  # where there is no room for all of them
        for gone in lines.values():
            plot.removeItem(gone)
        plot.setLabel("left", kind.unit or kind.title.lower())
        self.show_position(self._position)

    def _clicked(self, event: object) -> None:
        """Go to the moment under the pointer."""
        plot = self.plot.getPlotItem()
        if event.button() is Qt.MouseButton.LeftButton and plot.sceneBoundingRect().contains(  # type: ignore[attr-defined]
            event.scenePos()  # type: ignore[attr-defined]
        ):
            place = plot.getViewBox().mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
            self.seek_asked.emit(max(0.0, float(place.x())))


def _legend(curves: Sequence[Curve]) -> str:
    """What the colours are: the parts of a hand, or the hands; dashes are left hands."""
    entries: dict[str, tuple[str, str]] = {}
    for index, curve in enumerate(curves):
        colour, dash = _COLOURS[index % len(_COLOURS)], "┅" if "left" in curve.hand else "━"
        of_hand = curve.part in ("confidence", "speed")
        words = curve.hand if of_hand else tr(curve.part.capitalize())
        entries.setdefault(words, (colour, dash if of_hand else "━"))
    drawn = [
        f'<span style="color:{colour}">{dash}</span>&nbsp;{escape(words)}'
        for words, (colour, dash) in entries.items()
    ]
    hands = dict.fromkeys(curve.hand for curve in curves)
    if len(hands) > 1 and len(entries) < len(curves):
        drawn += [f"{'┅' if 'left' in hand else '━'}&nbsp;{escape(hand)}" for hand in hands]
    return " &nbsp;".join(drawn)


def _name(curve: Curve) -> str:
    return curve.hand if curve.part in ("confidence", "speed") else f"{curve.hand} {curve.part}"
