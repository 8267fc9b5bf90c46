"""Folders of images labelled by an estimator instead of a person (``scripts/label.py``).

On disk: ``labels.jsonl`` and the images it names, relative to the folder. The first line is a
header,

    {"format": "hands3c-pseudo", "version": 1, "estimator": "landmarks",
     "hand_model": "hand_mano778", "source": "clip.mp4"}

and every other line one hand of one image:

    {"image": "images/clip-000012.jpg", "is_right": true, "split": "train", "confidence": 0.93,
     "joints_2d": [[u, v], ...],            21 joints, px in that image
     "world_landmarks": [[x, y, z], ...],   21 joints, metres, camera axes: good in direction only
     "pose": [[x, y, z], ...], "shape": [...], "translation": [x, y, z],
                                            of the header's hand model, in model space
     "camera": [fx, fy, cx, cy], "time": 0.4, "track_id": 1, "session": "clip", "frame": 12}

Only image, is_right and joints_2d are required. Images are not mirrored. Labels of one session
(one clip, one sitting) stand together, in the order of time. A folder with ``labels.npz``
(``name``, ``joints_2d`` (N, 21, 2), optional ``world_landmarks`` (N, 21, 3), ``is_right`` (N,),
``session`` and ``source`` (N,)) beside its images is read too. It may also have ``sigma_2d``
(N, 21), shares of the joints' box, and ``sigma_3d`` (N, 21), metres: how far each label may be off;
and ``pose`` (N, 16, 3) of the shipped hands, fitted to the world landmarks, which stay the 3D
label.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import LAYOUTS, require_folder
from hands3c_core.data.pseudo_writer import FORMAT, LABELS, VERSION, check_label, text_lines
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.hand_model.shipped import SHIPPED
from hands3c_core.model_space import ModelSpace
from hands3c_core.reading import Fields, read_arrays

_SPLITS: Final = {"train": "train", "val": "val", "test": "val", "eval": "val", "all": "all"}
#: Arrays that labels.npz may have besides, and their shape for each label.
_OPTIONAL: Final = {"source": (), "sigma_2d": (21,), "sigma_3d": (21,), "pose": (16, 3)}
#: The arrays of a folder of labels, unpacked.
_MAX_BYTES: Final = 4 << 30
#: What the numbers of a label can be: rad, deviations, m, px.
_RANGES: Final = {
    "pose": (-40.0, 40.0),
    "shape": (-100.0, 100.0),
    "world_landmarks": (-10.0, 10.0),
    "translation": (-250.0, 250.0),
    "joints_2d": (-1e7, 1e7),
    "sigma_2d": (0.0, 1e7),
    "sigma_3d": (0.0, 1e4),
}
#: Folders for images that say nothing about where these come from.
_PLAIN_FOLDERS: Final = (".", "images", "crops")


class Pseudo(AnnotatedDataset):
    """Pseudo-labelled images.

    3D labels (the fitted hand, else the world landmarks) are marked as not metric.

    Args:
        folder: see the module's text.
        split: 'train', 'val' or 'all'.
        min_confidence: leave out labels of less confidence, 0 to 1.
        crop_size: side of the crops, px.
        sources: only labels of these sources, as ``labels.npz`` names them; all if empty.
        without: no labels of these.

    Raises:
        UserError: the folder or its labels are missing, damaged or of another format, or nothing is
            left.
    """

    kind: ClassVar[str] = "pseudo"

    def __init__(
        self,
        folder: Path,
        split: str = "all",
        min_confidence: float = 0.0,
        crop_size: int = CROP_SIZE,
        sources: Sequence[str] = (),
        without: Sequence[str] = (),
    ) -> None:
        super().__init__(crop_size)
        self.folder = require_folder(Path(folder), self.kind)
        self.hand_model: str | None = None
        labels = self._read_labels()
        chosen = [
            label
            for label in labels
            if split == "all" or label.get("split", "train") == _SPLITS[split]
        ]
        self.labels = [
            label
            for label in chosen
            if float(label.get("confidence", 1.0)) >= min_confidence
            and (not sources or label.get("source") in sources)
            and label.get("source") not in without
        ]
        if not self.labels:
            raise UserError(
                f"pseudo: {self.folder} has {len(labels)} labels, none of split {split} with a "
                f"confidence of {min_confidence:g} or more."
            )
        self._layer: FastHandLayer | None = None
        if self.hand_model is not None and self.hand_model in SHIPPED:
            self._layer = FastHandLayer(load_hand_model(self.hand_model))

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> Pseudo:
        """From ``pseudo:FOLDER?split=train&confidence=0.5``, ``pseudo:FOLDER?sources=a+b`` or
        ``pseudo:FOLDER?without=a+b``."""
        spec.check_options(("split", "confidence", "sources", "without"))
        text = spec.options.get("confidence", "0")
        try:
            confidence = float(text)
        except ValueError:
            raise UserError(f"pseudo?confidence={text}: use a number from 0 to 1.") from None
        split = spec.choice("split", _SPLITS, "all")
        sources, without = (
            [name for name in spec.options.get(option, "").split("+") if name]
            for option in ("sources", "without")
        )
        return cls(spec.require_path(), split, confidence, crop_size, sources, without)

    def __len__(self) -> int:
        return len(self.labels)

    def sessions(self) -> list[str] | None:
        """See ``HandDataset.sessions``: what the labels say, else the images' folders."""
        names = [_session(label) for label in self.labels]
        return None if None in names else [str(name) for name in names]

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        label = self.labels[index]
        try:
            return self._annotation(label)
        except (KeyError, ValueError, TypeError, OverflowError, UserError) as error:
            raise CorruptSample(f"{self.folder}, {label.get('image')}: {error!r}") from None

    def _annotation(self, label: dict[str, Any]) -> Annotation:
        is_right = bool(label["is_right"])
        relative = Path(str(label["image"]))
        if relative.is_absolute() or ".." in relative.parts:
            raise ValueError("the image lies outside the folder")
        fitted_only = "pose" in label and "shape" not in label
        pose = _array(label, "pose", (16, 3)) if self._layer or fitted_only else None
        shape = _array(label, "shape", (10,)) if self._layer else None
        joints_3d = _array(label, "world_landmarks", (21, 3))
        translation = _array(label, "translation", (3,))
        vertices, absolute = None, False
        if self._layer is not None and pose is not None and shape is not None:
            fitted, joints = (part.astype(np.float64) for part in self._layer(pose, shape))
            space = ModelSpace(is_right)
            vertices = space.points(fitted - joints[0])
            absolute = translation is not None
            joints_3d = space.points(joints + (translation if translation is not None else 0.0))
        camera = label.get("camera")
        matrix = None
        if camera is not None:
            fx, fy, cx, cy = Fields(label, "the label").array("camera", (4,))
            matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        return Annotation(
            image=self.folder / relative,
            name=relative.as_posix(),
            is_right=is_right,
            joints_2d=_array(label, "joints_2d", (21, 2)),
            joints_3d=joints_3d,
            is_absolute=absolute,
            is_metric=False,
            camera_matrix=matrix,
            vertices=vertices,
            pose=pose,
            shape=shape,
            parameter_model=None if pose is None else "hands3c",
            sigma_2d=_array(label, "sigma_2d", (21,)),
            sigma_3d=_array(label, "sigma_3d", (21,)),
        )

    def _read_labels(self) -> list[dict[str, Any]]:
        path = self.folder / LABELS
        if path.is_file():
            return self._read_lines(path)
        arrays = self.folder / "labels.npz"
        if arrays.is_file():
            return _read_npz(arrays)
        raise UserError(
            f"pseudo: there is no {path}; make it with scripts/label.py (format: {LAYOUTS})."
        )

    def _read_lines(self, path: Path) -> list[dict[str, Any]]:
        labels: list[dict[str, Any]] = []
        header: dict[str, Any] | None = None
        with text_lines(path) as file:
            for number, line in enumerate(file, start=1):
                try:
                    entry = json.loads(line)
                    if not isinstance(entry, dict):
                        raise ValueError("not a table")
                    if header is not None:
                        check_label(entry, f"{path}, line {number}")
                except (ValueError, RecursionError, UserError):
                    if header is None:
                        break
                    # A labelling run that was killed leaves half a line.
                    self.note_skipped(number, f"{path}, line {number} is damaged")
                    continue
                if header is None:
                    header = entry
                else:
                    labels.append(entry)
        if header is None or header.get("format") != FORMAT:
            raise UserError(
                f'pseudo: {path} does not begin with "format": "{FORMAT}"; see {LAYOUTS}.'
            )
        if header.get("version") != VERSION:
            raise UserError(
                f"pseudo: {path} has version {header.get('version')}, this program reads {VERSION}."
            )
        self.hand_model = Fields(header, str(path)).text("hand_model", None)
        return labels


def _read_npz(path: Path) -> list[dict[str, Any]]:
    try:
        tables = read_arrays(path, _MAX_BYTES)
        names, joints = tables["name"], tables["joints_2d"]
        count = len(names)
        sides = tables.get("is_right", np.ones(count, bool))
        world, sessions = tables.get("world_landmarks"), tables.get("session")
        more = {name: tables[name] for name in _OPTIONAL if name in tables}
        if joints.shape != (count, 21, 2):
            raise ValueError(f"joints_2d is {joints.shape} for {count} names")
        if world is not None and world.shape != (count, 21, 3):
            raise ValueError(f"world_landmarks is {world.shape} for {count} names")
        if len(sides) != count or (sessions is not None and len(sessions) != count):
            raise ValueError(f"is_right or session has not {count} entries")
        for name, values in more.items():
            if values.shape != (count, *_OPTIONAL[name]):
                raise ValueError(f"{name} is {values.shape} for {count} names")
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"pseudo: {path} is damaged or lacks an array ({error}).") from None
    labels = []
    for index, name in enumerate(names.tolist()):
        label = {
            "image": _find_image(path.parent, str(name)),
            "is_right": bool(sides[index]),
            "joints_2d": joints[index],
        }
        if world is not None:
            label["world_landmarks"] = world[index]
        if sessions is not None:
            label["session"] = str(sessions[index])
        for name, values in more.items():
            label[name] = str(values[index]) if values.ndim == 1 else values[index]
        labels.append(label)
    return labels


def _find_image(folder: Path, name: str) -> str:
    """Path of an image relative to the folder; names may lack their suffix and subfolder."""
    suffixes = ("",) if Path(name).suffix else (".jpg", ".png", ".jpeg")
    for place in ("", "crops/", "images/"):
        for suffix in suffixes:
            if (folder / f"{place}{name}{suffix}").exists():
                return f"{place}{name}{suffix}"
    return f"{name}{suffixes[0]}"


def _session(label: dict[str, Any]) -> str | None:
    if label.get("session") is not None:
        return str(label["session"])
    folder = Path(str(label.get("image"))).parent.as_posix()
    return None if folder in _PLAIN_FOLDERS else folder


def _array(label: dict[str, Any], name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    if label.get(name) is None:
        return None
    low, high = _RANGES[name]
    return Fields(label, "the label").array(name, shape, low, high, holes=True)
