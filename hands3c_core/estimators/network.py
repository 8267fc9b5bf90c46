"""The network estimator: crops of the tracked hands through a network of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import CROP_SCALE
from hands3c_core.estimators.hand_in_camera import as_float32, place_hand, row_spread, seen_joints
from hands3c_core.estimators.mesh_fit import MeshFitter, SeenPoints
from hands3c_core.estimators.refine import PoseRefiner
from hands3c_core.geometry.camera import project
from hands3c_core.geometry.crop import (
    BoxSmoother,
    CropRule,
    apply_affine,
    extract_crop,
    hand_window,
    invert_affine,
)
from hands3c_core.geometry.turning import turn_of
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.models import HandPrediction, UvdTensors
from hands3c_core.types import (
    AttentionMaps,
    Camera,
    CropBox,
    Float32,
    Hand,
    HandEstimate,
    TrackedHand,
    UInt8,
)

#: Reprojection error, as a share of the hand's extent, at which confidence has fallen to 1/e.
_REPROJECTION_SCALE = 0.08
#: Spread of the heatmaps, as a share of the hand's extent, at which it has fallen to 1/e. A flat
#: heatmap has 0.43.
_SPREAD_SCALE = 0.25


class CropModel(Protocol):
    """What the estimator needs of a network: ``HandNetwork`` and the runtimes have it."""

    @property
    def name(self) -> str: ...
    @property
    def hand(self) -> HandModelData:
        """The hand that it poses, or whose points it regresses (``HandPrediction.uvd``)."""
        ...

    @property
    def input_size(self) -> int: ...
    @property
    def crop_rule(self) -> CropRule:
        """How the windows that it sees are laid."""
        ...

    @property
    def refines(self) -> bool:
        """Whether its poses want to be brought to its heatmaps."""
        ...

    def predict(self, crops: np.ndarray, *, attention: bool = False) -> HandPrediction: ...


@dataclass(frozen=True)
class NetworkView:
    """The crop of one hand and how it lies in the image."""

    crop: UInt8
    to_image: NDArray[np.float64]
    """(2, 3) map from crop px to px of the image, mirrored for a left hand."""
    box: CropBox


class NetworkEstimator:
    """Runs a network on the crops of all hands of an image, as one batch.

    A left hand's crop is mirrored, so the network sees right hands only. The translation is the one
    that brings the projected 3D joints nearest to the network's 2D joints, each weighted by its
    heatmap's spread. Pose and translation are then refined to meet the heatmaps (``refine``) if the
    network is one whose poses want that. A network that regresses points instead of pose and shape
    keeps its own mesh, and the hand model is fitted to it (``mesh_fit``).

    ``confidence`` is exp(-(e / 0.08)^2 - (s / 0.25)^2), with e the root mean square distance of the
    projected joints from the 2D joints and s the median spread of the heatmaps, both as shares of
    the hand's extent (the crop's side over 1.5).

    Args:
        model: the network (its hand model is the one that ``pose`` and ``translation`` are for).
        attention: also return the attention maps.
        heatmaps: also return the heatmaps.
        smoothing: how slowly the crop window follows the hand, 0 (off) to just under 1.
        name: name in results; the network's own by default.
        refine: refine poses by the heatmaps; as the network wants it by default.
    """

    def __init__(
        self,
        model: CropModel,
        *,
        attention: bool = False,
        heatmaps: bool = True,
        smoothing: float = 0.5,
        name: str | None = None,
        refine: bool | None = None,
    ) -> None:
        self.model = model
        self.refine = model.refines if refine is None else refine
        self.attention = attention
        self.heatmaps = heatmaps
        self.smoothing = smoothing
        self._name = name or model.name
        self._windows: dict[int, BoxSmoother] = {}
        self._fitter: MeshFitter | None = None
        self._refiner: PoseRefiner | None = None

    @property
    def name(self) -> str:
        """Name in results, logs and menus."""
        return self._name

    @property
    def hand(self) -> HandModelData:
        """The network's hand."""
        return self.model.hand

    def reset(self) -> None:
        """Forget all tracks."""
        self._windows.clear()
        if self._fitter is not None:
            self._fitter.reset()

    def follow(self, image: UInt8, hands: Sequence[TrackedHand]) -> list[CropBox]:
        """The steadied windows of the hands of the next image."""
        self._windows = {
            hand.track_id: self._windows.get(hand.track_id) or BoxSmoother(self.smoothing)
            for hand in hands
        }
        return [self._window(image, hand) for hand in hands]

    def look(
        self, image: UInt8, hands: Sequence[TrackedHand], boxes: Sequence[CropBox]
    ) -> tuple[HandPrediction, list[NetworkView]]:
        """What the network says of hands (at least one) in these windows, and how each was seen."""
        views = [
            self._see(image, box, hand.is_right) for hand, box in zip(hands, boxes, strict=True)
        ]
        return self._predict(views), views

    @property
    def map_source(self) -> NetworkEstimator:
        """Itself; see ``base.GivesMaps``."""
        return self

    def with_maps(self, image: UInt8, hands: Sequence[Hand]) -> list[Hand]:
        """Hands with the maps that are asked for; see ``base.MapSource``."""
        plain = [replace(hand, heatmaps=None, attention=None) for hand in hands]
        if not plain or not (self.heatmaps or self.attention):
            return plain
        prediction = self._predict([self._see(image, hand.crop, hand.is_right) for hand in plain])
        made = []
        for row, hand in enumerate(plain):
            heatmaps, attention = self.maps(prediction, row)
            made.append(replace(hand, heatmaps=heatmaps, attention=attention))
        return made

    def maps(
        self, prediction: HandPrediction, row: int
    ) -> tuple[Float32 | None, AttentionMaps | None]:
        """Heatmaps and attention maps of one hand, as far as they are asked for."""
        return (
            as_float32(prediction.heatmaps[row]) if self.heatmaps else None,
            prediction.attention_maps(row) if self.attention else None,
        )

    def _predict(self, views: Sequence[NetworkView]) -> HandPrediction:
        crops = np.stack([view.crop for view in views])
        return self.model.predict(crops, attention=self.attention)

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """Estimate every hand; see ``base.Estimator``."""
        if not hands:
            self._windows = {}
            return []
        prediction, views = self.look(image, hands, self.follow(image, hands))
        if prediction.uvd is not None:
            points = self._points(prediction.uvd, views)
            return self._fit_meshes(image, prediction, points, views, hands, camera, timestamp)
        return [
            self._estimate_hand(prediction, row, view, hand.is_right, camera)
            for row, (view, hand) in enumerate(zip(views, hands, strict=True))
        ]

    def _window(self, image: UInt8, hand: TrackedHand) -> CropBox:
        """The steadied window of a tracked hand."""
        window = hand_window(
            hand.detection.landmarks_2d,
            self.model.crop_rule,
            (image.shape[1], image.shape[0]),
            self.model.input_size,
            not hand.is_right,
        )
        return self._windows[hand.track_id](window)

    def _see(self, image: UInt8, box: CropBox, is_right: bool) -> NetworkView:
        """What the network sees of a window around a hand of that side."""
        space, averages = ModelSpace(is_right), self.model.crop_rule != "published"
        size = self.model.input_size
        crop, affine = extract_crop(image, box, size, not is_right, averages=averages)
        # The estimate is of the mirrored image.
        to_image = space.image_map(invert_affine(affine), image.shape[1])
        return NetworkView(crop, to_image, box)

    def _estimate_hand(
        self,
        prediction: HandPrediction,
        row: int,
        view: NetworkView,
        is_right: bool,
        camera: Camera,
    ) -> HandEstimate:
        seen_by = ModelSpace(is_right).camera(camera)
        target = self.targets(prediction, row, view)
        if self.refine and self._refiner is None:
            self._refiner = PoseRefiner(FastHandLayer(self.model.hand))
        turn = turn_of(view.to_image) if view.box.angle else None
        placed = place_hand(prediction, row, target, view.box.side, seen_by, self._refiner, turn)
        estimate = HandEstimate(
            pose=placed.pose, shape=placed.shape, translation=placed.translation, confidence=0.0
        )
        errors = project(placed.joints, seen_by) - target
        return self._with_evidence(estimate, prediction, row, view, errors, placed.spread)

    def _fit_meshes(
        self,
        image: UInt8,
        prediction: HandPrediction,
        points: Sequence[SeenPoints],
        views: Sequence[NetworkView],
        hands: Sequence[TrackedHand],
        camera: Camera,
        timestamp: float,
    ) -> list[HandEstimate]:
        """Own meshes and fitted parameters of a network that regresses points."""
        if self._fitter is None:
            self._fitter = MeshFitter(self.model.hand)
        estimates = self._fitter.estimate(image, hands, points, camera, timestamp)
        for row, (estimate, view, hand) in enumerate(zip(estimates, views, hands, strict=True)):
            seen_by = ModelSpace(hand.is_right).camera(camera)
            fitted = self._fitter.joints(estimate)
            errors = project(fitted, seen_by) - self.targets(prediction, row, view)
            spread = row_spread(prediction, row)
            estimates[row] = self._with_evidence(estimate, prediction, row, view, errors, spread)
        return estimates

    def _points(self, uvd: UvdTensors, views: Sequence[NetworkView]) -> list[SeenPoints]:
        return [
            SeenPoints(
                UvdTensors(uvd.joints[row : row + 1], uvd.vertices[row : row + 1]),
                view.to_image,
                self.model.input_size,
            )
            for row, view in enumerate(views)
        ]

    def targets(
        self, prediction: HandPrediction, row: int, view: NetworkView
    ) -> NDArray[np.float64]:
        """(21, 2) px: the network's 2D joints in the (mirrored) image."""
        return apply_affine(view.to_image, seen_joints(prediction, row) * self.model.input_size)

    def _with_evidence(
        self,
        estimate: HandEstimate,
        prediction: HandPrediction,
        row: int,
        view: NetworkView,
        errors: NDArray[np.floating],
        spread: Float32,
    ) -> HandEstimate:
        """The estimate with its confidence, from reprojection ``errors`` (21, 2) px, and what the
        heatmaps say."""
        heatmaps, attention = self.maps(prediction, row)
        return replace(
            estimate,
            confidence=_confidence(np.linalg.norm(errors, axis=-1), spread, view.box.side),
            joint_sigma_px=(spread * view.box.side).astype(np.float32),
            heatmaps=heatmaps,
            attention=attention,
            crop=view.box,
        )


def _confidence(errors: NDArray[np.floating], spread: Float32, side: float) -> float:
    extent = side / CROP_SCALE
    reprojection = float(np.sqrt(np.mean(np.square(errors)))) / extent
    blur = float(np.median(spread)) * CROP_SCALE
    exponent = (reprojection / _REPROJECTION_SCALE) ** 2 + (blur / _SPREAD_SCALE) ** 2
    return float(np.exp(-exponent))
