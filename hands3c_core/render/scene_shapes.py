"""The geometries of an Open3D window by name: added, moved and removed as a frame asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Points (P, 3) in metres, triangles (F, 3) or lines (L, 2), and sRGB colours in [0, 1]: one for
#: each point of a mesh, one for each line.
Shape = tuple[NDArray, NDArray, NDArray]


class ShapeSet:
    """What a window shows. A name stands for one kind of shape, triangles or lines. Points, colours
    and triangles may change; lines stay as they came."""

    def __init__(self, open3d: Any, visualizer: Any) -> None:
        self._open3d = open3d
        self._visualizer = visualizer
        self._geometries: dict[str, Any] = {}
        self._contents: dict[str, Shape] = {}
        self._is_bounded = False

    def show(self, wanted: Mapping[str, Shape]) -> None:
        """Show these shapes and no others; a shape that is the same object as last time stays."""
        for name in [name for name in self._geometries if name not in wanted]:
            self._visualizer.remove_geometry(self._geometries.pop(name), reset_bounding_box=False)
            del self._contents[name]
        for name, shape in wanted.items():
            if self._contents.get(name) is not shape:
                self._put(name, *shape)
                self._contents[name] = shape

    def _put(self, name: str, points: NDArray, index: NDArray, colors: NDArray) -> None:
        o3d = self._open3d
        is_mesh = index.shape[1] == 3
        geometry: Any = self._geometries.get(name)
        known = geometry is not None
        if not known:
            geometry = o3d.geometry.TriangleMesh() if is_mesh else o3d.geometry.LineSet()
            if not is_mesh:
                geometry.lines = o3d.utility.Vector2iVector(index)
        positions = o3d.utility.Vector3dVector(points.astype(np.float64))
        tints = o3d.utility.Vector3dVector(colors.astype(np.float64))
        if is_mesh:
            geometry.vertices, geometry.vertex_colors = positions, tints
            geometry.triangles = o3d.utility.Vector3iVector(index)
        else:
            geometry.points, geometry.colors = positions, tints
        if known:
            self._visualizer.update_geometry(geometry)
            return
        self._geometries[name] = geometry
        # The first geometry of a window must set its bounds, or Open3D ignores the camera.
        self._visualizer.add_geometry(geometry, reset_bounding_box=not self._is_bounded)
        self._is_bounded = True
