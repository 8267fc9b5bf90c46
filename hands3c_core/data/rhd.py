"""RHD, the Rendered Hand Pose Dataset (Zimmermann and Brox, ICCV 2017), as published (version 2).

41,258 training and 2,728 evaluation images, 320 x 320 px, of rendered people; metres in the camera
frame. Of the two hands of an image the one with more mask pixels is taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import LAYOUTS, read_pickle_table, require_folder
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError

#: Their order of one hand: the wrist, then each finger from its tip to its root.
TO_OURS: Final = np.array([0, *(finger + k for finger in range(1, 21, 4) for k in (3, 2, 1, 0))])
#: Values of the mask: 0 background, 1 person, then 16 parts of the left and 16 of the right hand.
_LEFT_MASK: Final = (2, 17)
_RIGHT_MASK: Final = (18, 33)
_SPLITS: Final = {
    "train": "training",
    "training": "training",
    "eval": "evaluation",
    "evaluation": "evaluation",
    "test": "evaluation",
}


class Rhd(AnnotatedDataset):
    """RHD from its published folder.

    Args:
        root: the folder with ``training/`` and ``evaluation/`` (``RHD_published_v2``).
        split: 'train' or 'eval'.
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder or file is missing or damaged.
    """

    kind: ClassVar[str] = "rhd"
    lays_windows: ClassVar[bool] = True
    protocol: ClassVar[str] = "rhd"

    def __init__(self, root: Path, split: str = "train", crop_size: int = CROP_SIZE) -> None:
        super().__init__(crop_size)
        self.split = _SPLITS[split]
        self.folder = Path(root) / self.split
        require_folder(Path(root), self.kind)
        require_folder(self.folder, self.kind)
        for part in ("color", "mask"):
            require_folder(self.folder / part, self.kind)
        table = read_pickle_table(self.folder / f"anno_{self.split}.pickle", self.kind)
        try:
            self.labels = {int(number): labels for number, labels in table.items()}
        except ValueError:
            raise UserError(
                f"rhd: anno_{self.split}.pickle is not keyed by image number (see {LAYOUTS})."
            ) from None
        self.numbers = sorted(self.labels)

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> Rhd:
        """From ``rhd:PATH?split=train``."""
        spec.check_options(("split",))
        return cls(spec.require_path(), spec.choice("split", _SPLITS, "train"), crop_size)

    def __len__(self) -> int:
        return len(self.numbers)

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        number = self.numbers[index]
        is_right = self._dominant_is_right(number)
        try:
            labels = self.labels[number]
            hand = slice(21, 42) if is_right else slice(0, 21)
            joints_3d = np.asarray(labels["xyz"], np.float64).reshape(42, 3)[hand][TO_OURS]
            uv = np.asarray(labels["uv_vis"], np.float64).reshape(42, 3)[hand][TO_OURS]
            camera = np.asarray(labels["K"], np.float64).reshape(3, 3)
        except (KeyError, ValueError, TypeError) as error:
            raise CorruptSample(f"{self.split}/{number:05d}: {error}") from None
        return Annotation(
            image=self.folder / "color" / f"{number:05d}.png",
            name=f"{self.split}/{number:05d}.png",
            is_right=is_right,
            joints_2d=uv[:, :2],
            joints_3d=joints_3d,
            camera_matrix=camera,
        )

    def _dominant_is_right(self, number: int) -> bool:
        path = self.folder / "mask" / f"{number:05d}.png"
        mask = _read_mask(path)
        left = int(((mask >= _LEFT_MASK[0]) & (mask <= _LEFT_MASK[1])).sum())
        right = int(((mask >= _RIGHT_MASK[0]) & (mask <= _RIGHT_MASK[1])).sum())
        return right >= left


def _read_mask(path: Path) -> NDArray[Any]:
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise CorruptSample(f"{path} cannot be read ({error.strerror})") from None
    mask = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    if mask is None:
        raise CorruptSample(f"{path} is no image or damaged")
    return mask if mask.ndim == 2 else mask[..., 0]
