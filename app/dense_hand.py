# SPDX-License-Identifier: GPL-3.0-or-later
"""The finest of the shipped hands for the 3D view, whichever density the model computes with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData
    from hands3c_core.render import MeshTemplate
    from hands3c_core.types import Hand

#: The shipped hands take the same parameters and are the same surface; this one has most vertices.
FINEST = "hand_high"


class DenseHands:
    """Makes the finest mesh of a hand's parameters. Used on one thread."""

    def __init__(self) -> None:
        from hands3c_core.hand_model import FastHandLayer

        self.data, self.meshes = _finest()
        self._layer = FastHandLayer(self.data)

    def vertices(self, hand: Hand) -> NDArray[np.float32]:
        """(V, 3) metres, camera frame, of ``hand``'s pose, shape and translation."""
        return self._layer.posed(hand)[0]


def dense_hands(hand: HandModelData) -> DenseHands | None:
    """For a model that uses ``hand``: None where that is not one of the shipped hands (a user's own
    MANO files) or the finest one itself."""
    from hands3c_core.hand_model.shipped import SHIPPED

    if hand.name not in SHIPPED or hand.name == FINEST:
        return None
    try:
        return DenseHands()
    except UserError:  # without its file the model's own mesh does
        return None


@cache
def _finest() -> tuple[HandModelData, dict[bool, MeshTemplate]]:
    from hands3c_core.hand_model import load_hand_model
    from hands3c_core.hand_model.shipped import skin_texture_path
    from hands3c_core.render import hand_meshes

    data = load_hand_model(FINEST)
    texture = skin_texture_path() if data.vt is not None else None
    return data, hand_meshes(data, texture)
