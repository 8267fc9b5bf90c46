"""The light of the 3D view, which travels with the viewer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hands3c_core.render import shade_kernels
from hands3c_core.render.lighting import Lighting, Material
from hands3c_core.render.orbit_camera import OrbitCamera


def lit_by_viewer(
    albedo: NDArray,
    points: NDArray,
    normals: NDArray,
    sky: NDArray[np.float32] | None,
    material: Material,
    view: OrbitCamera,
    lighting: Lighting,
) -> NDArray[np.float64]:
    """sRGB (V, 3) of vertices.

    Args:
        albedo: (V, 3) linear colour.
        points: (V, 3) metres.
        normals: (V, 3) unit.
        sky: (V,) share of the sky that each sees; None for all of it.
        material: how the surface answers light.
        view: the viewer.
        lighting: in the viewer's axes.
    """
    turn = view.rotation().astype(np.float32)
    return shade_kernels.vertex_colors(
        albedo,
        (points - view.eye().astype(np.float32)) @ turn.T,
        normals @ turn.T,
        np.ones(len(points), np.float32) if sky is None else sky,
        lighting.ambient,
        lighting.lights,
        lighting.wrap,
        np.array([material.specular, material.shininess_log2, material.rim]),
        shade_kernels.LINEAR_TO_SRGB,
    )
