"""The hands that come with the program, in ``assets/hand``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError
from hands3c_core.hand_model.arrays import read_npz
from hands3c_core.hand_model.data import HandModelData

#: The hand for display (1500 vertices), one with MANO's counts (778), a fine one (6573).
SHIPPED: Final = ("hand_mid", "hand_mano778", "hand_high")
#: Sides in pixels of the skin textures.
TEXTURE_SIZES: Final = (512, 1024)


def read_shipped(name: str) -> HandModelData:
    """One of ``SHIPPED``.

    Raises:
        UserError: the assets are incomplete.
    """
    return read_npz(asset_path(f"hand/{name}.npz"), name)


def skin_texture_path(size: int = 1024) -> Path:
    """The skin texture (JPEG, RGB) for the shipped hands' texture coordinates.

    Args:
        size: side length in pixels, one of ``TEXTURE_SIZES``.

    Raises:
        UserError: there is no texture of this side length, or the assets are incomplete.
    """
    if size not in TEXTURE_SIZES:
        raise UserError(f"The skin texture has a side of 512 or 1024 pixels, not {size}.")
    return asset_path(f"hand/hand_skin_{size}.jpg")
