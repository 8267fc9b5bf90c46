# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands about the views do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication, QImage
from PyQt6.QtWidgets import QWidget

from ..config import (
    TOGGLES,
    HandMaterial,
    Layout,
    MeshStyle,
    NetworkMap,
    SkinTone,
)
from ..history import History
from ..painter import Painter
from ..scene_state import Still
from ..session import Session
from ..session_types import FAILURE_S, Notice
from ..shell import Shell
from ..views.camera_view import ZOOM_STEP, CameraView
from ..views.viewport3d import Viewport3D
from ..views.wipe import WIPE_STEP
from ..wording import saved_text, tr
from .still_dialog import StillDialog

_PRESETS = ("camera", "front", "palm", "side", "top")
_STYLES = tuple(MeshStyle)


class ViewCommands:
    """One handler for each command of the View, Overlay and 3D menus."""

    def __init__(
        self,
        parent: QWidget,
        shell: Shell,
        session: Session,
        camera: CameraView,
        viewport: Viewport3D,
        history: History,
    ) -> None:
        """``parent`` is the dialogs'."""
        self._parent = parent
        self._shell = shell
        self._session = session
        self._camera = camera
        self._viewport = viewport
        self._history = history
        viewport.saved.connect(self.scene_saved)

    def handlers(self) -> dict[str, Callable[[bool], object]]:
        camera, viewport, compare = self._camera, self._viewport, self._session.compare
        made: dict[str, Callable[[bool], object]] = {
            "undo": lambda _: self._history.undo(),
            "redo": lambda _: self._history.redo(),
            "mesh_style": lambda _: self._next_style("mesh_style"),
            "scene_style": lambda _: self._next_style("scene_style"),
            "material": lambda _: self._next("material", tuple(HandMaterial)),
            "tone": lambda _: self._next("tone", tuple(SkinTone)),
            "reset_view": lambda _: viewport.worker.reset_view(),
            "save_scene": lambda _: self.save_scene(),
            "save_scene_as": lambda _: self.save_scene_as(),
            "turntable": lambda _: self.turn_around(),
            "copy_picture": lambda _: self.copy_picture(),
            "copy_scene": lambda _: self.copy_scene(),
            "compare": lambda _: self._toggle_comparison(),
            "compare_next": lambda _: compare.next_estimator(),
            "wipe_left": lambda _: camera.move_wipe(-WIPE_STEP),
            "wipe_right": lambda _: camera.move_wipe(WIPE_STEP),
            "zoom_in": lambda _: camera.zoom_by(ZOOM_STEP),
            "zoom_out": lambda _: camera.zoom_by(1 / ZOOM_STEP),
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

    def _toggle_comparison(self) -> None:
        comparison = self._session.compare
        comparison.toggle()
        # The entry shows what the session says, not what was clicked.
        self._shell.check("compare", comparison.state.value.on)

    def save_scene(self) -> None:
        """Write the 3D view as it is seen to a picture in the folder of recordings."""
        self._viewport.save_still(Still(self._still_file()))

    def save_scene_as(self) -> None:
        """Ask for size, background and place, and write the 3D view."""
        viewport, parent = self._viewport, self._parent
        dialog = StillDialog(self._shell.theme, viewport.pixel_size(), self._still_file(), parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(viewport.save_still)
        dialog.open()

    def _still_file(self) -> Path:
        return self._file("view", ".png")

    def _file(self, what: str, kind: str) -> Path:
        folder = self._session.observables.record_choice.value.folder
        return folder / f"{what}-{datetime.now().strftime('%Y%m%d-%H%M%S')}{kind}"

    def turn_around(self) -> None:
        """Write a video of the 3D view that turns once around, or end it."""
        if self._viewport.turn_around(self._file("turntable", ".mp4")):
            text = tr("The 3D view turns once around and is saved; Y again ends it.")
            self._shell.banner.show_notice(Notice("record", text, seconds=4.0))

    def scene_saved(self, file: Path, problem: str) -> None:
        """Say where the picture is, or why there is none."""
        if problem:
            notice = Notice("record", problem, "error", FAILURE_S)
        else:
            notice = Notice("record", saved_text([file]), seconds=6.0)
        self._shell.banner.show_notice(notice)

    def copy_picture(self) -> None:
        """Put the camera picture, in its own size and with its overlay, on the clipboard."""
        session = self._session
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
        image = self._viewport.image()
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
        self._shell.banner.show_notice(notice)

    def reset_zoom(self) -> None:
        """All of the camera picture again, wherever the hands are."""
        self._shell.change_view(picture_follow=False)
        self._camera.set_follows(False)
        self._camera.reset_zoom()

    def _toggle(self, name: str, on: bool) -> None:
        self._shell.change_view(**{name: on})

    def _lay_out(self, layout: Layout, _: bool) -> None:
        self._shell.change_view(layout=layout)

    def _look_from(self, preset: str, _: bool) -> None:
        self._viewport.worker.set_preset(preset)

    def _switch_map(self, choice: NetworkMap, _: bool) -> None:
        shown = self._session.observables.view.value.network_map
        wanted = NetworkMap.NONE if shown is choice else choice
        self._shell.change_view(network_map=wanted)
        now = self._session.observables.view.value.network_map
        for other in NetworkMap:
            if other is not NetworkMap.NONE:
                self._shell.check(f"map_{other.value}", other is now)

    def _next_style(self, field: str) -> None:
        self._next(field, _STYLES)

    def _next(self, field: str, choices: Sequence[Any]) -> None:
        now = getattr(self._session.observables.view.value, field)
        following = choices[(choices.index(now) + 1) % len(choices)]
        self._shell.change_view(**{field: following})
