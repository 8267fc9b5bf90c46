# SPDX-License-Identifier: GPL-3.0-or-later
"""The app's own line icons, drawn on a 24 x 24 grid and coloured by the theme."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PyQt6.QtCore import QByteArray, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

#: SVG bodies. Strokes take the theme's colour; ``class f`` marks filled shapes.
_SHAPES: Final[dict[str, str]] = {
    "open": (
        '<path d="M3 18V6.5A1.5 1.5 0 0 1 4.5 5H9l2.2 2.5h7.3A1.5 1.5 0 0 1 20 9v1.5"/><path '
        'd="M3 18l2.6-6.6a1.4 1.4 0 0 1 1.3-.9h13.3a1 1 0 0 1 1 1.3L19.300 18.100a1.300 '
        '1.300 0 0 1-1.200.900H4a1 1 0 0 1-1-1z"/>'
    ),
    "camera": (
        '<rect x="2.5" y="6" width="13" height="12" rx="2.5"/><path d="M15.5 '
        '10.8l6-3.3v9l-6-3.300z"/>'
    ),
    "film": (
        '<rect x="3" y="4.500" width="18" height="15" rx="2"/><path d="M7.500 '
        "4.500v15M16.500 4.500v15M3 9.500h4.500M3 14.500h4.500M16.500 9.500H21M16.500 "
        '14.500H21"/>'
    ),
    "images": (
        '<rect x="3" y="6.500" width="14.500" height="13" rx="2"/><path d="M6.500 '
        "6.500v-1A1.500 1.500 0 0 1 8 4h11.500A1.500 1.500 0 0 1 21 5.500v9.500a1.500 1.500 "
        '0 0 1-1.500 1.500h-2M3.200 17l4.300-4 3.500 3 2.500-2 4 3.500"/>'
    ),
    "link": (
        '<path d="M10 14a4 4 0 0 0 5.700 0l3.300-3.300A4 4 0 0 0 13.300 5L12 6.300"/><path '
        'd="M14 10a4 4 0 0 0-5.700 0L5 13.300A4 4 0 0 0 10.700 19l1.300-1.300"/>'
    ),
    "play": (
        '<path class="f" d="M8 5.300v13.400c0 .800.900 1.300 '
        "1.600.800l9.800-6.700c.600-.400.600-1.200 0-1.600L9.600 4.500C8.900 4 8 4.500 8 "
        '5.300z"/>'
    ),
    "pause": (
        '<rect class="f" x="6.500" y="5" width="4" height="14" rx="1.200"/><rect class="f" '
        'x="13.500" y="5" width="4" height="14" rx="1.200"/>'
    ),
    "step-forward": (
        '<path class="f" d="M6 6.500v11c0 .700.800 1.100 '
        "1.400.700l7.600-5.500c.500-.400.500-1.100 0-1.400L7.400 5.800C6.800 5.400 6 5.800 6 "
        '6.500z"/><path d="M18 6v12"/>'
    ),
    "step-back": (
        '<path class="f" d="M18 6.500v11c0 .700-.800 1.100-1.400.700L9 '
        "12.700c-.500-.400-.500-1.100 0-1.400l7.600-5.500c.600-.400 1.400 0 "
        '1.400.700z"/><path d="M6 6v12"/>'
    ),
    "start": '<path d="M18 6l-7 6 7 6M7 6v12"/>',
    "loop": (
        '<path d="M4 11.500V10a3.500 3.500 0 0 1 3.500-3.500H19M16 3.500l3 3-3 3M20 '
        '12.500V14a3.500 3.500 0 0 1-3.500 3.500H5M8 20.500l-3-3 3-3"/>'
    ),
    "mirror": (
        '<path d="M12 3.500v17"/><path d="M9 7.500L3.500 16.500H9z"/><path class="f" d="M15 '
        '7.500l5.500 9H15z"/>'
    ),
    "side": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M12 5v14"/>',
    "single": ('<rect x="3" y="5" width="18" height="14" rx="2"/><circle cx="12" cy="12" r="3"/>'),
    "cube": (
        '<path d="M12 3l7.800 4.400v9.200L12 21l-7.800-4.400V7.400z"/><path d="M4.400 '
        '7.500L12 11.900l7.600-4.400M12 12v9"/>'
    ),
    "pip": (
        '<rect x="3" y="5" width="18" height="14" rx="2"/><rect class="f" x="12" y="11.500" '
        'width="6.500" height="5" rx="1"/>'
    ),
    "fullscreen": (
        '<path d="M4 9V5.500A1.500 1.500 0 0 1 5.500 4H9M15 4h3.500A1.500 1.500 0 0 1 20 '
        "5.500V9M20 15v3.500a1.500 1.500 0 0 1-1.500 1.500H15M9 20H5.500A1.500 1.500 0 0 1 4 "
        '18.500V15"/>'
    ),
    "record": '<circle class="f" cx="12" cy="12" r="6.500"/>',
    "stop": '<rect class="f" x="6.500" y="6.500" width="11" height="11" rx="2"/>',
    "snapshot": (
        '<path d="M4.500 7.500H7l1.600-2.400h6.800L17 7.500h2.500A1.500 1.500 0 0 1 21 '
        "9v8.500a1.500 1.500 0 0 1-1.500 1.500h-15A1.500 1.500 0 0 1 3 17.500V9a1.500 1.500 "
        '0 0 1 1.500-1.500z"/><circle cx="12" cy="13" r="3.500"/>'
    ),
    "mesh": (
        '<path d="M12 3.500l8 5-3 10.500H7L4 8.500z"/><path d="M4 8.500h16M12 3.500L8.500 '
        '8.500 12 19l3.500-10.500z"/>'
    ),
    "reset": ('<path d="M5 5v4.500h4.500"/><path d="M5.300 9.300A7.500 7.500 0 1 1 4.500 13"/>'),
    "folder": (
        '<path d="M3.500 17.500v-11A1.500 1.500 0 0 1 5 5h4.200l2.200 2.500H19A1.500 1.500 0 '
        '0 1 20.500 9v8.500A1.500 1.500 0 0 1 19 19H5a1.500 1.500 0 0 1-1.500-1.500z"/>'
    ),
    "pencil": (
        '<path d="M4.500 19.500l.900-4L15.800 5.100a1.500 1.500 0 0 1 2.100 0l1 1a1.500 1.500 0 0 '
        '1 0 2.100L8.500 18.600z"/><path d="M13.800 7.100l3.100 3.100"/>'
    ),
    "trash": (
        '<path d="M5 7h14M9.500 7V5h5v2M7 7l.800 12h8.400L17 7M10.300 10.500v5M13.700 10.500v5"/>'
    ),
    "info": '<circle cx="12" cy="12" r="8.500"/><path d="M12 11.200v5M12 8v.200"/>',
    "warning": '<path d="M12 4.200L21 19.500H3z"/><path d="M12 10v4.500M12 17v.200"/>',
    "error": '<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500v5.500M12 16v.200"/>',
    "close": '<path d="M6.500 6.500l11 11M17.500 6.500l-11 11"/>',
    "sliders": (
        '<path d="M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3"/><circle cx="15" cy="7" '
        'r="2"/><circle cx="9" cy="12" r="2"/><circle cx="15" cy="17" r="2"/>'
    ),
    "eye": (
        '<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 '
        '12 2.500 12z"/><circle cx="12" cy="12" r="2.800"/>'
    ),
    "hand": (
        '<path d="M7.500 12.500V6.300a1.300 1.300 0 0 1 2.600 0v4.700V4.300a1.300 1.300 0 0 '
        "1 2.600 0V11 5.300a1.300 1.300 0 0 1 2.600 0v6.200-3.700a1.300 1.300 0 0 1 2.600 "
        "0v6.700c0 3.600-2.500 6-6 6-2.900 "
        '0-4.300-1.200-5.600-3.400l-2.700-4.700c-.900-1.500 1-2.600 2-1.400z"/>'
    ),
    "chevron-down": '<path d="M6.500 9.500l5.500 5.500 5.500-5.500"/>',
    "refresh": ('<path d="M19.500 5v4.500H15"/><path d="M19 9.300A7.500 7.500 0 1 0 19.500 13"/>'),
    "theme": (
        '<circle cx="12" cy="12" r="8.500"/><path class="f" d="M12 3.500a8.500 8.500 0 0 1 0 17z"/>'
    ),
    "keyboard": (
        '<rect x="2.500" y="6" width="19" height="12" rx="2"/><path d="M6 10h.200M10 '
        '10h.200M14 10h.200M18 10h.200M7.500 14h9"/>'
    ),
    "sidebar": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M15 5v14"/>',
    "clock": '<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500V12l3 2"/>',
}

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><style>'
    ".f{{fill:{color}}}</style><g fill='none' stroke='{color}' stroke-width='1.7' "
    "stroke-linecap='round' stroke-linejoin='round'>{shape}</g></svg>"
)


def icon_names() -> tuple[str, ...]:
    return tuple(_SHAPES)


@lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    # Qt's SVG reader knows no style sheets on every version: write the fill where it belongs.
    shape = _SHAPES[name].replace('class="f"', f'fill="{color}"')
    return QSvgRenderer(QByteArray(_SVG.format(color=color, shape=shape).encode()))


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
