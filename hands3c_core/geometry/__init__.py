"""Crops and cameras."""

from hands3c_core.geometry.camera import (
    default_camera,
    load_camera,
    mirror_camera,
    project,
    resize_camera,
    solve_translation,
)
from hands3c_core.geometry.crop import (
    BoxSmoother,
    apply_affine,
    crop_affine,
    crop_box,
    extract_crop,
    invert_affine,
)

__all__ = [
    "BoxSmoother",
    "apply_affine",
    "crop_affine",
    "crop_box",
    "default_camera",
    "extract_crop",
    "invert_affine",
    "load_camera",
    "mirror_camera",
    "project",
    "resize_camera",
    "solve_translation",
]
