"""HInt (Pavlakos et al., "Reconstructing Hands in 3D with Transformers", CVPR 2024): 2D joints of
hands in everyday videos, each marked as visible or occluded.

Folders ``SPLIT_PART_img`` (``TEST_newdays_img``, ``TEST_epick_img``, ``TEST_ego4d_img``, ...) hold
pairs of ``NAME.jpg`` and ``NAME.json``. The JSON is a list of one object with ``keypoints`` (21
pairs, px, in our order), ``occlusion`` (21; 1 is occluded) and ``bbox`` (corners). The side is the
last letter of the name (``..._r``, ``..._l``). There is no 3D.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import LAYOUTS, require_folder
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.reading import read_json

_SPLITS: Final = {"train": "TRAIN", "val": "VAL", "test": "TEST", "eval": "TEST"}
_JOINTS: Final = {"all": "all", "visible": "visible", "occluded": "occluded"}
_MOST_BYTES: Final = 1 << 20
Floats = NDArray[np.float64]


class HInt(AnnotatedDataset):
    """HInt from its published folder (``HInt_annotation_partial`` or ``HInt_annotation``).

    Args:
        root: that folder.
        split: 'train', 'val' or 'test'.
        parts: of its sources, such as 'newdays', 'epick', 'ego4d'; all that are there if empty.
        joints: 'all', 'visible' or 'occluded'; hands without such a joint are left out.
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder is missing or holds no pairs of image and labels.
    """

    kind: ClassVar[str] = "hint"
    lays_windows: ClassVar[bool] = True

    def __init__(
        self,
        root: Path,
        split: str = "test",
        parts: tuple[str, ...] = (),
        joints: str = "all",
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.root = require_folder(Path(root), self.kind)
        self.joints = joints
        folders = self._folders(_SPLITS[split], parts)
        labels = sorted(path for folder in folders for path in folder.glob("*.json"))
        self.labels = [path for path in labels if path.with_suffix(".jpg").is_file()]
        if len(self.labels) < len(labels):
            self.notes.append(f"{len(labels) - len(self.labels)} labels without their image")
        if joints != "all":
            self.labels = [path for path in self.labels if self._has_joints(path)]
        if not self.labels:
            raise UserError(
                f"hint: {', '.join(folder.name for folder in folders)} in {self.root} hold no "
                f"pairs of .jpg and .json; the layout is described in {LAYOUTS}."
            )

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> HInt:
        """From ``hint:PATH?split=test&part=newdays+epick&joints=visible``."""
        spec.check_options(("split", "part", "joints"))
        return cls(
            spec.require_path(),
            spec.choice("split", {name: name for name in _SPLITS}, "test"),
            tuple(part for part in spec.options.get("part", "").split("+") if part),
            spec.choice("joints", _JOINTS, "all"),
            crop_size,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        path = self.labels[index]
        joints, occluded, bounds = self._read(path)
        return Annotation(
            image=path.with_suffix(".jpg"),
            name=f"{path.parent.name}/{path.stem}",
            is_right=not path.stem.lower().endswith("_l"),
            joints_2d=joints,
            joints_valid=self._measured(occluded),
            bounds=bounds,
        )

    def _folders(self, split: str, parts: tuple[str, ...]) -> list[Path]:
        if parts:
            found = [self.root / f"{split}_{part}_img" for part in parts]
            return [require_folder(folder, self.kind) for folder in found]
        there = sorted(path for path in self.root.glob(f"{split}_*") if path.is_dir())
        if not there:
            raise UserError(
                f"hint: {self.root} has no folder {split}_..._img; the layout is described in "
                f"{LAYOUTS}."
            )
        return there

    def _has_joints(self, path: Path) -> bool:
        try:
            return bool(self._measured(self._read(path)[1]).any())
        except CorruptSample:
            return True  # it is counted when it is read

    def _measured(self, occluded: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which joints are asked for: HaMeR's ALL, VIS or OCC."""
        if self.joints == "all":
            return np.ones_like(occluded)
        return occluded if self.joints == "occluded" else ~occluded

    def _read(self, path: Path) -> tuple[Floats, NDArray[np.bool_], Floats]:
        """Joints (21, 2), which of them are occluded (21,), and left, top, width, height."""
        try:
            content: Any = read_json(path, _MOST_BYTES)
            hand = content[0] if isinstance(content, list) else content
            joints = np.asarray(hand["keypoints"], np.float64).reshape(21, -1)[:, :2]
            occluded = np.asarray(hand["occlusion"], np.float64).reshape(21) > 0.5
            corners = np.asarray(hand["bbox"], np.float64).reshape(-1)[:4].reshape(2, 2)
        except (UserError, KeyError, IndexError, TypeError, ValueError) as error:
            raise CorruptSample(f"{path}: {error}") from None
        if not (np.isfinite(joints).all() and np.isfinite(corners).all()):
            raise CorruptSample(f"{path}: a label is not a finite number")
        size = corners[1] - corners[0]
        if (size <= 0).any():
            raise CorruptSample(f"{path}: its box is empty")
        return joints, occluded, np.concatenate([corners[0], size])
