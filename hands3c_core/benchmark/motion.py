"""How still the smoothing holds a resting hand and how far it lags behind a moving one.

A clip of known motion is rendered and goes through detector and estimator once; every smoothing
then gets the same estimates. Jitter is the root of the mean square of the joints' distances from
their mean place while the hand rests, all three axes; quiver the same of their steps from frame to
frame, which is what an eye sees first. Lag is the delay of the true joints that fits what came out
best, across the line of sight (depth errs by more than a lag does) and but for a constant offset:
estimators have their own idea of where joints are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from hands3c_core.assets import asset_path
from hands3c_core.benchmark.known_motion import DURATION, PARTS, KnownMotion, Part
from hands3c_core.demo.clip import DemoClip
from hands3c_core.estimators.listener import Listener
from hands3c_core.hand_model import FastHandLayer, HandModelData, load_hand_model
from hands3c_core.motion import HandSmoother
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.types import Frame, HandEstimate, TrackedHand
from hands3c_core.weights import AUTO

Floats = NDArray[np.float64]

FPS: Final = 30
#: Seconds at the beginning of a part that do not count: filters and the hand's shape settle.
_STARTS: Final = {"still": 1.0}
_START: Final = 0.4
#: Lags that are tried, s.
_LAGS: Final = np.arange(-0.05, 0.25, 0.001)


@dataclass(frozen=True)
class Smoothing:
    """One way to smooth."""

    name: str
    strength: float
    gate: float | None = None
    """See ``HandSmoother``; None for its own."""


SMOOTHINGS: Final = (
    Smoothing("off", 0.0),
    Smoothing("One-Euro alone, default", 0.5, 0.0),
    Smoothing("One-Euro alone, strong", 1.0, 0.0),
    Smoothing("with uncertainty, default", 0.5),
    Smoothing("with uncertainty, strong", 1.0),
)


@dataclass(frozen=True)
class Sighting:
    """One hand of one frame, as an estimator gave it."""

    time: float
    hand: TrackedHand
    estimate: HandEstimate


def benchmark_motion(
    estimator: str = AUTO, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Render the clip, estimate its hand, smooth it in every way and measure.

    Args:
        estimator: name or file of weights, as ``make_estimator`` takes them.
        progress: called with (frames done, frames in all).

    Returns:
        A JSON-ready dict: ``estimator`` (its name), ``frames``, ``found`` (share of frames with the
        hand), ``smoothings`` (for each its ``name``, ``jitter_mm``, ``quiver_mm``, and ``lag_ms``
        and ``error_mm`` by part).

    Raises:
        UserError: the weights cannot be opened.
    """
    model = load_hand_model("hand_high")
    motion = KnownMotion(model)
    skin = asset_path("hand/hand_skin_1024.jpg")
    clip = DemoClip(model, skin, motions={True: motion})
    frames = round(DURATION * FPS)
    with HandMeshPipeline(estimator, smoothing=0.0, max_hands=1, camera=clip.camera) as pipeline:
        listener = Listener(pipeline.estimator)
        hand = pipeline.hand_model
        pipeline.estimator = listener
        sightings: list[Sighting] = []
        for index in range(frames):
            time = index / FPS
            pipeline.process(Frame(clip.frame(time), time, index, time))
            sightings += [Sighting(time, seen, estimate) for seen, estimate, _ in listener.seen]
            if progress is not None:
                progress(index + 1, frames)
    truth = TrueJoints(model, motion)
    return {
        "estimator": listener.name,
        "frames": frames,
        "found": round(len({sight.time for sight in sightings}) / frames, 4),
        "smoothings": [
            {"name": way.name} | measure(*smoothed(sightings, hand, way), truth)
            for way in SMOOTHINGS
        ],
    }


def smoothed(
    sightings: Sequence[Sighting], hand: HandModelData, way: Smoothing
) -> tuple[Floats, Floats]:
    """Times (N,) and joints (N, 21, 3), metres, of a right hand after smoothing."""
    smoother = HandSmoother(way.strength, anchor=hand.rest_joints[0])
    if way.gate is not None:
        smoother.gate = way.gate
    layer = FastHandLayer(hand)
    joints = []
    for sight in sightings:
        estimate = sight.estimate
        parameters = smoother(
            sight.hand.track_id,
            sight.hand.is_right,
            estimate.pose,
            estimate.shape,
            estimate.translation,
            sight.time,
            estimate.joint_sigma_px,
            estimate.joint_sigma,
        )
        joints.append(layer.joints(*parameters))
    return np.array([sight.time for sight in sightings]), np.array(joints, dtype=np.float64)


class TrueJoints:
    """Where the joints of ``KnownMotion`` are at any time.

    Args:
        model: the hand that moves.
        motion: what it does.
    """

    _RATE: Final = 480

    def __init__(self, model: HandModelData, motion: KnownMotion) -> None:
        layer = FastHandLayer(model)
        shape = np.zeros(10)
        self._first = float(_LAGS[0]) - 0.3
        rows = []
        for time in np.arange(self._first, DURATION + 0.5, 1.0 / self._RATE):
            state = motion.at(float(time))
            joints = layer.joints(state.pose, shape)
            rows.append(joints + (state.knuckle - joints[9]))
        self._joints = np.array(rows)

    def __call__(self, times: Floats) -> Floats:
        """(N, 21, 3) metres at times (N,), from the first part's start to the last one's end."""
        place = (np.asarray(times) - self._first) * self._RATE
        row = np.clip(place.astype(np.int64), 0, len(self._joints) - 2)
        share = (place - row)[:, None, None]
        joints: Floats = self._joints[row] * (1.0 - share) + self._joints[row + 1] * share
        return joints


def measure(times: Floats, joints: Floats, truth: Callable[[Floats], Floats]) -> dict[str, Any]:
    """Jitter, quiver, and lag and error by part, of joints (N, 21, 3) seen at times (N,)."""
    found: dict[str, Any] = {"lag_ms": {}, "error_mm": {}}
    for part in PARTS:
        inside = _inside(times, part)
        seen, place = times[inside], joints[inside]
        if not part.period:
            found["jitter_mm"] = round(1e3 * _spread(place - place.mean(axis=0)), 3)
            found["quiver_mm"] = round(1e3 * _spread(np.diff(place, axis=0)), 3)
            continue
        across = [_offset_free((place - truth(seen - lag))[..., :2]) for lag in _LAGS]
        found["lag_ms"][part.name] = round(1e3 * float(_LAGS[int(np.argmin(across))]), 1)
        now = _offset_free((place - truth(seen))[..., :2])
        found["error_mm"][part.name] = round(1e3 * now, 2)
    return found


def _inside(times: Floats, part: Part) -> NDArray[np.bool_]:
    start = part.start + _STARTS.get(part.name, _START)
    inside: NDArray[np.bool_] = (times >= start) & (times < part.end)
    return inside


def _spread(vectors: Floats) -> float:
    """Root of the mean square length of vectors (..., 3)."""
    return float(np.sqrt(np.square(vectors).sum(axis=-1).mean()))


def _offset_free(errors: Floats) -> float:
    """``_spread`` of errors (N, 21, 2) but for each joint's mean one."""
    return _spread(errors - errors.mean(axis=0))


def as_table(report: dict[str, Any]) -> Table:
    """The report for people."""
    table = Table(title=f"Smoothing with {report['estimator']}, a rendered clip of known motion")
    moving = [part.name for part in PARTS if part.period]
    each = " / ".join(moving)
    table.add_column("smoothing", no_wrap=True)
    for title in ("jitter at rest, mm", "frame to frame, mm", f"lag, ms: {each}", "error, mm"):
        table.add_column(title, justify="right")
    for way in report["smoothings"]:
        lags = " / ".join(f"{way['lag_ms'][name]:.0f}" for name in moving)
        errors = " / ".join(f"{way['error_mm'][name]:.1f}" for name in moving)
        table.add_row(
            way["name"], f"{way['jitter_mm']:.2f}", f"{way['quiver_mm']:.2f}", lags, errors
        )
    return table
