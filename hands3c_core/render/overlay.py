"""Everything the camera view draws over a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import BONES, FINGER_COLORS, FINGER_NAMES, JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.geometry import crop_corners
from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.shipped import skin_texture_path
from hands3c_core.render.attention import MapScale, MapStyle, draw_hand_map, draw_legend
from hands3c_core.render.compare import draw_comparison
from hands3c_core.render.feather import feather_wrists
from hands3c_core.render.labels import draw_labels, text_size
from hands3c_core.render.mesh import HandMeshes
from hands3c_core.render.mesh import hand_meshes as make_hand_meshes
from hands3c_core.render.rasterizer import MeshInstance, MeshRasterizer, RenderedLayer
from hands3c_core.render.skin import (
    PICTURE,
    HandLook,
    SkinTones,
    draw_heat_legend,
    dress,
    see_through,
)
from hands3c_core.types import Camera, FrameResult, Hand, UInt8

#: Fractional bits of cv2's fixed-point drawing coordinates.
_SHIFT: Final = 4
#: Drawing coordinates beyond this are left out: they would overflow cv2's integers.
_FAR_PX: Final = 20_000.0

#: Templates by hand model, for results that are drawn without further ado.
_MESHES: Final[WeakKeyDictionary[HandModelData, HandMeshes]] = WeakKeyDictionary()

#: Colour of a hand's box, right and left.
SIDE_COLORS: Final = {True: (64, 176, 255), False: (255, 150, 80)}

#: Share of the mesh's opacity that is left to a hand that is unsure.
UNSURE_OPACITY: Final = 0.35


@dataclass(frozen=True)
class OverlayStyle:
    """What to draw."""

    mesh: str | None = "textured"
    """Mesh mode: 'textured', 'shaded', 'wireframe', 'normals', or None for no mesh."""
    mesh_opacity: float = 0.9
    """0 (invisible) to 1."""
    look: HandLook = field(default_factory=HandLook)
    """What the hands are made of in the mode 'textured'."""
    skeleton: bool = False
    """The 21 projected joints and 20 bones of the reconstruction."""
    boxes: bool = False
    """The window the estimator saw."""
    labels: bool = False
    """Side and confidence, beside the wrist."""
    landmarks: bool = False
    """The detector's landmarks as small crosses: their distance to the skeleton is the error."""
    map: MapStyle | None = None
    """A map of the network drawn on top (heatmaps, attention), where the estimator has it."""
    compare: bool = False
    """Before, after and difference of the attention module, in tiles."""
    legend: bool = True
    """Draw what the map's colours, or those of the material 'heat', mean into the picture."""

    @property
    def shows_heat(self) -> bool:
        """Whether hands are coloured by how unsure they are."""
        is_drawn = self.mesh == "textured" and self.mesh_opacity > 0
        return is_drawn and self.look.material == "heat"


_RASTERIZER: Final = MeshRasterizer()
_PLAIN: Final = OverlayStyle()


def draw_overlay(
    image: UInt8,
    result: FrameResult,
    style: OverlayStyle = _PLAIN,
    hand_meshes: HandMeshes | None = None,
    rasterizer: MeshRasterizer = _RASTERIZER,
    scale: MapScale | None = None,
    tones: SkinTones | None = None,
) -> UInt8:
    """Draw a frame's hands over an image.

    Args:
        image: (H, W, 3) RGB uint8 of the size of ``result.camera``; not changed.
        result: hands and camera.
        style: what to draw.
        hand_meshes: right and left template, as ``render.hand_meshes`` makes them. A hand whose
            vertex count does not fit its template raises ValueError. By default those of the
            result's own hand model, with the shipped skin where that fits it.
        rasterizer: draws the meshes.
        scale: colours of attention maps, updated with this frame; None scales each to itself.
        tones: the stream's tones of skin, for the tone of the picture; None measures this one.

    Returns:
        A new (H, W, 3) uint8 array.
    """
    canvas = np.ascontiguousarray(image).copy()
    mesh = style.mesh if style.mesh_opacity > 0 else None
    layer = None
    if result.hands and (mesh is not None or (style.map is not None and style.map.on_hand)):
        hand_meshes = hand_meshes or own_meshes(result.model)
        if mesh == "textured" and style.look.tone == PICTURE and style.look.material == "skin":
            tones = tones or SkinTones()
            tones.update(image, result, hand_meshes)
            rasterizer = replace(rasterizer, lighting=tones.lighting)
        has_glass = mesh == "textured" and style.look.material == "glass"
        for unsure in (True, False):
            hands = [hand for hand in result.hands if hand.is_unsure == unsure]
            if hands and mesh is not None:
                drawn, meshes = _dressed(hands, hand_meshes, mesh, style.look, tones)
                layer = _layer(meshes, result.camera, drawn, rasterizer, has_glass=has_glass)
                layer.blend_into(canvas, style.mesh_opacity * (UNSURE_OPACITY if unsure else 1.0))
        on_hand = style.map is not None and style.map.on_hand
        if layer is None or (on_hand and any(hand.is_unsure for hand in result.hands)):
            every = [MeshInstance(hand_meshes[h.is_right], h.vertices) for h in result.hands]
            layer = rasterizer.render(every, result.camera, "shaded")
    has_map = style.map is not None and _draw_maps(canvas, result.hands, style.map, scale, layer)
    for hand in result.hands:
        if style.skeleton:
            draw_skeleton(canvas, hand.joints_2d, hand.joints_3d[:, 2])
        if style.landmarks:
            draw_landmarks(canvas, hand.landmarks_2d)
        if style.boxes:
            draw_box(canvas, hand)
    if style.compare and style.legend:
        size = text_size(canvas.shape[1], canvas.shape[0])
        draw_comparison(canvas, image, result.hands, scale, size)
    if style.labels:
        size = text_size(canvas.shape[1], canvas.shape[0])
        draw_labels(canvas, result.hands, [hand.joints_2d for hand in result.hands], size)
    if has_map and style.legend and style.map is not None:
        draw_legend(canvas, style.map, scale)
    elif style.shows_heat and style.legend and result.hands:
        draw_heat_legend(canvas)
    return canvas


def own_meshes(model: HandModelData | None) -> HandMeshes:
    """Templates of a hand model with the shipped skin where it has texture coordinates; made once.

    Raises:
        UserError: there is no model, or the skin is missing.
    """
    if model is None:
        raise UserError("the result does not know its hand model: pass hand_meshes.")
    if model not in _MESHES:
        _MESHES[model] = make_hand_meshes(
            model, skin_texture_path() if model.vt is not None else None
        )
    return _MESHES[model]


def _dressed(
    hands: Sequence[Hand],
    hand_meshes: HandMeshes,
    mode: str,
    look: HandLook,
    tones: SkinTones | None,
) -> tuple[str, list[MeshInstance]]:
    if mode == "textured":
        return dress(hands, hand_meshes, look, tones)
    return mode, [MeshInstance(hand_meshes[hand.is_right], hand.vertices) for hand in hands]


def _layer(
    meshes: Sequence[MeshInstance],
    camera: Camera,
    mode: str,
    rasterizer: MeshRasterizer,
    *,
    has_glass: bool,
) -> RenderedLayer:
    """The meshes, ready to be blended over the picture."""
    layer = rasterizer.render(meshes, camera, mode)
    if has_glass:
        see_through(layer, rasterizer.render(meshes, camera, "normals"))
    if mode != "wireframe":
        feather_wrists(layer, meshes, camera)
    return layer


def _draw_maps(
    canvas: UInt8,
    hands: Sequence[Hand],
    style: MapStyle,
    scale: MapScale | None,
    layer: RenderedLayer | None,
) -> bool:
    """Draw the map of every hand that has it; whether any has."""
    mask = layer.mask() if layer is not None and style.on_hand else None
    drawn = [draw_hand_map(canvas, hand, style, scale, mask) for hand in hands]
    return any(drawn)


def drawing_scale(image: UInt8) -> float:
    """Line widths scale with the picture: 1 at 640 x 480."""
    return max(min(image.shape[0], image.shape[1]) / 480.0, 0.5)


def _fixed_point(point: Sequence[float] | NDArray) -> tuple[int, int] | None:
    x, y = float(point[0]), float(point[1])
    if not (abs(x) < _FAR_PX and abs(y) < _FAR_PX):  # also drops NaN
        return None
    return round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))


def joint_color(joint: int) -> tuple[int, int, int]:
    """RGB of a joint (0..20): its finger's, white for the wrist."""
    name = JOINT_NAMES[joint]
    for finger in FINGER_NAMES:
        if name.startswith(finger):
            return FINGER_COLORS[finger]
    return (255, 255, 255)


def draw_skeleton(image: UInt8, joints_2d: NDArray, depth: NDArray | None = None) -> None:
    """Draw 21 joints and 20 bones, anti-aliased, in place.

    Args:
        image: (H, W, 3) RGB.
        joints_2d: (21, 2) px; joints that are not finite or far outside are left out.
        depth: (21,) z of each joint: farther bones are drawn first. None: in order.
    """
    scale = drawing_scale(image)
    width = max(round(2.4 * scale), 1)
    bones = list(BONES)
    if depth is not None:
        bones.sort(key=lambda bone: -float(depth[bone[0]] + depth[bone[1]]))
    for parent, child in bones:
        a, b = _fixed_point(joints_2d[parent]), _fixed_point(joints_2d[child])
        if a is None or b is None:
            continue
        cv2.line(image, a, b, (24, 24, 24), width + 2, cv2.LINE_AA, _SHIFT)
        cv2.line(image, a, b, joint_color(child), width, cv2.LINE_AA, _SHIFT)
    order = range(len(joints_2d)) if depth is None else np.argsort(-np.asarray(depth))
    radius = round(3.2 * scale * (1 << _SHIFT))
    for joint in order:
        centre = _fixed_point(joints_2d[joint])
        if centre is not None:
            cv2.circle(image, centre, radius + 16, (24, 24, 24), -1, cv2.LINE_AA, _SHIFT)
            cv2.circle(image, centre, radius, joint_color(int(joint)), -1, cv2.LINE_AA, _SHIFT)


def draw_landmarks(image: UInt8, landmarks_2d: NDArray) -> None:
    """Draw the detector's landmarks (21, 2) px as small white crosses, in place."""
    arm = 3.0 * drawing_scale(image)
    for x, y in np.asarray(landmarks_2d, float):
        for dx, dy in ((arm, arm), (arm, -arm)):
            a, b = _fixed_point((x - dx, y - dy)), _fixed_point((x + dx, y + dy))
            if a is not None and b is not None:
                cv2.line(image, a, b, (0, 0, 0), 3, cv2.LINE_AA, _SHIFT)
                cv2.line(image, a, b, (255, 255, 255), 1, cv2.LINE_AA, _SHIFT)


def draw_box(image: UInt8, hand: Hand) -> None:
    """Draw the estimator's window, in place."""
    corners = [_fixed_point(corner) for corner in crop_corners(hand.crop)]
    known = [corner for corner in corners if corner is not None]
    if len(known) < len(corners):
        return
    width = max(round(1.4 * drawing_scale(image)), 1)
    outline = np.array(known, np.int32)
    cv2.polylines(image, [outline], True, SIDE_COLORS[hand.is_right], width, cv2.LINE_AA, _SHIFT)
