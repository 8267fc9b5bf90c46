# SPDX-License-Identifier: GPL-3.0-or-later
"""The app's own line icons, drawn on a 24 x 24 grid and coloured by the theme."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from PyQt6.QtCore import QByteArray, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

#: An SVG file for each icon; what is drawn in ``currentColor`` takes the theme's.
FOLDER: Final = Path(__file__).parent / "icon_files"


def icon_names() -> tuple[str, ...]:
    """The icons that there are."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.svg")))


@lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    drawing = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(drawing.replace("currentColor", color).encode()))


def draw_icon(painter: QPainter, name: str, rect: QRectF, color: str) -> None:
    """Paint icon ``name`` into ``rect`` in ``color`` (#rrggbb)."""
    _renderer(name, color).render(painter, rect)


def pixmap(name: str, color: str, size: int = 20, ratio: float = 2.0) -> QPixmap:
    """Icon ``name`` as a pixmap of ``size`` logical pixels, sharp up to ``ratio`` device pixels."""
    image = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    draw_icon(painter, name, QRectF(0, 0, size, size), color)
    painter.end()
    return image


def icon(name: str, color: str, active: str | None = None, disabled: str | None = None) -> QIcon:
    """Icon ``name``; ``active`` is its colour when the button is checked, ``disabled`` when it
    cannot be used."""
    made = QIcon(pixmap(name, color))
    if active is not None:
        made.addPixmap(pixmap(name, active), QIcon.Mode.Normal, QIcon.State.On)
    if disabled is not None:
        faint = pixmap(name, disabled)
        for state in (QIcon.State.Off, QIcon.State.On):
            made.addPixmap(faint, QIcon.Mode.Disabled, state)
    return made


def window_icon() -> QIcon:
    """The app's own icon: a hand on a coloured tile."""
    made = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        tile = QPixmap(size, size)
        tile.fill(Qt.GlobalColor.transparent)
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#0b8574"))
        painter.drawRoundedRect(QRectF(0, 0, size, size), size * 0.22, size * 0.22)
        inner = size * 0.12
        draw_icon(
            painter, "hand", QRectF(inner, inner, size - 2 * inner, size - 2 * inner), "#ffffff"
        )
        painter.end()
        made.addPixmap(tile)
    return made
