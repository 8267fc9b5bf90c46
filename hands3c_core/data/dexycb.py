"""DexYCB (Chao et al., CVPR 2021): hands grasping objects, 8 cameras, 10 subjects, both sides.

A folder a subject, sequence and camera; labels are one npz an image (joints in our order, metres in
the camera frame; pose as 3 + 45 principal-component coefficients and a translation), shape in the
calibration folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import platformdirs
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample
from hands3c_core.data.files import LAYOUTS, read_yaml, require_file, require_folder
from hands3c_core.data.mano_labels import NEEDS_MANO, ManoLabels, to_model_space
from hands3c_core.data.sample import Annotation
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.errors import UserError
from hands3c_core.reading import read_arrays

logger = logging.getLogger(__name__)

#: Dates that the ten subjects' folders begin with; what follows differs between releases.
SUBJECTS: Final = (
    "20200709",
    "20200813",
    "20200820",
    "20200903",
    "20200908",
    "20200918",
    "20200928",
    "20201002",
    "20201015",
    "20201022",
)
CAMERAS: Final = (
    "836212060125",
    "839512060362",
    "840412060917",
    "841412060263",
    "932122060857",
    "932122060861",
    "932122061900",
    "932122062010",
)
_SEQUENCES: Final = 100
_SPLITS: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "test": "test",
    "eval": "test",
}
#: Numbers in each label of an image.
_LABEL_SIZES: Final = {"pose_m": 51, "joint_3d": 63, "joint_2d": 42}
_HANDS: Final = {"right": "right", "left": "left", "both": "both"}
_SETUPS: Final = {"s0": "s0", "s1": "s1", "s2": "s2", "s3": "s3"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Numbers of the subjects, cameras and sequences of a split."""

    subjects: tuple[int, ...]
    cameras: tuple[int, ...]
    sequences: tuple[int, ...]


def selection(setup: str, split: str) -> Selection:
    """Which part of the data a split is.

    Args:
        setup: 's0' (seen subjects, cameras and objects; the one papers use), 's1' (unseen
            subjects), 's2' (unseen cameras) or 's3' (unseen objects).
        split: 'train', 'val' or 'test'.
    """
    subjects: Iterable[int] = range(len(SUBJECTS))
    cameras: Iterable[int] = range(len(CAMERAS))
    sequences: Iterable[int] = range(_SEQUENCES)
    if setup == "s0":
        subjects = {"train": range(10), "val": (0, 1), "test": range(2, 10)}[split]
        sequences = [i for i in range(_SEQUENCES) if (i % 5 != 4) == (split == "train")]
    elif setup == "s1":
        subjects = {"train": (0, 1, 2, 3, 4, 5, 9), "val": (6,), "test": (7, 8)}[split]
    elif setup == "s2":
        cameras = {"train": range(6), "val": (6,), "test": (7,)}[split]
    else:
        objects = {"val": (3, 19), "test": (7, 11, 15)}
        held_out = (3, 7, 11, 15, 19)
        sequences = [
            i
            for i in range(_SEQUENCES)
            if (i // 5 not in held_out if split == "train" else i // 5 in objects[split])
        ]
    return Selection(tuple(subjects), tuple(cameras), tuple(sequences))


@dataclass(frozen=True, slots=True)
class _Sequence:
    folder: Path
    frames: int
    is_right: bool
    betas: NDArray[np.float64]


class DexYcb(AnnotatedDataset):
    """DexYCB from its published folder.

    Frames without a visible hand (all joints -1) are left out. Finding them means opening every
    label once; the result is cached in the user's cache folder.

    Args:
        root: the folder with the subjects and ``calibration/``.
        split: 'train', 'val' or 'test'.
        setup: 's0' to 's3', see ``selection``.
        mano: the hand model of the pose labels; without it they are left out.
        step: take every n-th frame of a sequence.
        hand: 'right', 'left' or 'both'; papers evaluate right hands.
        crop_size: side of the crops, px.

    Raises:
        UserError: a folder or file is missing or damaged.
    """

    kind: ClassVar[str] = "dexycb"
    lays_windows: ClassVar[bool] = True
    protocol: ClassVar[str] = "dexycb"

    def __init__(
        self,
        root: Path,
        split: str = "train",
        setup: str = "s0",
        mano: ManoLabels | None = None,
        step: int = 1,
        crop_size: int = CROP_SIZE,
        hand: str = "both",
    ) -> None:
        super().__init__(crop_size)
        self.root = Path(root)
        self.mano = mano
        require_folder(self.root, self.kind)
        require_folder(self.root / "calibration", self.kind)
        chosen = selection(setup, _SPLITS[split])
        self.cameras = [CAMERAS[number] for number in chosen.cameras]
        self.intrinsics = [self._read_camera(serial) for serial in self.cameras]
        self.sequences = self._read_sequences(chosen)
        frames = np.array(
            [
                (s, c, f)
                for s, sequence in enumerate(self.sequences)
                for c in range(len(self.cameras))
                for f in range(0, sequence.frames, step)
            ],
            np.int32,
        ).reshape(-1, 3)
        shown = self._with_hand(frames, f"{setup}-{split}-{step}")
        if hand != "both":
            sides = np.array([sequence.is_right for sequence in self.sequences], bool)
            shown &= sides[frames[:, 0]] == (hand == "right")
        self.image_ids = np.flatnonzero(shown).tolist()
        """Numbers of the samples' images in the whole split, as the dataset's toolkit counts."""
        self.is_whole = hand == "both" and step == 1
        """Whether every image of the split that shows a hand is among the samples."""
        self.frames = frames[shown]
        if not len(self.frames):
            which = "hand" if hand == "both" else f"{hand} hand"
            raise UserError(
                f"dexycb: {self.root} holds no frame with a {which} in {setup} {split}."
            )
        if mano is None:
            self.notes.append(NEEDS_MANO)

    @classmethod
    def open(cls, spec: DatasetSpec, crop_size: int) -> DexYcb:
        """From ``dexycb:PATH?split=train&setup=s0&hand=both&step=1&mano=PATH``."""
        spec.check_options(("split", "setup", "step", "mano", "hand"))
        return cls(
            spec.require_path(),
            split=spec.choice("split", _SPLITS, "train"),
            setup=spec.choice("setup", _SETUPS, "s0"),
            mano=ManoLabels.of(spec),
            step=spec.number("step", 1),
            hand=spec.choice("hand", _HANDS, "both"),
            crop_size=crop_size,
        )

    def __len__(self) -> int:
        return len(self.frames)

    def sessions(self) -> list[str] | None:
        """See ``HandDataset.sessions``: the recordings, with all cameras."""
        names = [sequence.folder.name for sequence in self.sequences]
        return [names[number] for number in self.frames[:, 0].tolist()]

    def annotation(self, index: int) -> Annotation:
        """See ``AnnotatedDataset.annotation``."""
        number, camera, frame = self.frames[index].tolist()
        sequence = self.sequences[number]
        folder = sequence.folder / self.cameras[camera]
        image = folder / f"color_{frame:06d}.jpg"
        labels = _read_labels(folder / f"labels_{frame:06d}.npz")
        pose = shape = vertices = None
        if self.mano is not None and np.any(labels["pose_m"]):
            own = self.mano.from_components(labels["pose_m"].reshape(51)[:48], sequence.is_right)
            pose = to_model_space(own, sequence.is_right)
            shape = sequence.betas
            vertices = self.mano.vertices(pose, shape, sequence.is_right)
        return Annotation(
            image=image,
            name=image.relative_to(self.root).as_posix(),
            is_right=sequence.is_right,
            joints_2d=labels["joint_2d"].reshape(21, 2),
            joints_3d=labels["joint_3d"].reshape(21, 3),
            camera_matrix=self.intrinsics[camera],
            vertices=vertices,
            pose=pose,
            shape=shape,
            parameter_model=self.mano.family if self.mano and pose is not None else None,
        )

    def _read_camera(self, serial: str) -> NDArray[np.float64]:
        path = self.root / "calibration" / "intrinsics" / f"{serial}_640x480.yml"
        table = read_yaml(path, self.kind)
        try:
            color = table["color"]
            fx, fy, cx, cy = (float(color[name]) for name in ("fx", "fy", "ppx", "ppy"))
        except (KeyError, TypeError, ValueError):
            raise UserError(
                f"dexycb: {path} has no camera 'color' with fx, fy, ppx, ppy."
            ) from None
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])

    def _read_sequences(self, chosen: Selection) -> list[_Sequence]:
        sequences = []
        for subject in chosen.subjects:
            folders = sorted(path for path in self._subject(subject).iterdir() if path.is_dir())
            if len(folders) != _SEQUENCES:
                raise UserError(
                    f"dexycb: {self._subject(subject)} holds {len(folders)} sequences, not "
                    f"{_SEQUENCES}: the splits are by position, so all are needed ({LAYOUTS})."
                )
            sequences += [self._read_sequence(folders[number]) for number in chosen.sequences]
        return sequences

    def _subject(self, number: int) -> Path:
        found = sorted(self.root.glob(f"{SUBJECTS[number]}-*"))
        if not found:
            raise UserError(
                f"dexycb: there is no folder {self.root}/{SUBJECTS[number]}-* (subject "
                f"{number + 1}); the layout is described in {LAYOUTS}."
            )
        return found[0]

    def _read_sequence(self, folder: Path) -> _Sequence:
        meta = read_yaml(folder / "meta.yml", self.kind)
        try:
            side, calibration = meta["mano_sides"][0], meta["mano_calib"][0]
            frames = int(meta["num_frames"])
        except (KeyError, IndexError, TypeError, ValueError):
            raise UserError(
                f"dexycb: {folder / 'meta.yml'} lacks num_frames, mano_sides or mano_calib; "
                "get it again."
            ) from None
        path = self.root / "calibration" / f"mano_{calibration}" / "mano.yml"
        betas = np.asarray(read_yaml(path, self.kind).get("betas", ()), np.float64)
        if betas.shape != (10,):
            raise UserError(f"dexycb: {path} should hold 10 betas; get it again.")
        return _Sequence(folder, frames, side == "right", betas)

    def _with_hand(self, frames: NDArray[np.int32], label: str) -> NDArray[np.bool_]:
        """Which of the frames (N, 3) show a hand, from the cache if this was asked before."""
        key = f"{self.root.resolve()}|{label}|{hashlib.sha256(frames.tobytes()).hexdigest()}"
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        folder = Path(platformdirs.user_cache_dir("hands3c", appauthor=False)) / "datasets"
        path = folder / f"dexycb-{label}-{name}.npy"
        with contextlib.suppress(UserError):
            known = read_arrays(path).get("")
            if known is not None and known.shape == (len(frames),) and known.dtype == np.bool_:
                return known
        logger.info("dexycb: looking for hands in %d labels (once)", len(frames))
        shown = np.array([self._shows_hand(*frame) for frame in frames.tolist()], bool)
        file = io.BytesIO()
        np.save(file, shown)
        try:
            write_atomically(path, file.getvalue())  # workers may do this at once
        except UserError as error:
            logger.info("dexycb: the list of frames with hands is not cached (%s)", error)
        return shown

    def _shows_hand(self, sequence: int, camera: int, frame: int) -> bool:
        folder = self.sequences[sequence].folder / self.cameras[camera]
        path = folder / f"labels_{frame:06d}.npz"
        require_file(path, self.kind)
        try:
            return not bool(np.all(_read_labels(path, ("joint_3d",))["joint_3d"] == -1))
        except CorruptSample:
            return True  # reported when it is read


def _read_labels(
    path: Path, names: Collection[str] = tuple(_LABEL_SIZES)
) -> dict[str, NDArray[np.float64]]:
    try:
        tables = read_arrays(path, names=names)
    except UserError as error:
        raise CorruptSample(str(error)) from None
    labels = {}
    for name in names:
        table = tables.get(name, np.zeros(0))
        if table.size != _LABEL_SIZES[name] or table.dtype.kind not in "fiub":
            raise CorruptSample(f"{path} is damaged: {name} is missing or of another shape")
        labels[name] = table.astype(np.float64)
        if not np.isfinite(labels[name]).all():
            raise CorruptSample(f"{path} is damaged: {name} is not finite")
    return labels
