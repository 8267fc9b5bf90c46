# SPDX-License-Identifier: GPL-3.0-or-later
"""A take as a source: its hands as they were recorded, over its own video. No Qt."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.sources import Source, VideoSource
from hands3c_core.types import Camera, CropBox, Frame, FrameResult, Hand

if TYPE_CHECKING:
    from hands3c_core.export.results import LoggedFrame
    from hands3c_core.hand_model import HandModelData
    from hands3c_core.render import MeshTemplate

#: Ends of the names of files that hold a take's parameters.
SUFFIXES = (".jsonl", ".npz")
#: Where a take has no video, its hands are shown on this grey.
_GREY = 38
_LARGEST = 8192


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
        vertices, _ = self._layer(hand.pose, hand.shape, hand.translation)
        if not np.isfinite(vertices).all() or not np.isfinite(hand.joints_3d).all():
            return None
        if not hand.is_right:
            vertices[:, 0] *= -1.0
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
    from hands3c_core.export.results import LoggedFrame

    try:
        with np.load(path, allow_pickle=False) as arrays:
            given = {name: arrays[name] for name in arrays.files}
        about = json.loads(str(given["about"]))
        if about.get("format") != "hands3c-arrays":
            raise KeyError("about")
        hands: list[list[Hand]] = [[] for _ in given["time"]]
        for row, frame in enumerate(given["hand_frame"]):
            hands[int(frame)].append(_hand_of(given, row, str(about.get("estimator", "?"))))
        frames = [
            LoggedFrame(int(index), float(at), _camera_of(camera), tuple(found), {})
            for index, at, camera, found in zip(
                given["frame_index"], given["time"], given["camera"], hands, strict=True
            )
        ]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except (KeyError, ValueError, TypeError, IndexError, zipfile.BadZipFile, EOFError) as error:
        raise UserError(f"{path.name} is not a take of ours, or it is damaged") from error
    return about, frames


def _camera_of(row: Sequence[float]) -> Camera:
    fx, fy, cx, cy, width, height = (float(value) for value in row)
    if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
        raise ValueError("size")
    return Camera(fx, fy, cx, cy, int(width), int(height))


def _hand_of(given: dict[str, NDArray[Any]], row: int, estimator: str) -> Hand:
    return Hand(
        track_id=int(given["track_id"][row]),
        is_right=bool(given["is_right"][row]),
        confidence=float(given["confidence"][row]),
        vertices=np.zeros((0, 3), np.float32),
        joints_3d=given["joints_3d"][row],
        joints_2d=given["joints_2d"][row],
        landmarks_2d=given["landmarks_2d"][row],
        pose=given["pose"][row],
        shape=given["shape"][row],
        translation=given["translation"][row],
        crop=CropBox(*(float(value) for value in given["crop"][row])),
        reprojection_error_px=float(given["reprojection_error_px"][row]),
        estimator=estimator,
    )
