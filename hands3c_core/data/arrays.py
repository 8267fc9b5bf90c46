"""Anyone's own benchmark: one npz file of hand crops and labels."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset
from hands3c_core.data.files import LAYOUTS, require_file
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.reading import read_arrays
from hands3c_core.types import CropBox

#: Optional arrays and the shape of one row; None is any length.
_LABELS: Final[dict[str, tuple[int | None, ...]]] = {
    "joints_3d": (21, 3),
    "joints_2d": (21, 2),
    "vertices": (None, 3),
    "is_right": (),
    "K": (3, 3),
    "pose": (16, 3),
    "shape": (10,),
    "name": (),
}
#: Unpacked, with all that is in the file.
_MOST_BYTES: Final = 1 << 36
#: Nearer than this to the camera no wrist is: joints are then taken to be relative already.
_NEAREST: Final = 0.05


class Arrays(AnnotatedDataset):
    """Crops and labels from arrays.

    The file holds ``images`` (N, S, S, 3) uint8 RGB (S = 256, other sizes are resampled) and any of
    ``joints_3d`` (N, 21, 3) metres (camera frame, or relative to any origin), ``joints_2d``
    (N, 21, 2) px of the crop, ``vertices`` (N, V, 3) metres in the frame of ``joints_3d``,
    ``is_right`` (N,) (all right by default; left hands are shown as they are, not mirrored),
    ``K`` (N, 3, 3) of the crops, ``pose`` (N, 16, 3) and ``shape`` (N, 10) in model space (with the
    option ``parameters``), ``name`` (N,). Missing 3D or 2D joints may be NaN.

    Args:
        path: the npz file.
        parameters: whose ``pose`` and ``shape`` are, 'mano' or 'hands3c'.
        is_metric: whether 3D labels have a true scale.
        crop_size: side of the crops, px.

    Raises:
        UserError: the file is missing, damaged, or an array has another shape or type.
    """

    kind: ClassVar[str] = "arrays"

    def __init__(
        self,
        path: Path,
        parameters: str = "mano",
        is_metric: bool = True,
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.path = require_file(Path(path), self.kind)
        self.parameters = parameters
        self.is_metric = is_metric
        self.images, self.labels = _read_arrays(self.path)
        self.side = self.images.shape[1]
        if self.side != self.images.shape[2]:
            raise UserError(f"arrays: images of {path} must be square, not {self.images.shape}.")

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> Arrays:
        """From ``arrays:FILE.npz?parameters=mano&metric=yes``."""
        spec.check_options(("parameters", "metric"))
        return cls(
            spec.require_path(),
            spec.choice("parameters", {"mano": "mano", "hands3c": "hands3c"}, "mano"),
            spec.flag("metric", True),
            crop_size,
        )

    def __len__(self) -> int:
        return len(self.images)

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        row = {name: table[index] for name, table in self.labels.items()}
        joints_3d, joints_2d = row.get("joints_3d"), row.get("joints_2d")
        valid = np.ones(21, bool)
        for joints in (joints_3d, joints_2d):
            if joints is not None:
                valid &= np.isfinite(joints).all(axis=-1)
        wrist = None if joints_3d is None or not valid[0] else joints_3d[0].astype(np.float64)
        has_3d = wrist is not None
        is_absolute = wrist is not None and wrist[2] > _NEAREST and "K" in row
        vertices = row.get("vertices")
        middle = (self.side - 1) / 2
        return Annotation(
            image=self.images[index],
            name=str(row["name"]) if "name" in row else f"{self.path.stem}/{index:06d}",
            is_right=bool(row.get("is_right", True)),
            joints_2d=None if joints_2d is None else np.nan_to_num(joints_2d),
            joints_3d=np.nan_to_num(joints_3d) if joints_3d is not None and has_3d else None,
            is_absolute=is_absolute,
            is_metric=self.is_metric,
            joints_valid=valid,
            camera_matrix=row.get("K"),
            vertices=None if vertices is None or wrist is None else vertices - wrist,
            pose=row.get("pose"),
            shape=row.get("shape"),
            parameter_model=self.parameters if "pose" in row else None,
            box=CropBox(middle, middle, self.side),
        )


def _read_arrays(path: Path) -> tuple[NDArray[np.uint8], dict[str, np.ndarray]]:
    try:
        tables = read_arrays(path, _MOST_BYTES, (*_LABELS, "images"))
    except UserError as error:
        raise UserError(f"arrays: {error}") from None
    images = tables.pop("images", None)
    if images is None or images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        found = "none" if images is None else f"{images.dtype} {images.shape}"
        raise UserError(
            f"arrays: {path} needs 'images' (N, 256, 256, 3) uint8 RGB, not {found}; see {LAYOUTS}."
        )
    if not len(images):
        raise UserError(f"arrays: {path} holds no images.")
    for name, table in tables.items():
        wanted = (len(images), *_LABELS[name])
        fits = len(wanted) == table.ndim and all(
            size is None or size == own for size, own in zip(wanted, table.shape, strict=True)
        )
        if not fits or table.dtype.kind not in ("US" if name == "name" else "fiub"):
            shape = ", ".join("V" if size is None else str(size) for size in wanted)
            raise UserError(
                f"arrays: {name!r} of {path} is {table.dtype} {table.shape}, not ({shape}) "
                f"numbers; see {LAYOUTS}."
            )
    return images, tables
