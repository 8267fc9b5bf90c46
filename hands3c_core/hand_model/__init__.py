"""Parametric hands: MANO's parameters in, mesh and joints out."""

from hands3c_core.hand_model.data import HandModelData, assemble_joints
from hands3c_core.hand_model.fast import FastHandLayer
from hands3c_core.hand_model.layer import HandLayer, HandOutput
from hands3c_core.hand_model.load import DEFAULT, SHIPPED, load_hand_model
from hands3c_core.hand_model.mirror import faces_for, flip_faces, mirror_model, mirror_points
from hands3c_core.hand_model.rotations import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    rot6d_to_matrix,
)

__all__ = [
    "DEFAULT",
    "SHIPPED",
    "FastHandLayer",
    "HandLayer",
    "HandModelData",
    "HandOutput",
    "assemble_joints",
    "axis_angle_to_matrix",
    "faces_for",
    "flip_faces",
    "load_hand_model",
    "matrix_to_axis_angle",
    "mirror_model",
    "mirror_points",
    "rot6d_to_matrix",
]
