"""Left hands."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hands3c_core.hand_model import (
    SHIPPED,
    HandLayer,
    HandModelData,
    faces_for,
    load_hand_model,
    mirror_model,
)
from hands3c_core.model_space import flip_faces, mirror_axis_angle, mirror_points


def signed_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Positive for a closed mesh whose triangles are wound outwards."""
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("name", SHIPPED)
def test_mirrored_model_gives_the_mirrored_hand(name: str) -> None:
    right = load_hand_model(name)
    left = load_hand_model(name, "left")
    assert not left.is_right
    generator = torch.Generator().manual_seed(3)
    pose = 0.6 * torch.randn(3, 16, 3, generator=generator, dtype=torch.float64)
    shape = torch.randn(3, 10, generator=generator, dtype=torch.float64)
    mirrored = torch.tensor(mirror_axis_angle(pose.numpy()))
    expected = HandLayer(right, dtype=torch.float64)(pose, shape)
    output = HandLayer(left, dtype=torch.float64)(mirrored, shape)
    # manopth's offset of 1e-8 is not symmetric, hence the tolerance.
    near = {"rtol": 0, "atol": 1e-8}
    torch.testing.assert_close(output.vertices, mirror_points(expected.vertices), **near)
    torch.testing.assert_close(output.joints, mirror_points(expected.joints), **near)


def test_mirroring_twice_changes_nothing(own_hand: HandModelData) -> None:
    again = mirror_model(mirror_model(own_hand))
    for key, value in vars(own_hand).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(again, key), value)
    for name, pose in own_hand.named_poses.items():
        np.testing.assert_array_equal(again.named_poses[name], pose)


def test_limits_and_axes_of_the_mirrored_model(own_hand: HandModelData) -> None:
    left = mirror_model(own_hand)
    assert left.pose_min is not None
    assert left.pose_max is not None
    assert (left.pose_min <= left.pose_max).all()
    # The same bend angle about the mirrored axis is the mirrored turn.
    bend = np.radians(30) * own_hand.joint_axes[:, 0]
    np.testing.assert_array_equal(mirror_axis_angle(bend), np.radians(30) * left.joint_axes[:, 0])


@pytest.mark.parametrize("name", SHIPPED)
def test_faces_point_outwards_on_both_sides(name: str) -> None:
    data = load_hand_model(name)
    volume = signed_volume(data.v_template, faces_for(data, True, cap=True))
    assert 1e-4 < volume < 1e-3  # a hand has some hundred millilitres
    left_vertices = mirror_points(data.v_template)
    left_faces = faces_for(data, False, cap=True)
    assert signed_volume(left_vertices, left_faces) == pytest.approx(volume)
    left = mirror_model(data)
    np.testing.assert_array_equal(faces_for(left, False, cap=True), left_faces)
    np.testing.assert_array_equal(faces_for(left, True), faces_for(data, True))
    np.testing.assert_array_equal(flip_faces(flip_faces(data.faces)), data.faces)


def test_mirror_points_keeps_its_argument() -> None:
    for points in (np.ones((2, 3), np.float32), torch.ones(2, 3)):
        mirrored = mirror_points(points)
        assert (points == 1).all()
        assert type(mirrored) is type(points)
        assert [float(x) for x in mirrored[0]] == [-1, 1, 1]
