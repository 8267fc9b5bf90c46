"""Open3D is loaded on a thread of its own, while others import what they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Another thread's import at the worst moment: while Open3D walks over all modules.
CODE = """
import sys, types

def watch(frame, event, arg):
    if frame.f_code.co_name != "_insert_pybind_names":
        return None
    def line(frame, event, arg):
        sys.modules[f"other{len(sys.modules)}"] = types.ModuleType("other")
        sys.settrace(None)
        return None
    def first(frame, event, arg):
        return line if "modname" in frame.f_locals else first
    return first

from hands3c_core.render.open3d_window import OffscreenWindow, import_open3d

sys.settrace(watch)
open3d = import_open3d()
assert any(name.startswith("other") for name in sys.modules), "nothing came in between"
assert open3d.visualization.Visualizer is not None
assert len(open3d.geometry.TriangleMesh.create_sphere(1.0).vertices) > 100
"""


def test_an_import_beside_it_does_not_end_the_3d_view():
    pytest.importorskip("open3d")
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
