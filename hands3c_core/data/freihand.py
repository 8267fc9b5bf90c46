"""FreiHAND (Zimmermann et al., ICCV 2019), version 2 as published.

32,560 training samples in four versions of their background and 3,960 for evaluation, right hands,
224 x 224 px, metres in the camera frame, joints in our order.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset
from hands3c_core.data.files import read_number_table, require_file, require_folder
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.types import CropBox

#: Backgrounds of a training sample, in the order of the image files: green screen, harmonised,
#: coloured from sample points, coloured automatically.
VERSIONS: Final = ("gs", "hom", "sample", "auto")
IMAGE_SIZE: Final = 224
_SPLITS: Final = {
    "train": "training",
    "training": "training",
    "eval": "evaluation",
    "evaluation": "evaluation",
    "test": "evaluation",
}
_CROPS: Final = {"full": "full", "joints": "joints", "central": "central"}
#: Side of SAR's window in the middle of the image, px.
_CENTRAL: Final = 130
#: Numbers of one sample in ``*_mano.json``: 48 pose, 10 shape, 2 root in the image, 1 scale.
_MANO_NUMBERS: Final = 61


class FreiHand(AnnotatedDataset):
    """FreiHAND from its published folder.

    Args:
        root: the folder with ``training/``, ``evaluation/`` and the json files.
        split: 'train' or 'eval'.
        versions: of the training images, any of ``VERSIONS``; the published HandS3C code reads
            'gs' alone, whatever it is asked for.
        crop: 'full' (the image as it is, as published) or 'joints' (1.5 times the joints' box, by
            the dataset's ``crop_rule``), or 'central' (SAR's: the middle 130 px).
        vertices: read the mesh labels; slow for the training split.
        parameter_model: whose parameters pose and shape are said to be.
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder or file is missing or damaged, or an option is unknown.
    """

    kind: ClassVar[str] = "freihand"
    lays_windows: ClassVar[bool] = True
    protocol: ClassVar[str] = "freihand"

    def __init__(
        self,
        root: Path,
        split: str = "train",
        versions: tuple[str, ...] = VERSIONS,
        crop: str = "full",
        vertices: bool | None = None,
        parameter_model: str = "mano",
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.root = Path(root)
        self.split = _SPLITS[split]
        self.crop = crop
        self.parameter_model = parameter_model
        unknown = [version for version in versions if version not in VERSIONS]
        if unknown or not versions:
            raise UserError(
                f"freihand has no version {', '.join(unknown) or '(none)'}; "
                f"choose from {', '.join(VERSIONS)}."
            )
        self.versions = ("gs",) if self.split == "evaluation" else tuple(versions)
        require_folder(self.root, self.kind)
        require_folder(self.root / self.split / "rgb", self.kind)
        self.cameras = self._table("K", (3, 3))
        is_train = self.split == "training"
        self.xyz = self._optional("xyz", (21, 3), needed=is_train)
        self.mano = self._optional("mano", (_MANO_NUMBERS,), needed=is_train)
        with_vertices = not is_train if vertices is None else vertices
        self.verts = (
            self._optional("verts", (778, 3), needed=bool(vertices)) if with_vertices else None
        )
        if self.crop == "joints" and self.xyz is None:
            raise UserError("freihand?crop=joints needs evaluation_xyz.json; use crop=full.")

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> FreiHand:
        """From ``freihand:PATH?split=train&versions=gs,hom&crop=full&vertices=no``."""
        spec.check_options(("split", "versions", "crop", "vertices", "mano"))
        model = spec.options.get("mano", "mano")
        return cls(
            spec.require_path(),
            split=spec.choice("split", _SPLITS, "train"),
            versions=tuple(spec.options.get("versions", ",".join(VERSIONS)).split(",")),
            crop=spec.choice("crop", _CROPS, "full"),
            vertices=spec.flag("vertices") if "vertices" in spec.options else None,
            parameter_model="hands3c" if model.startswith("hand_") else "mano",
            crop_size=crop_size,
        )

    def __len__(self) -> int:
        return len(self.cameras) * len(self.versions)

    def sessions(self) -> list[str] | None:
        """See ``HandDataset.sessions``: a hundredth of the photographs each, with all versions of
        a photograph in the same one."""
        count = len(self.cameras)
        size = max(1, count // 100)
        return [f"part {index % count // size}" for index in range(len(self))]

    def image_path(self, index: int) -> Path:
        """The image of sample ``index``: the versions follow each other in blocks."""
        version, number = divmod(index, len(self.cameras))
        offset = VERSIONS.index(self.versions[version]) * len(self.cameras)
        return self.root / self.split / "rgb" / f"{number + offset:08d}.jpg"

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        number = index % len(self.cameras)
        path = self.image_path(index)
        mano = None if self.mano is None else self.mano[number]
        xyz = None if self.xyz is None else self.xyz[number]
        verts = None
        if self.verts is not None and xyz is not None:
            verts = self.verts[number] - xyz[0]
        return Annotation(
            image=path,
            name=f"{self.split}/{path.name}",
            joints_3d=xyz,
            camera_matrix=self.cameras[number],
            vertices=verts,
            pose=None if mano is None else mano[:48].reshape(16, 3),
            shape=None if mano is None else mano[48:58],
            parameter_model=None if mano is None else self.parameter_model,
            box=self._box(),
        )

    def _box(self) -> CropBox | None:
        if self.crop == "full":
            middle = (IMAGE_SIZE - 1) / 2
            return CropBox(middle, middle, IMAGE_SIZE)
        if self.crop == "central":
            # The released code puts pixel 112 onto the crop's pixel ``crop_size / 2``.
            middle = IMAGE_SIZE / 2 - 0.5 * _CENTRAL / self.crop_size
            return CropBox(middle, middle, _CENTRAL)
        return None

    def _file(self, name: str) -> Path:
        return self.root / f"{self.split}_{name}.json"

    def _table(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        return read_number_table(self._file(name), shape, self.kind)

    def _optional(self, name: str, shape: tuple[int, ...], *, needed: bool) -> np.ndarray | None:
        """A label file; those of the evaluation split were published later and may be missing."""
        if needed:
            require_file(self._file(name), self.kind)
        elif not self._file(name).is_file():
            self.notes.append(f"no {self._file(name).name}")
            return None
        table = self._table(name, shape)
        if len(table) != len(self.cameras):
            raise UserError(
                f"freihand: {self._file(name)} has {len(table)} samples and "
                f"{self._file('K').name} {len(self.cameras)}; get the files again."
            )
        return table
