"""Pixels out: the overlay on the camera image, the 3D scene, network maps.

Open3D itself is imported only when a ``HandScene`` is opened: it takes seconds, and headless runs
do without it.
"""

from .attention import (
    ATTENTION_KINDS,
    KIND_TITLES,
    MapScale,
    MapStyle,
    attention_map,
    blend_map,
    color_table,
    draw_legend,
    joint_heatmap,
    legend_ends,
    legend_title,
    normalise_map,
    warp_to_image,
)
from .compare import difference_table, draw_comparison
from .labels import draw_labels, label_text, text_size
from .lighting import Lighting, Material
from .mesh import HandMeshes, MeshTemplate, Texture, hand_meshes, read_texture
from .open3d_scene import SCENE_MODES, HandScene, SceneHand
from .orbit_camera import PRESETS
from .overlay import OverlayStyle, draw_overlay, draw_skeleton
from .placement import centered_places, hand_center
from .rasterizer import MODES, MeshInstance, MeshRasterizer, RenderedLayer
from .scene_geometry import SceneColors
from .skin import MATERIALS, TONES, HandLook, SkinTones
from .trails import FingertipTrails

__all__ = [
    "ATTENTION_KINDS",
    "KIND_TITLES",
    "MATERIALS",
    "MODES",
    "PRESETS",
    "SCENE_MODES",
    "TONES",
    "FingertipTrails",
    "HandLook",
    "HandMeshes",
    "HandScene",
    "Lighting",
    "MapScale",
    "MapStyle",
    "Material",
    "MeshInstance",
    "MeshRasterizer",
    "MeshTemplate",
    "OverlayStyle",
    "RenderedLayer",
    "SceneColors",
    "SceneHand",
    "SkinTones",
    "Texture",
    "attention_map",
    "blend_map",
    "centered_places",
    "color_table",
    "difference_table",
    "draw_comparison",
    "draw_labels",
    "draw_legend",
    "draw_overlay",
    "draw_skeleton",
    "hand_center",
    "hand_meshes",
    "joint_heatmap",
    "label_text",
    "legend_ends",
    "legend_title",
    "normalise_map",
    "read_texture",
    "text_size",
    "warp_to_image",
]
