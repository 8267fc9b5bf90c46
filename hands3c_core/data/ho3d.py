"""HO-3D, versions 2 and 3 (Hampali et al., CVPR 2020): right hands with objects.

66,034 / 78,297 training and 11,524 / 20,137 evaluation images, 640 x 480 px (PNG in version 2, JPEG
in version 3). Annotations are one pickle an image, in OpenGL's frame (y up, z towards the camera),
joints in the order of ``HO3D_JOINTS``. The evaluation's pickles hold only the wrist and a box.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SIZE, JOINT_NAMES
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import (
    read_number_table,
    read_pickle_table,
    require_file,
    require_folder,
)
from hands3c_core.data.mano_labels import NEEDS_MANO, ManoLabels
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.geometry import turn_global

#: The dataset's own order: the wrist, three joints of each finger, then the tips, thumb to little.
HO3D_JOINTS: Final = (
    "wrist",
    *(
        f"{finger}{number}"
        for finger in ("index", "middle", "little", "ring", "thumb")
        for number in (1, 2, 3)
    ),
    *(f"{finger}4" for finger in ("thumb", "index", "middle", "ring", "little")),
)
#: ``theirs[TO_OURS]`` is in our order.
TO_OURS: Final = np.array([HO3D_JOINTS.index(name) for name in JOINT_NAMES])
#: ``ours[TO_THEIRS]`` is in theirs.
TO_THEIRS: Final = np.array([JOINT_NAMES.index(name) for name in HO3D_JOINTS])
#: OpenGL's camera frame and ours differ by half a turn about x; it is its own inverse.
OPENGL: Final = np.diag([1.0, -1.0, -1.0])
_SPLITS: Final = {
    "train": "train",
    "training": "train",
    "eval": "evaluation",
    "evaluation": "evaluation",
    "test": "evaluation",
}


class Ho3d(AnnotatedDataset):
    """HO-3D from its published folder.

    Args:
        root: the folder with ``train/``, ``evaluation/``, ``train.txt`` and ``evaluation.txt``.
        split: 'train' or 'eval'. Labels of the evaluation are read from ``evaluation_xyz.json`` and
            ``evaluation_verts.json`` (in the form of a submission) where these are present.
        mano: the hand model of the pose labels; without it they are left out.
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder or file is missing or damaged.
    """

    kind: ClassVar[str] = "ho3d"
    lays_windows: ClassVar[bool] = True
    protocol: ClassVar[str] = "ho3d"

    def __init__(
        self,
        root: Path,
        split: str = "train",
        mano: ManoLabels | None = None,
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.root = Path(root)
        self.split = _SPLITS[split]
        self.mano = mano
        require_folder(self.root, self.kind)
        require_folder(self.root / self.split, self.kind)
        listing = require_file(self.root / f"{self.split}.txt", self.kind)
        lines = listing.read_text(encoding="utf-8", errors="replace").split()
        self.names = [line for line in lines if line.count("/") == 1]
        if not self.names or len(self.names) != len(lines):
            raise UserError(
                f"ho3d: {listing} should hold lines like ABF10/0000; get the file again."
            )
        self.xyz: NDArray[np.float32] | None = None
        self.verts: NDArray[np.float32] | None = None
        if self.split == "evaluation":
            self.xyz = self._evaluation_labels("xyz", 21)
            self.verts = self._evaluation_labels("verts", 778)
            if self.xyz is None:
                self.notes.append("no labels (evaluation_xyz.json): only submissions can be made")
        elif mano is None:
            self.notes.append(NEEDS_MANO)

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> Ho3d:
        """From ``ho3d:PATH?split=train&mano=PATH``."""
        spec.check_options(("split", "mano"))
        return cls(
            spec.require_path(),
            spec.choice("split", _SPLITS, "train"),
            ManoLabels.of(spec),
            crop_size,
        )

    def __len__(self) -> int:
        return len(self.names)

    def sessions(self) -> list[str] | None:
        """See ``HandDataset.sessions``: sequences that differ in their number alone show the same
        hand with the same object, several of them from other cameras at the same time."""
        return [name.split("/")[0].rstrip("0123456789") for name in self.names]

    def image_path(self, index: int) -> Path:
        """The image of sample ``index``, PNG or JPEG."""
        sequence, number = self.names[index].split("/")
        path = self.root / self.split / sequence / "rgb" / f"{number}.png"
        return path if path.exists() else path.with_suffix(".jpg")

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        sequence, number = self.names[index].split("/")
        path = self.root / self.split / sequence / "meta" / f"{number}.pkl"
        try:
            meta = read_pickle_table(path, self.kind)
            if self.split == "train":
                return self._train_annotation(index, meta)
            return self._evaluation_annotation(index, meta)
        except (UserError, KeyError, ValueError, TypeError, IndexError) as error:
            raise CorruptSample(f"{path}: {error}") from None

    def _train_annotation(self, index: int, meta: dict[str, Any]) -> Annotation:
        joints = np.asarray(meta["handJoints3D"], np.float64).reshape(21, 3)[TO_OURS] @ OPENGL
        pose = shape = vertices = None
        if self.mano is not None:
            pose = turn_global(self.mano.from_flat(meta["handPose"]), OPENGL)
            shape = np.asarray(meta["handBeta"], np.float64).reshape(10)
            vertices = self.mano.vertices(pose, shape)
        return Annotation(
            image=self.image_path(index),
            name=f"{self.split}/{self.names[index]}",
            joints_3d=joints,
            camera_matrix=np.asarray(meta["camMat"], np.float64).reshape(3, 3),
            vertices=vertices,
            pose=pose,
            shape=shape,
            parameter_model=None if self.mano is None else self.mano.family,
        )

    def _evaluation_annotation(self, index: int, meta: dict[str, Any]) -> Annotation:
        wrist = np.asarray(meta["handJoints3D"], np.float64).reshape(-1, 3)[0] @ OPENGL
        joints = vertices = None
        if self.xyz is not None:
            joints = self.xyz[index].astype(np.float64)[TO_OURS] @ OPENGL
            if self.verts is not None:
                vertices = self.verts[index].astype(np.float64) @ OPENGL - joints[0]
        return Annotation(
            image=self.image_path(index),
            name=f"{self.split}/{self.names[index]}",
            joints_3d=joints,
            root=wrist,
            camera_matrix=np.asarray(meta["camMat"], np.float64).reshape(3, 3),
            vertices=vertices,
            bounds=_bounds(np.asarray(meta["handBoundingBox"], np.float64).reshape(4)),
        )

    def _evaluation_labels(self, name: str, points: int) -> NDArray[np.float32] | None:
        path = self.root / f"evaluation_{name}.json"
        if not path.is_file():
            return None
        table = read_number_table(path, (points, 3), self.kind)
        if len(table) != len(self.names):
            raise UserError(
                f"ho3d: {path} has {len(table)} samples, evaluation.txt {len(self.names)}; "
                "get the files of one version."
            )
        return table


def _bounds(corners: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Left, top, width, height of a box given by its left, top, right and bottom, px."""
    left, top, right, bottom = corners.tolist()
    return left, top, right - left, bottom - top
