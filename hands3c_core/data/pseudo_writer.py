"""Writing folders of pseudo-labels; the format is that of ``pseudo``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike

from hands3c_core.errors import UserError
from hands3c_core.reading import Fields, transcoded
from hands3c_core.types import Camera, UInt8

FORMAT: Final = "hands3c-pseudo"
VERSION: Final = 1
#: A label file in UTF-16 is held in memory as a whole, bytes.
_MOST_UTF16: Final = 1 << 28
LABELS: Final = "labels.jsonl"
Label = dict[str, Any]


class PseudoWriter:
    """Writes a folder of pseudo-labels; use it as a context manager.

    Labels are appended to a temporary file that becomes ``labels.jsonl`` when the writer closes. An
    image is written once, however many hands it shows.

    A new folder is finished without an error or not at all. With ``keep`` the writer goes on with
    the labels that a folder holds, those of a killed run included, and keeps what is done even when
    an error ends it.

    Args:
        folder: the folder to make, or to go on with.
        estimator: name of the estimator behind the labels.
        hand_model: the hand model of its parameters.
        source: what the images came from.
        quality: of the JPEG images, 1 to 100.
        keep: which of the labels that are there already stay.

    Raises:
        UserError: the folder cannot be written to; it holds labels already, and there is no
            ``keep``, or they are of another estimator, hand or format.
    """

    def __init__(
        self,
        folder: Path,
        estimator: str = "landmarks",
        hand_model: str = "hand_mid",
        source: str = "",
        quality: int = 95,
        keep: Callable[[Label], bool] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.count = 0
        """Labels in the folder, earlier ones included."""
        self._quality = quality
        self._keeps = keep is not None
        self._temporary = self.folder / f".{LABELS}.part"
        header = {
            "format": FORMAT,
            "version": VERSION,
            "estimator": estimator,
            "hand_model": hand_model,
            "source": source,
        }
        if keep is None and (self.folder / LABELS).exists():
            raise UserError(f"{self.folder} holds labels already; name a new folder.")
        kept = self._read_earlier(header, keep) if keep is not None else []
        try:
            (self.folder / "images").mkdir(parents=True, exist_ok=True)
            # Beside the unfinished labels, so that a kill now leaves these as they were.
            beginning = self._temporary.with_suffix(".new")
            beginning.write_text("".join(map(_line, (header, *kept))), encoding="utf-8")
            beginning.replace(self._temporary)
            self._file = self._temporary.open("a", encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write to {self.folder}: {error.strerror}.") from None
        self.count = len(kept)

    def add_image(self, image: UInt8, name: str) -> str:
        """Store an image (H, W, 3) RGB as ``images/NAME.jpg``; returns its path for ``add``."""
        relative = f"images/{name}.jpg"
        encoded, data = cv2.imencode(
            ".jpg",
            cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
            [cv2.IMWRITE_JPEG_QUALITY, self._quality],
        )
        if not encoded:
            raise UserError(f"the image {name} of shape {image.shape} cannot be stored.")
        try:
            (self.folder / relative).write_bytes(data.tobytes())
        except OSError as error:
            raise UserError(f"cannot write to {self.folder}: {error.strerror}.") from None
        return relative

    def add(
        self,
        image: str,
        is_right: bool,
        joints_2d: ArrayLike,
        *,
        world_landmarks: ArrayLike | None = None,
        pose: ArrayLike | None = None,
        shape: ArrayLike | None = None,
        translation: ArrayLike | None = None,
        camera: Camera | None = None,
        confidence: float | None = None,
        time: float | None = None,
        track_id: int | None = None,
        session: str | None = None,
        frame: int | None = None,
        split: str = "train",
    ) -> None:
        """Label one hand of an image; see the text of ``pseudo`` for shapes and frames."""
        label: Label = {"image": image, "is_right": bool(is_right), "split": split}
        arrays = {
            "joints_2d": (joints_2d, (21, 2), 2),
            "world_landmarks": (world_landmarks, (21, 3), 5),
            "pose": (pose, (16, 3), 5),
            "shape": (shape, (10,), 4),
            "translation": (translation, (3,), 5),
        }
        for name, (values, expected, digits) in arrays.items():
            if values is None:
                continue
            array = np.asarray(values, np.float64)
            if array.shape != expected:
                raise ValueError(f"{name} must be {expected}, not {array.shape}")
            label[name] = np.round(array, digits).tolist()
        if camera is not None:
            label["camera"] = [camera.fx, camera.fy, camera.cx, camera.cy]
        facts: Label = {
            "confidence": None if confidence is None else round(confidence, 4),
            "time": None if time is None else round(time, 4),
            "track_id": track_id,
            "session": session,
            "frame": frame,
        }
        self.add_label(label | {name: value for name, value in facts.items() if value is not None})

    def add_label(self, label: Label) -> None:
        """Add a label as another writer wrote it; its image must be in this folder."""
        try:
            self._file.write(_line(label))
        except OSError as error:
            raise UserError(f"cannot write to {self.folder}: {error.strerror}.") from None
        self.count += 1

    def flush(self) -> None:
        """Hand everything to the system: what was added so far survives the end of this process.

        Raises:
            UserError: the disk is full.
        """
        try:
            self._file.flush()
        except OSError as error:
            raise UserError(f"cannot write to {self.folder}: {error.strerror}.") from None

    def close(self) -> None:
        """Finish the label file."""
        try:
            self._file.close()
            self._temporary.replace(self.folder / LABELS)
        except OSError as error:
            raise UserError(f"cannot write to {self.folder}: {error.strerror}.") from None

    def __enter__(self) -> PseudoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or self._keeps:
            self.close()
        else:
            self._file.close()
            self._temporary.unlink(missing_ok=True)

    def _read_earlier(self, header: Label, keep: Callable[[Label], bool]) -> list[Label]:
        """The labels of an earlier run that stay."""
        path = next((p for p in (self._temporary, self.folder / LABELS) if p.exists()), None)
        if path is None:
            return []
        entries = _entries(path)
        if not entries:
            return []
        first, *labels = entries
        for name in ("format", "version", "estimator", "hand_model"):
            if first.get(name) != header[name]:
                raise UserError(
                    f"{self.folder} holds labels with {name} {first.get(name)}, not "
                    f"{header[name]}; name a new folder."
                )
        header["source"] = first.get("source") or header["source"]
        return [label for label in labels if keep(label)]


def labels_of(path: Path) -> list[Label]:
    """The labels of a finished label file, without its header."""
    return _entries(path)[1:]


def _line(entry: Label) -> str:
    return json.dumps(entry) + "\n"


def _entries(path: Path) -> list[Label]:
    """The lines of a label file that are whole; a killed run leaves half a line."""
    entries = []
    with text_lines(path) as file:
        for line in file:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict):
                entries.append(entry)
    return entries


@contextlib.contextmanager
def text_lines(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a label file, in UTF-8 or UTF-16.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            lines = transcoded(file, _MOST_UTF16)
            yield (line.decode("utf-8", errors="replace") for line in lines)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its rights.") from None


def check_label(label: Label, where: str) -> None:
    """Raise UserError unless what labels are chosen by has its type and range."""
    fields = Fields(label, where)
    fields.text("image")
    fields.flag("is_right")
    fields.number("confidence", 0.0, 1.0, default=None)
    for name in ("split", "session", "source"):
        if label.get(name) is not None:
            fields.text(name)
