"""ARCTIC (Fan et al., CVPR 2023): two hands with an object, seen by eight cameras and one on the
head.

In ``arctic_data/data``: ``splits/p1_val.npy`` (a table of sequences with joints in each camera's
frame and MANO's parameters), or ``splits_json/protocol_p1.json`` with ``processed_seqs/s05/
box_use_01.npy``; ``meta/misc.json`` (cameras); ``images/s05/box_use_01/1/00010.jpg``, or the
published ``cropped_images``. Joints are in MANO's order, tips last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import LAYOUTS, read_json, read_npy_table, require_folder
from hands3c_core.data.mano_labels import NEEDS_MANO, ManoLabels, to_model_space
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.hand_model.data import JOINT_GATHER

Floats = NDArray[np.float64]
_SPLITS: Final = {"train": "train", "val": "val", "test": "test", "eval": "val"}
_PROTOCOLS: Final = {"p1": "p1", "p2": "p2"}
_HANDS: Final = {"both": "both", "right": "right", "left": "left"}
#: View of the camera on the head; the others stand around.
EGOCENTRIC: Final = 0
#: Views of each protocol: all that stand, or the one on the head.
VIEWS: Final = {"p1": range(1, 9), "p2": range(1)}
#: Frames at a sequence's beginning and end whose images may be black.
_MARGIN: Final = 10
#: Of ``cropped_images``: side in px, width in the box's sides, and the egocentric image's scale.
_CROPPED_SIDE, _CROPPED_WIDTH, _EGO_SCALE = 1000.0, 1.5, 0.3
#: Of a box's ``scale``, px.
_BOX_UNIT: Final = 200.0


class _Shown(NamedTuple):
    """One hand in one image."""

    sequence: str
    """Such as 's05/box_use_01'."""
    view: int
    number: int
    """In the image's name."""
    is_right: bool


class Arctic(AnnotatedDataset):
    """ARCTIC from its published folder; each hand that counts in its evaluation is a sample.

    As its evaluation does, the egocentric view is taken for free of distortion.

    Args:
        root: ``arctic_data/data``.
        split: 'train' or 'val' (its test labels are not public).
        setup: 'p1' (standing cameras) or 'p2' (the one on the head).
        hand: 'right', 'left' or 'both'.
        mano: the hand model of the pose labels; without it they are left out.
        step: take every n-th image of the split.
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder or file is missing or damaged, or no hand is left.
    """

    kind: ClassVar[str] = "arctic"
    lays_windows: ClassVar[bool] = True

    def __init__(
        self,
        root: Path,
        split: str = "val",
        setup: str = "p1",
        hand: str = "both",
        mano: ManoLabels | None = None,
        step: int = 1,
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.root = require_folder(Path(root), self.kind)
        self.mano = mano
        folders = [self.root / name for name in ("images", "cropped_images")]
        self.images = next((f for f in folders if f.is_dir()), None) or require_folder(
            folders[0], self.kind
        )
        self.cameras = read_json(self.root / "meta" / "misc.json", self.kind)
        self.sequences, images = self._tables(setup, split)
        try:
            chosen = [
                shown
                for sequence, view, number in images[::step]
                for shown in self._hands(sequence, view, number)
                if hand in ("both", "right" if shown.is_right else "left")
            ]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            public = "" if split != "test" else "ARCTIC keeps its test labels to itself; "
            raise UserError(
                f"arctic: the labels of {setup} {split} are not of their published form "
                f"({error!r}; {public}layout: {LAYOUTS})."
            ) from None
        self.shown: list[_Shown] = chosen
        if not chosen:
            raise UserError(f"arctic: {self.root} shows no valid {hand} hand in {setup} {split}.")
        if mano is None:
            self.notes.append(NEEDS_MANO)

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> Arctic:
        """From ``arctic:PATH?split=val&setup=p1&hand=both&step=1&mano=PATH``."""
        spec.check_options(("split", "setup", "hand", "step", "mano"))
        return cls(
            spec.require_path(),
            split=spec.choice("split", _SPLITS, "val"),
            setup=spec.choice("setup", _PROTOCOLS, "p1"),
            hand=spec.choice("hand", _HANDS, "both"),
            mano=ManoLabels.of(spec),
            step=spec.number("step", 1),
            crop_size=crop_size,
        )

    def __len__(self) -> int:
        return len(self.shown)

    def sessions(self) -> list[str] | None:
        """See ``HandDataset.sessions``: the sequences."""
        return [shown.sequence for shown in self.shown]

    def images_of(self) -> list[str] | None:
        """See ``HandDataset.images_of``."""
        return [self._image(shown) for shown in self.shown]

    def groups(self) -> list[str] | None:
        """See ``HandDataset.groups``: the side."""
        return ["right" if shown.is_right else "left" for shown in self.shown]

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        shown = self.shown[index]
        side, view = ("right" if shown.is_right else "left"), shown.view
        try:
            row = self._row(shown.sequence, shown.number)
            table = self.sequences[shown.sequence]
            known, parameters = table["cam_coord"], table["params"]
            joints = np.asarray(known[f"joints.{side}"][row, view], np.float64)[list(JOINT_GATHER)]
            camera = self._camera(shown, table, row)
            pose = shape = vertices = None
            if self.mano is not None:
                turn = np.asarray(known[f"rot_{side[0]}_cam"][row, view], np.float64).reshape(1, 3)
                fingers = np.asarray(parameters[f"pose_{side[0]}"][row], np.float64).reshape(15, 3)
                # Relative to the mean pose, as ours.
                pose = to_model_space(np.concatenate((turn, fingers)), shown.is_right)
                shape = np.asarray(parameters[f"shape_{side[0]}"][row], np.float64)
                vertices = self.mano.vertices(pose, shape, shown.is_right)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise CorruptSample(f"arctic[{index}]: {error!r}") from None
        name = self._image(shown)
        return Annotation(
            image=self.images / name,
            name=f"{name} {side}",
            is_right=shown.is_right,
            joints_3d=joints,
            camera_matrix=camera,
            vertices=vertices,
            pose=pose,
            shape=shape,
            parameter_model=self.mano.family if self.mano is not None else None,
        )

    def _tables(self, setup: str, split: str) -> tuple[dict[str, Any], list[tuple[str, int, int]]]:
        """Sequences by name, and the split's images: sequence, view, number."""
        whole = self.root / "splits" / f"{setup}_{split}.npy"
        try:
            if whole.is_file():
                table = read_npy_table(whole, self.kind)
                return dict(table["data_dict"]), [_parse(name) for name in table["imgnames"]]
            listed = read_json(self.root / "splits_json" / f"protocol_{setup}.json", self.kind)
            names = [str(name) for name in listed[split]]
            folder = self.root / "processed_seqs"
            tables = {name: read_npy_table(folder / f"{name}.npy", self.kind) for name in names}
            images = [
                (name, view, number)
                for name, table in tables.items()
                for number in range(_MARGIN, len(table["params"]["rot_r"]) - _MARGIN)
                for view in VIEWS[setup]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"arctic: the tables of {setup} {split} are not of their published form "
                f"({error!r}; layout: {LAYOUTS})."
            ) from None
        return tables, images

    def _row(self, sequence: str, number: int) -> int:
        """Row of the labels of an image."""
        row = number - int(self.cameras[sequence.split("/")[0]]["ioi_offset"])
        if row < 0:
            raise IndexError(f"image {number} comes before its labels")
        return row

    def _hands(self, sequence: str, view: int, number: int) -> list[_Shown]:
        known = self.sequences[sequence]["cam_coord"]
        row = self._row(sequence, number)
        if row >= len(known["is_valid"]) or not known["is_valid"][row, view]:
            return []
        return [
            _Shown(sequence, view, number, side == "right")
            for side in ("right", "left")
            if known[f"{side}_valid"][row, view]
        ]

    def _camera(self, shown: _Shown, table: dict[str, Any], row: int) -> Floats:
        """K of the image that is read."""
        if shown.view == EGOCENTRIC:
            camera = np.array(table["params"]["K_ego"][row], np.float64).reshape(3, 3)
        else:
            subject = self.cameras[shown.sequence.split("/")[0]]
            camera = np.array(subject["intris_mat"][shown.view - 1], np.float64).reshape(3, 3)
        if self.images.name == "images":
            return camera
        if shown.view == EGOCENTRIC:
            return np.diag([_EGO_SCALE, _EGO_SCALE, 1.0]) @ camera
        x, y, scale = np.asarray(table["bbox"][row, shown.view], np.float64)
        side = _CROPPED_WIDTH * _BOX_UNIT * scale
        factor = _CROPPED_SIDE / side
        window = np.diag([factor, factor, 1.0])
        window[:2, 2] = factor * (side / 2 - x), factor * (side / 2 - y)
        return window @ camera

    @staticmethod
    def _image(shown: _Shown) -> str:
        return f"{shown.sequence}/{shown.view}/{shown.number:05d}.jpg"


def _parse(name: Any) -> tuple[str, int, int]:
    """'.../s05/box_use_01/1/00010.jpg' -> sequence, view, number."""
    subject, sequence, view, file = str(name).split("/")[-4:]
    return f"{subject}/{sequence}", int(view), int(file.split(".")[0])
