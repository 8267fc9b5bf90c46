"""Parametric hands: MANO's parameters in, mesh and joints out.

What needs torch (the differentiable layers, the rotations) is imported on first use: the live path
does without it, starts seconds earlier and takes less memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hands3c_core.hand_model.arrays import write_npz
from hands3c_core.hand_model.data import HandModelData, assemble_joints
from hands3c_core.hand_model.fast import FastHandLayer
from hands3c_core.hand_model.load import DEFAULT, load_hand_model
from hands3c_core.hand_model.mano_files import from_mano_arrays
from hands3c_core.hand_model.mirror import faces_for, mirror_model
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.hand_model.shipped import SHIPPED, skin_texture_path
from hands3c_core.moved import find_moved

if TYPE_CHECKING:
    from hands3c_core.hand_model.layer import HandLayer, HandOutput
    from hands3c_core.hand_model.manopth_layer import ManoLayer
    from hands3c_core.hand_model.rotations import (
        axis_angle_to_matrix,
        matrix_to_axis_angle,
        rot6d_to_matrix,
    )

#: Public name -> module, for what is imported on first use.
_ON_FIRST_USE = {
    "HandLayer": "layer",
    "HandOutput": "layer",
    "ManoLayer": "manopth_layer",
    "axis_angle_to_matrix": "rotations",
    "matrix_to_axis_angle": "rotations",
    "rot6d_to_matrix": "rotations",
}

#: Name -> the module where it is now.
_MOVED = dict.fromkeys(("RenderMesh", "render_mesh"), "hands3c_core.render.render_mesh")

__all__ = [
    "DEFAULT",
    "SHIPPED",
    "FastHandLayer",
    "HandLayer",
    "HandModelData",
    "HandOutput",
    "ManoLayer",
    "assemble_joints",
    "axis_angle_to_matrix",
    "faces_for",
    "from_mano_arrays",
    "load_hand_model",
    "matrix_to_axis_angle",
    "mirror_model",
    "rot6d_to_matrix",
    "skin_texture_path",
    "vertex_normals",
    "write_npz",
]


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        return find_moved(__name__, name, _MOVED)
    return getattr(import_module(f"{__name__}.{_ON_FIRST_USE[name]}"), name)
