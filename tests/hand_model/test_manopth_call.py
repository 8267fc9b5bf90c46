"""manopth's call on our layer, and manopth itself as backend."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandLayer, HandModelData, ManoLayer, rot6d_to_matrix


def test_published_parameters(shared: Path) -> None:
    """As the published network calls it: no PCA, mean pose, millimetres."""
    layer = ManoLayer(
        flat_hand_mean=False,
        use_pca=False,
        mano_root=shared / "parity" / "synthetic_MANO_RIGHT.pkl",
        dtype=torch.float64,
    )
    with np.load(shared / "parity" / "mano_layer_f64.npz") as file:
        expected = {key: torch.tensor(file[key]) for key in file.files}
    vertices, joints = layer(expected["pose"], expected["beta"])
    torch.testing.assert_close(vertices, expected["verts_mm"], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(joints, expected["joints_mm"], rtol=1e-9, atol=1e-9)


def make(**options: object) -> ManoLayer:
    return ManoLayer(mano_root="hand_mano778", dtype=torch.float64, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("ncomps", [1, 6, 45])
def test_principal_components(flat: bool, ncomps: int, own_hand: HandModelData) -> None:
    generator = torch.Generator().manual_seed(0)
    coefficients = torch.randn(3, 3 + ncomps, generator=generator, dtype=torch.float64)
    shape = torch.randn(3, 10, generator=generator, dtype=torch.float64)
    vertices, joints = make(flat_hand_mean=flat, ncomps=ncomps)(coefficients, shape)
    components = torch.tensor(own_hand.hands_components[:ncomps], dtype=torch.float64)
    pose = torch.cat((coefficients[:, :3], coefficients[:, 3:] @ components), dim=1)
    expected = HandLayer(own_hand, flat_hand_mean=flat, dtype=torch.float64)(pose, shape)
    torch.testing.assert_close(vertices, 1000 * expected.vertices)
    torch.testing.assert_close(joints, 1000 * expected.joints)


def test_components_are_orthonormal_and_sorted(own_hand: HandModelData) -> None:
    components = own_hand.hands_components
    np.testing.assert_allclose(components @ components.T, np.eye(45), atol=1e-4)
    assert own_hand.hands_components_std is not None
    assert (np.diff(own_hand.hands_components_std) <= 0).all()


def test_centre_and_translation() -> None:
    pose = torch.full((2, 9), 0.1, dtype=torch.float64)
    free_vertices, free_joints = make()(pose)
    vertices, joints = make(center_idx=9)(pose)
    torch.testing.assert_close(joints[:, 9], torch.zeros_like(joints[:, 9]))
    torch.testing.assert_close(vertices, free_vertices - free_joints[:, 9:10])
    # A translation, in metres, takes the place of the centring.
    move = torch.tensor([[0.1, 0, 0.5]] * 2, dtype=torch.float64)
    vertices, joints = make(center_idx=9)(pose, th_trans=move)
    torch.testing.assert_close(vertices, free_vertices + 1000 * move[:, None])
    torch.testing.assert_close(joints, free_joints + 1000 * move[:, None])
    palm_joints = make()(pose, root_palm=torch.tensor([1]))[1]
    torch.testing.assert_close(palm_joints[:, 0], free_vertices[:, [95, 22]].mean(1))
    torch.testing.assert_close(palm_joints[:, 1:], free_joints[:, 1:])


def test_rotation_forms(own_hand: HandModelData) -> None:
    generator = torch.Generator().manual_seed(2)
    rot6d = torch.randn(2, 6, generator=generator, dtype=torch.float64)
    fingers = 0.3 * torch.randn(2, 45, generator=generator, dtype=torch.float64)
    layer = make(use_pca=False, root_rot_mode="rot6d")
    vertices, _ = layer(torch.cat((rot6d, fingers), dim=1))
    plain = HandLayer(own_hand, flat_hand_mean=True, dtype=torch.float64)
    matrices = plain.rotations(torch.cat((torch.zeros(2, 3), fingers), dim=1)).clone()
    matrices[:, 0] = rot6d_to_matrix(rot6d)
    same, _ = make(joint_rot_mode="rotmat", use_pca=False)(matrices)
    torch.testing.assert_close(vertices, same)
    robust = make(use_pca=False, root_rot_mode="rot6d", robust_rot=True)
    swapped = torch.cat((rot6d[:, 3:], rot6d[:, :3]), dim=1)
    first, second = (robust._rotations(torch.cat((r, fingers), 1))[:, 0] for r in (rot6d, swapped))
    # Symmetric in its halves: exchanged halves give exchanged columns.
    torch.testing.assert_close(first[..., 0], second[..., 1])
    torch.testing.assert_close(first @ first.mT, torch.eye(3, dtype=first.dtype).expand(2, 3, 3))


def test_left_hand_is_the_mirror_image() -> None:
    pose = torch.zeros(1, 9, dtype=torch.float64)
    right, left = make(), make(side="left")
    vertices, mirrored = right(pose)[0], left(pose)[0]
    torch.testing.assert_close(mirrored, vertices * torch.tensor([-1.0, 1, 1]))
    assert torch.equal(left.th_faces, right.th_faces.flip(1))


class _FakeManopth(torch.nn.Module):
    """Records what an installed manopth would be given."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.options = options

    def forward(self, coefficients, th_betas, th_trans, root_palm):
        self.call = (th_betas, th_trans, root_palm)
        return coefficients.new_full((len(coefficients), 778, 3), 7.0), th_betas


def test_installed_manopth_as_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    package, module = types.ModuleType("manopth"), types.ModuleType("manopth.manolayer")
    module.ManoLayer = _FakeManopth  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "manopth", package)
    monkeypatch.setitem(sys.modules, "manopth.manolayer", module)
    layer = ManoLayer(ncomps=12, side="left", mano_root="some/folder", backend="manopth")
    inner = layer._manopth
    assert isinstance(inner, _FakeManopth)
    assert inner.options["ncomps"] == 12
    assert inner.options["side"] == "left"
    assert inner.options["mano_root"] == "some/folder"
    betas = torch.ones(2, 10)
    vertices, joints = layer(torch.zeros(2, 15), betas)
    assert (vertices == 7).all()
    assert joints is betas
    assert inner.call[1].numel() == 1  # manopth's way to say "no translation"


def test_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "manopth", None)
    with pytest.raises(UserError, match="not installed"):
        make(backend="manopth")
    with pytest.raises(UserError, match="ncomps"):
        make(ncomps=46)
    for option in ("side", "root_rot_mode", "joint_rot_mode", "backend"):
        with pytest.raises(UserError, match=option):
            make(**{option: "wrong"})
    with pytest.raises(UserError, match="There is no hand model"):
        ManoLayer()
    with pytest.raises(ValueError, match="need"):
        make()(torch.zeros(2, 8))
    with pytest.raises(ValueError, match="need"):
        make(joint_rot_mode="rotmat")(torch.zeros(2, 48))
