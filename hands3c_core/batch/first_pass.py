"""The first pass over a clip: every frame seen once, in order, everything kept but the pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import cv2
import numpy as np

from hands3c_core.batch.engine import Tell
from hands3c_core.batch.inputs import Clip
from hands3c_core.batch.observations import Notebook, Observations, Picture
from hands3c_core.batch.settings import BatchConfig
from hands3c_core.errors import UserError
from hands3c_core.estimators.listener import Listener
from hands3c_core.estimators.witnesses import WITNESSES, Witness
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.sources.base import Source
from hands3c_core.types import Frame, FrameResult

#: Width of the pictures that are kept to be shown, px.
PICTURE_WIDTH: Final = 480
#: Half a frame's worth of doubt in a timestamp, s.
_JUST: Final = 1e-4
#: Shorter beginnings are read, so that frames are counted exactly.
_WORTH_SEEKING_S: Final = 2.0


def observe(
    clip: Clip,
    pipeline: HandMeshPipeline,
    config: BatchConfig,
    *,
    start: float | None = None,
    end: float | None = None,
    restarts: Sequence[float] = (),
    tell: Tell | None = None,
) -> Observations:
    """Run a clip, or a part of it, through a pipeline.

    Args:
        clip: what to read.
        pipeline: one whose estimator is a ``Listener``, without smoothing; it is reset.
        config: which frames.
        start: seconds of the clip from which on it is seen; its own start if None.
        end: seconds at which to stop, its end if None.
        restarts: seconds of the clip at which the detector looks for all hands anew. What it
            follows depends for good on what it has followed before; so a part that begins at one
            of these is seen as the whole clip would be.
        tell: takes the frames done, and their number as far as it is known.

    Raises:
        UserError: the clip cannot be read, or not one frame of it.
    """
    listener = pipeline.estimator
    assert isinstance(listener, Listener)
    notes, pictures = Notebook(), _Pictures()
    pipeline.reset()
    with clip.open() as source:
        first, last = window(clip, config, start, end)
        total = _expected(source, first, last, config.every)
        due = sorted(clip.start + moment for moment in restarts if clip.start + moment > first)
        for frame in frames_of(source, first, last, config.every):
            if due and frame.timestamp >= due[0] - _JUST:
                pipeline.detector.reset()
                due = [moment for moment in due if moment > frame.timestamp + _JUST]
            result = pipeline.process(frame)
            _note(notes, result, listener)
            pictures.look(result)
            if tell is not None:
                tell(notes.count, total)
        skipped, fps = source.skipped, source.fps
    if not notes.count:
        raise UserError(f"{source.name} has no frame between the times that were asked for.")
    observations = notes.finish()
    observations.skipped, observations.fps = skipped, fps
    observations.best, observations.worst = pictures.best, pictures.worst
    return observations


def window(
    clip: Clip, config: BatchConfig, start: float | None = None, end: float | None = None
) -> tuple[float, float]:
    """Seconds of the file between which frames are taken."""
    first = clip.start + (config.start if start is None else start)
    ends = [clip.end if clip.end is not None else math.inf]
    ends += [clip.start + until for until in (end, config.end) if until is not None]
    return first, min(ends)


def frames_of(source: Source, first: float, last: float, every: int) -> Iterator[Frame]:
    """Every ``every``-th frame of the source (counted from its own beginning) whose time lies from
    ``first`` to before ``last``."""
    if first > _WORTH_SEEKING_S:
        source.seek(first)
    for frame in source:
        if frame.timestamp >= last - _JUST:
            return
        if frame.timestamp >= first - _JUST and frame.index % every == 0:
            yield frame


def _expected(source: Source, first: float, last: float, every: int) -> int | None:
    if source.duration is None or not source.fps:
        return source.frame_count
    seconds = min(source.duration, last) - first
    return max(0, round(seconds * source.fps / every))


def _note(notes: Notebook, result: FrameResult, listener: Listener) -> None:
    lens = result.camera
    notes.add_frame(
        index=result.frame.index,
        time=result.frame.timestamp,
        camera=(lens.fx, lens.fy, lens.cx, lens.cy, lens.width, lens.height),
    )
    for shown, (hand, estimate, heard) in zip(result.hands, listener.seen, strict=True):
        detection = hand.detection
        notes.add_hand(
            track_id=hand.track_id,
            is_right=hand.is_right,
            detected_right=detection.is_right,
            handedness=detection.handedness_score,
            landmarks_2d=detection.landmarks_2d,
            landmarks_world=detection.landmarks_world,
            pose=estimate.pose,
            shape=estimate.shape,
            translation=estimate.translation,
            confidence=estimate.confidence,
            is_unsure=estimate.is_unsure,
            joint_sigma=estimate.joint_sigma,
            joint_sigma_px=estimate.joint_sigma_px,
            crop=(shown.crop.center_x, shown.crop.center_y, shown.crop.side, shown.crop.angle),
            estimator=shown.estimator,
            **_witnesses(heard),
        )


def _witnesses(heard: Sequence[Witness]) -> dict[str, Any]:
    """The arrays of what was heard of a hand."""
    if not heard:
        return {}
    count = len(WITNESSES)
    arrays: dict[str, Any] = {
        "heard": np.zeros(count, np.bool_),
        "witness_points": np.full((count, 21, 3), np.nan),
        "witness_spread": np.full((count, 2, 21), np.nan),
    }
    for witness in heard:
        row = WITNESSES.index(witness.name)
        arrays["heard"][row] = True
        arrays["witness_points"][row] = witness.points
        arrays["witness_spread"][row] = witness.spread
        if witness.pose is not None:
            arrays["witness_turn"], arrays["witness_angles"] = witness.pose
    return arrays


class _Pictures:
    """Keeps the frames with the most and the least certain hands, small."""

    def __init__(self) -> None:
        self.best: Picture | None = None
        self.worst: Picture | None = None

    def look(self, result: FrameResult) -> None:
        if not result.hands:
            return
        score = min(float(hand.confidence) for hand in result.hands)
        if self.best is None or score > self.best.score + 0.02:
            self.best = _picture(result, score)
        if self.worst is None or score < self.worst.score - 0.02:
            self.worst = _picture(result, score)


def _picture(result: FrameResult, score: float) -> Picture:
    image = result.frame.image
    height, width = image.shape[:2]
    if width > PICTURE_WIDTH:
        size = PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, code = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return Picture(result.frame.index, score, code.tobytes())
