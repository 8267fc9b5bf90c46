"""The differentiable layer and the fast one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.conventions import JOINT_PARENTS, ROTATION_TO_JOINT, TIP_JOINTS
from hands3c_core.hand_model import (
    SHIPPED,
    FastHandLayer,
    HandLayer,
    HandModelData,
    axis_angle_to_matrix,
    load_hand_model,
)


def random_parameters(
    batch: int, seed: int = 0, spread: float = 0.5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    pose = spread * torch.randn(batch, 16, 3, generator=generator, dtype=torch.float64)
    shape = torch.randn(batch, 10, generator=generator, dtype=torch.float64)
    return pose, shape, torch.randn(batch, 3, generator=generator, dtype=torch.float64)


def test_published_layer(shared: Path) -> None:
    data = load_hand_model(shared / "parity" / "synthetic_MANO_RIGHT.pkl")
    layer = HandLayer(data, dtype=torch.float64)
    with np.load(shared / "parity" / "mano_layer_f64.npz") as file:
        expected = {key: torch.tensor(file[key]) for key in file.files}
    output = layer(expected["pose"], expected["beta"])
    same = {"rtol": 1e-9, "atol": 1e-9}
    torch.testing.assert_close(1000 * output.vertices, expected["verts_mm"], **same)
    torch.testing.assert_close(1000 * output.joints, expected["joints_mm"], **same)
    torch.testing.assert_close(output.transforms, expected["transforms"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SHIPPED)
def test_flat_pose_gives_the_template(name: str) -> None:
    data = load_hand_model(name)
    layer = HandLayer(data, flat_hand_mean=True)
    output = layer(torch.zeros(1, 48), torch.zeros(1, 10))
    np.testing.assert_allclose(output.vertices[0], data.v_template, atol=1e-6)
    np.testing.assert_allclose(output.joints[0], data.rest_joints_21, atol=1e-6)
    relaxed = HandLayer(data)(torch.tensor(data.named_pose("flat"))[None], torch.zeros(1, 10))
    np.testing.assert_allclose(relaxed.vertices[0], data.v_template, atol=1e-6)


def test_forms_of_pose_agree(own_hand: HandModelData) -> None:
    layer = HandLayer(own_hand, dtype=torch.float64)
    pose, shape, move = random_parameters(3)
    expected = layer(pose, shape, move)
    full = pose.clone()
    full[:, 1:] += layer.hands_mean
    for same in (pose.flatten(1), axis_angle_to_matrix(full)):
        output = layer(same, shape, move)
        torch.testing.assert_close(output.vertices, expected.vertices)
        torch.testing.assert_close(output.joints, expected.joints)
        torch.testing.assert_close(output.transforms, expected.transforms)
    flat = HandLayer(own_hand, flat_hand_mean=True, dtype=torch.float64)(full, shape, move)
    torch.testing.assert_close(flat.vertices, expected.vertices)


def test_joints_transforms_and_translation_belong_together(own_hand: HandModelData) -> None:
    layer = HandLayer(own_hand, dtype=torch.float64)
    pose, shape, move = random_parameters(2)
    output, unmoved = layer(pose, shape, move), layer(pose, shape)
    torch.testing.assert_close(output.vertices - move[:, None], unmoved.vertices)
    for rotation, joint in enumerate(ROTATION_TO_JOINT):
        torch.testing.assert_close(output.transforms[:, rotation, :3, 3], output.joints[:, joint])
    for finger, joint in enumerate(TIP_JOINTS):
        tip = output.vertices[:, own_hand.fingertip_ids[finger]]
        torch.testing.assert_close(output.joints[:, joint], tip)
    turn = output.transforms[..., :3, :3]
    torch.testing.assert_close(turn @ turn.mT, torch.eye(3, dtype=turn.dtype).expand_as(turn))
    assert (output.transforms[..., 3, :] == torch.tensor([0.0, 0, 0, 1])).all()


def test_global_rotation_turns_everything_about_the_wrist(own_hand: HandModelData) -> None:
    layer = HandLayer(own_hand, dtype=torch.float64)
    pose, shape, _ = random_parameters(1)
    turned = layer(pose, shape)
    turn = axis_angle_to_matrix(pose[:, 0])
    pose[:, 0] = 0
    straight = layer(pose, shape)
    wrist = straight.joints[:, :1]
    expected = (straight.vertices - wrist) @ turn.mT + wrist
    torch.testing.assert_close(turned.vertices, expected, rtol=0, atol=1e-7)


def test_bones_keep_their_length(own_hand: HandModelData) -> None:
    """Of the bones between joints that turn; tips are skin and give way a little."""
    layer = HandLayer(own_hand, dtype=torch.float64)
    pose, _, _ = random_parameters(4)
    joints = layer(pose, torch.zeros(4, 10, dtype=torch.float64)).joints
    rest = torch.tensor(own_hand.rest_joints_21, dtype=torch.float64)
    for joint, parent in enumerate(JOINT_PARENTS):
        if parent < 0 or joint in TIP_JOINTS:
            continue
        length = (joints[:, joint] - joints[:, parent]).norm(dim=-1)
        expected = (rest[joint] - rest[parent]).norm().expand(4)
        torch.testing.assert_close(length, expected, rtol=1e-6, atol=0)


def test_flexing_an_index_finger_moves_it_towards_the_palm() -> None:
    data = load_hand_model()
    pose = data.named_pose("flat")
    pose[1] += np.radians(60) * data.joint_axes[0, 0]  # index1 is the first finger rotation
    rest, bent = data.rest_joints_21, FastHandLayer(data).joints(pose, np.zeros(10))
    moved = np.linalg.norm(bent - rest, axis=1) > 1e-3
    assert list(np.flatnonzero(moved)) == [6, 7, 8]
    assert (bent[6:9, 1] < rest[6:9, 1] - 0.01).all()  # the palm faces -y


def test_gradcheck(own_hand: HandModelData) -> None:
    layer = HandLayer(own_hand, dtype=torch.float64)
    pose, shape, move = (p.requires_grad_() for p in random_parameters(2))
    generator = torch.Generator().manual_seed(1)
    mix = torch.randn(3, own_hand.num_vertices, generator=generator, dtype=torch.float64)

    def some_outputs(*parameters: torch.Tensor) -> tuple[torch.Tensor, ...]:
        output = layer(*parameters)
        return mix @ output.vertices, output.joints, output.transforms[:, ::5, :3]

    assert torch.autograd.gradcheck(some_outputs, (pose, shape, move), fast_mode=True)


def test_gradients_at_zero_are_finite(own_hand: HandModelData) -> None:
    for flat in (True, False):
        layer = HandLayer(own_hand, flat_hand_mean=flat)
        pose = torch.zeros(2, 16, 3, requires_grad=True)
        output = layer(pose, torch.zeros(2, 10))
        (output.vertices.square().sum() + output.joints.sum()).backward()
        assert torch.isfinite(pose.grad).all()
        assert pose.grad.abs().max() > 0


@given(
    batch=st.integers(0, 5),
    double=st.booleans(),
    name=st.sampled_from(SHIPPED),
    seed=st.integers(0, 2**20),
)
@settings(deadline=None, max_examples=20)
def test_batch_and_type(batch: int, double: bool, name: str, seed: int) -> None:
    """Every hand of a batch is computed as if it were alone, in the layer's precision."""
    data = load_hand_model(name)
    kind = torch.float64 if double else torch.float32
    layer = HandLayer(data, dtype=kind)
    pose, shape, move = (p.to(kind) for p in random_parameters(batch, seed))
    output = layer(pose, shape, move)
    assert output.vertices.shape == (batch, data.num_vertices, 3)
    assert output.joints.shape == (batch, 21, 3)
    assert output.vertices.dtype == output.joints.dtype == output.transforms.dtype == kind
    for index in range(batch):
        alone = layer(pose[index, None], shape[index, None], move[index, None])
        torch.testing.assert_close(output.vertices[index], alone.vertices[0], rtol=0, atol=1e-5)


def test_export(own_hand: HandModelData) -> None:
    layer = HandLayer(own_hand)
    pose, shape, move = (p.float() for p in random_parameters(2))
    exported = torch.export.export(layer, (pose, shape, move)).module()
    for got, expected in (
        (exported(pose, shape, move).vertices, layer(pose, shape, move).vertices),
        (exported(pose, 2 * shape, move).joints, layer(pose, 2 * shape, move).joints),
    ):
        torch.testing.assert_close(got, expected)


def test_model_arrays_stay_out_of_checkpoints(own_hand: HandModelData) -> None:
    assert not HandLayer(own_hand).state_dict()


@pytest.mark.parametrize(
    ("pose", "shape", "move"),
    [((2, 45), (2, 10), None), ((2, 48), (3, 10), None), ((2, 48), (2, 10), (3, 3))],
)
def test_wrong_shapes_are_named(own_hand: HandModelData, pose, shape, move) -> None:
    with pytest.raises(ValueError, match="must"):
        HandLayer(own_hand)(
            torch.zeros(pose), torch.zeros(shape), None if move is None else torch.zeros(move)
        )


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("flat", [True, False])
def test_fast_layer_equals_the_layer(name: str, flat: bool) -> None:
    data = load_hand_model(name)
    layer, fast = (kind(data, flat_hand_mean=flat) for kind in (HandLayer, FastHandLayer))
    pose, shape, move = (p.float() for p in random_parameters(6, spread=1.5))
    pose[0] = 0
    expected = layer(pose, shape, move)
    vertices, joints = fast.forward(pose.numpy(), shape.numpy(), move.numpy())
    np.testing.assert_allclose(vertices, expected.vertices, rtol=0, atol=1e-5)
    np.testing.assert_allclose(joints, expected.joints, rtol=0, atol=1e-5)
    for index in range(6):
        arguments = pose[index].numpy(), shape[index].numpy(), move[index].numpy()
        single_vertices, single_joints = fast(*arguments)
        np.testing.assert_array_equal(single_vertices, vertices[index])
        np.testing.assert_array_equal(single_joints, joints[index])
        np.testing.assert_allclose(fast.joints(*arguments), joints[index], rtol=0, atol=1e-6)


def test_fast_layer_keeps_results_and_notices_a_new_shape(own_hand: HandModelData) -> None:
    fast = FastHandLayer(own_hand)
    pose, shape = np.zeros((16, 3)), np.zeros(10, np.float32)
    first, _ = fast(pose, shape)
    kept = first.copy()
    shape[0] = 2  # the caller's own array, changed in place
    second, _ = fast(pose, shape)
    assert np.abs(second - first).max() > 1e-3
    np.testing.assert_array_equal(first, kept)
    shape[0] = 0
    np.testing.assert_array_equal(fast(pose, shape)[0], kept)


def test_fast_layer_names_wrong_shapes(own_hand: HandModelData) -> None:
    fast = FastHandLayer(own_hand)
    for pose, shape, move in (
        ((15, 3), (10,), (3,)),
        ((16, 3), (9,), (3,)),
        ((16, 3), (10,), (2,)),
        ((2, 16, 3), (3, 10), (2, 3)),
    ):
        with pytest.raises(ValueError, match="must"):
            fast(np.zeros(pose), np.zeros(shape), np.zeros(move))
