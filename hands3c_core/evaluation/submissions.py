"""Files for the public benchmarks of FreiHAND and HO-3D.

Both take ``pred.zip`` with ``pred.json`` at its top: a list of two lists, the joints (N, 21, 3) and
the vertices (N, 778, 3) of all evaluation images in order, metres. FreiHAND's are in the camera
frame, joints in our order. HO-3D's are in OpenGL's camera frame (the hand at negative z), joints in
its own order.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.data.ho3d import OPENGL, TO_THEIRS
from hands3c_core.errors import UserError
from hands3c_core.evaluation.evaluate import Evaluation, SampleResult
from hands3c_core.model_space import ModelSpace
from hands3c_core.reading import Fields, parse_json, read_bytes
from hands3c_core.reading.text import first_line

Floats = NDArray[np.float64]
_VERTICES: Final = 778
#: Extent of a hand that is possible, metres; millimetres and normalised units fall outside.
_EXTENT: Final = (0.04, 0.45)
#: Decimals kept: micrometres.
_DECIMALS: Final = 6
_MEMBER: Final = "pred.json"
_MAX_JSON_BYTES: Final = 4 << 30
_MOST_IMAGES: Final = 100_000
#: No hand is farther from the camera; m, or mm where somebody forgot to convert.
_FARTHEST: Final = 1e5


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark expects."""

    name: str
    count: int
    """Images of its evaluation set."""
    opengl: bool
    """Whether it wants HO-3D's frame and order of joints."""


BENCHMARKS: Final = {
    "freihand": Benchmark("freihand", 3960, False),
    "ho3d_v2": Benchmark("ho3d_v2", 11524, True),
    "ho3d_v3": Benchmark("ho3d_v3", 20137, True),
}


def write_submission(
    evaluation: Evaluation, benchmark: str, path: Path, *, count: int | None = None
) -> int:
    """Write a benchmark's ``pred.json``, or the zip of it if ``path`` ends in .zip.

    Predictions are moved so that the wrist is at its true place where the dataset tells it (HO-3D
    does), as the published code does; FreiHAND's stay relative to the wrist unless it is known.
    Images in which no hand was found, or that could not be read, get the mean of all others.

    Args:
        evaluation: of the whole evaluation split, with ``keep_vertices``.
        benchmark: a key of ``BENCHMARKS``.
        path: the .json or .zip file.
        count: images expected instead of the benchmark's number, for tests.

    Returns:
        The number of images that were filled in.

    Raises:
        UserError: the benchmark is unknown, predictions are missing, or ``check_submission`` finds
            a fault.
    """
    wanted = _benchmark(benchmark)
    total = count or wanted.count
    seen = len(evaluation.results) + len(evaluation.failed) + len(evaluation.skipped)
    if seen != total or not evaluation.results:
        raise UserError(
            f"{benchmark} wants {total} images, {seen} were evaluated: evaluate the whole "
            "evaluation split, without --limit."
        )
    joints, vertices = np.full((total, 21, 3), np.nan), np.full((total, _VERTICES, 3), np.nan)
    for result in evaluation.results:
        joints[result.index], vertices[result.index] = _camera_frame(result)
    missing = np.isnan(joints[:, 0, 0])
    for table in (joints, vertices):
        table[missing] = table[~missing].mean(axis=0)
    if wanted.opengl:
        joints, vertices = joints[:, TO_THEIRS] @ OPENGL, vertices @ OPENGL
    check_submission(joints, vertices, benchmark, count=count)
    text = _to_json(joints, vertices).encode("ascii")
    if path.suffix.lower() == ".zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_MEMBER, text)
        text = buffer.getvalue()
    write_atomically(path, text)
    return int(missing.sum())


def check_submission(
    joints: ArrayLike, vertices: ArrayLike, benchmark: str, *, count: int | None = None
) -> None:
    """Check numbers, shapes, unit, frame and order of a submission.

    Args:
        joints: (N, 21, 3) as in the file.
        vertices: (N, 778, 3) as in the file.
        benchmark: a key of ``BENCHMARKS``.
        count: images expected instead of the benchmark's number.

    Raises:
        UserError: says the first fault found.
    """
    wanted = _benchmark(benchmark)
    total = count or wanted.count
    for name, points, table in (
        ("joints", 21, np.asarray(joints)),
        ("vertices", _VERTICES, np.asarray(vertices)),
    ):
        if table.shape != (total, points, 3):
            raise UserError(
                f"{benchmark} wants {name} of shape {(total, points, 3)}, not {table.shape}."
            )
        if not np.isfinite(table).all():
            raise UserError(f"{benchmark}: the {name} hold numbers that are not finite.")
    joints, vertices = np.asarray(joints, np.float64), np.asarray(vertices, np.float64)
    extent = float(np.median(np.ptp(vertices, axis=1).max(axis=-1)))
    if not _EXTENT[0] <= extent <= _EXTENT[1]:
        raise UserError(
            f"{benchmark} wants metres, but the hands are {extent:g} long: divide or multiply by "
            "1000."
        )
    _check_frame(joints, vertices, wanted)
    _check_order(joints, wanted)


def read_submission(path: Path) -> tuple[Floats, Floats]:
    """Joints (N, 21, 3) and vertices (N, V, 3) of a ``pred.json`` or its zip.

    Raises:
        UserError: the file is missing, truncated or of another form.
    """
    content = read_bytes(path, _MAX_JSON_BYTES)
    if path.suffix.lower() == ".zip":
        content = _unzipped(content, path)
    parts = parse_json(content, str(path))
    if not isinstance(parts, list) or len(parts) != 2:
        raise UserError(
            f"{path} is no submission: {_MEMBER} is a list of joints and vertices, metres."
        )
    fields = Fields({"joints": parts[0], "vertices": parts[1]}, str(path))
    joints = fields.array("joints", (-1, 21, 3), -_FARTHEST, _FARTHEST, most=_MOST_IMAGES)
    shape = (-1, _VERTICES, 3)
    return joints, fields.array("vertices", shape, -_FARTHEST, _FARTHEST, most=_MOST_IMAGES)


def _unzipped(content: bytes, path: Path) -> bytes:
    """The text in a zip of it, which may not be what the zip says."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(_MEMBER) as file:
            text = file.read(_MAX_JSON_BYTES + 1)
    except Exception as error:  # damaged zips fail in many ways inside zlib and zipfile
        raise UserError(
            f"{path} is damaged or no zip of a {_MEMBER} ({first_line(error)})."
        ) from None
    if len(text) > _MAX_JSON_BYTES:
        raise UserError(f"{path} unpacks to more than a submission ever holds.")
    return text


def _benchmark(name: str) -> Benchmark:
    if name not in BENCHMARKS:
        raise UserError(f"there is no benchmark {name!r}; choose from {', '.join(BENCHMARKS)}.")
    return BENCHMARKS[name]


def _camera_frame(result: SampleResult) -> tuple[Floats, Floats]:
    """Joints and vertices in the true camera frame."""
    vertices = result.prediction.vertices
    if vertices is None or len(vertices) != _VERTICES:
        found = "none" if vertices is None else str(len(vertices))
        raise UserError(
            f"submissions need {_VERTICES} vertices, the estimator gives {found}: use MANO or "
            "hand_mano778 as its hand model."
        )
    joints = np.asarray(result.prediction.joints_3d, np.float64)
    root = np.zeros(3) if result.root is None else result.root.astype(np.float64)
    space = ModelSpace(result.is_right)
    move = root - joints[0]
    return space.points(joints + move), space.points(np.asarray(vertices, np.float64) + move)


def _check_frame(joints: Floats, vertices: Floats, wanted: Benchmark) -> None:
    """The hand is in front of the camera, on the side that the benchmark's frame says."""
    depth = np.median(vertices[..., 2], axis=1)
    if np.abs(joints[:, 0]).max() < 1e-6:
        if wanted.opengl:
            raise UserError(
                f"{wanted.name} wants hands in the camera frame, these are relative to the wrist."
            )
        return  # FreiHAND accepts them: only its aligned errors mean something then
    wrong = depth >= 0 if wanted.opengl else depth <= 0
    if wrong.any():
        sign = "negative (OpenGL's frame)" if wanted.opengl else "positive"
        raise UserError(
            f"{wanted.name} wants {sign} z, but {int(wrong.sum())} hands (the first is number "
            f"{int(np.argmax(wrong))}) are behind the camera."
        )


def _check_order(joints: Floats, wanted: Benchmark) -> None:
    """Neighbours in the claimed order are bones, so they are close to each other: the mean distance
    is below that of the other benchmark's order."""
    ours = joints[:, np.argsort(TO_THEIRS)] if wanted.opengl else joints
    other = joints if wanted.opengl else joints[:, np.argsort(TO_THEIRS)]

    def bones(table: Floats) -> float:
        fingers = table[:, 1:].reshape(len(table), 5, 4, 3)
        return float(np.linalg.norm(np.diff(fingers, axis=2), axis=-1).mean())

    if bones(ours) > bones(other):
        order = "HO-3D's own order of joints" if wanted.opengl else "wrist, thumb .. little"
        raise UserError(f"{wanted.name} wants {order}; these joints are in another one.")


def _to_json(joints: Floats, vertices: Floats) -> str:
    parts = [np.round(table, _DECIMALS).tolist() for table in (joints, vertices)]
    return json.dumps(parts, separators=(",", ":"))
