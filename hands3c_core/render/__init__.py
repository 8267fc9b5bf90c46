"""Pixels out: the overlay on the camera image, the 3D scene, network maps.

The Open3D scene (``render.open3d_scene``) is not imported here: it pulls in Open3D, which takes
seconds and which headless runs do without.
"""

from .attention import (
    ATTENTION_KINDS,
    attention_map,
    blend_map,
    color_table,
    draw_legend,
    joint_heatmap,
    normalise_map,
    warp_to_image,
)
from .lighting import Lighting, Material
from .mesh import HandMeshes, MeshTemplate, Texture, hand_meshes, read_texture
from .overlay import OverlayStyle, draw_overlay, draw_skeleton, label_text
from .rasterizer import MODES, MeshInstance, MeshRasterizer, RenderedLayer

__all__ = [
    "ATTENTION_KINDS",
    "MODES",
    "HandMeshes",
    "Lighting",
    "Material",
    "MeshInstance",
    "MeshRasterizer",
    "MeshTemplate",
    "OverlayStyle",
    "RenderedLayer",
    "Texture",
    "attention_map",
    "blend_map",
    "color_table",
    "draw_legend",
    "draw_overlay",
    "draw_skeleton",
    "hand_meshes",
    "joint_heatmap",
    "label_text",
    "normalise_map",
    "read_texture",
    "warp_to_image",
]
