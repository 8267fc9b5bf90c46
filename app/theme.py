# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours and style sheet of the window, dark and light, following the system."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication

ThemeChoice = Literal["system", "light", "dark"]

#: Spacing scale, logical pixels.
SPACE = (4, 8, 12, 16, 24)
RADIUS = 8


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours everything is drawn with (#rrggbb)."""

    name: str
    window: str
    surface: str
    raised: str
    hover: str
    border: str
    stage: str
    """Behind pictures and the 3D scene."""
    stage_text: str
    scene_grid: str
    scene_outline: str
    wire_left: str
    wire_right: str
    text: str
    muted: str
    disabled: str
    """Icons and words of what cannot be used now."""
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str
    info_soft: str


DARK = Palette(
    name="dark",
    window="#14161a",
    surface="#1b1e24",
    raised="#262a32",
    hover="#303540",
    border="#2d323b",
    stage="#1c1e22",
    stage_text="#a3abb8",
    scene_grid="#5c5f66",
    scene_outline="#8c919e",
    wire_left="#ff9e5c",
    wire_right="#5cb8ff",
    text="#e9ebee",
    muted="#98a1af",
    disabled="#4a515d",
    accent="#3fc2ab",
    accent_hover="#58d3bd",
    on_accent="#06231e",
    accent_soft="#1b3b38",
    danger="#ff6b5e",
    danger_soft="#3e2022",
    warning="#f0b64a",
    warning_soft="#39301c",
    info_soft="#1c3033",
)

LIGHT = Palette(
    name="light",
    window="#eef0f3",
    surface="#ffffff",
    raised="#f2f4f6",
    hover="#e6e9ed",
    border="#d8dce2",
    stage="#e1e5ea",
    stage_text="#55606f",
    scene_grid="#97a0ac",
    scene_outline="#5f6874",
    wire_left="#b4531a",
    wire_right="#1769b0",
    text="#1b1f26",
    muted="#5d6776",
    disabled="#bcc3cc",
    accent="#0b8574",
    accent_hover="#0a7466",
    on_accent="#ffffff",
    accent_soft="#d7eeea",
    danger="#cf3a2f",
    danger_soft="#fbe3e0",
    warning="#9a6a00",
    warning_soft="#fbf0d6",
    info_soft="#e0f1ee",
)

_SHEET = """
* {{ outline: 0; }}
QWidget {{ color: {text}; font-size: 13px; }}
QMainWindow, QDialog {{ background: {window}; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 5px 8px; }}
QLabel {{ background: transparent; }}
QLabel[role="muted"] {{ color: {muted}; font-size: 12px; }}
QLabel[role="heading"] {{ color: {muted}; font-size: 11px; font-weight: 700; }}
QPushButton[role="heading"] {{ color: {muted}; font-size: 11px; font-weight: 700; border: none;
  background: transparent; padding: 0px; text-align: left; min-height: 0px; }}
QPushButton[role="heading"]:hover, QPushButton[role="heading"]:focus,
QPushButton[role="heading"]:pressed {{ color: {text}; background: transparent; }}
QLabel[role="title"] {{ font-size: 20px; font-weight: 700; }}
QLabel[role="error"] {{ color: {danger}; font-size: 12px; }}
QLabel[role="cause"] {{ font-weight: 700; }}
QLabel[role="value"] {{ color: {muted}; font-size: 12px; }}
QLabel[role="badge"], QStatusBar QLabel[role="badge"] {{ background: {warning_soft};
  color: {warning}; border-radius: 6px; padding: 2px 8px; font-weight: 600; }}
QLabel[role="key"] {{ background: {raised}; border: 1px solid {border}; border-radius: 5px;
  padding: 2px 7px; font-size: 12px; font-weight: 600; }}

QMenuBar {{ background: {surface}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 5px 10px; border-radius: 6px; background: transparent; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {surface}; border: 1px solid {border}; padding: 6px; }}
QMenu::item {{ padding: 6px 26px 6px 26px; border-radius: 6px; }}
QMenu::item:selected {{ background: {hover}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 6px 8px; }}

#topBar {{ background: {surface}; border-bottom: 1px solid {border}; }}
#sidebar {{ background: {surface}; border-left: 1px solid {border}; }}
#sidebar QScrollArea, #sidebarPage {{ background: {surface}; border: 0; }}
#stage {{ background: {window}; }}
#transport {{ background: {surface}; border: 1px solid {border}; border-radius: 10px; }}
QStatusBar {{ background: {surface}; border-top: 1px solid {border}; min-height: 28px; }}
QStatusBar::item {{ border: 0; }}
QStatusBar QLabel {{ color: {muted}; font-size: 12px; }}
QSplitter::handle {{ background: transparent; }}

QPushButton {{ background: {raised}; border: 1px solid {border}; border-radius: 7px;
  padding: 6px 12px; min-height: 18px; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {border}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {muted}; background: {surface}; }}
QPushButton[role="primary"] {{ background: {accent}; color: {on_accent}; border-color: {accent};
  font-weight: 600; }}
QPushButton[role="primary"]:disabled {{ background: {raised}; color: {muted};
  border-color: {border}; }}
QPushButton[role="primary"]:hover {{ background: {accent_hover}; }}
QPushButton[role="record"] {{ font-weight: 600; }}
QPushButton[role="record"]:checked {{ background: {danger_soft}; border-color: {danger};
  color: {danger}; }}
QPushButton[role="link"] {{ background: transparent; border: 0; color: {accent}; padding: 2px; }}
QPushButton[role="link"]:hover {{ color: {accent_hover}; text-decoration: underline; }}

QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 7px;
  padding: 5px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:pressed {{ background: {border}; }}
QToolButton:focus {{ border-color: {accent}; }}
QToolButton:checked {{ background: {accent_soft}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton[role="play"] {{ background: {accent}; border-radius: 18px; }}
QToolButton[role="play"]:hover {{ background: {accent_hover}; }}
QToolButton[role="play"]:disabled {{ background: {raised}; }}
QToolButton[role="chip"] {{ background: {raised}; border: 1px solid {border}; padding: 4px 10px; }}
QToolButton[role="chip"]:hover {{ background: {hover}; }}
#segmented {{ background: {raised}; border: 1px solid {border}; border-radius: 9px; }}
#segmented QToolButton {{ padding: 5px 4px; border-radius: 6px; color: {muted}; font-weight: 600;
  margin: 2px; border: 0; }}
#sidebar #segmented QToolButton {{ padding: 5px 0; font-size: 11px; margin: 2px 1px; }}
#segmented QToolButton:checked {{ background: {surface}; color: {text}; }}
#segmented QToolButton:focus {{ color: {accent}; }}

QComboBox, QLineEdit, QSpinBox, QDoubleSpinBox {{ background: {raised}; border: 1px solid {border};
  border-radius: 7px; padding: 5px 9px; min-height: 18px; selection-background-color: {accent};
  selection-color: {on_accent}; }}
QComboBox {{ padding-right: 24px; }}
QComboBox:hover, QLineEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover {{ background: {hover}; }}
QComboBox:focus, QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {{ border-color: {accent}; }}
QComboBox:disabled, QLineEdit:disabled, QSpinBox:disabled {{ color: {muted}; }}
QComboBox::drop-down {{ border: 0; width: 22px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {surface}; border: 1px solid {border};
  selection-background-color: {accent_soft}; selection-color: {text}; padding: 4px; }}

QSlider::groove:horizontal {{ height: 4px; background: {border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {border}; }}
QSlider::handle:horizontal {{ background: {surface}; border: 2px solid {accent}; width: 12px;
  height: 12px; margin: -6px 0; border-radius: 8px; }}
QSlider::handle:horizontal:hover {{ background: {accent}; }}
QSlider::handle:horizontal:disabled {{ border-color: {border}; }}
QSlider::groove:horizontal:focus {{ background: {hover}; }}

QProgressBar {{ background: {raised}; border: 1px solid {border}; border-radius: 7px;
  min-height: 18px; text-align: center; }}
QProgressBar::chunk {{ background: {accent_soft}; border-radius: 6px; }}
QSpinBox::up-button, QSpinBox::down-button {{ width: 16px; border: 0; background: transparent; }}

#slimProgress {{ min-height: 6px; max-height: 6px; border-radius: 4px; }}
#slimProgress::chunk {{ background: {accent}; border-radius: 3px; }}

QListWidget {{ background: {raised}; border: 1px solid {border}; border-radius: 8px;
  padding: 4px; }}
QListWidget::item {{ padding: 6px 8px; border-radius: 6px; }}
QListWidget::item:disabled {{ color: {muted}; background: transparent; }}
QListWidget::item:hover {{ background: {hover}; }}
QListWidget::item:selected {{ background: {accent_soft}; color: {text}; }}
#filmstrip {{ background: {surface}; border: 1px solid {border}; border-radius: 10px;
  padding: 3px; }}
#filmstrip::item {{ border: 2px solid transparent; border-radius: 6px; }}
#filmstrip::item:hover {{ background: {hover}; }}
#filmstrip::item:selected {{ border-color: {accent}; background: {accent_soft}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {border}; border-radius: 3px; min-height: 30px; }}
QScrollBar::handle:vertical:hover {{ background: {muted}; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {border}; border-radius: 3px; min-width: 30px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
  background: none; border: 0; width: 0; height: 0; }}
QTextBrowser, QPlainTextEdit {{ background: {raised}; border: 1px solid {border};
  border-radius: 8px;
  padding: 8px; }}

#banner {{ border-radius: 10px; border: 1px solid {border}; background: {info_soft}; }}
#banner[level="warning"] {{ background: {warning_soft}; }}
#banner[level="error"] {{ background: {danger_soft}; }}
#divider {{ background: {border}; }}
"""


def style_sheet(palette: Palette) -> str:
    """The Qt style sheet of ``palette``."""
    return _SHEET.format(**asdict(palette))


def qt_palette(palette: Palette) -> QPalette:
    """The QPalette that native parts (file dialogs, menus) take from ``palette``."""
    made = QPalette()
    role = QPalette.ColorRole
    for target, color in (
        (role.Window, palette.window),
        (role.WindowText, palette.text),
        (role.Base, palette.raised),
        (role.AlternateBase, palette.surface),
        (role.Text, palette.text),
        (role.Button, palette.raised),
        (role.ButtonText, palette.text),
        (role.ToolTipBase, palette.raised),
        (role.ToolTipText, palette.text),
        (role.PlaceholderText, palette.muted),
        (role.Highlight, palette.accent),
        (role.HighlightedText, palette.on_accent),
        (role.Link, palette.accent),
    ):
        made.setColor(target, QColor(color))
    for target in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, target, QColor(palette.muted))
    return made


class Theme(QObject):
    """Applies the chosen palette to the application and tells when it changes.

    The style sheet is set by each window for itself (``style_sheet``): for the whole application
    that takes Qt five times as long.
    """

    changed = pyqtSignal()

    def __init__(self, application: QApplication, choice: ThemeChoice = "system") -> None:
        super().__init__()
        self._application = application
        self._choice: ThemeChoice = choice
        hints = QGuiApplication.styleHints()
        assert hints is not None
        self._hints = hints
        hints.colorSchemeChanged.connect(self._on_system_change)
        self.palette = self._pick()
        application.setStyle("Fusion")
        self._apply()

    @property
    def choice(self) -> ThemeChoice:
        return self._choice

    def choose(self, choice: ThemeChoice) -> None:
        """Follow the system or keep to ``light`` or ``dark``."""
        self._choice = choice
        self._refresh()

    def close(self) -> None:
        """Stop following the system."""
        self._hints.colorSchemeChanged.disconnect(self._on_system_change)

    def _on_system_change(self) -> None:
        if self._choice == "system":
            self._refresh()

    def _refresh(self) -> None:
        picked = self._pick()
        if picked is not self.palette:
            self.palette = picked
            self._apply()
            self.changed.emit()

    def _pick(self) -> Palette:
        if self._choice == "system":
            light = self._hints.colorScheme() == Qt.ColorScheme.Light
            return LIGHT if light else DARK
        return LIGHT if self._choice == "light" else DARK

    def _apply(self) -> None:
        self._application.setPalette(qt_palette(self.palette))


def as_choice(value: object) -> ThemeChoice:
    """``value`` as a theme choice; anything unknown follows the system."""
    return "light" if value == "light" else "dark" if value == "dark" else "system"
