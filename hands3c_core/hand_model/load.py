"""Hand models by name or from a user's file."""

from __future__ import annotations

import os
from typing import Final, Literal

from hands3c_core.errors import UserError
from hands3c_core.hand_model.arrays import read_npz
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.hand_model.mano_files import load_mano
from hands3c_core.hand_model.mirror import mirror_model
from hands3c_core.hand_model.shipped import SHIPPED, read_shipped
from hands3c_core.names import user_path

Side = Literal["right", "left"]

DEFAULT: Final = "hand_mid"


def load_hand_model(
    spec: str | os.PathLike[str] = DEFAULT, side: Side | None = "right"
) -> HandModelData:
    """Load a hand model.

    Args:
        spec: 'hand_mid' (1500 vertices, for display), 'hand_mano778' (MANO's array shapes),
            'hand_high' (6573 vertices), or the path of an npz in our form, of ``MANO_RIGHT.pkl`` or
            ``MANO_LEFT.pkl``, or of a zip or folder that holds these (as MANO is distributed).
        side: 'right' (the project's convention: the model sees a right hand) or 'left'. A model of
            the other side is mirrored. None keeps the side of the file, and takes the right hand
            where there are both.

    Raises:
        UserError: there is no such model, or the file is damaged or no hand model.
    """
    if side not in ("right", "left", None):
        raise UserError(f"A hand's side is 'right' or 'left', not {side!r}.")
    data = _load(str(spec), side)
    if side is not None and data.is_right != (side == "right"):
        data = mirror_model(data)
    return data


def _load(spec: str, side: Side | None) -> HandModelData:
    if spec in SHIPPED:
        return read_shipped(spec)
    path = user_path(spec)
    if not path.exists():
        raise UserError(
            f"There is no hand model {spec!r}; give {', '.join(SHIPPED)} or the path of a MANO "
            "file, zip or folder."
        )
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    return load_mano(path, side)
