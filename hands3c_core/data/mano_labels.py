"""MANO parameters as datasets store them, turned into our convention."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.data.spec import DatasetSpec
from hands3c_core.hand_model import FastHandLayer, HandModelData, load_hand_model, mirror_model
from hands3c_core.hand_model.shipped import SHIPPED
from hands3c_core.model_space import ModelSpace

Floats = NDArray[np.float64]


class ManoLabels:
    """A hand model in which a dataset's pose and shape are given, with both hands of it.

    Args:
        right: the right hand.
        left: the left hand; the right one mirrored where None.
    """

    def __init__(self, right: HandModelData, left: HandModelData | None = None) -> None:
        self.right = right
        self.left = mirror_model(right) if left is None else left
        self.family = "hands3c" if right.name in SHIPPED else "mano"
        self._layer = FastHandLayer(right)

    @classmethod
    def of(cls, spec: DatasetSpec) -> ManoLabels | None:
        """The hand model named by the option ``mano`` of a dataset, or None.

        Raises:
            UserError: it cannot be read.
        """
        name = spec.options.get("mano")
        if name is None:
            return None
        return cls(load_hand_model(name, "right"), load_hand_model(name, "left"))

    def side(self, is_right: bool) -> HandModelData:
        """The hand of one side."""
        return self.right if is_right else self.left

    def from_flat(self, pose: ArrayLike, is_right: bool = True) -> Floats:
        """(16, 3) relative to the mean pose, from (48,) relative to the flat hand (the template);
        of the hand that it is."""
        angles = np.array(pose, np.float64).reshape(48)
        angles[3:] -= self.side(is_right).hands_mean
        return angles.reshape(16, 3)

    def from_components(self, coefficients: ArrayLike, is_right: bool = True) -> Floats:
        """(16, 3) relative to the mean pose, from (48,): the global orientation and 45 coefficients
        of principal components; of the hand that it is."""
        values = np.asarray(coefficients, np.float64).reshape(48)
        components = self.side(is_right).hands_components
        fingers = values[3 : 3 + len(components)] @ components
        return np.concatenate([values[:3], fingers]).reshape(16, 3)

    def vertices(self, pose: Floats, shape: ArrayLike, is_right: bool = True) -> Floats:
        """(V, 3) metres relative to the wrist, camera axes: the hand of ``pose`` (16, 3) in model
        space (a right hand), mirrored back for a left one."""
        vertices, joints = self._layer(pose, np.asarray(shape, np.float64).reshape(10))
        relative = vertices.astype(np.float64) - joints[0]
        return ModelSpace(is_right).points(relative)


def to_model_space(pose: Floats, is_right: bool) -> Floats:
    """``pose`` (16, 3) of a hand of either side as that of the right hand it mirrors to."""
    return ModelSpace(is_right).pose(pose)


#: What to say where pose labels need a hand model to be read.
NEEDS_MANO = "pose, shape and vertices are left out: they need the hand model (?mano=PATH)"
