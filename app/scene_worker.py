# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the Open3D scene on a thread of its own: the newest hands, the sum of all mouse moves."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError, unexpected
from hands3c_core.types import Hand

from .config import HandMaterial, MeshStyle, SkinTone, ViewState
from .dense_hand import DenseHands, dense_hands
from .follow import Follower
from .scene_state import Rendering, SceneLook, SceneSettings, Still, Wishes
from .session_types import Shown
from .stills import save_still
from .turntable import Turns

if TYPE_CHECKING:
    from hands3c_core.hand_model import FastHandLayer
    from hands3c_core.render import FingertipTrails, MeshTemplate
    from hands3c_core.render.open3d_scene import HandScene

log = logging.getLogger(__name__)

#: Shortest time between two renderings, s: a faster scene would take the pipeline's cores.
_MIN_PERIOD_S = 1 / 40
#: Beyond this many pixels the scene is rendered smaller and enlarged: it is drawn in software on
#: machines without a GPU.
_MAX_PIXELS = 900 * 700
#: While nothing happens, the camera goes on towards the hands in pictures so far apart, s, each
#: worth so many.
_SETTLE_PERIOD_S, _SETTLE_STEPS = 0.1, 6
#: The scene rests at least this share of a rendering's time: one core is never its own.
_REST_SHARE = 0.5
#: Closing waits so long for a still, s.
_STILL_S = 60.0
#: How much brighter the background is at the top than at the bottom, of the full brightness.
_BACKDROP = 0.075
#: A mesh that is farther than this from the hand model's is an estimator's own, m.
_OWN_MESH_M = 0.0005


class SceneWorker:
    """Owns the scene; every method but ``_run`` and what it calls may be called from any thread."""

    def __init__(
        self,
        on_image: Callable[[Rendering], None],
        on_error: Callable[[str], None],
        on_saved: Callable[[Path, str], None],
    ) -> None:
        """
        Args:
            on_image: gets every rendering.
            on_error: gets a line saying why there will be no more.
            on_saved: gets the file of a still or turntable and what went wrong with it ('' for
                nothing).

        All are called on the worker's thread.
        """
        self._on_image = on_image
        self._on_error = on_error
        self._on_saved = on_saved
        self._changed = threading.Condition()
        self._wishes = Wishes()
        self._given: Shown | None = None
        self._settings = SceneSettings()
        self._closing = False
        self._scene: HandScene | None = None
        self._meshes: dict[bool, MeshTemplate] | None = None
        self._applied: SceneSettings | None = None
        self._shown: Shown | None = None
        self._joints: list[NDArray[np.float64]] = []
        self._places: dict[int, NDArray[np.float64]] = {}
        self._dense: DenseHands | None = None
        self._layer: FastHandLayer | None = None
        self._trails: FingertipTrails | None = None
        self._follower = Follower()
        self._on_its_way = False
        self._is_drawing = False
        self._is_saving = False
        self._turns = Turns()
        self.render_ms = 0.0
        self._thread = threading.Thread(target=self._run, name="hands3c-scene", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------------------ any thread

    def trace(self, shown: Shown) -> None:
        """Add these hands to the trails. Every frame counts there, also those never drawn."""
        if shown.model is None:
            return
        with self._changed:
            if self._trails is None:
                from hands3c_core.render import FingertipTrails  # loaded with the model

                self._trails = FingertipTrails()
            self._trails.add(shown.result.hands, shown.result.frame.timestamp)

    def show(self, shown: Shown) -> None:
        """Show these hands next, if they are not there yet; hands nobody has drawn yet are
        replaced."""
        with self._changed:
            if shown.model is not None and shown is not self._given:
                self._wishes.shown = self._given = shown
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

    def save_still(self, still: Still) -> None:
        """Write the scene as it is seen now, finer, to a PNG file."""
        with self._changed:
            self._wishes.still = still
            self._changed.notify()

    def turn(self, file: Path | None) -> None:
        """Turn once around and write a video of it; None ends a turn and leaves no file."""
        with self._changed:
            self._turns.ask(file)
            self._wishes.redraw = True
            self._changed.notify()

    @property
    def is_turning(self) -> bool:
        """Whether a turn is under way."""
        return self._turns.is_on

    def configure(
        self,
        *,
        view: ViewState | None = None,
        size: tuple[int, int] | None = None,
        look: SceneLook | None = None,
        visible: bool | None = None,
    ) -> None:
        """Change style, size in device pixels, colours, or whether anybody looks."""
        with self._changed:
            settings = self._settings
            settings.view = view or settings.view
            settings.size = size or settings.size
            settings.look = look or settings.look
            settings.visible = settings.visible if visible is None else visible
            self._wishes.redraw = True
            self._changed.notify()

    def close(self, timeout: float = 5.0) -> None:
        """End the thread; a still that was asked for is written first, however long it takes."""
        with self._changed:
            self._closing = True
            stills = self._wishes.still is not None or self._is_saving
            self._changed.notify()
        self._thread.join(_STILL_S if stills else timeout)

    @property
    def idle(self) -> bool:
        """Whether everything asked for has been drawn and the camera has arrived at the hands."""
        with self._changed:
            busy = self._wishes.any or self._is_drawing or self._on_its_way
            return not busy and not self._turns.is_on

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
            self._on_error(unexpected(log, "The 3D view stopped", error))
        finally:
            self._turns.close()
            if self._scene is not None:
                self._scene.close()

    def _next(self) -> tuple[Wishes, SceneSettings] | None:
        """Wait until there is something to draw for somebody; None at the end."""
        with self._changed:
            self._is_drawing = self._is_saving = False
            called = self._changed.wait_for(
                lambda: self._closing or self._has_work(),
                _SETTLE_PERIOD_S if self._on_its_way and self._settings.visible else None,
            )
            if self._closing and self._wishes.still is None:
                return None
            if not called:  # nothing new, but the camera has not arrived at the hands
                self._wishes.settle = True
            wishes, self._wishes = self._wishes, Wishes()
            self._is_drawing = True
            self._is_saving = wishes.still is not None
            return wishes, replace(self._settings)

    def _has_work(self) -> bool:
        # Stills and turns are wanted also of a view that is not on the stage.
        saves = self._wishes.still is not None or self._turns.is_on
        return saves or (self._wishes.any and self._settings.visible)

    def _render(self, wishes: Wishes, settings: SceneSettings) -> None:
        shown = wishes.shown
        if shown is not None and shown.model is not None and shown.model.meshes is not self._meshes:
            self._open_scene(shown, settings)
        scene = self._scene
        turn = self._turns.current()
        if scene is None:
            asked = wishes.still or turn
            if asked is not None:
                self._turns.close()
                self._on_saved(asked.file, "There is nothing to see in the 3D view yet.")
            return
        scale = _render_scale(settings.size)
        size = max(16, round(settings.size[0] * scale)), max(16, round(settings.size[1] * scale))
        if scene.size != size:
            scene.resize(size)
        self._shown = shown or self._shown
        moved = self._apply_settings(scene, settings)
        if shown is not None or moved:
            self._place_hands(scene, settings.view)
        self._place_trails(scene, settings.view)
        self._move(scene, wishes, settings, scale)
        if turn is not None:
            scene.orbit(turn.step, 0.0)
        pixels = np.asarray(cv2.cvtColor(scene.render(), cv2.COLOR_RGB2BGRA), np.uint8)
        if scale < 1.0:
            pixels = np.asarray(
                cv2.resize(pixels, settings.size, interpolation=cv2.INTER_LINEAR), np.uint8
            )
        joints = tuple(scene.view.project(points, settings.size) for points in self._joints)
        if settings.view.mirror:  # a mirror shows both views the other way round
            pixels = np.asarray(cv2.flip(pixels, 1), np.uint8)
            for points in joints:
                points[:, 0] = settings.size[0] - 1 - points[:, 0]
        self._on_image(Rendering(pixels, self._shown, joints))
        if wishes.still is not None:
            self._save_still(scene, settings, wishes.still)
        if turn is not None and (problem := self._turns.take(turn, pixels)) is not None:
            self._on_saved(turn.file, problem)

    def _open_scene(self, shown: Shown, settings: SceneSettings) -> None:
        """A scene for the model of ``shown``; the viewer's camera stays."""
        from hands3c_core.hand_model import FastHandLayer
        from hands3c_core.render.open3d_scene import HandScene

        model = shown.model
        assert model is not None
        old = self._scene
        self._scene = None
        self._dense = dense_hands(model.hand)
        self._layer = FastHandLayer(model.hand) if self._dense is not None else None
        meshes = model.meshes if self._dense is None else self._dense.meshes
        # The finest mesh has a vertex for every crease already.
        scene = HandScene(meshes, shown.result.camera, refine=self._dense is None)
        if self._dense is not None:
            scene.add_meshes(model.meshes)
        scene.set_backdrop(_BACKDROP)
        if old is not None:
            scene.view = old.view
            old.close()
        scale = _render_scale(settings.size)
        scene.open((round(settings.size[0] * scale), round(settings.size[1] * scale)))
        self._scene, self._meshes = scene, model.meshes
        self._applied = None

    def _apply_settings(self, scene: HandScene, settings: SceneSettings) -> bool:
        """Bring the scene's style up to date; whether the hands have to be placed anew."""
        old, view = self._applied, settings.view
        if settings == old:
            return False
        self._applied = settings
        scene.set_mode(view.scene_style.value)
        scene.set_material(view.material.value)
        scene.show_skeleton(view.scene_skeleton)
        scene.show_ground(view.scene_grid)
        # Centred hands are not where the camera sees them.
        scene.show_camera(view.scene_camera and not view.scene_centered)
        if old is None or old.look != settings.look:
            from hands3c_core.render import SceneColors

            look = settings.look
            scene.set_colors(SceneColors(look.background, look.grid, look.outline, look.wires))
        return (
            old is None
            or old.view.scene_centered != view.scene_centered
            or old.view.scene_style is not view.scene_style
            or (old.view.tone, old.view.material) != (view.tone, view.material)
        )

    def _place_hands(self, scene: HandScene, view: ViewState) -> None:
        """Put the hands of the newest result where the view wants them."""
        from hands3c_core.render import SceneHand, centered_places, hand_center

        if self._shown is None:
            return
        result = self._shown.result
        scene.set_camera(result.camera)
        model = self._shown.model
        if view.tone is SkinTone.PICTURE and view.material is HandMaterial.SKIN and model:
            model.tones.update(result.frame.image, result, model.meshes)
        places = centered_places(result.hands) if view.scene_centered else {}
        self._places.update(places)
        hands = []
        for hand in result.hands:
            shift = np.zeros(3)
            if hand.track_id in places:
                shift = places[hand.track_id] - hand_center(hand.joints_3d)
            moved = shift.astype(np.float32)
            vertices = self._vertices(hand, view) + moved
            hands.append(
                SceneHand(
                    hand.is_right,
                    vertices,
                    hand.joints_3d + moved,
                    tint=self._tint(hand, view),
                    sigma=hand.joint_sigma,
                    confidence=hand.confidence,
                )
            )
        scene.set_hands(hands)
        self._joints = [np.asarray(hand.joints, np.float64) for hand in hands]
        if hands:
            self._follower.see([hand.vertices for hand in hands])

    def _tint(self, hand: Hand, view: ViewState) -> NDArray[np.float64]:
        """The factor on the skin's texture that gives ``hand`` the chosen tone."""
        from hands3c_core.render.skin import tint_for

        assert self._shown is not None
        assert self._shown.model is not None
        model = self._shown.model
        return tint_for(view.tone.value, hand, model.meshes[hand.is_right], model.tones)

    def _vertices(self, hand: Hand, view: ViewState) -> NDArray[np.float32]:
        """The finest mesh of ``hand``; its own where it is shown as wires or is not the hand
        model's (an estimator may make a mesh itself)."""
        dense, layer = self._dense, self._layer
        if dense is None or layer is None or view.scene_style is MeshStyle.WIREFRAME:
            return hand.vertices
        usual, _ = layer.posed(hand)
        if usual.shape != hand.vertices.shape or np.abs(usual - hand.vertices).max() > _OWN_MESH_M:
            return hand.vertices
        return dense.vertices(hand)

    def _place_trails(self, scene: HandScene, view: ViewState) -> None:
        with self._changed:
            trails = self._trails.trails() if self._trails and view.scene_trails else []
        drawn = []
        for trail in trails:
            points = trail.points
            if view.scene_centered:
                # Relative to the hand: what its fingers did, not where it went.
                place = self._places.get(trail.track_id)
                if place is None:
                    continue
                points = points - trail.centers + place
            drawn.append((points, trail.strength))
        scene.set_trails(drawn)

    def _move(
        self, scene: HandScene, wishes: Wishes, settings: SceneSettings, scale: float
    ) -> None:
        follower = self._follower
        if wishes.reset:
            scene.reset_view()
            follower.restart()
        if wishes.preset is not None:
            scene.set_preset(wishes.preset)
            follower.restart(pinned=wishes.preset == "camera")
        side = -1.0 if settings.view.mirror else 1.0
        if any(wishes.orbit):
            scene.orbit(side * wishes.orbit[0], wishes.orbit[1])
        if any(wishes.pan):
            before = scene.view.target
            scene.pan(side * wishes.pan[0] * scale, wishes.pan[1] * scale)
            follower.panned(scene.view.target - before)
        if wishes.zoom:
            before_zoom = scene.view.distance
            scene.zoom(wishes.zoom)
            follower.zoomed(scene.view.distance / before_zoom)
        self._on_its_way = False
        if settings.view.scene_follow:
            steps = _SETTLE_STEPS if wishes.settle else 1
            self._on_its_way = follower.aim(scene.view, scene.size[0] / scene.size[1], steps)

    def _save_still(self, scene: HandScene, settings: SceneSettings, wanted: Still) -> None:
        problem = save_still(scene, settings, wanted)
        self._on_saved(wanted.file, problem)
        if not scene.is_open:
            raise UserError(f"The 3D view could not be opened again: {problem}")


def _render_scale(size: tuple[int, int]) -> float:
    return min(1.0, (_MAX_PIXELS / max(1, size[0] * size[1])) ** 0.5)
