"""What a take can be turned into: the one table that the conversion, the command line and the app
read. It is light: the window lists formats without importing what writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from hands3c_core.errors import UserError
from hands3c_core.plugins import load_plugins


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format."""

    kind: str
    """What commands call it."""
    ending: str
    """What is appended to the take's name; one that begins with an underscore is a folder."""
    name: str
    """What the window calls it."""
    about: str
    """What it is, in one line."""
    needs_meshes: bool = False
    """Whether its writer wants the vertices of every frame."""
    module: str = ""
    """Module of the optional package it needs."""
    package: str = ""
    """What to install for it."""
    writer: str | Callable[[Any], Any] = ""
    """What makes a ``TakeWriter`` of a ``Take`` (both in ``export.take_writers``): a function or
    where it is, 'module:name'; by default the one in that module that is called as the kind."""

    @property
    def is_available(self) -> bool:
        """Whether what it needs is installed."""
        return not self.module or find_spec(self.module) is not None

    def open_writer(self, take: Any) -> Any:
        """The ``TakeWriter`` of a ``Take``."""
        if callable(self.writer):
            return self.writer(take)
        place = self.writer or f"hands3c_core.export.take_writers:{self.kind}"
        module, _, name = place.partition(":")
        return getattr(import_module(module), name)(take)

    def require(self) -> None:
        """Raise UserError if what it needs is not installed."""
        if not self.is_available:
            raise UserError(
                f"the format {self.kind} needs the package {self.package}: "
                f"pip install {self.package} (or the extra 'export')"
            )


#: ``known_formats`` has those of plugins besides.
EXPORT_FORMATS: Final[dict[str, ExportFormat]] = {
    made.kind: made
    for made in (
        ExportFormat("npz", ".npz", "NPZ", "All parameters as NumPy arrays"),
        ExportFormat("csv", ".csv", "CSV", "Joint angles in degrees, for a spreadsheet"),
        ExportFormat(
            "glb", ".glb", "GLB", "Animated, skinned, textured hands for Blender and the web"
        ),
        ExportFormat("bvh", ".bvh", "BVH", "Motion capture for animation programs"),
        ExportFormat(
            "bvh_mixamo",
            ".mixamo.bvh",
            "BVH Mixamo",
            "Motion capture with Mixamo's names, cm, for retargeting",
        ),
        ExportFormat("obj", "_obj", "OBJ", "A folder with a textured mesh per frame", True),
        ExportFormat("ply", "_ply", "PLY", "A folder with a coloured mesh per frame", True),
        ExportFormat(
            "openxr", ".openxr.jsonl", "OpenXR", "OpenXR's 26 joints, poses and radii, JSON lines"
        ),
        ExportFormat("openxr_npz", ".openxr.npz", "OpenXR NPZ", "OpenXR's 26 joints as arrays"),
        ExportFormat(
            "parquet",
            ".parquet",
            "Parquet",
            "A table of all parameters, a row per hand and frame",
            module="pyarrow",
            package="pyarrow",
        ),
        ExportFormat(
            "usdz",
            ".usdz",
            "USD",
            "Animated, skinned, textured hands for USD programs",
            module="pxr",
            package="usd-core",
        ),
        ExportFormat(
            "rrd",
            ".rrd",
            "Rerun",
            "Meshes, joints and curves on a timeline for the Rerun viewer",
            needs_meshes=True,
            module="rerun",
            package="rerun-sdk",
        ),
    )
}


def register_format(made: ExportFormat) -> None:
    """Add a format.

    Raises:
        ValueError: its kind is taken.
    """
    if made.kind in EXPORT_FORMATS:
        raise ValueError(f"a format {made.kind!r} is registered already")
    EXPORT_FORMATS[made.kind] = made


def known_formats() -> dict[str, ExportFormat]:
    """All of them, those of plugins included."""
    load_plugins()
    return dict(EXPORT_FORMATS)


def available_formats() -> dict[str, ExportFormat]:
    """Those whose packages are installed."""
    return {kind: made for kind, made in known_formats().items() if made.is_available}
