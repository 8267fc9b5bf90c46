"""InterHand2.6M (Moon et al., ECCV 2020), version 1.0 as published: 3D joints of one or two hands.

``annotations/SPLIT/InterHand2.6M_SPLIT_{data,camera,joint_3d}.json`` (COCO's form for the images
and hands, cameras and world coordinates in millimetres), ``images/SPLIT/...``. The joints of a hand
go from each finger's tip to its root, the wrist last, right hand first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import LAYOUTS, read_json, require_folder
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError

#: Our order of one hand's joints, as indices into theirs.
TO_OURS: Final = np.array(
    [20, *(finger + step for finger in range(0, 20, 4) for step in (3, 2, 1, 0))]
)
_SPLITS: Final = {"train": "train", "val": "val", "test": "test", "eval": "test"}
_HANDS: Final = {"both": "both", "right": "right", "left": "left"}
_SCENES: Final = {"all": "all", "single": "single", "interacting": "interacting"}


class InterHand(AnnotatedDataset):
    """InterHand2.6M; each hand with a labelled wrist is a sample.

    Args:
        root: the folder with ``annotations/`` and ``images/``.
        split: 'train', 'val' or 'test'.
        hand: 'right', 'left' or 'both'.
        scene: 'single' or 'interacting' hands, or 'all'.
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder or file is missing or damaged, or no hand is left.
    """

    kind: ClassVar[str] = "interhand"
    lays_windows: ClassVar[bool] = True

    def __init__(
        self,
        root: Path,
        split: str = "test",
        hand: str = "both",
        scene: str = "all",
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.root = require_folder(Path(root), self.kind)
        self.split = split
        self.images_folder = require_folder(self.root / "images" / split, self.kind)
        data = self._table("data")
        self.cameras = self._table("camera")
        self.world = self._table("joint_3d")
        try:
            self.images = {int(image["id"]): image for image in data["images"]}
            self.hands = list(self._hands(data["annotations"], hand, scene))
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"interhand: InterHand2.6M_{split}_data.json is not of its published form "
                f"({error!r}; layout: {LAYOUTS})."
            ) from None
        if not self.hands:
            raise UserError(f"interhand: no hand of {split} is {hand} and {scene}.")

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> InterHand:
        """From ``interhand:PATH?split=test&hand=both&scene=all``."""
        spec.check_options(("split", "hand", "scene"))
        return cls(
            spec.require_path(),
            spec.choice("split", _SPLITS, "test"),
            spec.choice("hand", _HANDS, "both"),
            spec.choice("scene", _SCENES, "all"),
            crop_size,
        )

    def __len__(self) -> int:
        return len(self.hands)

    def sessions(self) -> list[str] | None:
        """See ``HandDataset.sessions``: one for each capture and sequence."""
        images = [self.images[int(entry["image_id"])] for entry, _ in self.hands]
        return [f"{image['capture']}/{image['seq_name']}" for image in images]

    def images_of(self) -> list[str] | None:
        """See ``HandDataset.images_of``."""
        return [str(entry["image_id"]) for entry, _ in self.hands]

    def groups(self) -> list[str] | None:
        """See ``HandDataset.groups``: single and interacting hands."""
        return [
            "interacting" if entry["hand_type"] == "interacting" else "single"
            for entry, _ in self.hands
        ]

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        entry, is_right = self.hands[index]
        rows = slice(0, 21) if is_right else slice(21, 42)
        try:
            image = self.images[int(entry["image_id"])]
            capture, camera = str(image["capture"]), str(image["camera"])
            name = str(image["file_name"])
            world = self.world[capture][str(image["frame_idx"])]["world_coord"]
            joints = np.asarray(world, np.float64).reshape(42, 3)[rows][TO_OURS]
            valid = np.asarray(entry["joint_valid"], np.float64).reshape(42)[rows][TO_OURS] > 0.5
            known = self.cameras[capture]
            turn = np.asarray(known["camrot"][camera], np.float64).reshape(3, 3)
            place = np.asarray(known["campos"][camera], np.float64).reshape(3)
            (fx, fy), (cx, cy) = known["focal"][camera], known["princpt"][camera]
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptSample(f"interhand[{index}]: {error!r}") from None
        return Annotation(
            image=self.images_folder / name,
            name=f"{self.split}/{name} {'right' if is_right else 'left'}",
            is_right=is_right,
            joints_3d=(joints - place) @ turn.T / 1000,
            joints_valid=valid,
            camera_matrix=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64),
        )

    def _table(self, what: str) -> Any:
        name = f"InterHand2.6M_{self.split}_{what}.json"
        return read_json(self.root / "annotations" / self.split / name, self.kind)

    @staticmethod
    def _hands(entries: Any, hand: str, scene: str) -> Any:
        """Each labelled hand: its entry, and whether it is the right one. Without its wrist nothing
        of a hand can be compared, as in the official evaluation."""
        for entry in entries:
            kind = str(entry["hand_type"])
            if scene != "all" and (kind == "interacting") != (scene == "interacting"):
                continue
            valid = np.asarray(entry["joint_valid"], np.float64).reshape(42)
            for side, wrist in (("right", 20), ("left", 41)):
                if hand in ("both", side) and valid[wrist] > 0.5:
                    yield entry, side == "right"
