"""The call of manopth's ``ManoLayer``, on our layer or on an installed manopth."""

from __future__ import annotations

import importlib
import os
from typing import Any, Literal

import torch
from torch import Tensor, nn

from hands3c_core.errors import UserError
from hands3c_core.hand_model.layer import HandLayer
from hands3c_core.hand_model.load import load_hand_model
from hands3c_core.hand_model.rotations import axis_angle_to_matrix, rot6d_to_matrix

#: Vertices between which manopth puts the palm's centre.
_PALM_VERTICES = (95, 22)


class ManoLayer(nn.Module):
    """Parameters, call and results of manopth's ``ManoLayer`` (Hasson et al., CVPR 2019).

    One difference: the middle fingertip of a left hand is vertex 444, as on the right hand; manopth
    takes 445.

    Args:
        center_idx: joint that becomes the origin where no translation is given, or None.
        flat_hand_mean: if True poses are relative to the flat hand, else to the model's mean pose.
        ncomps: number of principal components of the hand's pose, with ``use_pca``.
        side: 'right' or 'left'.
        mano_root: anything ``load_hand_model`` takes, for example MANO's folder.
        use_pca: whether poses are coefficients of principal components or 45 angles.
        root_rot_mode: 'axisang' (3 numbers) or 'rot6d' (6 numbers) for the global orientation.
        joint_rot_mode: 'axisang', or 'rotmat' for (B, 16, 3, 3) matrices in place of coefficients.
        robust_rot: orthogonalise 'rot6d' symmetrically in both halves.
        backend: 'own', or 'manopth' to use that package if it is installed.
        dtype: of the arrays of the own backend.

    Raises:
        UserError: an argument is unknown, the model cannot be read, or manopth is not installed.
    """

    def __init__(
        self,
        center_idx: int | None = None,
        flat_hand_mean: bool = True,
        ncomps: int = 6,
        side: Literal["right", "left"] = "right",
        mano_root: str | os.PathLike[str] = "mano/models",
        use_pca: bool = True,
        root_rot_mode: Literal["axisang", "rot6d"] = "axisang",
        joint_rot_mode: Literal["axisang", "rotmat"] = "axisang",
        robust_rot: bool = False,
        *,
        backend: Literal["own", "manopth"] = "own",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        _choice("side", side, ("right", "left"))
        _choice("root_rot_mode", root_rot_mode, ("axisang", "rot6d"))
        _choice("joint_rot_mode", joint_rot_mode, ("axisang", "rotmat"))
        _choice("backend", backend, ("own", "manopth"))
        if not 1 <= ncomps <= 45:
            raise UserError(f"ncomps must be 1 to 45, not {ncomps}.")
        self.center_idx, self.flat_hand_mean = center_idx, flat_hand_mean
        self.ncomps = ncomps if use_pca else 45
        self.side, self.use_pca = side, use_pca
        self.root_rot_mode, self.joint_rot_mode = root_rot_mode, joint_rot_mode
        self.robust_rot = robust_rot
        self.rot = 3 if root_rot_mode == "axisang" else 6
        self._manopth: nn.Module | None = None
        if backend == "manopth":
            self._manopth = _installed_manopth()(
                center_idx=center_idx,
                flat_hand_mean=flat_hand_mean,
                ncomps=ncomps,
                side=side,
                mano_root=str(mano_root),
                use_pca=use_pca,
                root_rot_mode=root_rot_mode,
                joint_rot_mode=joint_rot_mode,
                robust_rot=robust_rot,
            )
            return
        data = load_hand_model(mano_root, side)
        if use_pca and ncomps > len(data.hands_components):
            raise UserError(
                f"ncomps is {ncomps}, but {data.name} has {len(data.hands_components)} components."
            )
        self._layer = HandLayer(data, dtype=dtype)
        mean = data.hands_mean * (0 if flat_hand_mean else 1)
        self._buffer("th_hands_mean", torch.tensor(mean, dtype=dtype)[None])
        self._buffer("th_comps", torch.tensor(data.hands_components, dtype=dtype))
        self._buffer("th_selected_comps", self.th_comps[: self.ncomps])
        self._buffer("th_faces", torch.tensor(data.faces, dtype=torch.int64))

    th_hands_mean: Tensor
    th_comps: Tensor
    th_selected_comps: Tensor
    th_faces: Tensor

    def _buffer(self, name: str, tensor: Tensor) -> None:
        self.register_buffer(name, tensor, persistent=False)

    def forward(
        self,
        th_pose_coeffs: Tensor,
        th_betas: Tensor | None = None,
        th_trans: Tensor | None = None,
        root_palm: Tensor | bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Vertices and joints in millimetres.

        Args:
            th_pose_coeffs: (B, 3 + ncomps), or (B, 6 + ncomps) with 'rot6d', or (B, 48) without
                PCA, or (B, 16, 3, 3) with 'rotmat'.
            th_betas: (B, 10) shape, or None (or one number) for the mean shape.
            th_trans: (B, 3) metres, or None (or all zero) for the ``center_idx`` joint as origin.
            root_palm: if true the first joint is the palm's centre instead of the wrist.

        Returns:
            (B, V, 3) vertices and (B, 21, 3) joints, mm.

        Raises:
            ValueError: an argument has a wrong shape.
        """
        if self._manopth is not None:
            return self._through_manopth(th_pose_coeffs, th_betas, th_trans, root_palm)
        rotations = self._rotations(th_pose_coeffs)
        batch = len(rotations)
        if th_betas is None or th_betas.numel() == 1:
            th_betas = rotations.new_zeros(batch, 10)
        output = self._layer(rotations, th_betas.expand(batch, -1))
        vertices, joints = output.vertices, output.joints
        if bool(root_palm):
            palm = vertices[:, list(_PALM_VERTICES)].mean(dim=1, keepdim=True)
            joints = torch.cat((palm, joints[:, 1:]), dim=1)
        if th_trans is not None and bool(torch.any(th_trans != 0)):
            shift = th_trans.view(-1, 1, 3)
        elif self.center_idx is not None:
            shift = -joints[:, self.center_idx].unsqueeze(1)
        else:
            shift = joints.new_zeros(1, 1, 3)
        return 1000 * (vertices + shift), 1000 * (joints + shift)

    def _rotations(self, coefficients: Tensor) -> Tensor:
        """(B, 16, 3, 3) from any of the accepted forms."""
        if self.joint_rot_mode == "rotmat":
            if coefficients.shape[1:] != (16, 3, 3):
                raise ValueError(f"need (B, 16, 3, 3) matrices, not {tuple(coefficients.shape)}")
            return coefficients
        if coefficients.ndim != 2 or coefficients.shape[1] < self.rot + self.ncomps:
            raise ValueError(
                f"need (B, {self.rot + self.ncomps}) pose coefficients, "
                f"not {tuple(coefficients.shape)}"
            )
        root = coefficients[:, : self.rot]
        fingers = coefficients[:, self.rot : self.rot + self.ncomps]
        if self.use_pca:
            fingers = fingers @ self.th_selected_comps
        fingers = axis_angle_to_matrix((fingers + self.th_hands_mean).unflatten(1, (15, 3)))
        if self.root_rot_mode == "axisang":
            turn = axis_angle_to_matrix(root)
        else:
            turn = rot6d_to_matrix(_symmetric(root) if self.robust_rot else root)
        return torch.cat((turn.unsqueeze(1), fingers), dim=1)

    def _through_manopth(
        self,
        coefficients: Tensor,
        betas: Tensor | None,
        translation: Tensor | None,
        root_palm: Tensor | bool,
    ) -> tuple[Tensor, Tensor]:
        """manopth wants one-number tensors where an argument is absent."""
        nothing = coefficients.new_zeros(1)
        assert self._manopth is not None
        result = self._manopth(
            coefficients,
            th_betas=nothing if betas is None else betas,
            th_trans=nothing if translation is None else translation,
            root_palm=torch.as_tensor(root_palm),
        )
        return result[0], result[1]


def _symmetric(rot6d: Tensor) -> Tensor:
    """Both halves turned by the same angle until they are at right angles, of unit length."""
    first = nn.functional.normalize(rot6d[:, :3], dim=-1)
    second = nn.functional.normalize(rot6d[:, 3:], dim=-1)
    middle = nn.functional.normalize(first + second, dim=-1)
    across = nn.functional.normalize(first - second, dim=-1)
    return torch.cat((middle + across, middle - across), dim=-1)


def _installed_manopth() -> Any:
    try:
        return importlib.import_module("manopth.manolayer").ManoLayer
    except ImportError as error:
        raise UserError(
            f"The manopth backend is not installed ({error}); install manopth and chumpy, "
            "or use the own backend."
        ) from error


def _choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UserError(f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}.")
