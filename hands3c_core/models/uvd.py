"""From points as an image shows them (u, v, depth relative to the wrist) to metres.

A crop does not tell how far away the hand is. The hand's size does: the scale, or the wrist's
depth, is the one at which the 20 bones have the length they should have, as the root of the mean
of their squares. Both follow in closed form and are differentiable.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from hands3c_core.conventions import BONES
from hands3c_core.hand_model import HandModelData
from hands3c_core.models.outputs import HandPrediction, UvdTensors

#: Pixels of the crop per cell of the belief maps.
BELIEF_STRIDE = 8
#: No point of a hand comes nearer to the camera than this, metres.
NEAREST = 0.05
#: Least part of the bones' length that is taken to lie across the line of sight: points whose
#: depths alone are longer than a hand still get a scale.
_LEAST_ACROSS = 0.1
_PARENTS = [parent for parent, _ in BONES]
_CHILDREN = [child for _, child in BONES]


def bone_extent(hand: HandModelData, like: Tensor) -> Tensor:
    """Root of the sum of the squared lengths of the mean hand's 20 bones, metres, as a scalar."""
    joints = torch.as_tensor(hand.rest_joints_21, dtype=like.dtype, device=like.device)
    return _bones(joints).norm()


def see_from_afar(points: UvdTensors, extent: Tensor) -> tuple[Tensor, Tensor]:
    """Joints and vertices in metres under a scaled orthographic camera, the wrist at the origin.

    Args:
        points: u and v over the crop's side, depth in metres.
        extent: of ``bone_extent``.

    Returns:
        (B, 21, 3) and (B, V, 3) metres, camera axes.
    """
    bones = _bones(points.joints)
    across = bones[..., :2].square().sum(dim=(1, 2))
    along = bones[..., 2].square().sum(dim=1)
    least = (_LEAST_ACROSS * extent).square()
    scale = ((extent.square() - along).clamp(min=least) / across.clamp(min=1e-8)).sqrt()
    factor = torch.stack((scale, scale, torch.ones_like(scale)), dim=-1)[:, None]
    wrist = points.joints[:, :1]
    return (points.joints - wrist) * factor, (points.vertices - wrist) * factor


def place_in_camera(
    points: UvdTensors, intrinsics: Tensor, extent: Tensor, side: int
) -> tuple[Tensor, Tensor]:
    """Joints and vertices in the camera's frame, at the distance where the bones are long enough.

    Args:
        points: u and v over the crop's side, depth in metres.
        intrinsics: (B, 3, 3) of the crop: px ~ K (x, y, z); turned crops too.
        extent: (B,) or scalar, of ``bone_extent``.
        side: of the crop, px.

    Returns:
        (B, 21, 3) and (B, V, 3) metres, camera frame; all in front of the camera.
    """
    rays = _rays(points.joints, torch.linalg.inv(intrinsics), side)
    depths = points.joints[..., 2:] - points.joints[:, :1, 2:]
    # Bones are z a + b: their squared lengths sum to a quadratic in the wrist's depth z.
    a, b = _bones(rays), _bones(rays * depths)
    squares = a.square().sum(dim=(1, 2)).clamp(min=1e-8)
    mixed = (a * b).sum(dim=(1, 2))
    rest = b.square().sum(dim=(1, 2)) - extent.square()
    least = (_LEAST_ACROSS * extent).square() * squares
    wrist = ((mixed.square() - squares * rest).clamp(min=least).sqrt() - mixed) / squares
    return place_at(points, intrinsics, wrist, side)


def place_at(
    points: UvdTensors, intrinsics: Tensor, wrist_depth: Tensor, side: int
) -> tuple[Tensor, Tensor]:
    """Joints and vertices in the camera's frame, each on its own line of sight.

    Args:
        points, intrinsics, side: as for ``place_in_camera``.
        wrist_depth: (B,) metres; more where the hand would otherwise reach behind the camera.

    Returns:
        (B, 21, 3) and (B, V, 3) metres, camera frame.
    """
    inverse = torch.linalg.inv(intrinsics)
    joint_depths, vertex_depths = (
        part[..., 2:] - points.joints[:, :1, 2:] for part in (points.joints, points.vertices)
    )
    nearest = torch.minimum(joint_depths.amin(dim=(1, 2)), vertex_depths.amin(dim=(1, 2)))
    wrist = torch.maximum(wrist_depth, NEAREST - nearest)[:, None, None]
    return (
        _rays(points.joints, inverse, side) * (wrist + joint_depths),
        _rays(points.vertices, inverse, side) * (wrist + vertex_depths),
    )


def with_cameras(
    prediction: HandPrediction,
    intrinsics: Tensor,
    has_camera: Tensor,
    hand: HandModelData,
) -> HandPrediction:
    """The prediction with 3D joints and vertices in the camera's frame where the camera is known.

    Networks with pose and shape have their metres from the hand model: theirs stays as it is.

    Args:
        prediction: of B crops.
        intrinsics: (B, 3, 3) of the crops; anything that can be inverted where not known.
        has_camera: (B,) bool.
        hand: whose size the hands are taken to have.
    """
    points = prediction.uvd
    if points is None:
        return prediction
    side = BELIEF_STRIDE * prediction.heatmaps.shape[-1]
    extent = bone_extent(hand, points.joints)
    joints, vertices = place_in_camera(points, intrinsics.to(extent), extent, side)
    known = has_camera.to(extent.device)[:, None, None]
    return replace(
        prediction,
        joints_3d=torch.where(known, joints, prediction.joints_3d),
        vertices=torch.where(known, vertices, prediction.vertices),
    )


def _rays(points: Tensor, inverse: Tensor, side: int) -> Tensor:
    """(B, N, 3) directions (x/z, y/z, 1) of points with u and v over the crop's side."""
    pixels = torch.cat((points[..., :2] * side, torch.ones_like(points[..., :1])), dim=-1)
    rays = pixels @ inverse.transpose(1, 2)
    return rays / rays[..., 2:]


def _bones(joints: Tensor) -> Tensor:
    """(..., 21, 3) joints -> (..., 20, 3) bones, parent to child."""
    return joints[..., _CHILDREN, :] - joints[..., _PARENTS, :]
