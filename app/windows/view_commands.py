# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands about the views do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication, QImage

from app.compare import CompareState
from app.config import (
    TOGGLES,
    HandMaterial,
    Layout,
    MeshStyle,
    NetworkMap,
    SkinTone,
    ViewState,
)
from app.painter import Painter
from app.scene_state import Still
from app.session_types import FAILURE_S, Notice
from app.views.camera_view import ZOOM_STEP
from app.views.wipe import WIPE_STEP
from app.windows.still_dialog import StillDialog
from app.wording import saved_text, tr

if TYPE_CHECKING:
    from app.windows.main_window import MainWindow

_PRESETS = ("camera", "front", "palm", "side", "top")
_STYLES = tuple(MeshStyle)


class ViewCommands:
    """One handler for each command of the View, Overlay and 3D menus."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def handlers(self) -> dict[str, Callable[[bool], object]]:
        window = self._window
        made: dict[str, Callable[[bool], object]] = {
            "undo": lambda _: window.history.undo(),
            "redo": lambda _: window.history.redo(),
            "mesh_style": lambda _: self._next_style("mesh_style"),
            "scene_style": lambda _: self._next_style("scene_style"),
            "material": lambda _: self._next("material", tuple(HandMaterial)),
            "tone": lambda _: self._next("tone", tuple(SkinTone)),
            "reset_view": lambda _: window.viewport.worker.reset_view(),
            "save_scene": lambda _: self.save_scene(),
            "save_scene_as": lambda _: self.save_scene_as(),
            "copy_picture": lambda _: self.copy_picture(),
            "copy_scene": lambda _: self.copy_scene(),
            "compare": lambda _: self._toggle_comparison(),
            "compare_next": lambda _: window.session.compare.next_estimator(),
            "wipe_left": lambda _: window.camera_view.move_wipe(-WIPE_STEP),
            "wipe_right": lambda _: window.camera_view.move_wipe(WIPE_STEP),
            "zoom_in": lambda _: window.camera_view.zoom_by(ZOOM_STEP),
            "zoom_out": lambda _: window.camera_view.zoom_by(1 / ZOOM_STEP),
            "zoom_reset": lambda _: self.reset_zoom(),
        }
        for toggle in TOGGLES:
            made[toggle.field] = partial(self._toggle, toggle.field)
        for layout in Layout:
            made[f"layout_{layout.value}"] = partial(self._lay_out, layout)
        for choice in NetworkMap:
            if choice is not NetworkMap.NONE:
                made[f"map_{choice.value}"] = partial(self._switch_map, choice)
        for preset in _PRESETS:
            made[f"preset_{preset}"] = partial(self._look_from, preset)
        return made

    def show(self, view: ViewState) -> None:
        """Check the menu entries of what ``view`` shows."""
        actions = self._window.actions_
        for toggle in TOGGLES:
            actions.check(toggle.field, getattr(view, toggle.field))
        for layout in Layout:
            actions.check(f"layout_{layout.value}", layout is view.layout)
        for choice in NetworkMap:
            if choice is not NetworkMap.NONE:
                actions.check(f"map_{choice.value}", choice is view.network_map)
        self.show_history()

    def show_comparison(self, state: CompareState) -> None:
        """Check and enable the menu entries of the comparison."""
        actions = self._window.actions_
        actions.check("compare", state.on)
        for key in ("wipe_left", "wipe_right"):
            actions[key].setEnabled(state.on)

    def _toggle_comparison(self) -> None:
        comparison = self._window.session.compare
        comparison.toggle()
        self.show_comparison(comparison.state.value)

    def show_history(self) -> None:
        """Enable undo and redo where there is something to take back or make again."""
        actions, history = self._window.actions_, self._window.history
        for key, name, title in (
            ("undo", tr("&Undo"), history.undo_title),
            ("redo", tr("&Redo"), history.redo_title),
        ):
            actions[key].setEnabled(bool(title))
            actions[key].setText(f"{name}: {title}" if title else name)

    def show_maps(self, maps: tuple[str, ...], reason: str) -> None:
        """Enable the maps that the estimator can give; ``reason`` says why not the others."""
        for choice in NetworkMap:
            if choice is not NetworkMap.NONE:
                action = self._window.actions_[f"map_{choice.value}"]
                action.setEnabled(choice.value in maps)
                action.setToolTip(action.text() if choice.value in maps else reason)

    def save_scene(self) -> None:
        """Write the 3D view as it is seen to a picture in the folder of recordings."""
        self._window.viewport.save_still(Still(self._still_file()))

    def save_scene_as(self) -> None:
        """Ask for size, background and place, and write the 3D view."""
        window = self._window
        dialog = StillDialog(window.theme, window.viewport.pixel_size(), self._still_file(), window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(window.viewport.save_still)
        dialog.open()

    def _still_file(self) -> Path:
        folder = self._window.session.observables.record_choice.value.folder
        return folder / f"view-{datetime.now().strftime('%Y%m%d-%H%M%S')}.png"

    def scene_saved(self, file: Path, problem: str) -> None:
        """Say where the picture is, or why there is none."""
        if problem:
            notice = Notice("record", problem, "error", FAILURE_S)
        else:
            notice = Notice("record", saved_text([file]), seconds=6.0)
        self._window.banner.show_notice(notice)

    def copy_picture(self) -> None:
        """Put the camera picture, in its own size and with its overlay, on the clipboard."""
        session = self._window.session
        shown = session.shown
        if shown is None:
            self._tell_copied(None)
            return
        image = Painter().annotate(shown, session.observables.view.value, labels=True)
        height, width = image.shape[:2]
        data = np.ascontiguousarray(image).tobytes()
        made = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._tell_copied(made.copy())

    def copy_scene(self) -> None:
        """Put the 3D view as it is seen on the clipboard."""
        image = self._window.viewport.image()
        self._tell_copied(image.copy() if image is not None else None)

    def _tell_copied(self, image: QImage | None) -> None:
        clipboard = QGuiApplication.clipboard()
        if image is None or clipboard is None:
            notice = Notice("record", tr("There is no picture to copy yet."), "warning", FAILURE_S)
        else:
            clipboard.setImage(image)
            size = f"{image.width()} × {image.height()}"
            notice = Notice(
                "record", tr("The picture ({size}) is on the clipboard.", size=size), seconds=4.0
            )
        self._window.banner.show_notice(notice)

    def reset_zoom(self) -> None:
        """All of the camera picture again, wherever the hands are."""
        self._window.change_view(picture_follow=False)
        self._window.camera_view.set_follows(False)
        self._window.camera_view.reset_zoom()

    def _toggle(self, name: str, on: bool) -> None:
        self._window.change_view(**{name: on})

    def _lay_out(self, layout: Layout, _: bool) -> None:
        self._window.change_view(layout=layout)

    def _look_from(self, preset: str, _: bool) -> None:
        self._window.viewport.worker.set_preset(preset)

    def _switch_map(self, choice: NetworkMap, _: bool) -> None:
        shown = self._window.session.observables.view.value.network_map
        wanted = NetworkMap.NONE if shown is choice else choice
        self._window.change_view(network_map=wanted)
        self.show(self._window.session.observables.view.value)

    def _next_style(self, field: str) -> None:
        self._next(field, _STYLES)

    def _next(self, field: str, choices: Sequence[Any]) -> None:
        now = getattr(self._window.session.observables.view.value, field)
        following = choices[(choices.index(now) + 1) % len(choices)]
        self._window.change_view(**{field: following})
