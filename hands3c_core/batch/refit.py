"""The second fit: one shape for a hand throughout, and the side that it was found to have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.batch.observations import Observations
from hands3c_core.batch.people import Person
from hands3c_core.estimators.fused import FusedEstimator, FusionSettings
from hands3c_core.estimators.landmarks import LandmarkEstimator, LandmarkFitSettings
from hands3c_core.estimators.witnesses import WITNESSES, Witness
from hands3c_core.export.settling import take_shape
from hands3c_core.geometry import project, solve_translation
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import Camera, Detection, HandEstimate, TrackedHand
from hands3c_core.weights import LANDMARKS

#: Frames of a hand that its shape is found from, evenly over the clip.
_SHAPE_FRAMES: Final = 400
#: All of them count alike.
_ALL_FRAMES: Final = 1 << 30
_NO_PICTURE = np.zeros((16, 16, 3), np.uint8)

#: Fits row ``row`` of the observations.
Fit = Callable[[int], HandEstimate]


@dataclass
class Motion:
    """One hand through a clip, N frames in order of time."""

    number: int
    is_right: bool
    frames: NDArray[np.int64]
    """(N,) rows of the observations' frames."""
    times: NDArray[np.float64]
    """(N,) s."""
    pose: NDArray[np.float64]
    """(N, 16, 3)."""
    shape: NDArray[np.float64]
    """(N, 10)."""
    translation: NDArray[np.float64]
    """(N, 3) m."""
    confidence: NDArray[np.float64]
    is_unsure: NDArray[np.bool_]
    is_filled: NDArray[np.bool_]
    joint_sigma: NDArray[np.float64]
    """(N, 21) m, NaN where the estimator has none."""
    joint_sigma_px: NDArray[np.float64]
    landmarks_2d: NDArray[np.float64]
    """(N, 21, 2) px."""
    crop: NDArray[np.float64]
    """(N, 4)."""
    estimator: NDArray[Any]


def camera_of(row: NDArray[np.float64]) -> Camera:
    """A row of the observations' cameras."""
    fx, fy, cx, cy, width, height = row.tolist()
    return Camera(fx, fy, cx, cy, int(width), int(height))


def as_seen(person: Person, observations: Observations) -> Motion:
    """A hand as the first pass has it."""
    rows, hands = person.rows, observations.hands
    frames = hands["frame"][rows]
    count = len(rows)
    return Motion(
        person.number,
        person.is_right,
        frames,
        observations.frames["time"][frames],
        hands["pose"][rows].astype(np.float64),
        hands["shape"][rows].astype(np.float64),
        hands["translation"][rows].astype(np.float64),
        hands["confidence"][rows].astype(np.float64),
        hands["is_unsure"][rows].copy(),
        np.zeros(count, np.bool_),
        hands["joint_sigma"][rows].astype(np.float64),
        hands["joint_sigma_px"][rows].astype(np.float64),
        hands["landmarks_2d"][rows].astype(np.float64),
        hands["crop"][rows].astype(np.float64),
        hands["estimator"][rows].copy(),
    )


def with_one_shape(person: Person, observations: Observations, hand: HandModelData) -> Motion:
    """A hand fitted again to all that was seen of it, with one shape: that which all of it says.

    A network that gives poses itself is not fitted again: its hands get the median of their shapes
    and are placed anew. Frames in which the hand was taken for one of the other side are fitted to
    the detector's landmarks.
    """
    motion = as_seen(person, observations)
    hands = observations.hands
    rows = person.rows
    if hands["heard"][rows].any():
        estimators: list[Any] = [
            FusedEstimator(hand, settings=FusionSettings(shape_frames=_ALL_FRAMES)),
            FusedEstimator(hand),
        ]
        readers = [_fused(est, person, observations) for est in estimators]
    elif (hands["estimator"][rows] == LANDMARKS).all():
        settings = LandmarkFitSettings(shape_frames=_ALL_FRAMES)
        estimators = [LandmarkEstimator(hand, settings), LandmarkEstimator(hand)]
        readers = [_landmarks(est, person, observations) for est in estimators]
    else:
        return _placed_anew(person, observations, motion, hand)
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _SHAPE_FRAMES)).round())
    for row in rows[chosen.astype(int)].tolist():
        readers[0](row)
    shape = estimators[0].fitter.shape_of(person.number)
    estimators[1].fitter.hold_shape(person.number, shape)
    for number, row in enumerate(rows.tolist()):
        _enter(motion, number, readers[1](row))
    return motion


def _enter(motion: Motion, number: int, estimate: HandEstimate) -> None:
    motion.pose[number] = estimate.pose
    motion.shape[number] = estimate.shape
    motion.translation[number] = estimate.translation
    motion.confidence[number] = estimate.confidence
    motion.is_unsure[number] = estimate.is_unsure
    for name in ("joint_sigma", "joint_sigma_px"):
        value = getattr(estimate, name)
        getattr(motion, name)[number] = np.nan if value is None else value


def _moment(observations: Observations, row: int) -> tuple[Camera, float]:
    frame = observations.hands["frame"][row]
    camera = camera_of(observations.frames["camera"][frame])
    return camera, float(observations.frames["time"][frame])


def _tracked(person: Person, observations: Observations, row: int) -> TrackedHand:
    hands = observations.hands
    detection = Detection(
        bool(hands["detected_right"][row]),
        float(hands["handedness"][row]),
        hands["landmarks_2d"][row],
        hands["landmarks_world"][row],
    )
    return TrackedHand(person.number, person.is_right, detection, 0)


def _landmarks(estimator: LandmarkEstimator, person: Person, observations: Observations) -> Fit:
    def fit(row: int) -> HandEstimate:
        camera, time = _moment(observations, row)
        hand = _tracked(person, observations, row)
        return estimator.estimate(_NO_PICTURE, [hand], camera, time)[0]

    return fit


def _fused(estimator: FusedEstimator, person: Person, observations: Observations) -> Fit:
    def fit(row: int) -> HandEstimate:
        camera, time = _moment(observations, row)
        as_heard = bool(observations.hands["is_right"][row]) == person.is_right
        heard = list(_heard(observations, row, ModelSpace(as_heard), camera.width))
        hand = _tracked(person, observations, row)
        return estimator.fit(hand, heard, camera, time)

    return fit


def _heard(
    observations: Observations, row: int, space: ModelSpace, width: int
) -> Iterator[Witness]:
    """The witnesses of a hand. The network saw one of the wrong side if it is to be mirrored: its
    points still say where they are, its pose nothing.

    Args:
        observations: of the first pass.
        row: of its hands.
        space: from the side that it was heard as to the one that it is of.
        width: of the image, px.
    """
    hands = observations.hands
    turn = hands["witness_turn"][row].astype(np.float64)
    angles = hands["witness_angles"][row].astype(np.float64)
    for number in np.flatnonzero(hands["heard"][row]).tolist():
        points = space.pixels(hands["witness_points"][row, number].astype(np.float64), width)
        spread = hands["witness_spread"][row, number].astype(np.float64)
        name, pose = WITNESSES[number], None
        if space.is_right and name == WITNESSES[-1] and np.isfinite(turn).all():
            pose = (turn, angles)
        yield Witness(name, points, spread, pose)


def _placed_anew(
    person: Person, observations: Observations, motion: Motion, hand: HandModelData
) -> Motion:
    layer, fallback = FastHandLayer(hand), LandmarkEstimator(hand)
    refit = _landmarks(fallback, person, observations)
    rows = person.rows
    right_side = observations.hands["is_right"][rows] == person.is_right
    shape = take_shape(list(motion.shape[right_side] if right_side.any() else motion.shape))
    fallback.fitter.hold_shape(person.number, shape)
    for number, row in enumerate(rows.tolist()):
        camera, _ = _moment(observations, row)
        if not right_side[number]:
            _enter(motion, number, replace(refit(row), is_unsure=True))
            motion.estimator[number] = LANDMARKS
            continue
        seen_by = ModelSpace(person.is_right).camera(camera)
        pose = motion.pose[number]
        before = layer.joints(pose, motion.shape[number], motion.translation[number])
        after = layer.joints(pose, shape)
        motion.translation[number] = solve_translation(after, project(before, seen_by), seen_by)
        motion.shape[number] = shape
    return motion
