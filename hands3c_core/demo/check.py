"""How well the hand detector sees the clip: counted against the clip's exact truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from hands3c_core.demo.clip import ClipHand, DemoClip
from hands3c_core.detect import MediaPipeDetector

#: A detection is a hand if its landmarks lie within this share of the hand's size of the truth.
_NEAR_ENOUGH = 0.25


@dataclass(frozen=True)
class ClipCheck:
    """Shares are of all frames, 0 to 1."""

    frames: int
    any_hand: float
    """Frames with at least one hand found."""
    both_hands: float
    """Frames with both hands found, each with its own side."""
    right: float
    left: float
    error_px: float
    """Mean distance of a found hand's landmarks from the projected joints, px. The clip's joints
    and the detector's landmarks are not defined alike, so this is never zero."""
    missed: dict[str, list[float]]
    """Times (s) at which a hand was not found, by side."""


def check_clip(
    path: str | Path, clip: DemoClip, mode: Literal["video", "image"] = "video"
) -> ClipCheck:
    """Run the detector over a written clip.

    Args:
        path: the MP4.
        clip: what it was made from.
        mode: 'video' (frames in order, as the app does) or 'image' (each frame on its own).
    """
    found: dict[bool, list[bool]] = {True: [], False: []}
    errors: list[float] = []
    missed: dict[str, list[float]] = {"right": [], "left": []}
    with Path(path).open("rb") as file, av.open(file) as container:
        detector = MediaPipeDetector(max_hands=2, mode=mode)
        try:
            for frame in container.decode(video=0):  # type: ignore[union-attr]
                time = float(frame.time or 0.0)
                image = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
                detections = detector.detect(image, time * 1000)
                for hand in clip.hands(time):
                    truth = _project(hand, clip)
                    size = float(np.ptp(truth, axis=0).max())
                    distances = [
                        float(np.linalg.norm(d.landmarks_2d - truth, axis=1).mean())
                        for d in detections
                        if d.is_right == hand.is_right
                    ]
                    error = min(distances, default=np.inf)
                    found[hand.is_right].append(error < _NEAR_ENOUGH * size)
                    if found[hand.is_right][-1]:
                        errors.append(error)
                    else:
                        missed["right" if hand.is_right else "left"].append(round(time, 3))
        finally:
            detector.close()
    right, left = np.array(found[True], bool), np.array(found[False], bool)
    return ClipCheck(
        frames=len(right),
        any_hand=float((right | left).mean()) if len(right) else 0.0,
        both_hands=float((right & left).mean()) if len(right) else 0.0,
        right=float(right.mean()) if len(right) else 0.0,
        left=float(left.mean()) if len(left) else 0.0,
        error_px=float(np.mean(errors)) if errors else float("nan"),
        missed=missed,
    )


def _project(hand: ClipHand, clip: DemoClip) -> NDArray[np.float64]:
    camera = clip.camera
    return hand.joints[:, :2] / hand.joints[:, 2:] * [camera.fx, camera.fy] + [camera.cx, camera.cy]
