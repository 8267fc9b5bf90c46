# SPDX-License-Identifier: GPL-3.0-or-later
"""The window's actions: one table for menus, shortcuts, tooltips and the shortcut list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of a menu."""

    key: str
    menu: str
    text: str
    shortcut: str = ""
    checkable: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("open", "&File", "&Open file…", "Ctrl+O"),
    Command("open_folder", "&File", "Open image &folder…", "Ctrl+Shift+O"),
    Command("open_url", "&File", "Open &stream…", "Ctrl+L"),
    Command("open_demo", "&File", "Open the &bundled clip", "Ctrl+D"),
    Command("snapshot_png", "&File", "Save &picture…", "Ctrl+P"),
    Command("snapshot_obj", "&File", "Save meshes as O&BJ…", "Ctrl+E"),
    Command("snapshot_ply", "&File", "Save meshes as P&LY…", ""),
    Command("quit", "&File", "&Quit", "Ctrl+Q"),
    Command("play", "&Playback", "&Play or pause", "Space"),
    Command("step_forward", "&Playback", "One frame &on", "."),
    Command("step_back", "&Playback", "One frame &back", ","),
    Command("forward", "&Playback", "One second on", "Right"),
    Command("back", "&Playback", "One second back", "Left"),
    Command("start", "&Playback", "Back to the &start", "Home"),
    Command("loop", "&Playback", "&Loop", "L", checkable=True),
    Command("faster", "&Playback", "&Faster", "]"),
    Command("slower", "&Playback", "S&lower", "["),
    Command("record", "&Playback", "&Record", "Ctrl+R", checkable=True),
    Command("mesh", "&View", "Hand &mesh", "1", checkable=True),
    Command("skeleton", "&View", "&Skeleton", "2", checkable=True),
    Command("boxes", "&View", "Crop &boxes", "3", checkable=True),
    Command("labels", "&View", "&Labels", "4", checkable=True),
    Command("mirror", "&View", "M&irror picture", "M", checkable=True),
    Command("scene_follow", "&View", "&Follow the hands", "F", checkable=True),
    Command("scene_grid", "&View", "&Ground grid", "G", checkable=True),
    Command("layout_side", "&View", "Side by side", "F1", checkable=True),
    Command("layout_camera", "&View", "Camera alone", "F2", checkable=True),
    Command("layout_scene", "&View", "3D view alone", "F3", checkable=True),
    Command("layout_pip", "&View", "Picture in picture", "F4", checkable=True),
    Command("reset_view", "&View", "&Reset 3D view", "R"),
    Command("sidebar", "&View", "Side&bar", "Ctrl+B", checkable=True),
    Command("full_screen", "&View", "&Full screen", "F11", checkable=True),
    Command("theme_system", "&Settings", "Theme of the s&ystem", "", checkable=True),
    Command("theme_light", "&Settings", "&Light theme", "", checkable=True),
    Command("theme_dark", "&Settings", "&Dark theme", "", checkable=True),
    Command("reset", "&Settings", "&Reset all settings…", ""),
    Command("shortcuts", "&Help", "&Keyboard and mouse", "?"),
    Command("log", "&Help", "&Log…", ""),
    Command("about", "&Help", "&About HandS3C Live", ""),
)

#: A line is drawn above these menu entries.
_SEPARATED = {
    "snapshot_png",
    "quit",
    "step_forward",
    "loop",
    "record",
    "mirror",
    "layout_side",
    "reset_view",
    "sidebar",
    "reset",
}

GESTURES = (
    ("Drag", "Orbit the 3D view"),
    ("Right-drag, Shift-drag", "Pan the 3D view"),
    ("Wheel", "Zoom the 3D view"),
    ("Double-click", "Reset the 3D view"),
    ("Drop a file", "Open it"),
    ("Point at a joint", "Its name and position"),
)


class Actions:
    """The window's QActions by key, placed in its menu bar."""

    def __init__(self, window: QMainWindow, handlers: dict[str, Callable[[bool], object]]) -> None:
        self._actions: dict[str, QAction] = {}
        self.menus: dict[str, QMenu] = {}
        bar = window.menuBar()
        assert bar is not None
        for command in COMMANDS:
            if command.menu not in self.menus:
                menu = bar.addMenu(command.menu)
                assert menu is not None
                menu.setToolTipsVisible(True)
                self.menus[command.menu] = menu
            menu = self.menus[command.menu]
            if command.key in _SEPARATED:
                menu.addSeparator()
            action = QAction(command.text, window)
            action.setCheckable(command.checkable)
            if command.shortcut:
                action.setShortcut(QKeySequence(command.shortcut))
            handler = handlers[command.key]
            action.triggered.connect(lambda checked=False, call=handler: call(checked))
            menu.addAction(action)
            # In full screen the menu bar is hidden; the window itself keeps the shortcuts alive.
            window.addAction(action)
            self._actions[command.key] = action

    def __getitem__(self, key: str) -> QAction:
        return self._actions[key]

    def check(self, key: str, on: bool) -> None:
        """Show the state of a checkable action."""
        self._actions[key].setChecked(on)


def shortcut_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every shortcut by menu, and the mouse gestures."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for command in COMMANDS:
        if command.shortcut:
            label = command.text.replace("&", "").rstrip("…")
            groups.setdefault(command.menu.replace("&", ""), []).append((command.shortcut, label))
    return [*groups.items(), ("Mouse", list(GESTURES))]
