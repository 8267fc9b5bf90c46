# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two views show."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QPushButton, QWidget

from app.config import MeshStyle, ViewState
from app.panels.page import Page
from app.theme import Theme
from app.views.controls import ComboBox, SliderRow, Switch, muted

_STYLES = (
    (MeshStyle.TEXTURED, "Textured skin"),
    (MeshStyle.SHADED, "Shaded"),
    (MeshStyle.WIREFRAME, "Wireframe"),
    (MeshStyle.NORMALS, "Normals"),
)
#: View presets of the scene: name and label.
PRESETS = (
    ("camera", "Camera"),
    ("front", "Front"),
    ("palm", "Palm"),
    ("side", "Side"),
    ("top", "Top"),
)


class ViewPanel(Page):
    """Toggles of the overlay and the 3D view; emits the whole new ``ViewState``."""

    view_asked = pyqtSignal(object)
    preset_asked = pyqtSignal(str)
    reset_asked = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = ViewState()
        self.switches: dict[str, Switch] = {}
        tips = {
            "mesh": ("Hand mesh", "Draw the fitted mesh over the picture (1)"),
            "skeleton": ("Skeleton", "Draw the 21 joints and their bones (2)"),
            "boxes": ("Crop boxes", "Draw the square each estimate was made from (3)"),
            "labels": ("Labels", "Name each hand and its confidence (4)"),
            "mirror": ("Mirror picture", "Selfie view: flips the picture only (M)"),
            "scene_skeleton": ("Skeleton", "Show the joints in the 3D view"),
            "scene_follow": ("Follow the hands", "Keep the hands in the middle (F)"),
            "scene_grid": ("Ground grid", "Show a ground grid and axes (G)"),
        }
        for name, (label, tip) in tips.items():
            switch = Switch(label, theme)
            switch.setToolTip(tip)
            switch.toggled.connect(lambda on, field=name: self._ask(**{field: on}))
            self.switches[name] = switch
        self.style_box = self._style_box(theme, "mesh_style", "Style of the mesh on the picture")
        self.scene_box = self._style_box(theme, "scene_style", "Style of the mesh in the 3D view")
        self.opacity_row = SliderRow("Opacity", 0.1, 1.0, 0.05, lambda v: f"{v * 100:.0f} %")
        self.opacity_row.changed.connect(lambda value: self._ask(opacity=round(value, 2)))
        presets = QWidget()
        grid = QGridLayout(presets)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        self.preset_buttons: dict[str, QPushButton] = {}
        for index, (name, label) in enumerate(PRESETS):
            button = QPushButton(label)
            button.setToolTip(f"Look from: {label.lower()}")
            button.clicked.connect(lambda _=False, picked=name: self.preset_asked.emit(picked))
            grid.addWidget(button, index // 3, index % 3)
            self.preset_buttons[name] = button
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip("Back to the first view (R)")
        self.reset_button.clicked.connect(self.reset_asked)
        grid.addWidget(self.reset_button, 1, 2)
        self.add_group(
            "Camera picture",
            self.switches["mesh"],
            self.switches["skeleton"],
            self.switches["boxes"],
            self.switches["labels"],
            self.style_box,
            self.opacity_row,
            self.switches["mirror"],
        )
        self.add_group(
            "3D view",
            self.scene_box,
            self.switches["scene_skeleton"],
            self.switches["scene_follow"],
            self.switches["scene_grid"],
            presets,
            muted("Drag to orbit, right-drag or Shift-drag to pan, wheel to zoom."),
        )
        self.show_view(self._view)

    def show_view(self, view: ViewState) -> None:
        """Show ``view`` without asking for anything."""
        self._view = view
        for name, switch in self.switches.items():
            blocked = switch.blockSignals(True)
            switch.setChecked(getattr(view, name))
            switch.blockSignals(blocked)
        self.style_box.select_data(view.mesh_style)
        self.scene_box.select_data(view.scene_style)
        self.opacity_row.set_value(view.opacity)

    def _style_box(self, theme: Theme, field: str, tip: str) -> ComboBox:
        box = ComboBox(theme)
        box.setToolTip(tip)
        box.setAccessibleName(tip)
        for style, label in _STYLES:
            if field == "mesh_style" or style is not MeshStyle.NORMALS:
                box.addItem(label, style)
        box.activated.connect(lambda: self._ask(**{field: box.currentData()}))
        return box

    def _ask(self, **changes: object) -> None:
        self.view_asked.emit(replace(self._view, **changes))  # type: ignore[arg-type]
