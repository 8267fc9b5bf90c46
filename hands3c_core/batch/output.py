"""A clip's hands as files, and what there is to say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from hands3c_core.batch.first_pass import frames_of, window
from hands3c_core.batch.inputs import Clip
from hands3c_core.batch.observations import Observations, Picture
from hands3c_core.batch.run_folder import name_of
from hands3c_core.batch.settings import BatchConfig
from hands3c_core.export import ResultLog, VideoWriter, convert_take
from hands3c_core.export.results import LoggedFrame
from hands3c_core.export_formats import known_formats
from hands3c_core.geometry import project, resize_camera
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.render import draw_overlay
from hands3c_core.types import Frame, FrameResult, Hand, UInt8

#: Points of the curves of a clip.
_CURVE: Final = 80
_PICTURES: Final = ("best", "worst")


def write_take(
    folder: Path,
    clip: Clip,
    frames: Sequence[LoggedFrame],
    config: BatchConfig,
    model: HandModelData,
    estimator: str,
    fps: float,
) -> None:
    """Write a clip's hands into a folder, in every format that is asked for.

    Raises:
        UserError: the disk refuses, or the clip cannot be read again for the video.
    """
    log = folder / name_of(clip.name, "jsonl")
    source = Path(clip.path).name
    with ResultLog(log, hand_model=model, estimator=estimator, source=source) as writer:
        for frame in frames:
            writer.write(frame)
    write_formats(folder, clip, config, model, frames, fps)


def write_formats(
    folder: Path,
    clip: Clip,
    config: BatchConfig,
    model: HandModelData,
    frames: Sequence[LoggedFrame],
    fps: float,
) -> None:
    """Write what is asked for and not there, of the JSONL that is."""
    missing = [kind for kind in config.kinds if not (folder / name_of(clip.name, kind)).exists()]
    exports = [kind for kind in missing if kind in known_formats()]
    if exports:
        convert_take(folder / name_of(clip.name, "jsonl"), exports, hand_model=model)
    if "mp4" in missing:
        _write_video(folder / name_of(clip.name, "mp4"), clip, config, model, frames, fps)


def _write_video(
    path: Path,
    clip: Clip,
    config: BatchConfig,
    model: HandModelData,
    frames: Sequence[LoggedFrame],
    fps: float,
) -> None:
    """The clip with its hands drawn over it."""
    layer = FastHandLayer(model)
    logged = {round(1e4 * (frame.source_time or 0.0)): frame for frame in frames}
    first = frames[0].camera
    writer = VideoWriter(path, (first.width, first.height), fps / config.every or None)
    try:
        with clip.open() as source:
            start, end = window(clip, config)
            for picture in frames_of(source, start, end, config.every):
                found = logged.get(round(1e4 * picture.timestamp))
                if found is not None:
                    drawn = draw_frame(picture.image, found, model, layer)
                    writer.write(drawn, found.timestamp)
    finally:
        writer.close()


def draw_frame(
    image: UInt8, frame: LoggedFrame, model: HandModelData, layer: FastHandLayer
) -> UInt8:
    """A frame's hands over its picture, which may be a smaller one of it."""
    height, width = image.shape[:2]
    camera = frame.camera
    if (camera.width, camera.height) != (width, height):
        camera = resize_camera(camera, width, height)
    hands = tuple(_with_mesh(hand, model, layer, camera) for hand in frame.hands)
    picture = Frame(image, frame.timestamp, frame.index, 0.0)
    return draw_overlay(image, FrameResult(picture, camera, hands, {}, model=model))


def _with_mesh(hand: Hand, model: HandModelData, layer: FastHandLayer, camera: Any) -> Hand:
    vertices, joints = layer.posed(hand)
    return replace(hand, vertices=vertices, joints_2d=project(joints, camera), model=model)


def write_pictures(
    folder: Path,
    observations: Observations,
    frames: Sequence[LoggedFrame],
    model: HandModelData,
) -> None:
    """Write the frames with the most and the least certain hands, their hands drawn."""
    by_index = {frame.index: frame for frame in frames}
    layer = FastHandLayer(model)
    for name in _PICTURES:
        picture: Picture | None = getattr(observations, name)
        frame = None if picture is None else by_index.get(picture.index)
        if picture is None or frame is None:
            continue
        image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
        rgb = np.ascontiguousarray(np.asarray(image, np.uint8)[..., ::-1])
        drawn = draw_frame(rgb, frame, model, layer)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 82]
        _, code = cv2.imencode(".jpg", drawn[..., ::-1], quality)
        (folder / f"{name}.jpg").write_bytes(code.tobytes())


def about_take(
    frames: Sequence[LoggedFrame], skipped: int, fps: float, estimator: str, model: str
) -> dict[str, Any]:
    """What a summary says of a clip's hands."""
    hands: dict[int, dict[str, Any]] = {}
    for frame in frames:
        for hand in frame.hands:
            entry = hands.setdefault(
                hand.track_id,
                {
                    "track_id": hand.track_id,
                    "side": "right" if hand.is_right else "left",
                    "frames": 0,
                    "filled": 0,
                    "unsure": 0,
                    "first_s": round(frame.timestamp, 4),
                    "sum": 0.0,
                },
            )
            entry["frames"] += 1
            entry["filled"] += int(hand.is_filled)
            entry["unsure"] += int(hand.is_unsure)
            entry["last_s"] = round(frame.timestamp, 4)
            entry["sum"] += hand.confidence
    for entry in hands.values():
        entry["confidence"] = round(entry.pop("sum") / entry["frames"], 4)
    seen = [hand.confidence for frame in frames for hand in frame.hands]
    camera = frames[0].camera
    return {
        "frames": len(frames),
        "frames_with_hands": sum(bool(frame.hands) for frame in frames),
        "seconds": round(frames[-1].timestamp + (1.0 / fps if fps else 0.0), 4),
        "fps": round(fps, 4),
        "width": camera.width,
        "height": camera.height,
        "skipped": skipped,
        "estimator": estimator,
        "hand_model": model,
        "hands": [hands[key] for key in sorted(hands)],
        "confidence": round(float(np.mean(seen)), 4) if seen else None,
        "curve": _curve(frames),
    }


def _curve(frames: Sequence[LoggedFrame]) -> dict[str, list[float | None]]:
    """Hands a frame and their confidence through the clip."""
    parts = np.array_split(np.arange(len(frames)), min(_CURVE, len(frames)))
    counts: list[float | None] = []
    confidences: list[float | None] = []
    for part in parts:
        hands = [hand for row in part.tolist() for hand in frames[row].hands]
        counts.append(round(len(hands) / len(part), 3))
        mean = float(np.mean([hand.confidence for hand in hands])) if hands else None
        confidences.append(None if mean is None else round(mean, 3))
    return {"hands": counts, "confidence": confidences}
