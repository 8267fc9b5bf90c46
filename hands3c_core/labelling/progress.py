"""How far labelling has come, so that it can be stopped and gone on with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.labelling.clips import Clip
from hands3c_core.reading import Fields, read_json

#: Name in the folder of labels.
PROGRESS: Final = "progress.json"
_VERSION: Final = 1


@dataclass(slots=True)
class Counts:
    """What became of the frames that were looked at, and of the hands in them."""

    frames: int = 0
    with_hand: int = 0
    """Frames that gave a label."""
    without_hand: int = 0
    """Frames in which no hand was found."""
    rejected: int = 0
    """Frames whose hands were all left out."""
    labels: int = 0
    """Hands that were labelled."""
    left_hands: int = 0
    """Of these, left ones."""
    low_confidence: int = 0
    """Hands left out: the fitted hand does not explain the landmarks, or the side is in doubt."""
    blurry: int = 0
    """Hands left out: moved or out of focus."""
    cut_off: int = 0
    """Hands left out: too much of them lies outside of the image."""
    unreadable: int = 0
    """Frames or images that could not be decoded."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def lines(self) -> list[str]:
        """The counts in words."""
        text = [
            f"{self.frames} frames looked at: {self.with_hand} with a hand that was labelled, "
            f"{self.without_hand} without a hand, {self.rejected} with hands that were left out",
            f"{self.labels} hands labelled, {self.left_hands} of them left ones",
        ]
        left_out = {
            "of low confidence": self.low_confidence,
            "blurry": self.blurry,
            "cut off by the image's edge": self.cut_off,
        }
        if any(left_out.values()):
            reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items() if count)
            text.append(f"hands left out: {reasons}")
        if self.unreadable:
            text.append(f"{self.unreadable} frames could not be decoded")
        return text


@dataclass(slots=True)
class ClipProgress:
    """How far one clip has been labelled."""

    session: str
    size: int
    next_frame: int = 0
    finished: bool = False
    counts: Counts = field(default_factory=Counts)

    @property
    def begun(self) -> bool:
        """Whether any of it has been looked at."""
        return self.finished or self.next_frame > 0


class Progress:
    """The clips that were labelled into a folder.

    Args:
        folder: the folder of labels; it need not exist.

    Raises:
        UserError: the folder holds other things than labels, or its record is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / PROGRESS
        self.clips: dict[str, ClipProgress] = {}
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file; name a folder for the labels.")
        if self._path.exists():
            self._read()
        elif folder.is_dir() and any(folder.iterdir()):
            raise UserError(
                f"{folder} is not empty and was not made by this command; name a new folder."
            )

    def start(self, clip: Clip) -> ClipProgress:
        """The record of a clip, from an earlier run or new.

        Raises:
            UserError: another clip of this name was labelled into the folder.
        """
        known = self.clips.get(clip.name)
        if known is None:
            sessions = {record.session for record in self.clips.values()}
            if clip.session in sessions:
                raise UserError(
                    f"{clip.name} is called like a clip that {self._path.parent} holds labels of: "
                    "rename it, or choose another --out."
                )
            known = self.clips[clip.name] = ClipProgress(clip.session, clip.size)
        elif known.size != clip.size:
            raise UserError(
                f"{clip.name} is not the {clip.name} that was labelled into {self._path.parent}: "
                "rename it, or choose another --out."
            )
        return known

    def keeps(self, label: dict[str, Any]) -> bool:
        """Whether a label was written before the last record; later ones are made again."""
        for record in self.clips.values():
            if record.session == label.get("session"):
                return int(label.get("frame", -1)) < record.next_frame
        return False

    def total(self) -> Counts:
        """Counts over all clips."""
        return sum((record.counts for record in self.clips.values()), Counts())

    def save(self) -> None:
        """Write the record down.

        Raises:
            UserError: it cannot be written.
        """
        clips = {name: asdict(record) for name, record in self.clips.items()}
        text = json.dumps({"version": _VERSION, "clips": clips}, indent=1) + "\n"
        write_atomically(self._path, text.encode())

    def _read(self) -> None:
        try:
            table = Fields(read_json(self._path), str(self._path))
            version = table.integer("version", 0, 1 << 31)
            if version != _VERSION:
                raise table.fail("version", f"is {version}, this program reads {_VERSION}")
            clips = table.inner("clips")
            self.clips = {name: _clip(clips.inner(name)) for name in clips.values}
        except UserError as error:
            raise UserError(f"{error} Name a new folder.") from None


def _clip(values: Fields) -> ClipProgress:
    """A clip's record as it was written down."""
    counts = values.inner("counts")
    numbers = {f.name: counts.integer(f.name, 0, 1 << 53, 0) for f in fields(Counts)}
    return ClipProgress(
        session=values.text("session"),
        size=values.integer("size", 0, 1 << 53),
        next_frame=values.integer("next_frame", 0, 1 << 53),
        finished=values.flag("finished"),
        counts=Counts(**numbers),
    )
