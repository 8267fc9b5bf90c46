"""What each witness of a hand says, in one form: 21 points with depths, and how sure they are.

Three witnesses look at a hand: the *detector* (its landmarks and world landmarks), the *second
witness* (``detect.landmark_network``, two looks) and the *network* (its heatmaps, and the depths
and pose of its own hand). Each puts its points a little beside the joints, and errs more in depth
than in the image. Both were measured (``scripts/measure_witnesses.py``) and are kept in
``assets/witnesses.npz``; see ``WitnessStatistics``.

Everything here is in model space: of a left hand, the mirrored image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.assets import asset_path
from hands3c_core.estimators.landmarks import bone_directions, turn_to_ray
from hands3c_core.estimators.landmarks_solver import Evidence
from hands3c_core.reading import Fields, read_arrays
from hands3c_core.types import Camera, HandLooks

Floats = NDArray[np.float64]

DETECTOR: Final = "detector"
SECOND: Final = "second"
NETWORK: Final = "network"
#: In the order of the statistics.
WITNESSES: Final = (DETECTOR, SECOND, NETWORK)
#: Standard deviation of the shift of all of a witness's depths, as a share of the hand's box: what
#: it takes for the wrist's depth says nothing of the others'.
_SHIFT_SIGMA: Final = 3.0
#: No point in the image is taken to be better than this, px.
_LEAST_PX: Final = 0.3
#: Of three witnesses, one that sees a point so far from their median counts half in it, as a share
#: of the hand's box.
_ODD: Final = 0.05
#: What is added to the variance of each depth, as a share of it, so that covariances of some
#: hundred samples can be inverted safely.
_REGULAR: Final = 0.05
_FILE: Final = "witnesses.npz"


@dataclass(frozen=True)
class Witness:
    """One witness's view of one hand."""

    name: str
    points: Floats
    """(21, 3): u and v in px of the (mirrored) image, depth in the same unit, growing away from the
    camera along the line of sight, from any origin."""
    spread: Floats
    """(2, 21) what it says itself of its precision in the image and in depth, as shares of the
    hand's box: how far its two looks are apart, or the width of its heatmaps."""
    pose: tuple[Floats, Floats] | None = None
    """Global rotation (3, 3) and finger angles (5, 3, 3), if it has an opinion on them."""


@dataclass(frozen=True)
class WitnessStatistics:
    """How the witnesses err; lengths as shares of the longer side of the hand's box in the image.

    A point's standard deviation in the image is sqrt(``image``^2 + (``image_spread`` spread)^2),
    in depth the same with ``depth`` and ``depth_spread``.
    """

    markers: Floats
    """(3, 21, 3) m: where each witness's points are from the joints of the hand at rest."""
    image: Floats
    """(3, 21)."""
    image_spread: Floats
    """(3,)."""
    image_correlation: Floats
    """(3, 3) of the witnesses' errors in the image."""
    depth: Floats
    """(3, 21)."""
    depth_spread: Floats
    """(3,)."""
    depth_correlation: Floats
    """(63, 63) of the depths' errors, each witness's about their mean, witness by witness."""
    angle_sigma: Floats
    """(5, 3, 3) rad, of the network's finger angles."""
    turn_sigma: float
    """rad, of each component of the network's global rotation."""
    sigma_factor: float
    """By which the fit's own standard deviations of joints are to be multiplied."""

    @classmethod
    def load(cls, file: str | Path | None = None) -> WitnessStatistics:
        """Read a file of ``save``; the shipped one by default.

        Raises:
            UserError: it is missing or damaged.
        """
        path = Path(file) if file else asset_path(_FILE)
        fields = Fields(read_arrays(path), str(path))
        arrays = {name: fields.array(name, shape) for name, shape in cls.shapes().items()}
        scalars = {
            name: float(arrays.pop(name)) for name, shape in cls.shapes().items() if not shape
        }
        return cls(**arrays, **scalars)  # type: ignore[arg-type]

    def sharpened(self, image: float, depth: float) -> WitnessStatistics:
        """The same with standard deviations of these shares in the image and in depth."""
        return replace(
            self,
            image=self.image * image,
            image_spread=self.image_spread * image,
            depth=self.depth * depth,
            depth_spread=self.depth_spread * depth,
        )

    @staticmethod
    def shapes() -> dict[str, tuple[int, ...]]:
        """The arrays and their shapes."""
        return {
            "markers": (3, 21, 3),
            "image": (3, 21),
            "image_spread": (3,),
            "image_correlation": (3, 3),
            "depth": (3, 21),
            "depth_spread": (3,),
            "depth_correlation": (63, 63),
            "angle_sigma": (5, 3, 3),
            "turn_sigma": (),
            "sigma_factor": (),
        }


def from_detection(landmarks_2d: ArrayLike, world: ArrayLike) -> Witness:
    """The detector.

    Args:
        landmarks_2d: (21, 2) px.
        world: (21, 3) m, in the axes of a camera turned towards the hand.
    """
    return Witness(DETECTOR, _in_pixels(landmarks_2d, world), np.zeros((2, 21)))


def from_looks(looks: HandLooks) -> Witness:
    """The second witness: the mean of its two looks.

    Args:
        looks: its points as everything here, those of a left hand in the mirrored image.
    """
    both = looks.points.copy()
    both[..., 2] -= both[..., 2].mean(axis=1, keepdims=True)
    points = both.mean(axis=0)
    off = both[0] - both[1]
    spread = np.stack([np.linalg.norm(off[:, :2], axis=1), np.abs(off[:, 2])]) / 2
    return Witness(SECOND, points, spread / box_side(points))


def from_network(
    joints_2d: ArrayLike,
    spread_px: ArrayLike,
    joints_3d: ArrayLike,
    pose: tuple[Floats, Floats],
    camera: Camera,
) -> Witness:
    """A network with heatmaps, its depths those of its own hand.

    Args:
        joints_2d: (21, 2) px, means of its heatmaps.
        spread_px: (21,) px, their one-sigma spread.
        joints_3d: (21, 3) m, of its own hand, camera axes.
        pose: see ``Witness``.
        camera: of the (mirrored) image.
    """
    seen = np.asarray(joints_2d, np.float64)
    joints = np.asarray(joints_3d, np.float64)
    rays = (seen - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    straight = (joints - joints.mean(axis=0)) @ turn_to_ray(rays.mean(axis=0))
    points = _in_pixels(seen, straight)
    spread = np.asarray(spread_px, np.float64) / box_side(points)
    return Witness(NETWORK, points, np.stack([spread, spread]), pose)


def from_points(points: ArrayLike, sigma_px: ArrayLike, pose: tuple[Floats, Floats]) -> Witness:
    """A network that says itself where the joints are, in depth too, and how far it may be off.

    Args:
        points: (21, 3) px of the image and depth in the same unit.
        sigma_px: (21, 2) px, mean absolute error across and along the line of sight.
        pose: see ``Witness``.
    """
    seen = np.asarray(points, np.float64)
    spread = np.asarray(sigma_px, np.float64).T / box_side(seen)
    return Witness(NETWORK, seen, spread, pose)


def box_side(points: Floats) -> float:
    """The longer side of the box of points (21, 2 or more) in the image, at least 1 px."""
    return max(float(np.ptp(points[:, :2], axis=0).max()), 1.0)


def apart(one: Witness, other: Witness) -> float:
    """Mean distance in the image of two witnesses' points, as a share of the hand's box."""
    distance = np.linalg.norm(one.points[:, :2] - other.points[:, :2], axis=1).mean()
    return float(distance) / (box_side(one.points) + box_side(other.points)) * 2


def evidence(
    witnesses: Sequence[Witness],
    statistics: WitnessStatistics,
    camera: Camera,
    robust_sigmas: float,
) -> Evidence:
    """What the solver takes.

    Args:
        witnesses: at least one.
        statistics: of the witnesses.
        camera: of the (mirrored) image.
        robust_sigmas: residuals in the image beyond this many count less and less.
    """
    rows = [WITNESSES.index(witness.name) for witness in witnesses]
    points = np.stack([witness.points for witness in witnesses])
    focal = np.array([camera.fx, camera.fy])
    rays = (points[..., :2] - (camera.cx, camera.cy)) / focal
    middle = np.array([*rays.mean(axis=(0, 1)), 1.0])
    straight = float(np.linalg.norm(middle))
    side = float(np.mean([box_side(part) for part in points]))
    spread = np.stack([witness.spread for witness in witnesses])
    image = np.hypot(statistics.image[rows], statistics.image_spread[rows, None] * spread[:, 0])
    depth = np.hypot(statistics.depth[rows], statistics.depth_spread[rows, None] * spread[:, 1])
    odd = _oddness(points[..., :2], side)
    weights = _image_weights(image, statistics.image_correlation[np.ix_(rows, rows)]) / odd
    weights = np.minimum(weights * (focal.mean() / side) ** 2, (focal.mean() / _LEAST_PX) ** 2)
    per_share = side / (focal.mean() * straight)  # of the wrist's depth
    return Evidence(
        markers=statistics.markers[rows],
        rays=rays,
        ray_weights=weights,
        directions=np.zeros((len(rows), 20, 3)),
        direction_weights=np.zeros((len(rows), 20)),
        robust=robust_sigmas**2,
        line_of_sight=middle / straight,
        depths=points[..., 2] / (focal.mean() * straight),
        depth_weights=_depth_precision(rows, depth * np.sqrt(odd), statistics.depth_correlation)
        / per_share**2,
    )


def start_points(witness: Witness, camera: Camera) -> tuple[Floats, Floats]:
    """(21, 3) the witness's points in camera axes, any scale, and the directions (20, 3) of their
    bones: where a fit may start."""
    rays = (witness.points[:, :2].mean(axis=0) - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    turned = (witness.points - witness.points.mean(axis=0)) @ turn_to_ray(rays).T
    return turned, bone_directions(turned)


def _in_pixels(points_2d: ArrayLike, straight: ArrayLike) -> Floats:
    """(21, 3): points in the image with depths of ``straight`` (21, 3), any unit, scaled so that
    its extent across the line of sight is that of the points in the image."""
    seen = np.asarray(points_2d, np.float64)
    shape = np.asarray(straight, np.float64)
    shape = shape - shape.mean(axis=0)
    off = seen - seen.mean(axis=0)
    scale = np.sqrt((off**2).sum() / max((shape[:, :2] ** 2).sum(), 1e-12))
    return np.column_stack([seen, scale * shape[:, 2]])


def _oddness(points: Floats, side: float) -> Floats:
    """(W, 21) by how much each point's variance is raised: where one of three witnesses contradicts
    the two others, they are believed, whatever it thinks of itself.

    Args:
        points: (W, 21, 2) px.
        side: of the hand's box, px.
    """
    if len(points) < 3:
        return np.ones(points.shape[:2])
    off = np.linalg.norm(points - np.median(points, axis=0), axis=2)
    return np.asarray(1.0 + (off / (_ODD * side)) ** 2, np.float64)


def _image_weights(sigma: Floats, correlation: Floats) -> Floats:
    """(W, 21) the witnesses' weights in the best linear estimate of each point, from their standard
    deviations (W, 21) and correlation (W, W). They sum to the estimate's inverse variance; nobody's
    falls below a tenth of its own."""
    covariance = correlation * sigma.T[:, :, None] * sigma.T[:, None]
    weights = np.linalg.inv(covariance).sum(axis=2).T
    return np.maximum(weights, 0.1 * sigma**-2)


def _depth_precision(rows: Sequence[int], sigma: Floats, correlation: Floats) -> Floats:
    """(21 W, 21 W) inverse covariance of depths with these standard deviations (W, 21)."""
    places = np.concatenate([np.arange(21) + 21 * row for row in rows])
    flat = sigma.ravel()
    covariance = correlation[np.ix_(places, places)] * np.outer(flat, flat)
    covariance[np.diag_indices_from(covariance)] += _REGULAR * flat**2
    covariance += np.kron(np.eye(len(rows)), np.full((21, 21), _SHIFT_SIGMA**2))
    return np.linalg.inv(covariance)
