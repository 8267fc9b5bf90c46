"""Crops and cameras."""

from hands3c_core.geometry.camera import (
    default_camera,
    project,
    resize_camera,
    solve_translation,
)
from hands3c_core.geometry.camera_file import check_calibration, load_camera
from hands3c_core.geometry.crop import (
    BoxSmoother,
    CropRule,
    apply_affine,
    crop_affine,
    crop_box,
    crop_corners,
    extract_crop,
    hand_window,
    invert_affine,
    upright_box,
    with_border,
)
from hands3c_core.geometry.published_window import joint_bounds, published_window
from hands3c_core.geometry.turning import rotation_between, turn_global, turn_of

__all__ = [
    "BoxSmoother",
    "CropRule",
    "apply_affine",
    "check_calibration",
    "crop_affine",
    "crop_box",
    "crop_corners",
    "default_camera",
    "extract_crop",
    "hand_window",
    "invert_affine",
    "joint_bounds",
    "load_camera",
    "project",
    "published_window",
    "resize_camera",
    "rotation_between",
    "solve_translation",
    "turn_global",
    "turn_of",
    "upright_box",
    "with_border",
]
