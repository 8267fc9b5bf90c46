"""What the hands on show are made of: skin in the person's own tone, clay, glass, or how sure the
estimator is, as colours.

The tone is measured where the mesh lies on the picture: at every vertex that faces the camera, the
picture's colour in linear light is set against what the mesh's own texture would show there under
the renderer's light. Medians of both, without what differs in hue from most (nails, rings, an
object in the hand, background at a bad fit) and without what the hand itself shades, give a factor
per colour, which is all that the texture is multiplied with. How brightness depends on the
direction of the skin gives the light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.looks import TONE_COLORS, HandMaterial, SkinTone
from hands3c_core.render.labels import Order, Place, draw_color_bar
from hands3c_core.render.lighting import Lighting, Material
from hands3c_core.render.mesh import HandMeshes, MeshTemplate
from hands3c_core.render.raster_kernels import vertex_irradiance
from hands3c_core.render.rasterizer import MeshInstance, RenderedLayer
from hands3c_core.render.shade_kernels import SRGB_TO_LINEAR
from hands3c_core.types import Camera, FrameResult, Hand, UInt8

#: What hands can be made of.
MATERIALS: Final = tuple(material.value for material in HandMaterial)
#: The tone of the picture, that of the texture, and mean sRGB colours to choose from.
PICTURE, TEXTURE = SkinTone.PICTURE.value, SkinTone.TEXTURE.value
TONES: Final = {tone.value: color for tone, color in TONE_COLORS.items()}

#: Standard deviation of a joint's place that is drawn as fully unsure, metres.
HEAT_M: Final = 0.02
#: How far around a joint its uncertainty colours the skin, metres.
_HEAT_REACH_M: Final = 0.012

_CLAY: Final = Material(
    plain_color=(0.46, 0.40, 0.36), cap_color=(0.36, 0.31, 0.28), specular=0.015, rim=0.03
)
_GLASS: Final = Material(
    plain_color=(0.42, 0.62, 0.70),
    cap_color=(0.35, 0.52, 0.60),
    specular=0.75,
    shininess_log2=6,
    rim=0.55,
)
_HEAT: Final = Material(
    plain_color=(1.0, 1.0, 1.0), cap_color=(0.25, 0.25, 0.25), specular=0.03, rim=0.03
)
#: How what is not skin answers light.
MATERIAL_OF: Final = {"clay": _CLAY, "glass": _GLASS, "heat": _HEAT}
#: Opacity of glass seen square on, and how much is added at its edges.
_GLASS_ALPHA: Final = (0.22, 0.7)

#: A vertex counts as seen if its normal is within about 60 degrees of the line of sight.
_FACING: Final = 0.5
#: Fewer samples than this say nothing.
_LEAST: Final = 40
#: 8-bit values beyond which a channel was clipped, or is noise.
_DARKEST, _BRIGHTEST = 6, 249
#: Hues within so many median deviations of the median are the skin's; at least so far, log units.
_HUE_MADS, _HUE_LEAST = 2.5, 0.07
_TINT_LIMITS: Final = (0.03, 4.0)
#: Percentiles of brightness, by what the mesh would have there, between which skin is lit.
_LIT: Final = (40.0, 80.0)
#: Half-life of the smoothing of a track's light and tone, of its tone while it seems to darken, and
#: the gap after which it starts anew, seconds.
_HALF_LIFE_S, _DARKER_S, _LOST_S = 0.7, 6.0, 1.5
#: A tone that moves so slowly is measured no more often, s: it takes some 2 ms a hand.
_EVERY_S: Final = 0.09
#: Share of the usual lamps' strength that is kept beside the measured light, for highlights.
_LAMPS: Final = 0.4
#: Weight of the usual light against the measured one, in samples.
_PRIOR: Final = 40.0

_ALBEDO: Final[WeakKeyDictionary[MeshTemplate, NDArray[np.float32]]] = WeakKeyDictionary()

Tint = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HandLook:
    """How hands are drawn in the mode 'textured'."""

    tone: str = TEXTURE
    """``PICTURE``, ``TEXTURE`` or one of ``TONES``."""
    material: str = "skin"
    """One of ``MATERIALS``."""

    def __post_init__(self) -> None:
        if self.tone not in (PICTURE, TEXTURE, *TONES):
            raise ValueError(f"unknown tone {self.tone!r}; use one of {', '.join(TONES)}")
        if self.material not in MATERIALS:
            raise ValueError(
                f"unknown material {self.material!r}; use one of {', '.join(MATERIALS)}"
            )


@dataclass(frozen=True, slots=True)
class _Tone:
    tint: Tint
    """(3,) log of the factor per colour."""
    light: NDArray[np.float64]
    """(4,) brightness: constant, along x, y, z of the normal."""
    time: float


class SkinTones:
    """The hands' tones in one stream of pictures, steady per track.

    All who draw the stream share one, each on its own thread: whoever comes first with a picture
    measures it.
    """

    def __init__(self) -> None:
        self._tones: dict[int, _Tone] = {}
        self._time = -np.inf
        self._measuring = Lock()

    def reset(self) -> None:
        """Forget all tones, before other pictures."""
        self._tones = {}
        self._time = -np.inf

    def update(self, image: UInt8, result: FrameResult, hand_meshes: HandMeshes) -> None:
        """Look at the hands of a picture.

        Args:
            image: (H, W, 3) RGB, as it came, nothing drawn on it.
            result: its hands.
            hand_meshes: right and left template; without a texture there is nothing to measure.
        """
        time = result.frame.timestamp
        with self._measuring:
            if abs(time - self._time) > _LOST_S:
                self.reset()
            if time <= self._time:  # seen already, or drawn later by one that is slower
                return
            self._time = time
            found = {}
            for hand in result.hands:
                old = self._tones.get(hand.track_id)
                if old is not None and (hand.is_unsure or time - old.time < _EVERY_S):
                    continue
                seen = measure_tone(image, hand, result.camera, hand_meshes[hand.is_right])
                if seen is not None:
                    found[hand.track_id] = _followed(old, np.log(seen[0]), seen[1], time)
            self._tones = {**self._tones, **found}  # others read it meanwhile

    def tint(self, hand: Hand) -> Tint:
        """(3,) linear factor on the texture of ``hand``; ones where nothing is known."""
        tone = self._tones.get(hand.track_id)
        return np.ones(3) if tone is None else np.exp(tone.tint)

    @property
    def lighting(self) -> Lighting:
        """The light that the hands of the picture are seen in; the usual one without hands."""
        tones = self._tones
        if not tones:
            return Lighting.studio()
        light = np.mean([tone.light for tone in tones.values()], axis=0)
        return _lighting(light)


def _followed(old: _Tone | None, tint: Tint, light: NDArray[np.float64], time: float) -> _Tone:
    """What was measured now, held back by what was known."""
    if old is None:
        return _Tone(tint, light, time)
    past = time - old.time
    lit = 0.5 ** (past / _HALF_LIFE_S)
    # A hand that closes lies in its own shadow; skin does not darken.
    kept = lit if tint.mean() >= old.tint.mean() else 0.5 ** (past / _DARKER_S)
    return _Tone(old.tint * kept + tint * (1 - kept), old.light * lit + light * (1 - lit), time)


def measure_tone(
    image: UInt8, hand: Hand, camera: Camera, template: MeshTemplate
) -> tuple[Tint, NDArray[np.float64]] | None:
    """The tone of one hand in one picture.

    Args:
        image: (H, W, 3) RGB.
        hand: where it is.
        camera: of the picture.
        template: its mesh, with texture.

    Returns:
        (3,) linear factor on the texture, and (4,) the light's brightness as a constant and along
        x, y, z of the normal (camera frame); None where too little of the hand is seen.
    """
    if template.texture is None or template.uv_faces is None:
        return None
    vertices = np.ascontiguousarray(hand.vertices, dtype=np.float32)
    if not np.isfinite(vertices).all() or template.all_faces.max(initial=-1) >= len(vertices):
        return None
    normals = vertex_normals(vertices, template.faces)
    depth = vertices[:, 2]
    if (depth <= 0.01).any():
        return None
    sight = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    column = np.round(camera.fx * vertices[:, 0] / depth + camera.cx).astype(int)
    row = np.round(camera.fy * vertices[:, 1] / depth + camera.cy).astype(int)
    seen = (normals * sight).sum(axis=1) < -_FACING
    seen &= (column >= 0) & (column < image.shape[1]) & (row >= 0) & (row < image.shape[0])
    values = image[row[seen], column[seen]]
    usable = ((values > _DARKEST) & (values < _BRIGHTEST)).all(axis=1)
    if usable.sum() < _LEAST:
        return None
    chosen = np.flatnonzero(seen)[usable]
    found = SRGB_TO_LINEAR[values[usable]].astype(np.float64)
    alike = _alike(found)
    if alike.sum() < _LEAST:
        return None
    chosen, found = chosen[alike], found[alike]
    albedo = vertex_albedo(template, len(vertices))[chosen].astype(np.float64)
    toward = normals[chosen].astype(np.float64)
    light = _measured_light(found, albedo, toward)
    shown = albedo * _irradiance(toward, _lighting(light))
    lit = _lit(found, shown)
    tint = np.median(found[lit], axis=0) / np.maximum(np.median(shown[lit], axis=0), 1e-6)
    return tint.clip(*_TINT_LIMITS), light


def _lit(found: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the colours (N, 3) are neither in a shadow of the hand itself, which the mesh under
    its lamps does not have, nor highlights."""
    share = found.mean(axis=1) / np.maximum(shown.mean(axis=1), 1e-6)
    low, high = np.percentile(share, _LIT)
    return (share >= low) & (share <= high)


def _alike(found: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the colours (N, 3) have the hue of most, and are not among the darkest: shadows
    between fingers and what the mesh covers beside the hand."""
    logs = np.log(found)
    hue = np.stack([logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]], axis=1)
    off = np.abs(hue - np.median(hue, axis=0))
    limit = np.maximum(_HUE_MADS * 1.48 * np.median(off, axis=0), _HUE_LEAST)
    return (off <= limit).all(axis=1) & (logs[:, 1] > np.percentile(logs[:, 1], 10))


def _irradiance(normals: NDArray[np.float64], lighting: Lighting) -> NDArray[np.float64]:
    made = vertex_irradiance(
        np.ascontiguousarray(normals, np.float32), lighting.ambient, lighting.lights, lighting.wrap
    )
    return np.asarray(made, np.float64)


def _basis(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([np.ones((len(normals), 1)), normals], axis=1)


def _measured_light(
    found: NDArray[np.float64], albedo: NDArray[np.float64], normals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(4,) brightness along the normal that explains ``found`` on ``albedo``, as bright over all as
    the usual light (the tone takes what is left), and held back by it where little is seen."""
    usual = _irradiance(normals, Lighting.studio()).mean(axis=1)
    basis = _basis(normals)
    wanted = found.mean(axis=1) / np.maximum(albedo.mean(axis=1), 1e-4)
    wanted *= np.median(usual) / max(float(np.median(wanted)), 1e-9)
    prior = np.linalg.lstsq(basis, usual, rcond=None)[0]
    light = prior
    for _ in range(3):
        miss = np.abs(basis @ light - wanted)
        weight = 1.0 / np.maximum(miss, 0.1 * max(float(np.median(wanted)), 1e-6))
        weight /= weight.mean()
        left = (basis * weight[:, None]).T @ basis + _PRIOR * np.eye(4)
        right = (basis * weight[:, None]).T @ wanted + _PRIOR * prior
        light = np.linalg.solve(left, right)
    level = float(np.median(usual)) / max(float(np.median(basis @ light)), 1e-6)
    return np.asarray(light * level, np.float64)


def _lighting(light: NDArray[np.float64]) -> Lighting:
    """``light`` (4,) with what remains of the usual lamps, which give the highlights."""
    lamps, given = _lamps()
    rest = light - given  # what the lamps give is taken from it
    ambient = np.zeros((9, 3))
    ambient[0], ambient[3], ambient[1], ambient[2] = rest[0], rest[1], rest[2], rest[3]
    return replace(lamps, ambient=ambient)


@cache
def _lamps() -> tuple[Lighting, NDArray[np.float64]]:
    """The usual lamps, weaker and alone, and (4,) what they give along the normal."""
    studio = Lighting.studio()
    lights = studio.lights.copy()
    lights[:, 3:] *= _LAMPS
    lamps = replace(studio, lights=lights, ambient=np.zeros((9, 3)))
    directions = _directions()
    shades = _irradiance(directions, lamps).mean(axis=1)
    return lamps, np.linalg.lstsq(_basis(directions), shades, rcond=None)[0]


def _directions() -> NDArray[np.float64]:
    """(200, 3) unit vectors towards the viewer's half of the sphere, evenly spread."""
    count = np.arange(400) + 0.5
    height, angle = 1 - 2 * count / 400, np.pi * (1 + 5**0.5) * count
    flat = np.sqrt(1 - height**2)
    points = np.stack([flat * np.cos(angle), flat * np.sin(angle), -height], axis=1)
    return np.ascontiguousarray(points[points[:, 2] < 0])


def vertex_albedo(template: MeshTemplate, vertex_count: int) -> NDArray[np.float32]:
    """(V, 3) linear RGB of the texture at every vertex, without the material's tint; made once."""
    known = _ALBEDO.get(template)
    if known is not None and len(known) == vertex_count:
        return known
    albedo = np.ones((vertex_count, 3), np.float32)
    if template.texture is not None and template.uv_faces is not None:
        levels = template.texture.levels
        level = levels[min(2, len(levels) - 1)]
        corners, first = np.unique(template.faces.reshape(-1), return_index=True)
        uv = template.uv[template.uv_faces.reshape(-1)[first]]
        height, width = level.shape[:2]
        column = np.clip(uv[:, 0] * width, 0, width - 1).astype(int)
        row = np.clip((1.0 - uv[:, 1]) * height, 0, height - 1).astype(int)
        albedo[corners] = level[row, column]
    _ALBEDO[template] = albedo
    return albedo


def tint_for(tone: str, hand: Hand, template: MeshTemplate, tones: SkinTones | None) -> Tint:
    """(3,) linear factor on the texture that gives ``hand`` a tone."""
    if tone == PICTURE and tones is not None:
        return tones.tint(hand)
    if tone in TONES and template.texture is not None:
        mean = np.median(vertex_albedo(template, len(hand.vertices)), axis=0)
        return np.asarray(SRGB_TO_LINEAR[np.array(TONES[tone])] / np.maximum(mean, 1e-4), float)
    return np.ones(3)


def heat_colors(
    points: NDArray, joints: NDArray, sigma: NDArray | None, confidence: float
) -> NDArray[np.float32]:
    """Linear RGB by how unsure the estimator is: blue is sure, red is not.

    Args:
        points: (N, 3) metres; joints: (21, 3) in the same frame.
        sigma: (21,) metres, each joint's standard deviation; None colours all by ``confidence``.
        confidence: 0 to 1.

    Returns:
        (N, 3) float32.
    """
    if sigma is None or not np.isfinite(sigma).all():
        level = np.full(len(points), 1.0 - float(np.clip(confidence, 0.0, 1.0)))
    else:
        spread = np.asarray(joints, np.float32)
        square = (np.asarray(points, np.float32)[:, None] - spread[None]) ** 2
        near = np.exp(-square.sum(axis=2) / (2 * _HEAT_REACH_M**2)) + 1e-9
        level = (near @ np.asarray(sigma, np.float32)) / near.sum(axis=1) / HEAT_M
    index = (np.clip(level, 0.0, 1.0) * 255).astype(int)
    return SRGB_TO_LINEAR[_heat_table()[index]].astype(np.float32)


@cache
def _heat_table() -> UInt8:
    """(256, 3) RGB: the colour map 'turbo' without its darkest ends."""
    ramp = np.linspace(24, 236, 256).astype(np.uint8).reshape(-1, 1)
    return np.ascontiguousarray(cv2.applyColorMap(ramp, cv2.COLORMAP_TURBO)[:, 0, ::-1])


def draw_heat_legend(image: UInt8, size: int | None = None, order: Order = "rgb") -> Place | None:
    """Draw what the colours of 'heat' mean; see ``labels.draw_color_bar``."""
    title, words = "How far a joint may be off", ("0", f"{HEAT_M * 50:g}", f"{HEAT_M * 100:g} cm")
    return draw_color_bar(image, title, words, _heat_table(), size, order)


def material_of(look: HandLook, template: MeshTemplate, tint: Tint) -> Material:
    """How a hand's surface answers light."""
    if look.material != "skin":
        return MATERIAL_OF[look.material]
    own = template.material
    color = tuple(float(value) for value in np.asarray(own.base_color) * tint)
    cap = tuple(float(min(v, 1.0)) for v in np.asarray(own.cap_color) * tint)
    return replace(own, base_color=color, cap_color=cap)  # type: ignore[arg-type]


def dress(
    hands: Sequence[Hand], hand_meshes: HandMeshes, look: HandLook, tones: SkinTones | None = None
) -> tuple[str, list[MeshInstance]]:
    """The hands as ``MeshRasterizer.render`` takes them: its mode, and a mesh for each hand."""
    made = []
    for hand in hands:
        template = hand_meshes[hand.is_right]
        material = material_of(look, template, tint_for(look.tone, hand, template, tones))
        heat = None
        if look.material == "heat":
            heat = heat_colors(hand.vertices, hand.joints_3d, hand.joint_sigma, hand.confidence)
        made.append(MeshInstance(template, hand.vertices, material, heat))
    return ("textured" if look.material == "skin" else "shaded"), made


def glass_alpha(facing: NDArray) -> NDArray:
    """Opacity of glass where its normal's cosine with the line of sight is ``facing``, 0 to 1."""
    base, edge = _GLASS_ALPHA
    return base + edge * (1.0 - np.clip(facing, 0.0, 1.0)) ** 2


def see_through(layer: RenderedLayer, normals: RenderedLayer) -> None:
    """Make ``layer`` glass, in place: what faces the viewer lets most of the picture through.

    Args:
        layer: of the meshes in the mode 'shaded'.
        normals: of the same meshes in the mode 'normals'.
    """
    covered = np.maximum(normals.rgba[..., 3], 1e-6)
    facing = (normals.rgba[..., 2] / covered - 127.5) / 127.5
    layer.rgba[...] *= glass_alpha(facing)[..., None].astype(np.float32)
