"""The 3D scene's window: its sizes, contexts, threads and end."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from open3d_views import hand_pixels

from hands3c_core.errors import UserError
from hands3c_core.render.open3d_scene import HandScene
from hands3c_core.render.open3d_window import OffscreenWindow
from hands3c_core.render.scene_geometry import (
    SceneColors,
)


def test_resize_keeps_hands_and_view(scene, hands):
    scene.set_hands(hands)
    scene.orbit(40, 10)
    before = scene.render()
    scene.resize((480, 360))
    larger = scene.render()
    assert larger.shape == (360, 480, 3)
    scene.resize((320, 240))
    assert np.array_equal(scene.render(), before)


def test_other_threads_are_refused(scene):
    caught: list[BaseException] = []

    def use() -> None:
        try:
            scene.render()
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "thread" in str(caught[0])


def test_a_closed_scene_says_so(meshes):
    scene = HandScene(meshes)
    with pytest.raises(RuntimeError, match="not open"):
        scene.render()
    scene.close()


def test_a_mesh_that_does_not_fit_is_refused(scene):
    scene.set_hands([(True, np.ones((10, 3), np.float32))])
    with pytest.raises(ValueError, match="does not fit"):
        scene.render()


# -- parts that need no context -----------------------------------------------------------------


def count_contexts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    opened: list[tuple[int, int]] = []
    really = OffscreenWindow._open

    def counted(window: OffscreenWindow) -> None:
        opened.append(window._drawn)
        really(window)

    monkeypatch.setattr(OffscreenWindow, "_open", counted)
    return opened


def test_a_view_that_shrinks_a_little_and_grows_back_keeps_its_context(scene, hands, monkeypatch):
    scene.set_hands(hands)
    before = scene.render()
    opened = count_contexts(monkeypatch)
    scene.resize((320, 220))
    assert scene.size == (320, 220)
    smaller = scene.render()
    assert smaller.shape == (220, 320, 3)
    scene.resize((320, 240))
    assert np.array_equal(scene.render(), before)
    assert opened == []
    scene.resize((330, 241))
    scene.resize((340, 250))  # as an edge that is dragged
    assert len(opened) == 1
    scene.resize((160, 120))
    assert opened[1:] == [(160, 120)]


@pytest.mark.parametrize("size", [(320, 200), (300, 240), (301, 221)])
def test_a_kept_context_draws_what_a_new_one_of_that_size_would(scene, hands, size):
    scene.set_hands(hands)
    scene.resize(size)
    kept = scene.render()
    scene.close()
    scene.open(size)
    new = scene.render()
    # Half a pixel of an odd rest moves edges; the hands are at the same place.
    apart = np.abs(kept.astype(int) - new).max(axis=2) > 40
    assert apart.mean() < 0.02
    ours, theirs = (np.argwhere(hand_pixels(image)).mean(axis=0) for image in (kept, new))
    assert np.abs(ours - theirs).max() < 0.75  # and the wrist's soft edge is pixels of skin or not


def test_a_scene_that_could_not_be_resized_is_not_open(scene, hands, monkeypatch):
    def fail(window: OffscreenWindow) -> None:
        raise UserError("no OpenGL context of this size")

    scene.set_hands(hands)
    before = scene.render()
    with monkeypatch.context() as patch:
        patch.setattr(OffscreenWindow, "_open", fail)
        with pytest.raises(UserError, match="no OpenGL context"):
            scene.resize((640, 480))
    assert not scene.is_open
    scene.set_colors(SceneColors(background=(1.0, 1.0, 1.0)))
    with pytest.raises(RuntimeError, match="not open"):
        scene.render()
    scene.open((320, 240))
    assert not np.array_equal(scene.render(), before)
