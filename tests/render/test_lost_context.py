"""An OpenGL context that is lost (a driver that was reset) under the 3D scene."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.render.open3d_window import OffscreenWindow
from hands3c_core.render.scene_geometry import SceneColors


def lose_context() -> None:
    """Destroy this thread's OpenGL context behind Open3D's back, as a driver's reset does."""
    try:
        egl = ctypes.CDLL("libEGL.so.1")
    except OSError:
        pytest.skip("the context is not EGL's here")
    for name in ("eglGetCurrentDisplay", "eglGetCurrentContext"):
        getattr(egl, name).restype = ctypes.c_void_p
    display, context = egl.eglGetCurrentDisplay(), egl.eglGetCurrentContext()
    if not context:
        pytest.skip("the context is not EGL's here")
    assert egl.eglMakeCurrent(ctypes.c_void_p(display), None, None, None)
    assert egl.eglDestroyContext(ctypes.c_void_p(display), ctypes.c_void_p(context))


def test_a_context_that_is_lost_is_replaced(scene, hands):
    scene.set_hands(hands)
    before = scene.render()
    lose_context()
    np.testing.assert_array_equal(scene.render(), before)
    lose_context()
    still = scene.render_still((64, 48), cut_out=True)
    assert still[..., 3].any()
    np.testing.assert_array_equal(scene.render(), before)


def test_contexts_that_all_fail_are_told(scene, hands, monkeypatch):
    scene.set_hands(hands)
    black = np.zeros((240, 320, 3), np.float32)
    monkeypatch.setattr(OffscreenWindow, "capture", lambda *_: black)
    with pytest.raises(UserError, match="lost its OpenGL context"):
        scene.render()
    scene.set_colors(replace(SceneColors(), background=(0.0, 0.0, 0.0)))
    assert not scene.render().any()  # of black on black nobody can tell
