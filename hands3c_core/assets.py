"""Where the shipped files are: in the checkout, or in the packages an install makes of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hands3c_core.errors import UserError

_CHECKOUT = Path(__file__).resolve().parents[1]
#: Folder in the checkout -> name of the package that carries it in an installed wheel.
_INSTALLED = {"assets": "hands3c_assets", "weights": "hands3c_weights"}


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
    in_checkout = _CHECKOUT / folder / name
    if in_checkout.exists():
        return in_checkout
    spec = find_spec(_INSTALLED[folder])
    for location in (spec and spec.submodule_search_locations) or ():
        if (installed := Path(location) / name).exists():
            return installed
    raise UserError(
        f"{folder}/{name} is missing: clone the repository again or reinstall hands3c-live."
    )
