"""The COCO-style annotation files of HandOccNet (Park et al., CVPR 2022), for HO-3D and DexYCB,
which much of the field shares.

``images`` have id, file_name, width and height; ``annotations`` have image_id, cam_param (focal,
princpt), and for training joints_coord_cam (21, 3) metres, mano_param (pose (48,) with our mean
pose convention, shape) and for DexYCB joints_img and hand_type; for the evaluation of HO-3D
root_joint_cam and bbox (left, top, width, height).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import LAYOUTS, read_json, require_folder
from hands3c_core.data.mano_labels import to_model_space
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.names import user_path

#: Folders in which a file_name is looked for, relative to the image root.
_PLACES: Final = ("", "train", "evaluation", "data")
_PROTOCOLS: Final = {"ho3d": "ho3d", "dexycb": "dexycb"}


class HandOccNetJson(AnnotatedDataset):
    """Images with a HandOccNet annotation file.

    Args:
        path: the json file.
        images: the folder that its file names are relative to; by default the parent of the json's
            folder (``DATA/annotations/FILE.json`` beside ``DATA/...``).
        protocol: 'ho3d' or 'dexycb', by default guessed from the json's name.
        crop_size: side of the crops, px.

    Raises:
        UserError: the file is missing, truncated, or lacks images or annotations.
    """

    kind: ClassVar[str] = "handoccnet_json"
    lays_windows: ClassVar[bool] = True

    def __init__(
        self,
        path: Path,
        images: Path | None = None,
        protocol: str | None = None,
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.path = Path(path)
        table = read_json(self.path, self.kind)
        try:
            self.images = {image["id"]: str(image["file_name"]) for image in table["images"]}
            self.labels: list[dict[str, Any]] = list(table["annotations"])
            if any(label["image_id"] not in self.images for label in self.labels):
                raise KeyError("image_id")
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{self.kind}: {path} is no HandOccNet annotation file ({error}); see {LAYOUTS}."
            ) from None
        self.root = require_folder(images or self.path.resolve().parent.parent, self.kind)
        guess = "dexycb" if "dex" in self.path.name.lower() else "ho3d"
        self.protocol = protocol or guess  # type: ignore[misc]

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> HandOccNetJson:
        """From ``handoccnet_json:FILE.json?images=FOLDER&protocol=ho3d``."""
        spec.check_options(("images", "protocol"))
        images = spec.options.get("images")
        return cls(
            spec.require_path(),
            user_path(images) if images else None,
            spec.choice("protocol", _PROTOCOLS, "ho3d") if "protocol" in spec.options else None,
            crop_size,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def image_path(self, index: int) -> Path:
        """The image of sample ``index``: HO-3D's version 3 is JPEG where old files say PNG."""
        name = self.images[self.labels[index]["image_id"]]
        paths = [self.root / place / name for place in _PLACES]
        paths += [path.with_suffix(".jpg") for path in paths]
        return next((path for path in paths if path.is_file()), paths[0])

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        label = self.labels[index]
        try:
            return self._annotation(index, label)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            name = self.images[label["image_id"]]
            raise CorruptSample(f"{self.path.name}, {name}: {error!r}") from None

    def _annotation(self, index: int, label: dict[str, Any]) -> Annotation:
        is_right = label.get("hand_type", "right") != "left"
        focal, center = label["cam_param"]["focal"], label["cam_param"]["princpt"]
        camera = np.array([[focal[0], 0, center[0]], [0, focal[1], center[1]], [0, 0, 1]], float)
        mano = label.get("mano_param")
        pose = shape = bounds = None
        if mano is not None:
            own = np.asarray(mano["pose"], np.float64).reshape(16, 3)
            pose = to_model_space(own, is_right)
            shape = np.asarray(mano["shape"], np.float64).reshape(10)
        if "joints_coord_cam" not in label:
            left, top, width, height = (float(value) for value in label["bbox"])
            bounds = (left, top, width, height)
        joints_2d = label.get("joints_img")
        return Annotation(
            image=self.image_path(index),
            name=self.images[label["image_id"]],
            is_right=is_right,
            joints_2d=None if joints_2d is None else np.asarray(joints_2d, float)[:, :2],
            joints_3d=label.get("joints_coord_cam"),
            root=label.get("root_joint_cam"),
            camera_matrix=camera,
            pose=pose,
            shape=shape,
            parameter_model=None if pose is None else "mano",
            bounds=bounds,
        )
