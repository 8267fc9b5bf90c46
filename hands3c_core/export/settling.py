"""One shape a hand and take.

While a hand is watched its shape is still being found, so the first frames of a log have another
than the rest; but a rig has bones of one length. So when a take is complete its log is written anew
with the shape at which each hand settled, and all that is made of it agrees (docs/adr/0010).
"""

from __future__ import annotations

import logging
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import NUM_SHAPE
from hands3c_core.errors import UserError
from hands3c_core.export.hand_names import HandPlaces
from hands3c_core.export.locks import held
from hands3c_core.export.results import LoggedFrame, ResultReader
from hands3c_core.export.schema import hand_record, header_line, json_line
from hands3c_core.geometry import project, solve_translation
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import Camera, Hand

log = logging.getLogger(__name__)

#: The header's key: False until the hands of the log have one shape each, then True. Logs without
#: it keep what was estimated frame by frame.
SETTLED: Final = "shape_settled"
#: What settling changes of a logged hand.
_CHANGED: Final = ("shape", "translation", "joints_3d", "joints_2d", "reprojection_error_px")
#: Decimals of a logged shape, and of a translation.
_SHAPE_DECIMALS, _PLACE_DECIMALS = 5, 6

Place = tuple[bool, int]
"""A hand of a take: its side and its number, as ``HandPlaces`` has them."""


def take_shape(shapes: ArrayLike) -> NDArray[np.float64]:
    """(10,) the shape of a hand in a take: the median of each coefficient over its frames (N, 10).

    A hand's shape settles within seconds and then stays. The median is that settled shape exactly,
    where a mean would mix in what was guessed before.
    """
    return np.asarray(np.median(np.asarray(shapes, np.float64), axis=0))


def is_whole(hand: Hand) -> bool:
    """Whether all parameters of ``hand`` are known."""
    return all(np.isfinite(part).all() for part in (hand.pose, hand.shape, hand.translation))


class TakeShapes:
    """Gathers the shapes of a take's hands, frame by frame; 40 bytes a hand and frame."""

    def __init__(self) -> None:
        self._places = HandPlaces()
        self._shapes: defaultdict[Place, array[float]] = defaultdict(lambda: array("f"))

    def add(self, hands: Sequence[Hand]) -> None:
        """Add a frame's hands."""
        whole = [hand for hand in hands if is_whole(hand)]
        for hand, place in zip(whole, self._places.of(whole), strict=True):
            self._shapes[place].frombytes(np.asarray(hand.shape, np.float32).tobytes())

    def settled(self) -> dict[Place, NDArray[np.float32]]:
        """(10,) the shape of each hand, as a log can hold it."""
        return {
            place: np.round(take_shape(np.reshape(shapes, (-1, NUM_SHAPE))), _SHAPE_DECIMALS)
            .astype(np.float32)
            for place, shapes in self._shapes.items()
        }  # fmt: skip


class Settler:
    """Gives the hands of a take their settled shape; takes its frames in order, from the first.

    Args:
        model: the hand model of the take.
        shapes: ``TakeShapes.settled`` of the same frames.
    """

    def __init__(self, model: HandModelData, shapes: Mapping[Place, NDArray[np.float32]]) -> None:
        self._layer = FastHandLayer(model)
        self._shapes = shapes
        self._places = HandPlaces()

    def __call__(self, frame: LoggedFrame) -> LoggedFrame:
        """``frame`` with its hands settled; those that are already, or whose numbers are not all
        known, as they are."""
        whole = [index for index, hand in enumerate(frame.hands) if is_whole(hand)]
        places = self._places.of([frame.hands[index] for index in whole])
        hands = list(frame.hands)
        for index, place in zip(whole, places, strict=True):
            shape = self._shapes.get(place)
            if shape is not None and not np.array_equal(shape, hands[index].shape):
                hands[index] = self._settled(hands[index], shape, frame.camera)
        return replace(frame, hands=tuple(hands))

    def _settled(self, hand: Hand, shape: NDArray[np.float32], camera: Camera) -> Hand:
        """``hand`` with another shape and the same pose, where it is seen in the same place: a
        larger hand is farther away."""
        space = ModelSpace(hand.is_right)
        joints = space.points(self._layer.joints(hand.pose, shape))
        seen = np.isfinite(hand.joints_2d).all(axis=1)
        if seen.sum() < 3:
            return hand
        move = solve_translation(joints[seen], hand.joints_2d[seen], camera, refinements=2)
        moved = np.round(space.points(move), _PLACE_DECIMALS).astype(np.float32)
        hand = replace(hand, shape=shape, translation=moved)
        vertices = hand.vertices
        if len(vertices):
            vertices, joints = self._layer.posed(hand)
        else:
            joints = space.points(self._layer.joints(hand.pose, shape, moved))
        flat = project(joints, camera)
        apart = np.linalg.norm(flat - hand.landmarks_2d, axis=1)
        return replace(
            hand,
            vertices=vertices,
            joints_3d=joints,
            joints_2d=flat,
            reprojection_error_px=float(apart.mean()),
        )


def settle_log(
    path: str | Path,
    model: HandModelData,
    shapes: Mapping[Place, NDArray[np.float32]] | None = None,
) -> bool:
    """Write a complete log anew with one shape a hand; a last line that is cut off goes.

    Args:
        path: a ``.jsonl`` whose header says that its shapes are not settled; another one is left
            alone.
        model: the hand model it was made with.
        shapes: ``TakeShapes.settled`` of its frames; None finds them out.

    Returns:
        Whether the log is settled now. It is not where somebody still writes it or where it cannot
        be written; then it stays as it was.

    Raises:
        UserError: it cannot be read, or is no such log.
    """
    path = Path(path)
    with ResultReader(path) as reader:
        header = reader.header
    if header.get(SETTLED) is not False:
        return header.get(SETTLED) is True
    with held(path) as mine:
        if not mine:
            return False
        settler = Settler(model, shapes_of(path) if shapes is None else shapes)

        def write(temporary: Path) -> None:
            with ResultReader(path) as reader, temporary.open("wb") as out:
                out.write(header_line({**header, SETTLED: True}))
                for record, frame in reader.records():
                    if frame is not None:
                        _settle_record(record, frame, settler(frame))
                    out.write(json_line(record))

        try:
            write_atomically(path, write)
        except (UserError, ValueError) as error:  # numbers that JSON does not know
            log.warning("the hands of %s keep the shapes of each frame: %s", path.name, error)
            return False
    return True


def shapes_of(path: str | Path) -> dict[Place, NDArray[np.float32]]:
    """The settled shape of each hand of a log; raises UserError if it cannot be read."""
    found = TakeShapes()
    with ResultReader(path) as reader:
        for frame in reader:
            found.add(frame.hands)
    return found.settled()


def _settle_record(record: dict[str, Any], before: LoggedFrame, after: LoggedFrame) -> None:
    """Bring a frame's line up to date; what else it holds stays as it is."""
    pairs = zip(record["hands"], before.hands, after.hands, strict=True)
    for entry, hand, settled in pairs:
        if settled is not hand:
            names = _CHANGED + (("vertices",) if len(settled.vertices) else ())
            new = hand_record(settled, vertices=bool(len(settled.vertices)))
            entry.update({name: new[name] for name in names})
