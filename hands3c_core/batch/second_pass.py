"""From what the first pass saw to the hands of each frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hands3c_core.batch.observations import Observations
from hands3c_core.batch.people import Person, find_people
from hands3c_core.batch.refit import Motion, as_seen, camera_of, with_one_shape
from hands3c_core.batch.smooth import fill_gaps, smooth_both_ways, smooth_forward
from hands3c_core.export.results import LoggedFrame
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.pipeline_hands import reproject
from hands3c_core.types import Camera, CropBox, Hand


def settle(
    observations: Observations,
    hand: HandModelData,
    smoothing: float,
    *,
    offline: bool = True,
    alone: bool = False,
) -> list[LoggedFrame]:
    """The hands of every frame of a clip.

    Args:
        observations: of the first pass.
        hand: the hand model.
        smoothing: strength, 0 (off) to 1.
        offline: use what comes after a frame as well as what is before it: one shape for each hand,
            smoothing without lag, gaps filled, sides and identities settled. False: as the live
            path.
        alone: frames have nothing to do with each other (photographs): nothing is smoothed.

    Returns:
        A frame for each of the observations', without vertices and wall clock.
    """
    anchor = np.asarray(hand.rest_joints[0], np.float64)
    motions: list[Motion] = []
    if alone:
        motions = [as_seen(person, observations) for person in _tracks(observations)]
    elif offline:
        for person in find_people(observations):
            motion = with_one_shape(person, observations, hand)
            smooth_both_ways(motion, smoothing, anchor)
            fill_gaps(motion, observations.frames["time"])
            motions.append(motion)
    else:
        for person in _tracks(observations):
            motion = as_seen(person, observations)
            smooth_forward(motion, smoothing, anchor)
            motions.append(motion)
    return _frames(observations, motions, hand)


def _tracks(observations: Observations) -> list[Person]:
    """Each track as it was, its sides as they were: where one changes, it begins anew."""
    hands = observations.hands
    people = []
    for number in np.unique(hands["track_id"]).tolist():
        rows = np.flatnonzero(hands["track_id"] == number)
        sides = hands["is_right"][rows]
        for part in np.split(rows, np.flatnonzero(np.diff(sides.astype(np.int8))) + 1):
            people.append(Person(number, bool(hands["is_right"][part[0]]), part))
    return people


def _frames(
    observations: Observations, motions: Sequence[Motion], model: HandModelData
) -> list[LoggedFrame]:
    layer = FastHandLayer(model)
    frames = observations.frames
    cameras = [camera_of(row) for row in frames["camera"]]
    hands: list[list[Hand]] = [[] for _ in cameras]
    for motion in sorted(motions, key=lambda motion: motion.number):
        for row, frame in enumerate(motion.frames.tolist()):
            hands[frame].append(_hand(motion, row, cameras[frame], layer))
    first = float(frames["time"][0]) if len(cameras) else 0.0
    return [
        LoggedFrame(int(index), float(time) - first, camera, tuple(shown), {}, float(time))
        for index, time, camera, shown in zip(
            frames["index"], frames["time"], cameras, hands, strict=True
        )
    ]


def _hand(motion: Motion, row: int, camera: Camera, layer: FastHandLayer) -> Hand:
    pose, shape, translation = (
        getattr(motion, name)[row].astype(np.float32) for name in ("pose", "shape", "translation")
    )
    joints = ModelSpace(motion.is_right).points(layer.joints(pose, shape, translation))
    landmarks = motion.landmarks_2d[row].astype(np.float32)
    joints_2d, error = reproject(joints, landmarks, camera)
    sigma = motion.joint_sigma[row]
    return Hand(
        track_id=motion.number,
        is_right=motion.is_right,
        confidence=float(motion.confidence[row]),
        vertices=np.zeros((0, 3), np.float32),
        joints_3d=joints,
        joints_2d=joints_2d,
        landmarks_2d=landmarks,
        pose=pose,
        shape=shape,
        translation=translation,
        crop=CropBox(*motion.crop[row].tolist()),
        reprojection_error_px=error,
        estimator=str(motion.estimator[row]),
        joint_sigma=sigma.astype(np.float32) if np.isfinite(sigma).all() else None,
        is_unsure=bool(motion.is_unsure[row]),
        is_filled=bool(motion.is_filled[row]),
    )
