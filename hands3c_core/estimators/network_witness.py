"""A network as one witness of several: where it sees the joints, and its pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hands3c_core.estimators.base import MapSource
from hands3c_core.estimators.hand_in_camera import as_float32, row_spread
from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
from hands3c_core.estimators.network import NetworkEstimator, NetworkView
from hands3c_core.estimators.witnesses import Witness, from_network, from_points
from hands3c_core.geometry.turning import turn_global, turn_of
from hands3c_core.hand_model import HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.models import HandPrediction
from hands3c_core.types import (
    AttentionMaps,
    Camera,
    CropBox,
    Float32,
    HandEstimate,
    TrackedHand,
    UInt8,
)


@dataclass(frozen=True)
class NetworkSight:
    """What the network says of one hand."""

    witness: Witness
    heatmaps: Float32 | None
    attention: AttentionMaps | None
    crop: CropBox

    def with_maps(self, estimate: HandEstimate) -> HandEstimate:
        """The estimate with the network's maps and window."""
        return replace(estimate, heatmaps=self.heatmaps, attention=self.attention, crop=self.crop)


class NetworkWitness:
    """Runs a network that regresses pose and shape, and says what it saw.

    Args:
        estimator: the network with its windows; its own estimates are not asked for.
        skeleton: of the hand that is fitted; poses are relative to its mean pose.
    """

    def __init__(self, estimator: NetworkEstimator, skeleton: HandSkeleton) -> None:
        self._estimator = estimator
        self._skeleton = skeleton

    @property
    def name(self) -> str:
        """The network's name."""
        return self._estimator.name

    @property
    def hand(self) -> HandModelData:
        """The network's hand."""
        return self._estimator.hand

    @property
    def model(self) -> object:
        """The network."""
        return self._estimator.model

    @property
    def map_source(self) -> MapSource:
        """The network estimator; see ``base.GivesMaps``."""
        return self._estimator

    def reset(self) -> None:
        """Forget all tracks."""
        self._estimator.reset()

    @property
    def shows_maps(self) -> bool:
        """Whether maps are asked for, so that every picture wants its own."""
        return self._estimator.heatmaps or self._estimator.attention

    def follow(self, image: UInt8, hands: Sequence[TrackedHand]) -> list[CropBox]:
        """The windows of the hands of the next image."""
        return self._estimator.follow(image, hands)

    def look(
        self,
        image: UInt8,
        hands: Sequence[TrackedHand],
        boxes: Sequence[CropBox],
        camera: Camera,
    ) -> list[NetworkSight]:
        """One pass for hands of an image in these windows; ``camera`` is the unmirrored image's."""
        if not hands:
            return []
        prediction, views = self._estimator.look(image, hands, boxes)
        return [
            NetworkSight(
                self._witness(prediction, row, view, ModelSpace(hand.is_right).camera(camera)),
                *self._estimator.maps(prediction, row),
                view.box,
            )
            for row, (hand, view) in enumerate(zip(hands, views, strict=True))
        ]

    def _witness(
        self, prediction: HandPrediction, row: int, view: NetworkView, camera: Camera
    ) -> Witness:
        assert prediction.pose is not None
        pose = as_float32(prediction.pose[row])
        if view.box.angle:
            pose = turn_global(pose, turn_of(view.to_image)).astype(np.float32)
        own = self._skeleton.from_pose(pose)
        joints_2d = self._estimator.targets(prediction, row, view)
        if prediction.points is not None and prediction.point_sigma is not None:
            depths = as_float32(prediction.points[row])[:, 2] * view.box.side
            sigma = as_float32(prediction.point_sigma[row]) * view.box.side
            return from_points(np.column_stack([joints_2d, depths]), sigma, own)
        joints_3d = as_float32(prediction.joints_3d[row])
        if view.box.angle:
            joints_3d = (joints_3d - joints_3d[0]) @ turn_of(view.to_image).T
        spread = row_spread(prediction, row) * view.box.side
        return from_network(joints_2d, spread, joints_3d, own, camera)
