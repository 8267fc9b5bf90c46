# SPDX-License-Identifier: GPL-3.0-or-later
"""The window's actions: one table for menus, shortcuts, tooltips and the shortcut list."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu, QWidget

from ..config import toggles
from ..languages import LANGUAGES
from ..panels.pages import PAGES
from ..wording import tr


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of a menu."""

    key: str
    menu: str
    text: str
    shortcut: str = ""
    checkable: bool = False
    repeats: bool = False
    """Done again and again while its keys are held."""


def _toggles(menu: str, *groups: str) -> tuple[Command, ...]:
    return tuple(
        Command(toggle.field, menu, toggle.menu, toggle.key, checkable=True)
        for toggle in toggles(*groups)
    )


COMMANDS: tuple[Command, ...] = (
    Command("open", "&File", "&Open file…", "Ctrl+O"),
    Command("open_folder", "&File", "Open image &folder…", "Ctrl+Shift+O"),
    Command("open_url", "&File", "Open &stream…", "Ctrl+L"),
    Command("open_demo", "&File", "Open the &bundled clip", "Ctrl+D"),
    Command("snapshot_png", "&File", "Save &picture…", "Ctrl+P"),
    Command("snapshot_obj", "&File", "Save meshes as OB&J…", "Ctrl+E"),
    Command("snapshot_ply", "&File", "Save meshes as P&LY…", ""),
    Command("quit", "&File", "&Quit", "Ctrl+Q"),
    Command("play", "&Playback", "&Play or pause", "Space"),
    Command("step_forward", "&Playback", "One frame &on", ".", repeats=True),
    Command("step_back", "&Playback", "One frame &back", ",", repeats=True),
    Command("forward", "&Playback", "One second on", "Right", repeats=True),
    Command("back", "&Playback", "One second back", "Left", repeats=True),
    Command("start", "&Playback", "Back to the &start", "Home"),
    Command("end", "&Playback", "To the en&d", "End"),
    Command("go_to_frame", "&Playback", "&Go to frame…", "Ctrl+G"),
    Command("mark_in", "&Playback", "&In point here", "I"),
    Command("mark_out", "&Playback", "O&ut point here", "O"),
    Command("clear_marks", "&Playback", "&Clear in and out", "Ctrl+I"),
    Command("record_range", "&Playback", "Record from in &to out", "Ctrl+Alt+R"),
    Command("loop", "&Playback", "&Loop", "L", checkable=True),
    Command("faster", "&Playback", "&Faster", "]"),
    Command("slower", "&Playback", "Slo&wer", "["),
    Command("record", "&Playback", "&Record", "Ctrl+R", checkable=True),
    Command("copy_picture", "&Edit", "&Copy the picture", "Ctrl+C"),
    Command("copy_scene", "&Edit", "Copy the &3D view", "Ctrl+Shift+C"),
    Command("undo", "&Edit", "&Undo", "Ctrl+Z"),
    Command("redo", "&Edit", "&Redo", "Ctrl+Shift+Z"),
    Command("layout_side", "&View", "Side by side", "F1", checkable=True),
    Command("layout_camera", "&View", "Camera alone", "F2", checkable=True),
    Command("layout_scene", "&View", "3D view alone", "F3", checkable=True),
    Command("layout_pip", "&View", "Picture in picture", "F4", checkable=True),
    *_toggles("&View", "picture"),
    Command("zoom_in", "&View", "&Enlarge the picture", "Ctrl++", repeats=True),
    Command("zoom_out", "&View", "Re&duce the picture", "Ctrl+-", repeats=True),
    Command("zoom_reset", "&View", "W&hole picture", "Ctrl+0"),
    Command("compare", "&View", "Com&pare two estimators", "W", checkable=True),
    Command("compare_next", "&View", "Compare with the next esti&mator", "Shift+W"),
    Command("wipe_left", "&View", "Wipe to the left", "Shift+Left", repeats=True),
    Command("wipe_right", "&View", "Wipe to the right", "Shift+Right", repeats=True),
    Command("sidebar", "&View", "Side&bar", "Ctrl+B", checkable=True),
    *(Command(f"page_{page.key}", "&View", page.menu, page.shortcut) for page in PAGES),
    Command("full_screen", "&View", "&Full screen", "F11", checkable=True),
    *_toggles("&Overlay", "mesh", "overlay"),
    Command("mesh_style", "&Overlay", "Next s&tyle of the mesh", "S"),
    Command("material", "&Overlay", "Next mate&rial of the hands", "Shift+M"),
    Command("tone", "&Overlay", "Next t&one of the skin", "Shift+T"),
    Command("map_heatmaps", "&Overlay", "Map: h&eatmaps of the joints", "5", checkable=True),
    Command("map_before", "&Overlay", "Map: be&fore attention (S3C)", "6", checkable=True),
    Command("map_after", "&Overlay", "Map: &after attention (S3C)", "7", checkable=True),
    Command("map_spatial", "&Overlay", "Map: s&patial branch", "8", checkable=True),
    Command("map_channel", "&Overlay", "Map: &channel branch", "9", checkable=True),
    Command("map_compare", "&Overlay", "Map: before, after and &difference", "D", checkable=True),
    *_toggles("&Overlay", "map"),
    *_toggles("3&D", "scene"),
    Command("scene_style", "3&D", "Next st&yle of the mesh", "Shift+S"),
    Command("preset_camera", "3&D", "From the camera", "Ctrl+1"),
    Command("preset_front", "3&D", "From the front", "Ctrl+2"),
    Command("preset_palm", "3&D", "On the palm", "Ctrl+3"),
    Command("preset_side", "3&D", "From the side", "Ctrl+4"),
    Command("preset_top", "3&D", "From above", "Ctrl+5"),
    Command("reset_view", "3&D", "&Reset the view", "R"),
    Command("save_scene", "3&D", "Save as &picture", "Ctrl+Shift+P"),
    Command("save_scene_as", "3&D", "Save in a size, transp&arent…", ""),
    Command("turntable", "3&D", "Save a t&urntable video", "Y"),
    Command("calibrate", "&Settings", "&Calibrate the lens…", ""),
    Command("theme_system", "&Settings", "Theme of the s&ystem", "", checkable=True),
    Command("theme_light", "&Settings", "&Light theme", "", checkable=True),
    Command("theme_dark", "&Settings", "&Dark theme", "", checkable=True),
    Command("language_system", "&Settings", "La&nguage of the system", "", checkable=True),
    *(
        Command(f"language_{key}", "&Settings", name, checkable=True)
        for key, name in LANGUAGES
        if name
    ),
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
    "go_to_frame",
    "loop",
    "record",
    "undo",
    "mirror",
    "zoom_in",
    "compare",
    "sidebar",
    "page_source",
    "full_screen",
    "mesh_style",
    "map_heatmaps",
    "map_on_hand",
    "scene_style",
    "preset_camera",
    "reset_view",
    "save_scene",
    "theme_system",
    "language_system",
    "reset",
}

GESTURES = (
    ("Drag", "Orbit the 3D view; move an enlarged picture"),
    ("Right-drag, Shift-drag", "Pan the 3D view"),
    ("Drag the line", "Compare two estimators: more of the one or the other"),
    ("Drag the border", "Divide the views; a double click fits the picture"),
    ("Wheel, pinch", "Zoom the picture or the 3D view"),
    ("Double-click", "3D view: reset, picture: full screen"),
    ("Drop a file", "Open it"),
    ("Point at a joint", "Its name, position and angles"),
    ("Click a joint", "Keep them in view"),
)


#: What a right click offers in each view; '' draws a line.
VIEW_MENUS: dict[str, tuple[str, ...]] = {
    "camera": (
        *("copy_picture", "snapshot_png", "", "mesh", "skeleton", "boxes", "labels", "mesh_style"),
        *("", "zoom_in", "zoom_out", "zoom_reset", "picture_follow", "mirror", "compare", ""),
        *("layout_camera", "full_screen"),
    ),
    "scene": (
        *(
            "copy_scene",
            "save_scene",
            "save_scene_as",
            "turntable",
            "",
            "scene_style",
            "scene_skeleton",
            "scene_trails",
        ),
        *("scene_centered", "scene_follow", "scene_grid", "scene_camera", "", "preset_camera"),
        *("preset_front", "preset_palm", "preset_side", "preset_top", "reset_view", ""),
        *("layout_scene", "full_screen"),
    ),
}


class Actions:
    """The window's QActions by key, placed in its menu bar."""

    def __init__(self, window: QMainWindow, handlers: dict[str, Callable[[bool], object]]) -> None:
        self._actions: dict[str, QAction] = {}
        self.menus: dict[str, QMenu] = {}
        bar = window.menuBar()
        assert bar is not None
        for command in COMMANDS:
            if command.menu not in self.menus:
                menu = bar.addMenu(tr(command.menu))
                assert menu is not None
                menu.setToolTipsVisible(True)
                self.menus[command.menu] = menu
            menu = self.menus[command.menu]
            if command.key in _SEPARATED:
                menu.addSeparator()
            action = QAction(tr(command.text), window)
            action.setCheckable(command.checkable)
            action.setAutoRepeat(command.repeats)
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

    def view_menu(self, view: str, parent: QWidget) -> QMenu:
        """The menu of a right click in ``view``, a key of ``VIEW_MENUS``."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key in VIEW_MENUS[view]:
            if key:
                menu.addAction(self._actions[key])
            else:
                menu.addSeparator()
        return menu

    def check(self, key: str, on: bool) -> None:
        """Show the state of a checkable action."""
        self._actions[key].setChecked(on)


def plain(text: str) -> str:
    """A menu's text without the mark of its key: '&File', or '文件(&F)' as in Chinese menus."""
    return re.sub(r"\(&.\)", "", text).replace("&", "")


def shortcut_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every shortcut by menu, and the mouse gestures."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for command in COMMANDS:
        if command.shortcut:
            label = plain(tr(command.text)).rstrip("…")
            groups.setdefault(plain(tr(command.menu)), []).append((command.shortcut, label))
    groups[plain(tr("&View"))].append(("Esc", tr("Leave full screen")))
    return [*groups.items(), (tr("Mouse"), [(tr(what), tr(does)) for what, does in GESTURES])]
