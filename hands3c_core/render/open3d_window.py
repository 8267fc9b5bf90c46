"""An off-screen Open3D window: an OpenGL context of its own, what is in it, and its pictures.

Open3D's legacy ``Visualizer`` is used because it renders off screen without a GPU (its newer
``OffscreenRenderer`` does not reliably). What it took to make it behave:

* On Linux the display variables are hidden while the window is made, which forces Open3D's own EGL
  context: no X server or Wayland is needed or touched.
* An OpenGL context belongs to one thread. Every call here must come from the thread that made the
  window; another thread gets a RuntimeError instead of a crash inside the driver.
* Resizing destroys the old context *before* opening the new: its destructor deletes GL names in
  whatever context is current.
* A context costs tens of megabytes and a tenth of a second, and a view changes its size whenever a
  banner comes or goes or an edge is dragged. So a context that is a little too large is kept, and
  the middle of its picture is used.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.free_memory import trim_heap
from hands3c_core.render.scene_shapes import ShapeSet

_LEAST_SIDE: Final = 16
_MAX_SIDE: Final = 8192
#: A window that grows is given room for some more, px.
_ROOM: Final = 64
#: A context is kept for a smaller window while so much of its picture is used.
_LEAST_USE: Final = 0.6
_ENVIRONMENT_LOCK = threading.Lock()

Size = tuple[int, int]


class OffscreenWindow:
    """Opens with its first size; see ``HandScene`` for what is drawn.

    Args:
        size: width and height of the pictures, px; sizes out of bounds are brought to them.
        background: sRGB in [0, 1].
        line_width: of line sets, px.

    Raises:
        UserError: Open3D is missing or gets no OpenGL context.
    """

    def __init__(
        self, size: Size, background: tuple[float, float, float], line_width: float
    ) -> None:
        open3d = import_open3d()
        open3d.utility.set_verbosity_level(open3d.utility.VerbosityLevel.Error)
        self._open3d: Any = open3d
        self._visualizer: Any = None
        self._background, self._line_width = background, line_width
        self._thread = threading.get_ident()
        self.size = self._drawn = _possible(size)
        self._open()

    @property
    def is_open(self) -> bool:
        """Whether there is a context: not after ``close`` or a ``resize`` that failed."""
        return self._visualizer is not None

    def resize(self, size: Size) -> None:
        """Change the size of the pictures. Raises UserError if there is no context of that size."""
        self.check_thread()
        width, height = self.size = _possible(size)
        if width > self._drawn[0] or height > self._drawn[1]:
            self._drawn = _possible((width + _ROOM, height + _ROOM))
        elif width * height < _LEAST_USE * self._drawn[0] * self._drawn[1]:
            self._drawn = self.size
        else:
            return
        self.reopen()

    def reopen(self) -> None:
        """Replace the context by a new, empty one. Raises UserError if there is none."""
        self.close()
        trim_heap()
        self._open()

    def close(self) -> None:
        """Destroy the context. Safe to call twice."""
        if self._visualizer is not None:
            self.check_thread()
            del self._shapes
            self._visualizer.destroy_window()
            self._visualizer = None

    def check_thread(self) -> None:
        """Raise RuntimeError on any thread but the window's own."""
        if self._thread != threading.get_ident():
            raise RuntimeError("a scene must be used on the thread that opened it")

    @property
    def shapes(self) -> ShapeSet:
        """What is in the window; a new, empty set whenever there is a new context."""
        return self._shapes

    def set_background(self, color: tuple[float, float, float]) -> None:
        """Change the colour behind everything, sRGB in [0, 1]."""
        self.check_thread()
        self._background = color
        self._visualizer.get_render_option().background_color = np.array(color)

    def capture(self, extrinsic: NDArray[np.float64], focal_px: float) -> NDArray[np.float32]:
        """Draw: (height, width, 3) RGB in [0, 1].

        Args:
            extrinsic: (4, 4) world to viewer (x right, y down, z forward), metres.
            focal_px: focal length for pictures of ``size``; the principal point is the centre.
        """
        o3d, (width, height) = self._open3d, self._drawn
        parameters = o3d.camera.PinholeCameraParameters()
        parameters.intrinsic = o3d.camera.PinholeCameraIntrinsic(
            width, height, focal_px, focal_px, width / 2 - 0.5, height / 2 - 0.5
        )
        parameters.extrinsic = extrinsic
        self._visualizer.get_view_control().convert_from_pinhole_camera_parameters(
            parameters, allow_arbitrary=True
        )
        drawn = np.asarray(self._visualizer.capture_screen_float_buffer(do_render=True))
        x, y = (width - self.size[0]) // 2, (height - self.size[1]) // 2
        return np.ascontiguousarray(drawn[y : y + self.size[1], x : x + self.size[0]])

    def _open(self) -> None:
        visualizer = self._open3d.visualization.Visualizer()
        with _without_display():
            opened = visualizer.create_window("hands", *self._drawn, 0, 0, visible=False)
        if not opened:
            raise UserError(
                "Open3D could not create an OpenGL context for the 3D view; install libegl1 and "
                "libgl1 (Mesa) or run headless"
            )
        self._visualizer = visualizer
        options = visualizer.get_render_option()
        options.background_color = np.array(self._background)
        options.light_on = False
        options.mesh_show_back_face = True
        options.mesh_shade_option = self._open3d.visualization.MeshShadeOption.Color
        options.line_width = self._line_width
        control = visualizer.get_view_control()
        control.set_constant_z_near(0.01)
        control.set_constant_z_far(20.0)
        self._shapes = ShapeSet(self._open3d, visualizer)


def _possible(size: Size) -> Size:
    width, height = (min(max(int(side), _LEAST_SIDE), _MAX_SIDE) for side in size)
    return width, height


@contextlib.contextmanager
def _without_display() -> Iterator[None]:
    """Hide the display from Open3D while it picks its OpenGL context (Linux only)."""
    names = ("DISPLAY", "WAYLAND_DISPLAY") if sys.platform.startswith("linux") else ()
    with _ENVIRONMENT_LOCK:
        hidden = {name: os.environ.pop(name) for name in names if name in os.environ}
        try:
            yield
        finally:
            os.environ.update(hidden)


def import_open3d() -> Any:
    """Open3D, whatever other threads import meanwhile: its import walks ``sys.modules`` and fails
    when that grows.

    Raises:
        UserError: it is missing or does not load.
    """
    for attempts_left in (2, 1, 0):
        try:
            import open3d
        except (ImportError, OSError) as error:
            raise UserError(f"the 3D view needs Open3D, which does not load: {error}") from error
        except RuntimeError as error:
            if not attempts_left:
                raise UserError(f"Open3D does not load ({error}); start again.") from error
            # Its own modules are half there; what is compiled stays, which loads only once.
            for name in [*sys.modules]:
                if name.split(".")[0] == "open3d" and "pybind" not in name:
                    del sys.modules[name]
        else:
            return open3d
    raise AssertionError("unreachable")
