"""How the witnesses of a hand err, measured on renders and on photographs.

Renders have exact truth, but networks that learned from photographs see them worse than they see
photographs, and worse than the network that learned from renders. So renders tell how errors go
together (from joint to joint, from witness to witness, with what a witness says of itself), and
photographs how large they are: there is no truth for them, but the differences of three witnesses
give the three variances, once their correlations are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.dataset import CorruptSample, HandDataset
from hands3c_core.data.sample import HandSample
from hands3c_core.detect.landmark_network import LandmarkNetwork
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector
from hands3c_core.estimators.hand_chain import kinematics
from hands3c_core.estimators.landmarks import turn_to_ray
from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
from hands3c_core.estimators.network_witness import NetworkWitness
from hands3c_core.estimators.witnesses import (
    Witness,
    box_side,
    from_detection,
    from_looks,
)
from hands3c_core.evaluation.predictors import crop_camera, most_central
from hands3c_core.geometry.crop import with_border
from hands3c_core.types import Camera, TrackedHand

Floats = NDArray[np.float64]
#: Pairs of witnesses.
_PAIRS: Final = ((0, 1), (0, 2), (1, 2))
#: Errors count up to this many (robust) standard deviations.
_MOST_SIGMAS: Final = 3.5
#: Hands on which a witness is farther off in the image than this share of the box are no hands that
#: it sees.
_SEEN: Final = 0.12
#: Share of the correlations between witnesses on renders that is believed of photographs (what all
#: find hard there, contorted hands, is rarer here).
_BELIEVED: Final = 0.5
_BORDER: Final = 0.5
#: Factor on the fit's own standard deviations of joints. With it, joint errors on renders with
#: exact truth are 1.1 times as large (medians, after alignment); without it they were 1.7 times.
_FIT_FACTOR: Final = 1.6


@dataclass(frozen=True)
class Seen:
    """What the witnesses said of N hands, in shares of the hand's box; depths about their mean."""

    points: Floats
    """(3, N, 21, 3)."""
    spread: Floats
    """(3, N, 2, 21)."""
    frames: Floats
    """(N, 21, 3, 3): where a metre along the axes of each joint's bone goes."""
    angles: Floats
    """(N, 5, 3, 3) rad, the network's."""
    turns: Floats
    """(N, 3, 3), the network's global rotation."""
    own_depths: Floats
    """(N, 21) of the second witness, before its factor."""
    truth: Floats | None = None
    """(N, 21, 3)."""
    true_angles: Floats | None = None
    true_turns: Floats | None = None
    missed: int = 0
    """Hands that the detector did not find."""


def look_at(
    dataset: HandDataset,
    second: LandmarkNetwork,
    network: NetworkWitness,
    skeleton: HandSkeleton,
    limit: int,
    progress: Callable[..., None] | None = None,
) -> Seen:
    """Let all witnesses look at (at most ``limit``) samples of a dataset, evenly spread; progress
    is told as ``progress(completed=..., total=...)``."""
    detector = MediaPipeDetector(max_hands=2, mode="image")
    rows: list[dict[str, Floats]] = []
    chosen = np.linspace(0, len(dataset) - 1, min(limit, len(dataset))).round().astype(int)
    missed = 0
    try:
        for count, index in enumerate(chosen.tolist()):
            try:
                sample = dataset.read(index)
            except CorruptSample:
                continue
            row = _look(sample, detector, second, network, skeleton)
            missed += row is None
            if row is not None:
                rows.append(row)
            if progress is not None:
                progress(completed=count + 1, total=len(chosen))
    finally:
        detector.close()
    table = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    has_truth = np.isfinite(table["truth"]).all()
    return Seen(
        points=table["points"].transpose(1, 0, 2, 3),
        spread=table["spread"].transpose(1, 0, 2, 3),
        frames=table["frames"],
        angles=table["angles"],
        turns=table["turn"],
        own_depths=table["own_depths"],
        truth=table["truth"] if has_truth else None,
        true_angles=table["true_angles"] if has_truth else None,
        true_turns=table["true_turn"] if has_truth else None,
        missed=missed,
    )


def _look(
    sample: HandSample,
    detector: MediaPipeDetector,
    second: LandmarkNetwork,
    network: NetworkWitness,
    skeleton: HandSkeleton,
) -> dict[str, Floats] | None:
    border = round(_BORDER * sample.crop.shape[0])
    image = with_border(sample.crop, border)
    found = detector.detect(image)
    if not found:
        return None
    detection = most_central(found, image.shape[0])
    camera = crop_camera(sample, border)
    hand = TrackedHand(1, True, detection, 0)
    network.reset()
    looks = second.look(image, [detection.landmarks_2d])[0]
    own = network.look(image, [hand], network.follow(image, [hand]), camera)[0].witness
    assert own.pose is not None
    witnesses = [
        from_detection(detection.landmarks_2d, detection.landmarks_world),
        from_looks(looks),
        own,
    ]
    side = float(np.mean([box_side(witness.points) for witness in witnesses]))
    turn, angles = own.pose
    truth = np.full((21, 3), np.nan)
    true_turn, true_angles = turn, angles
    if sample.root is not None and sample.pose is not None and sample.parameter_model == "hands3c":
        truth = _as_seen((sample.joints_3d + sample.root).astype(np.float64), camera)
        side = box_side(truth)
        true_turn, true_angles = skeleton.from_pose(sample.pose)
    return {
        "points": np.stack([_relative(witness.points, side) for witness in witnesses]),
        "spread": np.stack([witness.spread for witness in witnesses]),
        "frames": _bone_frames(witnesses[2], true_turn, true_angles, skeleton, camera) / side,
        "angles": angles,
        "turn": turn,
        "own_depths": looks.points[..., 2].mean(axis=0) / second.depth_scale / side,
        "truth": _relative(truth, side),
        "true_angles": true_angles,
        "true_turn": true_turn,
    }


def depth_scale(renders: Seen) -> float:
    """The slope of true depths over the second witness's own, robustly, on hands that it sees."""
    assert renders.truth is not None
    seen = _distance(renders.points[1], renders.truth) < _SEEN
    own = renders.own_depths[seen]
    own = own - own.mean(axis=1, keepdims=True)
    true = renders.truth[seen][..., 2]
    slope = 2.0
    for _ in range(20):
        off = true - slope * own
        weight = 1.0 / (1.0 + (off / (2.0 * np.median(np.abs(off)))) ** 2)
        slope = float((weight * own * true).sum() / (weight * own**2).sum())
    return slope


def measure(renders: Seen, photographs: Seen, real_markers: Floats) -> dict[str, Floats]:
    """The arrays of ``WitnessStatistics``.

    Args:
        renders: hands with truth.
        photographs: hands without.
        real_markers: (21, 3) m, landmarks from the joints of real hands (``HandSkeleton``).
    """
    assert renders.truth is not None
    assert renders.true_angles is not None
    assert renders.true_turns is not None
    markers = _markers(real_markers)
    off = _unmarked(renders.points - renders.truth, renders.frames, markers)
    seen = np.stack([_distance(points, renders.truth) < _SEEN for points in renders.points])
    everyone = seen.all(axis=0)
    error = off[:, everyone]
    image_corr, depth_corr = _correlations(error)
    apart = _unmarked(photographs.points, photographs.frames, markers)
    mutual = np.stack([_distance(apart[a], apart[b]) for a, b in _PAIRS]).max(axis=0)
    apart = apart[:, mutual < 2 * _SEEN]
    pairs_image = np.stack([_image_sigma(apart[a] - apart[b]) for a, b in _PAIRS])
    pairs_depth = np.stack([_sigma((apart[a] - apart[b])[..., 2]) for a, b in _PAIRS])
    image = _variances(pairs_image, np.array([image_corr[a, b] for a, b in _PAIRS]))
    of_depth = np.array(
        [np.diag(depth_corr[21 * a : 21 * a + 21, 21 * b : 21 * b + 21]).mean() for a, b in _PAIRS]
    )
    depth = _variances(pairs_depth, of_depth)
    image_slope, image_rest = _by_spread(renders.spread[:, everyone, 0], error, image=True)
    depth_slope, depth_rest = _by_spread(renders.spread[:, everyone, 1], error, image=False)
    angles = renders.angles - renders.true_angles
    turns = renders.turns @ renders.true_turns.transpose(0, 2, 1)
    skew = (turns - turns.transpose(0, 2, 1)) / 2
    turn = np.sqrt((skew**2).sum(axis=(1, 2)) / 2)
    # The network learned from renders: on photographs it errs more, by the ratio of its points'.
    harder = max(float(image[2].mean() / _image_sigma(error[2]).mean()), 1.0)
    return {
        "markers": markers,
        "image": _alike_in_the_image(image * image_rest[:, None]),
        "image_spread": image_slope,
        "image_correlation": image_corr,
        "depth": depth * depth_rest[:, None],
        "depth_spread": depth_slope,
        "depth_correlation": depth_corr,
        "angle_sigma": np.maximum(harder * 1.4826 * np.median(np.abs(angles), axis=0), 0.03),
        "turn_sigma": np.array(harder * 1.4826 * np.median(turn) / np.sqrt(3.0)),
        "sigma_factor": np.array(_FIT_FACTOR),
    }


def _markers(real: Floats) -> Floats:
    """(3, 21, 3) m: half of what real hands say, for every witness.

    On renders, which show our own hand, the points lie within 2 mm of its joints. On real hands,
    whose palms are shorter, a fit leaves the knuckles 5 to 9 mm beyond the points, and the tips'
    points lie on the nail's bed (``landmarks_skeleton``). Half way between draws the hand at nearly
    its size, and stays near what the witnesses say (docs/models.md).
    """
    return np.tile(0.5 * real, (3, 1, 1))


def _unmarked(points: Floats, frames: Floats, markers: Floats) -> Floats:
    """(3, N, 21, 3) points less their markers, depths about their mean."""
    out = points - np.einsum("nkac,wkc->wnka", frames, markers)
    out[..., 2] -= out[..., 2].mean(axis=2, keepdims=True)
    return out


def _correlations(error: Floats) -> tuple[Floats, Floats]:
    """Of errors (3, N, 21, 3): (3, 3) in the image and (63, 63) in depth; between witnesses the
    share ``_BELIEVED``, but for detector and second witness in the image, which are relatives."""
    image = np.eye(3)
    parts = [_clipped(error[row][..., :2]).ravel() for row in range(3)]
    for a, b in _PAIRS:
        believed = 1.0 if b == 1 else _BELIEVED
        image[a, b] = image[b, a] = believed * np.corrcoef(parts[a], parts[b])[0, 1]
    depth = np.corrcoef(np.concatenate([_clipped(error[row][..., 2]) for row in range(3)], 1).T)
    for a in range(3):
        for b in range(3):
            if a != b:
                depth[21 * a : 21 * a + 21, 21 * b : 21 * b + 21] *= _BELIEVED
    return image, depth


def _variances(pairs: Floats, correlation: Floats) -> Floats:
    """(3, 21) standard deviations of three witnesses from those of their differences (3, 21) and
    from their correlations (3,), by a search over a grid; half way to the mean of all joints."""
    found = np.empty((3, pairs.shape[1]))
    for joint in range(pairs.shape[1]):
        grid = np.linspace(0.15, 1.3, 30) * pairs[:, joint].max()
        sigma = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"))
        cost = np.zeros(sigma.shape[1:])
        for pair, (a, b) in enumerate(_PAIRS):
            both = sigma[a] ** 2 + sigma[b] ** 2 - 2 * correlation[pair] * sigma[a] * sigma[b]
            cost += (np.sqrt(both.clip(0.0)) - pairs[pair, joint]) ** 2
        found[:, joint] = sigma.reshape(3, -1)[:, cost.argmin()]
    return (found + found.mean(axis=1, keepdims=True)) / 2


def _alike_in_the_image(image: Floats) -> Floats:
    """(3, 21) with the detector's deviations at most those of the second witness, and the network's
    at least those.

    What two relatives have in common shows in no difference between them. A network that learned
    real hands from their labels shares it, so that three differences make it look three times as
    good as they are, and the detector so much worse than the second witness that, as they err
    alike, hardly anything of it is left. On photographs with true labels the two are alike (7.1 and
    7.4 px of 256 on 583 of them), and the network has never been better.
    """
    limited = image.copy()
    limited[0] = np.minimum(image[0], image[1])
    limited[2] = np.maximum(image[2], image[1])
    return limited


def _by_spread(spread: Floats, error: Floats, *, image: bool) -> tuple[Floats, Floats]:
    """How much of the errors' variance goes with what a witness says of itself: slopes (3,) of the
    standard deviation over the spread, and the share (3,) of the deviation that is left."""
    slopes, rest = np.zeros(3), np.ones(3)
    for row in range(3):
        squared = (error[row][..., :2] ** 2).mean(-1) if image else error[row][..., 2] ** 2
        squared = np.minimum(squared, np.quantile(squared, 0.98)).ravel()
        said = spread[row].ravel() ** 2
        if said.max() <= 0.0:
            continue
        said = np.minimum(said, np.quantile(said, 0.98))
        slope = np.cov(said, squared)[0, 1] / said.var()
        slopes[row] = np.sqrt(max(slope, 0.0))
        left = 1.0 - slope * said.mean() / squared.mean()
        rest[row] = np.sqrt(np.clip(left, 0.1, 1.0))
    return slopes, rest


def _as_seen(joints: Floats, camera: Camera) -> Floats:
    """(21, 3) joints, camera frame, as a witness without error would give them."""
    points = np.asarray(joints, np.float64)
    focal = np.array([camera.fx, camera.fy])
    seen = points[:, :2] / points[:, 2:] * focal + (camera.cx, camera.cy)
    ray = np.array([*((seen.mean(axis=0) - (camera.cx, camera.cy)) / focal), 1.0])
    straight = float(np.linalg.norm(ray))
    depth = points @ (ray / straight)
    return np.column_stack([seen, (depth / depth[0] - 1.0) * focal.mean() * straight])


def _relative(points: Floats, side: float) -> Floats:
    out = points / side
    out[:, 2] -= out[:, 2].mean()
    return out


def _bone_frames(
    witness: Witness, turn: Floats, angles: Floats, skeleton: HandSkeleton, camera: Camera
) -> Floats:
    """(21, 3, 3) px (of the image and in depth) a metre along the axes of each joint's bone."""
    nowhere, mean = np.zeros(3), np.zeros(10)
    joints = kinematics(turn, nowhere, angles, mean, *skeleton.bones, np.zeros((21, 3)))[0]
    axes = [
        kinematics(turn, nowhere, angles, mean, *skeleton.bones, np.tile(axis, (21, 1)))[1] - joints
        for axis in np.eye(3)
    ]
    seen = witness.points[:, :2]
    ray = (seen.mean(axis=0) - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    straight = turn_to_ray(ray).T
    flat = (joints - joints.mean(axis=0)) @ straight.T
    off = seen - seen.mean(axis=0)
    px = np.sqrt((off**2).sum() / (flat[:, :2] ** 2).sum())
    return np.einsum("ab,kbc->kac", straight, np.stack(axes, axis=2)) * px


def _distance(one: Floats, other: Floats) -> Floats:
    """(N,) mean distance in the image of points (N, 21, 3)."""
    return np.linalg.norm((one - other)[..., :2], axis=-1).mean(axis=-1)


def _clipped(errors: Floats) -> Floats:
    """Errors about their median, in robust standard deviations, without their tails."""
    centered = errors - np.median(errors, axis=0)
    sigma = 1.4826 * np.median(np.abs(centered), axis=0)
    return np.clip(centered / np.maximum(sigma, 1e-9), -_MOST_SIGMAS, _MOST_SIGMAS)


def _sigma(errors: Floats) -> Floats:
    """Standard deviation over the first axis, the tails clipped."""
    centered = errors - np.median(errors, axis=0)
    most = _MOST_SIGMAS * 1.4826 * np.median(np.abs(centered), axis=0)
    return np.clip(centered, -most, most).std(axis=0)


def _image_sigma(errors: Floats) -> Floats:
    """(21,) standard deviation of errors (N, 21, 2 or 3) in the image, per axis."""
    return np.sqrt((_sigma(errors[..., 0]) ** 2 + _sigma(errors[..., 1]) ** 2) / 2)
