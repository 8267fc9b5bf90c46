# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the Open3D scene on a thread of its own: the newest hands, the sum of all mouse moves."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from app.config import MeshStyle, ViewState
from app.follow import Follower
from app.session_types import Shown
from hands3c_core.errors import UserError

if TYPE_CHECKING:
    from hands3c_core.render import MeshTemplate
    from hands3c_core.render.open3d_scene import HandScene

log = logging.getLogger(__name__)

#: Shortest time between two renderings, s: a faster scene would take the pipeline's cores.
_MIN_PERIOD_S = 1 / 40
#: Beyond this many pixels the scene is rendered smaller and enlarged: it is drawn in software on
#: machines without a GPU.
_MAX_PIXELS = 900 * 700
#: The scene rests at least this share of a rendering's time: one core is never its own.
_REST_SHARE = 0.5


@dataclass
class _Wishes:
    """What happened since the last rendering."""

    shown: Shown | None = None
    orbit: tuple[float, float] = (0.0, 0.0)
    pan: tuple[float, float] = (0.0, 0.0)
    zoom: float = 0.0
    preset: str | None = None
    reset: bool = False
    redraw: bool = False

    @property
    def any(self) -> bool:
        return self != _Wishes()


@dataclass
class _Settings:
    view: ViewState = field(default_factory=ViewState)
    size: tuple[int, int] = (640, 480)
    visible: bool = True


class SceneWorker:
    """Owns the scene; every method but ``_run`` and what it calls may be called from any thread."""

    def __init__(
        self,
        on_image: Callable[[NDArray[np.uint8]], None],
        on_error: Callable[[str], None],
    ) -> None:
        """``on_image`` gets (h, w, 4) BGRA, ``on_error`` a line; both on the worker's thread."""
        self._on_image = on_image
        self._on_error = on_error
        self._changed = threading.Condition()
        self._wishes = _Wishes()
        self._settings = _Settings()
        self._closing = False
        self._scene: HandScene | None = None
        self._meshes: dict[bool, MeshTemplate] | None = None
        self._applied: ViewState | None = None
        self._follower = Follower()
        self.render_ms = 0.0
        self._thread = threading.Thread(target=self._run, name="hands3c-scene", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------------------ any thread

    def show(self, shown: Shown) -> None:
        """Show these hands next; hands nobody has drawn yet are replaced."""
        if shown.model is not None:
            with self._changed:
                self._wishes.shown = shown
                self._changed.notify()

    def orbit(self, dx: float, dy: float) -> None:
        with self._changed:
            x, y = self._wishes.orbit
            self._wishes.orbit = (x + dx, y + dy)
            self._changed.notify()

    def pan(self, dx: float, dy: float) -> None:
        with self._changed:
            x, y = self._wishes.pan
            self._wishes.pan = (x + dx, y + dy)
            self._changed.notify()

    def zoom(self, steps: float) -> None:
        with self._changed:
            self._wishes.zoom += steps
            self._changed.notify()

    def set_preset(self, name: str) -> None:
        with self._changed:
            self._wishes.preset = name
            self._changed.notify()

    def reset_view(self) -> None:
        """Frame the hands from the first angle."""
        with self._changed:
            self._wishes.reset = True
            self._changed.notify()

    def configure(
        self,
        *,
        view: ViewState | None = None,
        size: tuple[int, int] | None = None,
        visible: bool | None = None,
    ) -> None:
        """Change style, size in device pixels, or whether anybody looks."""
        with self._changed:
            settings = self._settings
            settings.view = view or settings.view
            settings.size = size or settings.size
            settings.visible = settings.visible if visible is None else visible
            self._wishes.redraw = True
            self._changed.notify()

    def close(self, timeout: float = 5.0) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    # ------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        try:
            while (step := self._next()) is not None:
                started = time.perf_counter()
                self._render(*step)
                spent = time.perf_counter() - started
                self.render_ms = spent * 1e3
                with self._changed:
                    rest = max(_MIN_PERIOD_S - spent, _REST_SHARE * spent)
                    self._changed.wait_for(lambda: self._closing, rest)
        except UserError as error:
            self._on_error(str(error))
        except Exception as error:
            log.exception("the 3D view failed")
            self._on_error(f"The 3D view stopped ({error}); the log has the details.")
        finally:
            if self._scene is not None:
                self._scene.close()

    def _next(self) -> tuple[_Wishes, _Settings] | None:
        """Wait until there is something to draw for somebody; None at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or (self._wishes.any and self._settings.visible)
            )
            if self._closing:
                return None
            wishes, self._wishes = self._wishes, _Wishes()
            settings = self._settings
            return wishes, _Settings(settings.view, settings.size, settings.visible)

    def _render(self, wishes: _Wishes, settings: _Settings) -> None:
        shown = wishes.shown
        if shown is not None and shown.model is not None and shown.model.meshes is not self._meshes:
            self._open_scene(shown, settings)
        scene = self._scene
        if scene is None:
            return
        scale = _render_scale(settings.size)
        size = max(16, round(settings.size[0] * scale)), max(16, round(settings.size[1] * scale))
        if scene.size != size:
            scene.resize(size)
        self._apply_view(scene, settings.view)
        if wishes.shown is not None:
            self._show_hands(scene, wishes.shown)
        self._move(scene, wishes, scale)
        pixels = np.asarray(cv2.cvtColor(scene.render(), cv2.COLOR_RGB2BGRA), np.uint8)
        if scale < 1.0:
            pixels = np.asarray(
                cv2.resize(pixels, settings.size, interpolation=cv2.INTER_LINEAR), np.uint8
            )
        self._on_image(pixels)

    def _open_scene(self, shown: Shown, settings: _Settings) -> None:
        """A scene for the model of ``shown``; the viewer's camera stays."""
        from hands3c_core.render.open3d_scene import HandScene

        assert shown.model is not None
        old = self._scene
        self._scene = None
        scene = HandScene(shown.model.meshes, shown.result.camera)
        if old is not None:
            scene.view = old.view
            old.close()
        scale = _render_scale(settings.size)
        scene.open((round(settings.size[0] * scale), round(settings.size[1] * scale)))
        self._scene, self._meshes = scene, shown.model.meshes
        self._applied = None

    def _apply_view(self, scene: HandScene, view: ViewState) -> None:
        if view == self._applied:
            return
        self._applied = view
        style = view.scene_style
        scene.set_mode(MeshStyle.SHADED.value if style is MeshStyle.NORMALS else style.value)
        scene.show_skeleton(view.scene_skeleton)
        scene.show_ground(view.scene_grid)

    def _show_hands(self, scene: HandScene, shown: Shown) -> None:
        from hands3c_core.render.open3d_scene import SceneHand

        scene.set_camera(shown.result.camera)
        hands = [
            SceneHand(is_right=hand.is_right, vertices=hand.vertices, joints=hand.joints_3d)
            for hand in shown.result.hands
        ]
        scene.set_hands(hands)
        if hands:
            self._follower.see([hand.vertices for hand in hands])

    def _move(self, scene: HandScene, wishes: _Wishes, scale: float) -> None:
        follower = self._follower
        if wishes.reset:
            scene.reset_view()
            follower.restart()
        if wishes.preset is not None:
            scene.set_preset(wishes.preset)
            follower.restart(pinned=wishes.preset == "camera")
        if any(wishes.orbit):
            scene.orbit(*wishes.orbit)
        if any(wishes.pan):
            before = scene.view.target
            scene.pan(wishes.pan[0] * scale, wishes.pan[1] * scale)
            follower.panned(scene.view.target - before)
        if wishes.zoom:
            before_zoom = scene.view.distance
            scene.zoom(wishes.zoom)
            follower.zoomed(scene.view.distance / before_zoom)
        if self._settings.view.scene_follow:
            follower.aim(scene.view, scene.size[0] / scene.size[1])


def _render_scale(size: tuple[int, int]) -> float:
    return min(1.0, (_MAX_PIXELS / max(1, size[0] * size[1])) ** 0.5)
