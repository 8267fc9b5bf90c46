"""Estimators behind one interface, so that all are measured on the same crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.sample import HandSample
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector
from hands3c_core.estimators.base import Estimator
from hands3c_core.estimators.hand_in_camera import place_hand
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.estimators.refine import PoseRefiner
from hands3c_core.evaluation.second_look import Look, look_again
from hands3c_core.geometry import default_camera, project, with_border
from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.models import HandNetwork
from hands3c_core.models.costs import network_costs
from hands3c_core.models.uvd import with_cameras
from hands3c_core.types import Camera, Detection, Float32, TrackedHand

#: Field of view of a crop whose camera is not known, degrees: a hand at arm's length in a webcam's
#: image of 60 degrees fills about half of it.
CROP_FOV_DEG = 30.0


@dataclass(frozen=True, slots=True)
class PredictedHand:
    """What an estimator says of one crop, in model space (a right hand, the crop as given)."""

    joints_3d: NDArray[np.floating[Any]]
    """(21, 3) metres, camera axes, any origin."""
    joints_2d: NDArray[np.floating[Any]] | None = None
    """(21, 2) px in the crop."""
    vertices: NDArray[np.floating[Any]] | None = None
    """(V, 3) metres, in the frame of ``joints_3d``."""
    is_placed: bool = False
    """Whether the origin is the sample's camera, which is known and the hand was placed in."""
    says_right: bool | None = None
    """Whether the estimator takes it for a right hand, which every crop shows; None where it does
    not say."""


class Predictor(Protocol):
    """Turns samples into predictions; labels of the samples must not be looked at, but for the
    camera."""

    @property
    def name(self) -> str:
        """Name in reports."""
        ...

    @property
    def input_size(self) -> int:
        """Side of the crops it takes, px."""
        ...

    def predict(self, samples: Sequence[HandSample]) -> list[PredictedHand | None]:
        """One prediction a sample; None where no hand was found."""
        ...

    def cost(self) -> dict[str, float | None]:
        """'params' and 'flops' of one crop, None where they mean nothing."""
        ...


class NetworkPredictor:
    """A network as a predictor. Those that regress points are brought to metres by the sample's
    camera, where it is known, and the size of the mean hand.

    Args:
        model: the network.
        refine: do as the live estimator does: bring poses to the heatmaps (``estimators.refine``),
            and set the window anew where the hand is small in it (``second_look``); as the network
            wants it by default.
    """

    def __init__(self, model: HandNetwork, refine: bool | None = None) -> None:
        self.model = model
        self.refine = model.refines if refine is None else refine
        self._refiner = PoseRefiner(FastHandLayer(model.hand)) if self.refine else None

    @property
    def name(self) -> str:
        """The network's name."""
        return self.model.name

    @property
    def input_size(self) -> int:
        """Side of its crops, px."""
        return self.model.input_size

    @property
    def crop_rule(self) -> CropRule:
        """How the windows of its crops are laid."""
        return self.model.crop_rule

    def predict(self, samples: Sequence[HandSample]) -> list[PredictedHand | None]:
        """See ``Predictor.predict``; a network always finds a hand."""
        crops = [sample.crop for sample in samples]
        prediction = self.model.predict(np.stack(crops))
        if self._refiner is not None and prediction.pose is not None:
            looks = look_again(self.model, crops, prediction)
            return [
                _refined(self._refiner, seen, sample)
                for seen, sample in zip(looks, samples, strict=True)
            ]
        result = with_cameras(prediction, *_cameras(samples), self.model.hand)
        joints_3d, joints_2d, vertices = (
            tensor.float().cpu().numpy()
            for tensor in (result.joints_3d, result.joints_2d, result.vertices)
        )
        side = self.input_size
        return [
            PredictedHand(
                joints_3d[i],
                joints_2d[i] * side,
                vertices[i],
                is_placed=result.uvd is not None and samples[i].intrinsics is not None,
            )
            for i in range(len(samples))
        ]

    def cost(self) -> dict[str, float | None]:
        """Parameters and operations; see ``models.costs``."""
        costs = network_costs(self.model)
        return {"params": float(costs.total_parameters), "flops": float(costs.flops)}


class EstimatorPredictor:
    """Any estimator as it runs live, each crop by itself: the detector looks at the crop with a
    border, and the estimator at what it found, without a past.

    Args:
        estimator: what is measured.
        margin: border added around a crop before the detector looks, as a share of its side. Hands
            that fill the image are missed otherwise: of 150 webcam crops 20 without a border, 4
            with 0.25, none with 0.5.
    """

    input_size = CROP_SIZE

    def __init__(self, estimator: Estimator, margin: float = 0.5) -> None:
        self.margin = margin
        self._detector = MediaPipeDetector(max_hands=2, mode="image")
        self._estimator = estimator
        self._layer = FastHandLayer(estimator.hand)

    @property
    def name(self) -> str:
        """The estimator's name."""
        return self._estimator.name

    def close(self) -> None:
        """Free the detector."""
        self._detector.close()

    def predict(self, samples: Sequence[HandSample]) -> list[PredictedHand | None]:
        """See ``Predictor.predict``."""
        return [self._predict(sample) for sample in samples]

    def cost(self) -> dict[str, float | None]:
        """Nothing comparable."""
        return {"params": None, "flops": None}

    def _predict(self, sample: HandSample) -> PredictedHand | None:
        border = round(self.margin * sample.crop.shape[0])
        image = with_border(sample.crop, border)
        detections = self._detector.detect(image)
        if not detections:
            return None
        detection = most_central(detections, image.shape[0])
        camera = crop_camera(sample, border)
        self._estimator.reset()
        hand = TrackedHand(1, True, detection, 0)  # crops always show right hands
        estimate = self._estimator.estimate(image, [hand], camera, 0.0)[0]
        vertices, joints = self._layer(estimate.pose, estimate.shape, estimate.translation)
        if estimate.vertices is not None and estimate.vertices.shape == vertices.shape:
            vertices = estimate.vertices
        return PredictedHand(
            joints,
            project(joints, camera) - border,
            vertices,
            is_placed=knows_camera(sample),
            says_right=detection.is_right,
        )


class LandmarkPredictor(EstimatorPredictor):
    """MediaPipe's landmarks and the hand model fitted to them, each crop by itself.

    Args:
        hand: the hand model to fit.
        margin: see ``EstimatorPredictor``.
    """

    def __init__(self, hand: HandModelData | str = "hand_mid", margin: float = 0.5) -> None:
        super().__init__(LandmarkEstimator(hand), margin)


def _refined(refiner: PoseRefiner, seen: Look, sample: HandSample) -> PredictedHand:
    """A hand with its pose brought to its heatmaps."""
    camera = crop_camera(sample)
    placed = place_hand(
        seen.prediction, seen.row, seen.joints_2d, seen.side, camera, refiner, seen.turn
    )
    vertices, joints = refiner.layer(placed.pose, placed.shape, placed.translation)
    return PredictedHand(joints, seen.joints_2d, vertices, is_placed=knows_camera(sample))


def _cameras(samples: Sequence[HandSample]) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, 3, 3) intrinsics of the crops, and (B,) whether they are known."""
    known = [sample.intrinsics is not None for sample in samples]
    matrices = [np.eye(3) if sample.intrinsics is None else sample.intrinsics for sample in samples]
    return torch.from_numpy(np.stack(matrices).astype(np.float32)), torch.tensor(known)


def crop_camera(sample: HandSample, border: int = 0) -> Camera:
    """The pinhole camera of a sample's crop with ``border`` px around it: its own where it is known
    and not turned, else one of ``CROP_FOV_DEG``."""
    side = sample.crop.shape[0] + 2 * border
    matrix = sample.intrinsics
    if matrix is not None and knows_camera(sample):
        k = matrix.astype(np.float64) / matrix[2, 2]
        cx, cy = float(k[0, 2]) + border, float(k[1, 2]) + border
        return Camera(float(k[0, 0]), float(k[1, 1]), cx, cy, side, side)
    inner = default_camera(sample.crop.shape[0], sample.crop.shape[0], CROP_FOV_DEG)
    return Camera(inner.fx, inner.fy, inner.cx + border, inner.cy + border, side, side)


def knows_camera(sample: HandSample) -> bool:
    """Whether ``crop_camera`` is the sample's own."""
    if sample.intrinsics is None:
        return False
    k = sample.intrinsics.astype(np.float64) / sample.intrinsics[2, 2]
    is_upright = abs(k[0, 1]) < 1e-2 * k[0, 0] and not k[2, :2].any()
    return bool(is_upright and k[0, 0] > 0 and k[1, 1] > 0)


def most_central(detections: list[Detection], side: int) -> Detection:
    """The hand that the crop is of: with another one in it, the one nearest to the middle."""

    def distance(detection: Detection) -> float:
        points: Float32 = detection.landmarks_2d
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        return float(np.linalg.norm(middle - (side - 1) / 2))

    return min(detections, key=distance)
