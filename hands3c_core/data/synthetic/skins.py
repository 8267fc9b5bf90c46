"""Skins: the hand model's texture in every tone, with nails, palms and blemishes of its own."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.hand_model import HandModelData, skin_texture_path
from hands3c_core.render import Texture, read_texture
from hands3c_core.render.shade_kernels import LINEAR_TO_SRGB, SRGB_TO_LINEAR

Image = NDArray[np.float32]

#: Names of the tones, from very light to very dark, evenly over tone 0 to 1.
TONE_NAMES: Final = ("very light", "light", "medium", "olive brown", "dark", "very dark")
#: sRGB of the back of a hand of each tone.
_BACKS: Final = (
    (238, 205, 190),
    (226, 184, 162),
    (206, 158, 130),
    (172, 124, 94),
    (124, 84, 62),
    (78, 54, 44),
)
#: sRGB of its palm: palms carry little melanin, so dark hands have much lighter ones.
_PALMS: Final = (
    (240, 204, 190),
    (232, 186, 168),
    (218, 168, 146),
    (200, 150, 124),
    (172, 122, 100),
    (146, 104, 88),
)
#: sRGB of nail polish; most nails have none.
_POLISH: Final = (
    (170, 24, 40),
    (222, 120, 150),
    (40, 36, 44),
    (240, 236, 232),
    (60, 70, 140),
    (120, 30, 70),
)


def tone_name(tone: float) -> str:
    """The name of a tone between 0 (very light) and 1 (very dark)."""
    return TONE_NAMES[min(int(tone * len(TONE_NAMES)), len(TONE_NAMES) - 1)]


class SkinBank:
    """Skins made once and shared by all samples; each sample tints its own a little more.

    Args:
        model: a hand with texture coordinates; palm and back are told apart by its rest pose.
        seed: of the skins.
        count: how many, spread evenly over the tones.
        size: side of the textures, px.
    """

    def __init__(self, model: HandModelData, seed: int, count: int = 36, size: int = 256) -> None:
        photo = read_texture(skin_texture_path(512))
        base = SRGB_TO_LINEAR[cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA)]
        palm, nails = _palm_mask(model, size), _nail_mask(photo, model, size)
        plain = cv2.GaussianBlur(base, (0, 0), size / 9)
        random = np.random.default_rng([seed, 41])
        self.tones = _draw_tones(random, count)
        self.textures: list[Texture] = []
        for tone in self.tones:
            skin = _skin(base / plain, palm, nails, float(tone), random)
            self.textures.append(Texture(skin))


def skin_tones(seed: int, count: int = 36) -> NDArray[np.float64]:
    """(count,) tones of the skins that a ``SkinBank`` of this seed makes."""
    return _draw_tones(np.random.default_rng([seed, 41]), count)


def nearest_skin(tones: NDArray[np.float64], tone: float) -> int:
    """Number of the skin whose tone is nearest."""
    return int(np.abs(tones - tone).argmin())


def _draw_tones(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    return (np.arange(count) + random.uniform(0, 1, count)) / count


def _skin(
    detail: Image, palm: Image, nails: Image, tone: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """(h, w, 3) sRGB skin of this tone.

    Args:
        detail: (h, w, 3) creases, pores and redness as factors around 1, linear light.
        palm, nails: (h, w) masks, 0 to 1.
    """
    size = len(palm)
    place = tone * (len(_BACKS) - 1)
    undertone = 1.0 + random.normal(0, 1, 3) * (0.035, 0.02, 0.045)
    back = _between(_BACKS, place) * undertone
    inside = _between(_PALMS, place) * undertone
    skin = back + palm[..., None] * (inside - back)
    skin = skin * detail ** random.uniform(0.7, 1.9)
    # Blood makes patches redder, melanin makes them darker.
    blood = _cloud(random, size, 7) * random.uniform(0.02, 0.07)
    melanin = _cloud(random, size, 14) * random.uniform(0.02, 0.08) * (1.0 - 0.6 * palm)
    skin *= np.stack([1 + 0.4 * blood, 1 - blood, 1 - 0.8 * blood], -1)
    skin *= np.stack([1 - 0.7 * melanin, 1 - melanin, 1 - 1.2 * melanin], -1)
    if random.random() < 0.4:  # freckles, or hair seen from afar
        spots = cv2.GaussianBlur(random.random((size, size)).astype(np.float32), (0, 0), 1.1)
        level = np.quantile(spots, random.uniform(0.93, 0.99))
        strength = random.uniform(0.1, 0.35) * (1 - palm)
        skin *= (1 - strength * np.clip((spots - level) * 40, 0, 1))[..., None]
    if random.random() < 0.15:
        polish = SRGB_TO_LINEAR[np.array(_POLISH[random.integers(len(_POLISH))])]
        nail = np.broadcast_to(polish, skin.shape)
    else:
        pale = random.uniform(0.1, 0.45)
        nail = (1 - pale) * inside * (1.05, 0.98, 0.98) + pale * np.array([0.80, 0.62, 0.58])
    skin = skin + nails[..., None] * (nail - skin)
    steps = len(LINEAR_TO_SRGB) - 1
    indices = (np.clip(skin, 0, 1) * steps + 0.5).astype(np.int64)
    return np.round(LINEAR_TO_SRGB[indices]).astype(np.uint8)


def _between(table: tuple[tuple[int, int, int], ...], place: float) -> NDArray[np.float64]:
    """Linear RGB between two entries of a table of sRGB colours."""
    low = min(int(place), len(table) - 2)
    a, b = (SRGB_TO_LINEAR[np.array(table[k])].astype(np.float64) for k in (low, low + 1))
    return a + (place - low) * (b - a)


def _cloud(random: np.random.Generator, size: int, cells: int) -> Image:
    """(size, size) smooth noise, standard deviation about 1."""
    coarse = random.standard_normal((cells, cells)).astype(np.float32)
    cloud = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cloud, np.float32)


def _palm_mask(model: HandModelData, size: int) -> Image:
    """(size, size) how much each texel belongs to the palm's side, 0 to 1."""
    assert model.vt is not None
    assert model.ft is not None
    corners = model.v_template[model.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    # The thumb stands across the palm: its pad faces half sideways.
    towards = np.array([-0.15, -0.95, -0.25])
    share = np.clip(0.5 + 1.4 * (normals @ towards), 0, 1)
    mask = np.full((size, size), -1.0, np.float32)
    pixels = model.vt[model.ft] * (size, -size) + (-0.5, size - 0.5)
    for triangle, value in zip(np.round(pixels).astype(np.int32), share, strict=True):
        cv2.fillConvexPoly(mask, triangle, float(value))
    # Texels of no triangle take the mean of their neighbours that have one.
    known = (mask >= 0).astype(np.float32)
    reach = size / 48
    total = cv2.GaussianBlur(mask * known, (0, 0), reach)
    return np.clip(total / np.maximum(cv2.GaussianBlur(known, (0, 0), reach), 1e-3), 0, 1)


def _nail_mask(photo: NDArray[np.uint8], model: HandModelData, size: int) -> Image:
    """(size, size) nails, found in the shipped texture as pale spots near the fingertips."""
    assert model.vt is not None
    assert model.vt_vertex is not None
    height = len(photo)
    blue = photo[..., 2].astype(np.float32)
    pale = (blue - cv2.GaussianBlur(blue, (0, 0), height / 32) > 14).astype(np.uint8)
    closed = cv2.morphologyEx(pale, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    tips = model.v_template[model.fingertip_ids]
    near = np.zeros((height, height), np.uint8)
    for tip in tips:
        distance = np.linalg.norm(model.v_template[model.vt_vertex] - tip, axis=1)
        for u, v in model.vt[distance < 0.014]:
            place = (round(float(u) * height), round((1 - float(v)) * height))
            cv2.circle(near, place, height // 90, 1, -1)
    mask = cv2.GaussianBlur((closed * near).astype(np.float32), (0, 0), height / 400)
    return np.clip(cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA) * 1.2, 0, 1)
