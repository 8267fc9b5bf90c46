# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two views show."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QStandardItemModel
from PyQt6.QtWidgets import QGridLayout, QPushButton, QWidget

from hands3c_core.conventions import NUM_JOINTS

from ..bridge import Bridge
from ..config import (
    ALL_JOINTS,
    TOGGLES,
    HandMaterial,
    MeshStyle,
    NetworkMap,
    SkinTone,
    ViewState,
    toggles,
)
from ..model_status import ModelStatus
from ..session import Session
from ..shell import Shell
from ..theme import Theme
from ..views.controls import ComboBox, SliderRow, Switch, muted
from ..wording import joint_title, tr
from .compare_group import CompareGroup
from .page import Page

_STYLES = (
    (MeshStyle.TEXTURED, "Skin or another material"),
    (MeshStyle.SHADED, "Shaded"),
    (MeshStyle.WIREFRAME, "Wireframe"),
    (MeshStyle.NORMALS, "Normals"),
)
_MATERIALS = (
    (HandMaterial.SKIN, "Skin"),
    (HandMaterial.CLAY, "Clay"),
    (HandMaterial.GLASS, "Glass"),
    (HandMaterial.HEAT, "Heat: blue is sure, red is not"),
)
_TONES = (
    (SkinTone.PICTURE, "Tone of the picture"),
    (SkinTone.TEXTURE, "Tone of the texture"),
    (SkinTone.LIGHT, "Light"),
    (SkinTone.MEDIUM, "Medium"),
    (SkinTone.TAN, "Tan"),
    (SkinTone.BROWN, "Brown"),
    (SkinTone.DARK, "Dark"),
)
_MAPS = (
    (NetworkMap.NONE, "No map"),
    (NetworkMap.HEATMAPS, "Heatmaps of the joints"),
    (NetworkMap.BEFORE, "Before attention (S3C)"),
    (NetworkMap.AFTER, "After attention (S3C)"),
    (NetworkMap.SPATIAL, "Spatial branch of attention"),
    (NetworkMap.CHANNEL, "Channel branch of attention"),
    (NetworkMap.COMPARE, "Before, after, difference"),
)
#: View presets of the scene: name, label and tip.
PRESETS = (
    ("camera", "Camera", "From where the camera is (Ctrl+1)"),
    ("front", "Front", "As the camera, but near (Ctrl+2)"),
    ("palm", "Palm", "Square on the palm (Ctrl+3)"),
    ("side", "Side", "From the side (Ctrl+4)"),
    ("top", "Top", "From above (Ctrl+5)"),
)


def map_reason(status: ModelStatus) -> str:
    """Why an estimator has not all maps, and what to do; '' if it has them all."""
    if status.loading and not status.ready:
        return tr("The estimator is still loading.")
    if not status.maps:
        return tr(
            "The landmark estimator runs no network, so it has no maps: choose a network in the "
            "Model panel."
        )
    if len(status.maps) < len(_MAPS) - 1:
        return tr("This network has no such module: choose HandS3C in the Model panel.")
    return ""


class ViewPanel(Page):
    """Toggles of the overlay and the 3D view; emits the whole new ``ViewState``."""

    view_asked = pyqtSignal(object)
    preset_asked = pyqtSignal(str)
    reset_asked = pyqtSignal()
    still_asked = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = ViewState()
        self._maps: tuple[str, ...] = ()
        self.switches: dict[str, Switch] = {}
        for toggle in TOGGLES:
            if toggle.label:
                switch = Switch(tr(toggle.label), theme)
                switch.setToolTip(tr(toggle.tip))
                switch.toggled.connect(lambda on, field=toggle.field: self._ask(**{field: on}))
                self.switches[toggle.field] = switch
        self._build_picture()
        self._build_hands()
        self._build_comparison()
        self._build_maps()
        self._build_scene()
        self.show_view(self._view)
        self.show_maps(ModelStatus(loading=True))

    # ------------------------------------------------------------------------------- building

    def _build_picture(self) -> None:
        self.style_box = self._box(
            "mesh_style", tr("Style of the mesh on the picture (S)"), _STYLES
        )
        self.opacity_row = self._opacity(tr("Opacity"), "opacity")
        self.add_group(
            tr("Camera picture"),
            *self._switches("mesh"),
            self.style_box,
            self.opacity_row,
            *self._switches("overlay", "picture"),
        )

    def _build_hands(self) -> None:
        self.material_box = self._box(
            "material", tr("What hands are made of, in both views (Shift+M)"), _MATERIALS
        )
        self.tone_box = self._box("tone", tr("Tone of the skin, in both views (Shift+T)"), _TONES)
        self.add_group(tr("Hands"), self.material_box, self.tone_box)

    def _build_comparison(self) -> None:
        self.compare = CompareGroup(self._theme)
        self.add_group(tr("Comparison"), self.compare)

    def _build_maps(self) -> None:
        self.map_box = self._box("network_map", tr("Map of the network over the picture"), _MAPS)
        joints = ((joint, joint_title(joint, short=True)) for joint in range(NUM_JOINTS))
        self.joint_box = self._box(
            "map_joint",
            tr("Joint whose heatmap is shown"),
            ((ALL_JOINTS, tr("All joints")), *joints),
        )
        self.map_opacity_row = self._opacity(tr("Opacity of the map"), "map_opacity")
        self.map_note = muted()
        self.add_group(
            tr("What the network sees"),
            self.map_box,
            self.joint_box,
            self.map_opacity_row,
            *self._switches("map"),
            self.map_note,
        )

    def _build_scene(self) -> None:
        self.scene_box = self._box("scene_style", tr("Style of the mesh in the 3D view"), _STYLES)
        presets = QWidget()
        grid = QGridLayout(presets)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        self.preset_buttons: dict[str, QPushButton] = {}
        for index, (name, label, tip) in enumerate(PRESETS):
            button = QPushButton(tr(label))
            button.setToolTip(tr(tip))
            button.clicked.connect(lambda _=False, picked=name: self.preset_asked.emit(picked))
            grid.addWidget(button, index // 3, index % 3)
            self.preset_buttons[name] = button
        self.reset_button = QPushButton(tr("Reset"))
        self.reset_button.setToolTip(tr("Back to the first view (R)"))
        self.reset_button.clicked.connect(self.reset_asked)
        grid.addWidget(self.reset_button, 1, 2)
        self.still_button = QPushButton(tr("Save 3D picture"))
        self.still_button.setToolTip(
            tr("Write the 3D view to a PNG in the folder of recordings (Ctrl+Shift+P)")
        )
        self.still_button.clicked.connect(self.still_asked)
        self.add_group(
            tr("3D view"),
            self.scene_box,
            *self._switches("scene"),
            presets,
            self.still_button,
            muted(
                tr(
                    "Drag to orbit, right-drag or Shift-drag to pan, wheel to zoom. Click a joint "
                    "in either view to keep its name, place and angles."
                )
            ),
        )

    def _switches(self, *groups: str) -> list[Switch]:
        return [self.switches[one.field] for one in toggles(*groups) if one.label]

    def _box(self, field: str, tip: str, entries: object) -> ComboBox:
        box = ComboBox(self._theme)
        box.setToolTip(tip)
        box.setAccessibleName(tip.split(" (")[0])
        for value, label in entries:  # type: ignore[attr-defined]
            box.addItem(tr(label), value)
        box.activated.connect(lambda: self._ask(**{field: box.currentData()}))
        return box

    def _opacity(self, label: str, field: str) -> SliderRow:
        row = SliderRow(label, 0.1, 1.0, 0.05, lambda value: f"{value * 100:.0f} %")
        row.changed.connect(lambda value: self._ask(**{field: round(value, 2)}))
        return row

    # -------------------------------------------------------------------------------- showing

    def bind(self, session: Session, bridge: Bridge, shell: Shell) -> None:
        """See ``Page.bind``."""
        bridge.view.connect(self.show_view)
        bridge.model_status.connect(self.show_maps)
        self.view_asked.connect(session.set_view)
        self.preset_asked.connect(lambda name: shell.run(f"preset_{name}"))
        self.reset_asked.connect(lambda: shell.run("reset_view"))
        self.still_asked.connect(lambda: shell.run("save_scene"))
        self.compare.bind(session, bridge)

    def show_view(self, view: ViewState) -> None:
        """Show ``view`` without asking for anything."""
        self._view = view
        for name, switch in self.switches.items():
            blocked = switch.blockSignals(True)
            switch.setChecked(getattr(view, name))
            switch.blockSignals(blocked)
        self.style_box.select_data(view.mesh_style)
        self.style_box.setEnabled(view.mesh)
        self.opacity_row.set_value(view.opacity)
        self.opacity_row.setEnabled(view.mesh)
        self.scene_box.select_data(view.scene_style)
        self.material_box.select_data(view.material)
        self.tone_box.select_data(view.tone)
        textured = MeshStyle.TEXTURED in (view.mesh_style, view.scene_style)
        self.material_box.setEnabled(textured)
        self.tone_box.setEnabled(textured and view.material is HandMaterial.SKIN)
        self.map_box.select_data(view.network_map)
        self.joint_box.select_data(view.map_joint)
        self.map_opacity_row.set_value(view.map_opacity)
        self._enable_maps()

    def show_maps(self, status: ModelStatus) -> None:
        """Offer the maps that the running estimator can give; the others say why not."""
        self._maps = status.maps
        reason = map_reason(status)
        model = self.map_box.model()
        assert isinstance(model, QStandardItemModel)
        for row, (choice, _) in enumerate(_MAPS):
            item = model.item(row)
            assert item is not None
            offered = choice is NetworkMap.NONE or choice.value in status.maps
            item.setEnabled(offered)
            item.setData("" if offered else reason, Qt.ItemDataRole.ToolTipRole)
        self.map_note.setText("" if status.maps else reason)
        self.map_note.setVisible(not status.maps)
        tip = tr("Map of the network over the picture (5 to 9)")
        self.map_box.setToolTip(tip if status.maps else reason)
        self._enable_maps()

    def _enable_maps(self) -> None:
        """Enable what has an effect: maps need a network, the rest needs a map."""
        has_maps, shown = bool(self._maps), self._view.network_map
        self.map_box.setEnabled(has_maps)
        heatmaps = shown is NetworkMap.HEATMAPS
        self.joint_box.setVisible(heatmaps)
        for widget in (self.joint_box, self.map_opacity_row, *self._switches("map")):
            widget.setEnabled(has_maps and shown is not NetworkMap.NONE)

    def _ask(self, **changes: object) -> None:
        # Kept at once: a second change may come before the session has answered the first.
        self._view = replace(self._view, **changes)  # type: ignore[arg-type]
        self.view_asked.emit(self._view)
