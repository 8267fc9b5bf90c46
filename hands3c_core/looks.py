"""What hands on show can be made of, and the tones of their skin: named here and nowhere else.

Light: menus list them without what draws them (``render.skin``).
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class HandMaterial(str, Enum):
    """What hands are made of where they are not shaded, wires or normals."""

    SKIN = "skin"
    CLAY = "clay"
    GLASS = "glass"
    HEAT = "heat"
    """How unsure the estimator is, as colours."""


class SkinTone(str, Enum):
    """Colour of the skin."""

    PICTURE = "picture"
    """The person's own, as the picture shows it."""
    TEXTURE = "texture"
    LIGHT = "light"
    MEDIUM = "medium"
    TAN = "tan"
    BROWN = "brown"
    DARK = "dark"


#: Mean sRGB colours of the tones that are chosen, not found.
TONE_COLORS: Final[dict[SkinTone, tuple[int, int, int]]] = {
    SkinTone.LIGHT: (235, 197, 174),
    SkinTone.MEDIUM: (206, 156, 124),
    SkinTone.TAN: (168, 117, 82),
    SkinTone.BROWN: (116, 76, 52),
    SkinTone.DARK: (72, 48, 38),
}
