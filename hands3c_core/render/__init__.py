"""Pixels out: the overlay on the camera image, the 3D scene, network maps.

Open3D itself is imported only when a ``HandScene`` is opened: it takes seconds, and headless runs
do without it.
"""

from hands3c_core.render.attention import (
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
from hands3c_core.render.compare import difference_table, draw_comparison
from hands3c_core.render.labels import draw_labels, label_text, text_size
from hands3c_core.render.lighting import Lighting, Material
from hands3c_core.render.mesh import HandMeshes, MeshTemplate, Texture, hand_meshes, read_texture
from hands3c_core.render.open3d_scene import SCENE_MODES, HandScene
from hands3c_core.render.orbit_camera import PRESETS
from hands3c_core.render.overlay import OverlayStyle, draw_overlay, draw_skeleton
from hands3c_core.render.placement import centered_places, hand_center
from hands3c_core.render.rasterizer import MODES, MeshInstance, MeshRasterizer, RenderedLayer
from hands3c_core.render.scene_geometry import SceneColors
from hands3c_core.render.scene_hand import SceneHand
from hands3c_core.render.skin import MATERIALS, TONES, HandLook, SkinTones, draw_heat_legend
from hands3c_core.render.trails import FingertipTrails

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
    "draw_heat_legend",
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
