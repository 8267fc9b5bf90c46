"""The 3D view: an off-screen Open3D scene of the hands that returns RGB images. No Qt.

Lighting is computed here, per vertex, with the overlay's own light and skin (see ``DenseSkin``),
and Open3D (``OffscreenWindow``) only interpolates colours; so both views show the same hand.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.render import shade_kernels
from hands3c_core.render.backdrop import Backdrop, paint_backdrop
from hands3c_core.render.lighting import Lighting, Material
from hands3c_core.render.mesh import HandMeshes, MeshTemplate
from hands3c_core.render.occlusion import ground_shadow
from hands3c_core.render.open3d_window import OffscreenWindow
from hands3c_core.render.orbit_camera import OrbitCamera
from hands3c_core.render.placement import palm_normal
from hands3c_core.render.raster_kernels import faces_towards
from hands3c_core.render.scene_geometry import (
    DenseSkin,
    SceneColors,
    SkeletonSolid,
    axes,
    camera_frustum,
    ground_grid,
    lifted,
    normal_colors,
)
from hands3c_core.render.scene_hand import SceneHand, SoftParts, seen_through
from hands3c_core.render.scene_light import lit_by_viewer
from hands3c_core.render.scene_shapes import Shape
from hands3c_core.render.skin import MATERIAL_OF, HandLook, heat_colors
from hands3c_core.render.trails import TrailSolid
from hands3c_core.types import Camera, UInt8

log = logging.getLogger(__name__)

#: Drawing modes of the hands.
SCENE_MODES: Final = ("textured", "shaded", "wireframe", "normals")

#: A background below it may be black in bytes.
_DARKEST: Final = 1 / 255
#: Brightness step, of 1, from which an edge is smoothed.
_EDGE_CONTRAST: Final = 0.05
#: The real camera is hidden while the viewer is this near to it, metres.
_CAMERA_CLEARANCE: Final = 0.3
#: How far its view is drawn while there are no hands, metres.
_CAMERA_REACH: Final = 0.5
#: Where the ground is along the camera's y, metres.
_GROUND_HEIGHT: Final = 0.22
#: How much nearer to the viewer than the skin the skeleton is drawn, metres.
_SKELETON_LIFT: Final = 0.05


class HandScene:
    """Hands, ground and axes, seen by a viewer's camera.

    Args:
        hand_meshes: right and left template (``render.hand_meshes``).
        camera: the real camera; draws it and what it sees. None: no camera.
        supersample: 1 for live views (edges are smoothed in the image, as Open3D's off-screen
            context does not); 2 renders four times the pixels and averages, for stills.
        refine: colour the skin on a mesh of four times the triangles; False halves the time of a
            frame and blurs nails and creases.
    """

    def __init__(
        self,
        hand_meshes: HandMeshes,
        camera: Camera | None = None,
        supersample: int = 1,
        refine: bool = True,
    ) -> None:
        self.view = OrbitCamera()
        self.lighting = Lighting.studio()
        self._templates = hand_meshes
        self._real_camera = camera
        self._supersample = supersample
        self._refine = refine
        self._generation = 0
        self._skins: dict[tuple[bool, int], DenseSkin] = {}
        self._skeleton = SkeletonSolid()
        self._hands: list[SceneHand] = []
        self._soft = SoftParts()
        self._mode: str | None = "textured"
        self._material = "skin"
        self._show_skeleton = False
        self._show_ground = True
        self._show_camera = True
        self._trails: list[tuple[NDArray, NDArray]] = []
        self._trail_solid = TrailSolid()
        self._more_templates: list[HandMeshes] = []
        self._backdrop = 0.0
        self._colors = SceneColors()
        self._ground: dict[str, Shape] = {}
        self._window: OffscreenWindow | None = None

    # -- window ---------------------------------------------------------------------------------
    @property
    def is_open(self) -> bool:
        """Whether ``render`` can be called."""
        return self._window is not None and self._window.is_open

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the rendered image, px; (0, 0) if not open."""
        if self._window is None:
            return 0, 0
        width, height = self._window.size
        return width // self._supersample, height // self._supersample

    def open(self, size: tuple[int, int]) -> None:
        """Make the OpenGL context on the calling thread.

        Args:
            size: width and height of the image, px.

        Raises:
            UserError: Open3D is missing or gets no OpenGL context.
        """
        self.close()
        scale = self._supersample
        self._window = OffscreenWindow(
            (size[0] * scale, size[1] * scale), self._colors.background, float(scale)
        )

    def resize(self, size: tuple[int, int]) -> None:
        """Draw at another size; hands and view stay. Raises UserError as ``open`` does."""
        self._opened().resize((size[0] * self._supersample, size[1] * self._supersample))

    def close(self) -> None:
        """Destroy the context. Safe to call twice."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def _opened(self) -> OffscreenWindow:
        if self._window is None or not self._window.is_open:
            raise RuntimeError("the scene is not open")
        self._window.check_thread()
        return self._window

    def set_refine(self, refine: bool) -> None:
        """Change the detail of the skin (see the constructor)."""
        if refine != self._refine:
            self._refine, self._skins, self._soft = refine, {}, SoftParts()
            self._generation += 1

    def add_meshes(self, hand_meshes: HandMeshes) -> None:
        """Templates for hands of another number of vertices than those of the constructor."""
        self._more_templates.append(hand_meshes)

    # -- content --------------------------------------------------------------------------------
    def set_hands(self, hands: Sequence[SceneHand | tuple[bool, NDArray]]) -> None:
        """Show these hands from the next ``render`` on; the view stays as it is.

        Args:
            hands: ``SceneHand``s, or pairs (is_right, vertices (V, 3) in the camera frame).
        """
        self._hands = [hand if isinstance(hand, SceneHand) else SceneHand(*hand) for hand in hands]
        self._soft.forget_skies()

    def set_mode(self, mode: str | None) -> None:
        """One of ``SCENE_MODES``, or None for no mesh. Raises ValueError otherwise."""
        if mode is not None and mode not in SCENE_MODES:
            raise ValueError(f"unknown mode {mode!r}; use one of {', '.join(SCENE_MODES)}")
        self._mode = mode

    def set_material(self, name: str) -> None:
        """What hands are made of in the mode 'textured': one of ``skin.MATERIALS``. Raises
        ValueError otherwise."""
        HandLook(material=name)  # checks it
        self._material = name

    def show_skeleton(self, visible: bool) -> None:
        """Show joints and bones of the hands that carry joints."""
        self._show_skeleton = visible

    def show_ground(self, visible: bool) -> None:
        """Show the ground grid and the axes."""
        self._show_ground = visible

    def show_camera(self, visible: bool) -> None:
        """Show the real camera and the pyramid of its view, up to the farthest hand."""
        self._show_camera = visible

    def set_camera(self, camera: Camera | None) -> None:
        """Change the real camera (and the 'camera' view)."""
        self._real_camera = camera

    def set_trails(self, trails: Sequence[tuple[NDArray, NDArray]]) -> None:
        """Show fingertips' ways: points (5, S, 3) in metres and strengths (S,), as in
        ``trails.Trail``, for each hand."""
        self._trails = list(trails)

    def set_colors(self, colors: SceneColors) -> None:
        """Change background, grid and lines."""
        if colors == self._colors:
            return
        self._colors, self._ground = colors, {}
        if self._window is not None and self._window.is_open:
            self._window.set_background(colors.background)

    def set_backdrop(self, lift: float) -> None:
        """Let the background fade from brighter at the top to darker at the bottom by ``lift`` of
        the full brightness; 0 leaves it even."""
        self._backdrop = lift

    # -- view -----------------------------------------------------------------------------------
    def orbit(self, dx: float, dy: float) -> None:
        """Turn by a drag of (dx, dy) image px."""
        self.view.orbit(dx, dy)

    def pan(self, dx: float, dy: float) -> None:
        """Shift by a drag of (dx, dy) image px."""
        self.view.pan(dx, dy, max(self.size[1], 1))

    def zoom(self, steps: float) -> None:
        """Nearer (positive) or away, 10 % a step."""
        self.view.zoom(steps)

    def reset_view(self) -> None:
        """Back to the first view."""
        self.view = OrbitCamera()

    def set_preset(self, name: str) -> None:
        """Look from 'front', 'palm', 'side', 'top' or 'camera'. Raises ValueError otherwise."""
        self.view.fov_deg = OrbitCamera.fov_deg
        if name == "camera" and self._real_camera is not None:
            self.view.see_all_of(self._real_camera, self.size[0] / max(self.size[1], 1))
        first = self._hands[0] if self._hands else None
        palm = None
        if first is not None and first.joints is not None:
            palm = palm_normal(first.joints, first.is_right)
        self.view.apply_preset(name, [hand.vertices for hand in self._hands], palm)

    # -- drawing --------------------------------------------------------------------------------
    def render(self) -> UInt8:
        """Draw the scene: (height, width, 3) RGB uint8.

        A context that was lost (a driver that was reset) is replaced by a new one.

        Raises:
            RuntimeError: not open, or not on this thread.
            UserError: the context was lost and there is no other.
        """
        pixels = self._draw()
        spheres = [hand.spheres for hand in self._hands] if self._shows_ground() else []
        shadow = ground_shadow(spheres, _GROUND_HEIGHT) if self._mode is not None else None
        backdrop = Backdrop(self._colors.background, self._backdrop)
        spans = paint_backdrop(pixels, backdrop, self.view, shadow)
        if self._supersample == 1:
            return shade_kernels.to_bytes_smoothed(pixels, _EDGE_CONTRAST, spans)
        image = shade_kernels.to_bytes_smoothed(pixels, 2.0, spans)
        return np.ascontiguousarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA))

    def render_still(
        self, size: tuple[int, int], supersample: int = 2, *, cut_out: bool = False
    ) -> UInt8:
        """One finer image of another size; the scene stays as it is.

        Args:
            size: width and height, px.
            supersample: as in the constructor.
            cut_out: the hands alone, (height, width, 4) RGBA on nothing, instead of
                (height, width, 3) RGB.

        Raises:
            UserError: there is no OpenGL context of this size.
        """
        self._opened()
        before = self._supersample, self.size, self._show_ground, self._show_camera
        try:
            self._supersample = supersample
            if cut_out:
                self._show_ground = self._show_camera = False
            self.open(size)
            return self._render_cut_out() if cut_out else self.render()
        finally:
            self._supersample, _, self._show_ground, self._show_camera = before
            self.open(before[1])

    def _draw(self) -> NDArray[np.float32]:
        """(height, width, 3) RGB in [0, 1], without the backdrop."""
        window = self._opened()
        for is_new in (False, True):
            if is_new:  # nothing but black is what a dead context gives, without an error
                log.warning("the 3D view's OpenGL context was lost; it gets a new one")
                window.reopen()
            window.shapes.show(
                {**self._surroundings(), **self._hand_shapes(), **self._trail_shapes()}
            )
            pixels = window.capture(self.view.extrinsic(), self.view.focal_px(window.size[1]))
            if pixels.any() or max(self._colors.background) < _DARKEST:
                return pixels
        raise UserError(
            "the 3D view lost its OpenGL context and a new one draws nothing: start the program "
            "again; if that does not help, the graphics driver needs a restart"
        )

    def _render_cut_out(self) -> UInt8:
        """(height, width, 4) RGBA; how much shines through is seen by changing the background."""
        colors, drawn = self._colors, []
        try:
            for level in (0.0, 1.0):
                self.set_colors(replace(colors, background=(level, level, level)))
                drawn.append(self._draw())
        finally:
            self.set_colors(colors)
        dark, bright = drawn
        image = np.empty((*dark.shape[:2], 4), np.float32)
        image[..., 3] = 1.0 - (bright - dark).mean(axis=2)
        image[..., :3] = dark
        if self._supersample > 1:
            image = np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA))
        image[..., :3] /= np.maximum(image[..., 3:], 1e-6)
        return (image * 255.0 + 0.5).clip(0, 255).astype(np.uint8)

    def _shows_ground(self) -> bool:
        # From below, the ground would lie over the hands.
        return self._show_ground and self.view.eye()[1] < _GROUND_HEIGHT

    def _surroundings(self) -> dict[str, Shape]:
        wanted: dict[str, Shape] = {}
        if self._shows_ground():
            if not self._ground:
                grid = ground_grid(self._colors, _GROUND_HEIGHT)
                self._ground = {"grid": grid, "axes": axes((0.0, _GROUND_HEIGHT, 0.5))}
            wanted.update(self._ground)
        far = float(np.linalg.norm(self.view.eye())) > _CAMERA_CLEARANCE
        if self._show_camera and self._real_camera is not None and far:
            depths = [float(hand.vertices[:, 2].max()) for hand in self._hands]
            # In steps, so that it does not tremble with the hands.
            reach = np.ceil(max(depths, default=_CAMERA_REACH) / 0.1) * 0.1
            wanted["camera"] = camera_frustum(self._real_camera, float(reach), self._colors)
        return wanted

    def _hand_shapes(self) -> dict[str, Shape]:
        wanted: dict[str, Shape] = {}
        for number, hand in enumerate(self._hands):
            if self._mode is not None:
                name, shape = self._skin_shape(number, hand)
                wanted[name] = shape
            if self._show_skeleton and hand.joints is not None:
                points, normals = self._skeleton.place(hand.joints)
                colors = self._shade(self._skeleton.albedo, points, normals)
                if self._mode is not None:
                    points = lifted(points, self.view.eye(), _SKELETON_LIFT)
                wanted[f"{number}/skeleton"] = (points, self._skeleton.faces, colors)
        return wanted

    def _trail_shapes(self) -> dict[str, Shape]:
        solid, ground = self._trail_solid, np.array(self._colors.background)
        wanted: dict[str, Shape] = {}
        for number, (way, strength) in enumerate(self._trails):
            points, colors = solid.place(way, strength, ground)
            wanted[f"{number}/trail"] = (points, solid.faces, colors)
        return wanted

    def _skin_shape(self, number: int, hand: SceneHand) -> tuple[str, Shape]:
        vertices = np.ascontiguousarray(hand.vertices, dtype=np.float32)
        skin = self._skin(hand.is_right, len(vertices))
        if self._mode == "wireframe":
            color = np.array([self._colors.wires[hand.is_right]])
            lines = np.repeat(color, len(skin.edges), axis=0)
            name = f"{number}/wires/{hand.is_right}/{len(vertices)}"
            return name, (vertices, skin.edges, lines)
        points, normals = skin.place(vertices)
        sky = self._soft.sky(number, points, normals, self._hands)
        if self._mode == "normals":
            colors = normal_colors(normals @ self.view.rotation().T.astype(np.float32))
        elif self._mode == "textured":
            colors = self._material_colors(skin, hand, points, normals, sky)
        else:
            colors = self._shade(skin.plain, points, normals, sky)
        # Open3D blends nothing: the background, which is even, stands for what is behind.
        at, share = self._soft.wrist(skin, points, vertices)
        colors[at] = colors[at] * share + np.array(self._colors.background) * (1.0 - share)
        name = f"{number}/skin/{hand.is_right}/{len(vertices)}/{self._generation}"
        faces = skin.faces
        if len(skin.cap_vertices):  # closed: what is turned away is hidden, and costs as much
            faces = faces_towards(points, faces, self.view.eye().astype(np.float32))
        return name, (points, faces, colors)

    def _material_colors(
        self,
        skin: DenseSkin,
        hand: SceneHand,
        points: NDArray,
        normals: NDArray,
        sky: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """sRGB of every vertex of a hand in its material."""
        if self._material == "skin":
            tint = np.ones(3) if hand.tint is None else hand.tint
            return self._shade(skin.albedo * tint.astype(np.float32), points, normals, sky)
        material = MATERIAL_OF[self._material]
        albedo = np.empty_like(skin.albedo)
        albedo[:] = material.plain_color
        if self._material == "heat" and hand.joints is not None:
            albedo = heat_colors(points, hand.joints, hand.sigma, hand.confidence)
        colors = self._shade(albedo, points, normals, sky, material)
        if self._material == "glass":
            return seen_through(colors, points, normals, self.view.eye(), self._colors.background)
        return colors

    def _skin(self, is_right: bool, vertex_count: int) -> DenseSkin:
        key = (is_right, vertex_count)
        if key not in self._skins:
            template = self._template(is_right, vertex_count)
            if template.all_faces.max(initial=-1) >= vertex_count:
                raise ValueError(f"the hand model does not fit a mesh of {vertex_count} vertices")
            self._skins[key] = DenseSkin.from_template(template, vertex_count, self._refine)
        return self._skins[key]

    def _template(self, is_right: bool, vertex_count: int) -> MeshTemplate:
        """The template of meshes with ``vertex_count`` vertices, or else the constructor's."""
        for meshes in (self._templates, *self._more_templates):
            if meshes[is_right].all_faces.max(initial=-1) + 1 == vertex_count:
                return meshes[is_right]
        return self._templates[is_right]

    def _shade(
        self,
        albedo: NDArray,
        points: NDArray,
        normals: NDArray,
        sky: NDArray[np.float32] | None = None,
        material: Material | None = None,
    ) -> NDArray[np.float64]:
        """sRGB of vertices under a light that travels with the viewer."""
        material = material or self._templates[True].material
        return lit_by_viewer(albedo, points, normals, sky, material, self.view, self.lighting)
