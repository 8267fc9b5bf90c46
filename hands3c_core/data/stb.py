"""STB, the Stereo Hand Pose Tracking Benchmark (Zhang et al., 2016): one left hand, 12 sequences of
1,500 frames, 640 x 480 px, from a stereo pair (BB) and a depth camera (SK).

Labels are millimetres in the frame of the left camera of the pair, or of the depth camera. Their
first joint is the palm's centre, not the wrist; ``root`` says which is wanted.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from hands3c_core.conventions import CROP_SIZE, JOINT_NAMES
from hands3c_core.data.dataset import AnnotatedDataset
from hands3c_core.data.files import LAYOUTS, require_file, require_folder
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError

Floats = NDArray[np.float64]

#: Their order: the palm, then little finger to thumb, each from its root to its tip.
TO_OURS: Final = np.array([0, *(finger + k for finger in (17, 13, 9, 5, 1) for k in range(4))])
#: Backgrounds: B1 is the test set.
_BACKGROUNDS: Final = {"train": (2, 3, 4, 5, 6), "test": (1,), "all": (1, 2, 3, 4, 5, 6)}
_SPLITS: Final = {"train": "train", "test": "test", "eval": "test", "all": "all"}
_CAMERAS: Final = {"left": "left", "right": "right", "color": "color"}
_ROOTS: Final = {"wrist": "wrist", "palm": "palm"}
#: Calibration published with the dataset, px and mm.
_PAIR: Final = np.array([[822.79041, 0, 318.47345], [0, 822.79041, 250.31296], [0, 0, 1]])
_BASELINE: Final = 120.054
_COLOR: Final = np.array([[607.92271, 0, 314.78337], [0, 607.88192, 236.42484], [0, 0, 1]])
_COLOR_TURN: Final = (0.00531, -0.01196, 0.00301)
_COLOR_SHIFT: Final = (-24.0381, -0.4563, -1.2326)
_FILES: Final = {"left": "BB_left", "right": "BB_right", "color": "SK_color"}
_RING: Final = JOINT_NAMES.index("ring1")


class Stb(AnnotatedDataset):
    """STB from its published folder.

    Args:
        root: the folder with ``labels/`` and the sequences (``B1Counting/`` ..., directly or in
            ``images/``).
        split: 'train' (B2 to B6), 'test' (B1) or 'all'.
        camera: 'left' or 'right' of the stereo pair, or 'color' of the depth camera.
        joint_0: 'wrist' (the default: ring1 + 2 (palm - ring1), the extrapolation of Ge et al.,
            CVPR 2019) or 'palm' (as labelled; joint 0 is then no wrist).
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder or file is missing or damaged.
    """

    kind: ClassVar[str] = "stb"
    lays_windows: ClassVar[bool] = True
    protocol: ClassVar[str] = "stb"

    def __init__(
        self,
        root: Path,
        split: str = "train",
        camera: str = "left",
        joint_0: str = "wrist",
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        root = require_folder(Path(root), self.kind)
        require_folder(root / "labels", self.kind)
        self.camera = camera
        self.camera_matrix = _COLOR if camera == "color" else _PAIR
        self.paths: list[Path] = []
        tables = []
        for background in _BACKGROUNDS[_SPLITS[split]]:
            for motion in ("Counting", "Random"):
                name = f"B{background}{motion}"
                folder = root / "images" / name
                folder = folder if folder.is_dir() else require_folder(root / name, self.kind)
                mat = root / "labels" / f"{name}_{'SK' if camera == 'color' else 'BB'}.mat"
                joints = _read_joints(mat)
                tables.append(to_camera(joints, camera))
                self.paths += [
                    folder / f"{_FILES[camera]}_{frame}.png" for frame in range(len(joints))
                ]
        self.joints = np.concatenate(tables)[:, TO_OURS] / 1000
        if joint_0 == "wrist":
            palm, ring = self.joints[:, 0], self.joints[:, _RING]
            self.joints[:, 0] = ring + 2 * (palm - ring)
        else:
            self.notes.append("joint 0 is the palm's centre, not the wrist")

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> Stb:
        """From ``stb:PATH?split=train&camera=left&root=wrist``."""
        spec.check_options(("split", "camera", "root"))
        return cls(
            spec.require_path(),
            spec.choice("split", _SPLITS, "train"),
            spec.choice("camera", _CAMERAS, "left"),
            spec.choice("root", _ROOTS, "wrist"),
            crop_size,
        )

    def __len__(self) -> int:
        return len(self.paths)

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        path = self.paths[index]
        return Annotation(
            image=path,
            name=f"{path.parent.name}/{path.name}",
            is_right=False,
            joints_3d=self.joints[index],
            camera_matrix=self.camera_matrix,
        )


def to_camera(joints: Floats, camera: str) -> Floats:
    """Labelled points (..., 3), mm, in the frame of a camera: 'left' and 'right' from labels of the
    pair (given in the left camera's frame), 'color' from labels in the depth camera's."""
    if camera == "left":
        return joints
    if camera == "right":
        return joints - np.array([_BASELINE, 0.0, 0.0])
    turn = cv2.Rodrigues(np.array(_COLOR_TURN))[0]
    return (joints - np.array(_COLOR_SHIFT)) @ turn


def _read_joints(path: Path) -> Floats:
    """(N, 21, 3) mm from a label file."""
    require_file(path, "stb")
    try:
        table = np.asarray(loadmat(path)["handPara"], np.float64)
    except Exception as error:  # damaged files can fail in any way inside scipy
        raise UserError(
            f"stb: {path} is damaged or holds no handPara ({type(error).__name__}); get it again."
        ) from None
    if table.ndim != 3 or table.shape[:2] != (3, 21):
        raise UserError(
            f"stb: handPara of {path} is {table.shape}, not 3 x 21 x N (see {LAYOUTS})."
        )
    return table.transpose(2, 1, 0)
