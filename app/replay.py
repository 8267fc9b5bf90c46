# SPDX-License-Identifier: GPL-3.0-or-later
"""A take as a source: its hands as they were recorded, over its own video. No Qt."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.reading import Fields, parse_json, read_arrays
from hands3c_core.sources import Source, VideoSource
from hands3c_core.types import Frame, FrameResult, Hand

if TYPE_CHECKING:
    from hands3c_core.export.results import LoggedFrame
    from hands3c_core.hand_model import HandModelData
    from hands3c_core.render import MeshTemplate

#: Ends of the names of files that hold a take's parameters.
SUFFIXES = (".jsonl", ".npz")
#: Where a take has no video, its hands are shown on this grey.
_GREY = 38
#: Of a take's arrays, unpacked.
_MOST_BYTES = 4 << 30
_MOST_ROWS = 10_000_000
_CAMERA = ("fx", "fy", "cx", "cy", "width", "height")
_HAND_COLUMNS = (
    *("track_id", "is_right", "confidence", "joints_3d", "joints_2d", "landmarks_2d", "pose"),
    *("shape", "translation", "crop", "crop_angle", "reprojection_error_px"),
)
_ARRAYS = ("about", "frame_index", "time", "camera", "hand_frame", *_HAND_COLUMNS)


def is_take(path: str | Path) -> bool:
    """Whether ``path`` is named like a take's parameters."""
    return Path(path).suffix.lower() in SUFFIXES


class TakeReplay(Source):
    """Plays a recorded take: pictures from the video beside it (as it came, or else with its
    overlay) or from what a run was of, or none; hands from the log, without any inference."""

    def __init__(self, path: str | Path) -> None:
        """
        Raises:
            UserError: the file is no take, is damaged, or its hand model is not there.
        """
        from hands3c_core.hand_model import FastHandLayer, load_hand_model
        from hands3c_core.hand_model.shipped import SHIPPED, skin_texture_path
        from hands3c_core.render import hand_meshes

        path = Path(path)
        about, self._frames = _read(path)
        if not self._frames:
            raise UserError(f"{path.name} holds no frame: choose another take")
        name = about.get("hand_model")
        if name not in SHIPPED:  # a file from elsewhere names a model, never a path to open
            raise UserError(
                f"{path.name} was made with the hand model {name!r}, which is not one of ours: "
                "it cannot be shown"
            )
        self.name = path.name
        self.hand: HandModelData = load_hand_model(str(name))
        """The hand model of the take."""
        self.texture = skin_texture_path() if self.hand.vt is not None else None
        self.meshes: dict[bool, MeshTemplate] = hand_meshes(self.hand, self.texture)
        """Its templates, for drawing."""
        self._layer = FastHandLayer(self.hand)
        self._times = np.array([frame.timestamp for frame in self._frames])
        self._times = np.maximum.accumulate(self._times + np.arange(len(self._times)) * 1e-6)
        steps = np.diff(self._times)
        step = float(np.median(steps)) if len(steps) else 0.0
        self.fps = min(1.0 / step, 1000.0) if step > 1e-3 else 30.0
        self.frame_count = len(self._frames)
        self.duration = float(self._times[-1]) + 1.0 / self.fps
        camera = self._frames[0].camera
        self.size = (camera.width, camera.height)
        self._picture_times = self._times
        self._video: Source | None = _video_beside(path)
        if self._video is None and (original := _original_of(path)) is not None:
            self._video = original
            self._picture_times = np.array(
                [f.timestamp if f.source_time is None else f.source_time for f in self._frames]
            )
        self._picture: Frame | None = None
        self._position = 0

    def read(self) -> Frame | None:
        if self._position >= len(self._frames):
            return None
        index = self._position
        self._position += 1
        at = float(self._times[index])
        camera = self._frames[index].camera
        shown = float(self._picture_times[index])
        image = self._picture_at(shown, (camera.height, camera.width))
        return Frame(image, at, index, time.monotonic())

    def seek(self, seconds: float) -> None:
        index = int(np.searchsorted(self._times, seconds + 1e-4, side="right")) - 1
        self._position = min(max(index, 0), len(self._frames) - 1)
        self._picture = None
        if self._video is not None:
            self._video.seek(float(self._picture_times[self._position]))

    def close(self) -> None:
        self._position = len(self._frames)
        video, self._video = self._video, None
        if video is not None:
            video.close()

    def result_of(self, frame: Frame) -> FrameResult:
        """The hands that were recorded for a frame of ``read``. On one thread."""
        logged = self._frames[frame.index]
        hands = tuple(posed for hand in logged.hands if (posed := self._posed(hand)) is not None)
        return FrameResult(frame, logged.camera, hands, {}, model=self.hand)

    def _posed(self, hand: Hand) -> Hand | None:
        """``hand`` with its mesh; None where numbers are missing."""
        if len(hand.vertices) == self.hand.num_vertices:
            return hand
        vertices, _ = self._layer.posed(hand)
        if not np.isfinite(vertices).all() or not np.isfinite(hand.joints_3d).all():
            return None
        return replace(hand, vertices=vertices)

    def _picture_at(self, at: float, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """The video's picture at ``at`` seconds, or grey where there is none of this size."""
        video = self._video
        while video is not None and (
            self._picture is None or self._picture.timestamp < at - 0.5 / self.fps
        ):
            following = video.read()
            if following is None:
                break
            self._picture = following
        if self._picture is None or self._picture.image.shape[:2] != shape:
            return np.full((*shape, 3), _GREY, np.uint8)
        return self._picture.image


def _video_beside(path: Path) -> VideoSource | None:
    for end in (".raw.mp4", ".mp4"):
        video = path.with_name(path.stem + end)
        if video.is_file():
            with suppress(UserError):
                return VideoSource(video)
    return None


def _original_of(path: Path) -> Source | None:
    """What a take of ``hands3c process`` was made of, if it is still there: shown like any file
    that is opened, as a video or pictures, or not at all."""
    from hands3c_core.batch.takes import original_of

    clip = original_of(path)
    if clip is not None:
        with suppress(UserError):
            return clip.open()
    return None


def _read(path: Path) -> tuple[dict[str, Any], list[LoggedFrame]]:
    from hands3c_core.export.results import read_results

    if path.suffix.lower() == ".jsonl":
        log = read_results(path)
        return log.header, log.frames
    return _read_arrays(path)


def _read_arrays(path: Path) -> tuple[dict[str, Any], list[LoggedFrame]]:
    """The same of an NPZ file, whose rows are checked as a log's lines are."""
    from hands3c_core.export.results import read_camera, read_frame

    given = Fields(read_arrays(path, _MOST_BYTES, _ARRAYS), str(path))
    try:
        about = Fields(parse_json(str(given.values.get("about")), f"{path}: about"), str(path))
        if about.text("format", "") != "hands3c-arrays":
            raise about.fail("format", "is another one")
    except UserError as error:
        raise UserError(f"{path.name} is not a take of ours ({error})") from None
    indices = given.array("frame_index", (-1,), most=_MOST_ROWS)
    times = given.array("time", (len(indices),))
    cameras = given.array("camera", (len(indices), len(_CAMERA)))
    owners = given.array("hand_frame", (-1,), 0, len(indices) - 1, most=_MOST_ROWS)
    hands = _hand_rows(given, len(owners), about.text("estimator", "?"))
    frames = []
    starts = np.searchsorted(owners, np.arange(len(indices) + 1))
    if (np.diff(owners) < 0).any():
        raise given.fail("hand_frame", "is not in order")
    for row, (index, at, camera) in enumerate(zip(indices, times, cameras, strict=True)):
        where = f"{path}, frame {row}"
        content = {"index": index, "time": at, "hands": hands[starts[row] : starts[row + 1]]}
        lens = read_camera(Fields(dict(zip(_CAMERA, camera, strict=True)), where))
        frames.append(read_frame(Fields(content, where), lens))
    return dict(about.values), frames


def _hand_rows(given: Fields, count: int, estimator: str) -> list[dict[str, Any]]:
    """The hands' rows as tables, as in a log."""
    columns = {name: given.values[name] for name in _HAND_COLUMNS if name in given}
    for name, column in columns.items():
        if column.shape[:1] != (count,):
            raise given.fail(name, f"has shape {column.shape}, expected {count} rows")
    rows = []
    for row in range(count):
        hand = {name: column[row] for name, column in columns.items()}
        for name in ("confidence", "reprojection_error_px"):
            if hand.get(name) is not None and np.ndim(hand[name]) == 0 and hand[name] != hand[name]:
                hand[name] = None  # NaN: not known
        rows.append({**hand, "estimator": estimator})
    return rows
