"""A take as one mesh file per frame, in a folder that appears whole or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from hands3c_core.errors import UserError
from hands3c_core.export.hand_names import HandPlaces
from hands3c_core.export.obj import write_materials, write_obj, write_ply
from hands3c_core.hand_model import HandModelData
from hands3c_core.types import FrameResult, Hand

MeshKind = Literal["obj", "ply"]
#: Name of the material library all OBJ files of a folder share.
_LIBRARY: Final = "hands.mtl"


class MeshSequence:
    """Writes ``frame_000000.obj`` (or ``.ply``) and so on; a frame without hands has no file, so
    numbers are those of the take's frames.

    Args:
        folder: the folder to make; one that is there is replaced on ``finish``.
        kind: 'obj' (with one material library and skin for all) or 'ply'.
        model: the hand model the vertices are of.
        texture: skin image for OBJ, or None.

    Raises:
        UserError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: str | Path,
        kind: MeshKind,
        model: HandModelData,
        texture: str | Path | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._kind = kind
        self._model = model
        self._texture = texture if model.vt is not None else None
        self._part = self._folder.with_name(
            f".{self._folder.name[:40]}.{uuid.uuid4().hex[:8]}.part"
        )
        self._frames = 0
        self._places = HandPlaces()
        try:
            self._part.mkdir(parents=True)
        except OSError as error:
            raise UserError(f"cannot make the folder {self._folder}: {error.strerror}") from error

    def add(self, hands: FrameResult | Sequence[Hand]) -> None:
        """Write the next frame's hands; raises UserError if the file cannot be written."""
        hands = hands.hands if isinstance(hands, FrameResult) else hands
        file = self._part / f"frame_{self._frames:06d}.{self._kind}"
        self._frames += 1
        if not hands:
            return
        places = self._places.of(hands)
        if self._kind == "ply":
            write_ply(file, hands, self._model, places=places)
            return
        if not (self._part / _LIBRARY).exists():
            write_materials(self._part / _LIBRARY, self._texture)
        write_obj(file, hands, self._model, self._texture, library=_LIBRARY, places=places)

    def finish(self) -> Path:
        """Give the folder its name; raises UserError if that cannot be done."""
        old = self._part.with_suffix(".old.part")
        try:
            if self._folder.is_dir():  # moved away as a whole: a crash leaves no half of it
                self._folder.replace(old)
            self._part.replace(self._folder)
        except OSError as error:
            self.abandon()
            raise UserError(f"cannot replace {self._folder}: {error.strerror}") from error
        shutil.rmtree(old, ignore_errors=True)
        return self._folder

    def abandon(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._part, ignore_errors=True)
