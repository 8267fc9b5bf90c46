"""Turns a recorded take (JSON lines) into the other formats, in one pass over the file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.export.results import LoggedFrame, ResultReader, with_vertices
from hands3c_core.export.settling import SETTLED, Settler, TakeShapes, settle_log
from hands3c_core.export.take_writers import Take
from hands3c_core.export_formats import EXPORT_FORMATS, known_formats
from hands3c_core.hand_model import FastHandLayer, HandModelData, load_hand_model
from hands3c_core.hand_model.shipped import SHIPPED
from hands3c_core.model_space import ModelSpace
from hands3c_core.names import cut_name
from hands3c_core.types import Hand

log = logging.getLogger(__name__)

#: What a take can be turned into here: kind -> (what is appended to its name, what it is).
FORMATS: Final[dict[str, tuple[str, str]]] = {
    kind: (made.ending, made.about) for kind, made in EXPORT_FORMATS.items() if made.is_available
}
#: A hand model whose joints are farther than this from the logged ones did not make them, m.
_FITS_M: Final = 0.006


#: Bytes of a file's name, with room for its temporary one.
_LONGEST: Final = 235


class Cancelled(Exception):
    """The user stopped it; nothing is left of what was not finished."""


@dataclass(frozen=True)
class Conversion:
    """What ``convert_take`` wrote."""

    files: tuple[Path, ...]
    """Files and folders, in the order asked for."""
    frames: int
    truncated: bool
    """The take's last line was cut off (a crash) and left out."""


def target_of(take: str | Path, kind: str, out: str | Path | None = None) -> Path:
    """The file or folder that ``take`` (a ``.jsonl``) becomes as ``kind``."""
    take = Path(take)
    folder = take.parent if out is None else Path(out)
    return folder / cut_name(take.stem, EXPORT_FORMATS[kind].ending, _LONGEST)


def convert_take(
    take: str | Path,
    kinds: Sequence[str],
    *,
    out: str | Path | None = None,
    hand_model: HandModelData | str | Path | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Conversion:
    """Write ``take`` as each of ``kinds`` beside it; older files of these names are replaced.

    Args:
        take: the ``.jsonl`` file.
        kinds: keys of ``EXPORT_FORMATS``.
        out: another folder to write to; made if missing.
        hand_model: what the take was made with; None takes the shipped model its header names.
        progress: called with the share done, 0 to 1.
        cancelled: asked before every frame; True stops.

    Raises:
        UserError: a format or a package it needs is not there, the take cannot be read, its hand
            model is not known or does not fit, or a file cannot be written. Files that were
            finished before stay.
        Cancelled: ``cancelled`` said so.
    """
    known = known_formats()
    unknown = [kind for kind in kinds if kind not in known]
    if unknown or not kinds:
        wrong = f"{unknown[0]!r} is no format" if unknown else "no format was asked for"
        raise UserError(f"{wrong}: choose from {', '.join(known)}")
    for kind in kinds:
        EXPORT_FORMATS[kind].require()
    kinds = tuple(dict.fromkeys(kinds))
    stop = cancelled or (lambda: False)
    tell = progress or (lambda share: None)
    take = Path(take)
    model, settler, was_cut = _completed(take, hand_model, stop)
    with ResultReader(take) as reader, ExitStack() as cleaning:
        writers = {
            kind: EXPORT_FORMATS[kind].open_writer(
                Take(take, target_of(take, kind, out), model, reader.header, cleaning)
            )
            for kind in kinds
        }
        needs_vertices = any(EXPORT_FORMATS[kind].needs_meshes for kind in kinds)
        layer = FastHandLayer(model)
        frames, checked = 0, False
        for frame in reader:
            if stop():
                raise Cancelled
            if not checked and frame.hands:
                _check_fit(reader, frame.hands[0], model, layer)
                checked = True
            if settler is not None:
                frame = settler(frame)
            if needs_vertices:
                frame = _posed(frame, model, layer)
            for writer in writers.values():
                writer.add(frame)
            frames += 1
            tell(0.9 * reader.fraction)
        files = []
        for number, (kind, writer) in enumerate(writers.items(), start=1):
            if stop():
                raise Cancelled
            target = target_of(take, kind, out)
            writer.save(target)
            files.append(target)
            tell(0.9 + 0.1 * number / len(writers))
        return Conversion(tuple(files), frames, was_cut or reader.truncated)


def _completed(
    take: Path, hand_model: HandModelData | str | Path | None, stop: Callable[[], bool]
) -> tuple[HandModelData, Settler | None, bool]:
    """Complete the log of a recording that was cut off: its hands get one shape each.

    Returns:
        The take's hand model; what settles its frames, where the log could not be written anew (it
        is still being written, or on a disk that is full or read-only); and whether it was cut off.
    """
    with ResultReader(take) as reader:
        model = _model_of(reader, hand_model)
        if reader.header.get(SETTLED) is not False:
            return model, None, False
        shapes, layer, checked = TakeShapes(), FastHandLayer(model), False
        for frame in reader:
            if stop():
                raise Cancelled
            if not checked and frame.hands:  # nothing is written with a model that does not fit
                _check_fit(reader, frame.hands[0], model, layer)
                checked = True
            shapes.add(frame.hands)
        was_cut = reader.truncated
    settled = shapes.settled()
    if settle_log(take, model, settled):
        return model, None, was_cut
    return model, Settler(model, settled), was_cut


def _model_of(reader: ResultReader, hand_model: HandModelData | str | Path | None) -> HandModelData:
    if isinstance(hand_model, HandModelData):
        return hand_model
    if hand_model is not None:
        return load_hand_model(hand_model)
    name = reader.header.get("hand_model")
    # A file from elsewhere names a model, never a path to open.
    if name not in SHIPPED:
        raise UserError(
            f"{reader.path.name} was made with the hand model {name!r}, which is not one of ours: "
            "say where it is"
        )
    return load_hand_model(str(name))


def _check_fit(
    reader: ResultReader, hand: Hand, model: HandModelData, layer: FastHandLayer
) -> None:
    """Refuse a hand model that does not give the joints that were logged."""
    joints = layer.joints(hand.pose, hand.shape, hand.translation)
    joints = ModelSpace(hand.is_right).points(joints)
    distance = float(np.linalg.norm(joints - hand.joints_3d, axis=1).max())
    if distance > _FITS_M:  # not a number: nothing to compare with
        raise UserError(
            f"{reader.path.name} was not made with the hand model {model.name} (joints are "
            f"{distance * 1e3:.0f} mm apart): choose the one it was made with, "
            f"{reader.header.get('hand_model')}"
        )


def _posed(frame: LoggedFrame, model: HandModelData, layer: FastHandLayer) -> LoggedFrame:
    """``frame`` with the vertices of its hands; a hand with numbers missing is left out."""
    kept: list[Hand] = []
    vertices: list[NDArray[np.float32]] = []
    for hand in frame.hands:
        if len(hand.vertices) != model.num_vertices:
            points, _ = layer.posed(hand)
        else:
            points = hand.vertices
        if np.isfinite(points).all():
            kept.append(hand)
            vertices.append(points)
    return with_vertices(replace(frame, hands=tuple(kept)), vertices)
