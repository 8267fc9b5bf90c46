"""Where the shipped files are: package data of an installed wheel, or folders of the checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from hands3c_core.errors import UserError

_CHECKOUT = Path(__file__).resolve().parents[1]
#: What holds both folders in an installed wheel (see setup.py).
_INSTALLED = "shipped"


def asset_path(name: str) -> Path:
    """Path of a file or folder in ``assets/``, for example ``asset_path("hand/hand_mid.npz")``.

    Raises:
        UserError: the file is not there (a broken checkout or install).
    """
    return _shipped("assets", name)


def weights_path(name: str) -> Path:
    """Path of a file or folder in ``weights/``; raises like ``asset_path``."""
    return _shipped("weights", name)


def _shipped(folder: str, name: str) -> Path:
    installed = Path(str(files("hands3c_core"))) / _INSTALLED
    for place in (installed, _CHECKOUT):
        if (path := place / folder / name).exists():
            return path
    raise UserError(
        f"{folder}/{name} is missing: clone the repository again or reinstall hands3c-live."
    )
