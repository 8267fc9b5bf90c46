"""What the first pass keeps of a clip: arrays of all that was seen and estimated, no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.estimators.witnesses import WITNESSES
from hands3c_core.reading import read_arrays

Array = NDArray[Any]

_W: Final = len(WITNESSES)
#: Of all arrays together, unpacked.
_MOST_BYTES: Final = 1 << 36
#: Arrays with a row for each frame: name -> (shape of a row, type).
FRAME_ARRAYS: Final[dict[str, tuple[tuple[int, ...], Any]]] = {
    "index": ((), np.int64),
    "time": ((), np.float64),
    "camera": ((6,), np.float64),
}
#: Arrays with a row for each hand of each frame.
HAND_ARRAYS: Final[dict[str, tuple[tuple[int, ...], Any]]] = {
    "frame": ((), np.int64),
    "track_id": ((), np.int64),
    "is_right": ((), np.bool_),
    "detected_right": ((), np.bool_),
    "handedness": ((), np.float32),
    "landmarks_2d": ((21, 2), np.float32),
    "landmarks_world": ((21, 3), np.float32),
    "pose": ((16, 3), np.float32),
    "shape": ((10,), np.float32),
    "translation": ((3,), np.float32),
    "confidence": ((), np.float32),
    "is_unsure": ((), np.bool_),
    "joint_sigma": ((21,), np.float32),
    "joint_sigma_px": ((21,), np.float32),
    "crop": ((4,), np.float32),
    "estimator": ((), "U40"),
    "heard": ((_W,), np.bool_),
    "witness_points": ((_W, 21, 3), np.float32),
    "witness_spread": ((_W, 2, 21), np.float32),
    "witness_turn": ((3, 3), np.float32),
    "witness_angles": ((5, 3, 3), np.float32),
}


@dataclass
class Picture:
    """A small picture of a frame, kept to be shown."""

    index: int
    """Of its frame."""
    score: float
    """Least confidence of its hands."""
    jpeg: bytes


@dataclass
class Observations:
    """Arrays of ``FRAME_ARRAYS`` and ``HAND_ARRAYS``; what an estimator does not tell is NaN.

    Witnesses are as the estimator heard them, of the mirrored image where ``is_right`` is false.
    """

    frames: dict[str, Array]
    hands: dict[str, Array]
    skipped: int = 0
    """Packets or pictures that could not be decoded."""
    fps: float = 0.0
    """Nominal rate of the source."""
    best: Picture | None = None
    worst: Picture | None = None

    def __len__(self) -> int:
        return len(self.frames["index"])

    def save(self, path: Path) -> Path:
        """Write everything, whole or not at all."""
        arrays = {f"frame_{name}": array for name, array in self.frames.items()}
        arrays |= {f"hand_{name}": array for name, array in self.hands.items()}
        arrays["numbers"] = np.array([self.skipped, self.fps], np.float64)
        for name, picture in (("best", self.best), ("worst", self.worst)):
            if picture is not None:
                arrays[name] = np.frombuffer(picture.jpeg, np.uint8)
                arrays[f"{name}_about"] = np.array([picture.index, picture.score], np.float64)

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]

        return write_atomically(path, write)

    @classmethod
    def load(cls, path: Path) -> Observations:
        """Read a file of ``save``.

        Raises:
            UserError: it is not there or damaged.
        """
        arrays = read_arrays(path, _MOST_BYTES)
        try:
            frames = {name: arrays[f"frame_{name}"] for name in FRAME_ARRAYS}
            hands = {name: arrays[f"hand_{name}"] for name in HAND_ARRAYS}
            skipped, fps = arrays["numbers"].tolist()
            pictures = {}
            for name in ("best", "worst"):
                if name in arrays:
                    index, score = arrays[f"{name}_about"].tolist()
                    pictures[name] = Picture(int(index), score, arrays[name].tobytes())
        except (ValueError, KeyError) as error:
            raise UserError(f"{path} is damaged ({type(error).__name__}): delete it.") from None
        return cls(frames, hands, int(skipped), fps, **pictures)


class Notebook:
    """Collects observations."""

    def __init__(self) -> None:
        self._frames: dict[str, list[Any]] = {name: [] for name in FRAME_ARRAYS}
        self._hands: dict[str, list[Any]] = {name: [] for name in HAND_ARRAYS}

    @property
    def count(self) -> int:
        """Frames so far."""
        return len(self._frames["index"])

    def add_frame(self, **values: Any) -> None:
        """Add a frame; ``values`` by the names of ``FRAME_ARRAYS``."""
        for name in FRAME_ARRAYS:
            self._frames[name].append(values[name])

    def add_hand(self, **values: Any) -> None:
        """Add a hand of the last frame; names of ``HAND_ARRAYS`` that are left out are NaN."""
        values["frame"] = self.count - 1
        for name, (shape, kind) in HAND_ARRAYS.items():
            value = values.get(name)
            if value is None:
                empty = np.nan if np.dtype(kind).kind == "f" else np.zeros((), kind)[()]
                value = np.full(shape, empty, kind)
            self._hands[name].append(np.asarray(value, kind))

    def finish(self) -> Observations:
        """All of it."""
        return Observations(
            {n: _stack(self._frames[n], *FRAME_ARRAYS[n]) for n in FRAME_ARRAYS},
            {n: _stack(self._hands[n], *HAND_ARRAYS[n]) for n in HAND_ARRAYS},
        )


def _stack(rows: Sequence[Any], shape: tuple[int, ...], kind: Any) -> Array:
    return np.array(rows, kind).reshape(-1, *shape)


def select(observations: Observations, keep: Array, tracks: dict[int, int]) -> Observations:
    """The frames (N,) bool that are kept, with their hands, tracks called by other numbers."""
    rows = np.cumsum(keep) - 1
    chosen = keep[observations.hands["frame"]]
    hands = {name: array[chosen] for name, array in observations.hands.items()}
    hands["frame"] = rows[hands["frame"]]
    hands["track_id"] = np.array([tracks[t] for t in hands["track_id"].tolist()], np.int64)
    frames = {name: array[keep] for name, array in observations.frames.items()}
    values = {f.name: getattr(observations, f.name) for f in fields(observations)}
    return Observations(**values | {"frames": frames, "hands": hands})


def concatenate(parts: Sequence[Observations]) -> Observations:
    """Parts of one clip, one after the other."""
    hands: dict[str, Array] = {}
    starts = np.cumsum([0, *(len(part) for part in parts)])
    for name in HAND_ARRAYS:
        columns = [part.hands[name] for part in parts]
        if name == "frame":
            columns = [column + start for column, start in zip(columns, starts, strict=False)]
        hands[name] = np.concatenate(columns)
    frames = {name: np.concatenate([p.frames[name] for p in parts]) for name in FRAME_ARRAYS}
    best = [part.best for part in parts if part.best is not None]
    worst = [part.worst for part in parts if part.worst is not None]
    return Observations(
        frames,
        hands,
        sum(part.skipped for part in parts),
        parts[0].fps,
        max(best, key=lambda picture: picture.score, default=None),
        min(worst, key=lambda picture: picture.score, default=None),
    )
