"""The hands' material and tone, chosen by key and in the page, in both views and what is saved."""

from __future__ import annotations

import numpy as np
from driving import TIMEOUT, Key, Modifier, pixels, settle, show_paused

from app.config import HandMaterial, SkinTone
from app.painter import Painter


def test_materials_and_tones_show_in_both_views_and_are_remembered(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    session = window.session
    assert session.observables.view.value.tone is SkinTone.PICTURE

    def looks(before=None) -> tuple[np.ndarray, np.ndarray]:
        qtbot.waitUntil(lambda: window.camera_view.picture is not before, timeout=TIMEOUT)
        settle(qtbot, window)
        return window.camera_view.picture.image.astype(int), pixels(window.viewport.image())

    picture, scene = looks()
    before = window.camera_view.picture
    qtbot.keyClick(window, Key.Key_M, Modifier.ShiftModifier)
    qtbot.waitUntil(
        lambda: session.observables.view.value.material is HandMaterial.CLAY, timeout=TIMEOUT
    )
    clay, clay_scene = looks(before)
    assert np.abs(clay - picture).max() > 30
    assert np.abs(clay_scene - scene).max() > 30
    assert window.view_panel.material_box.currentData() is HandMaterial.CLAY
    assert not window.view_panel.tone_box.isEnabled()
    # What is recorded and saved is drawn alike.
    saved = Painter().annotate(session.shown, session.observables.view.value, labels=False)
    assert np.abs(saved.astype(int) - clay).max() <= 1
    assert window.settings.load_view().material is HandMaterial.CLAY

    box = window.view_panel.material_box
    window.show_tab("view")
    box.setFocus()
    qtbot.keyClick(box, Key.Key_Up)
    window.stage.setFocus()
    while session.observables.view.value.tone is not SkinTone.DARK:
        qtbot.keyClick(window, Key.Key_T, Modifier.ShiftModifier)
    qtbot.waitUntil(
        lambda: np.abs(window.camera_view.picture.image - clay).max() > 30, timeout=TIMEOUT
    )
    dark, dark_scene = looks()
    changed = np.abs(dark - picture).max(axis=2) > 30
    assert dark[changed].mean() < picture[changed].mean()
    assert dark_scene.mean() < scene.mean()
    qtbot.keyClick(window, Key.Key_Z, Modifier.ControlModifier)
    qtbot.waitUntil(
        lambda: session.observables.view.value.tone is not SkinTone.DARK, timeout=TIMEOUT
    )
