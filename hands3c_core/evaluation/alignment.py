"""Alignments of predicted points with true ones before errors are measured.

Points are (N, 3) or batches (B, N, 3), any unit; each set of a batch is aligned by itself.
"Official" names what the evaluations of FreiHAND and HO-3D compute; their similarity transform is
an orthogonal Procrustes solution and may therefore mirror the prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import JOINT_NAMES

Floats = NDArray[np.float64]
AlignmentName = Literal["official", "rigid", "scale_translation", "root", "none"]

#: Indices of the joints whose distance sets the scale in HO-3D's ``align_sc_tr``, in that dataset's
#: own order of joints: the wrist and the middle finger's first joint.
SCALE_BONE: Final = (0, 4)
#: The same two joints in our order.
OUR_SCALE_BONE: Final = (JOINT_NAMES.index("wrist"), JOINT_NAMES.index("middle1"))
#: What the official evaluations add to each norm; the determinant-corrected variant adds nothing.
_NORM_OFFSET = 1e-8


@dataclass(frozen=True, slots=True)
class Similarity:
    """The map x -> scale * R x + shift of each set, about the centre of the points it was
    made of."""

    rotation: Floats
    """(..., 3, 3) orthogonal; its determinant may be -1 where reflections are allowed."""
    scale: Floats
    """(...,)"""
    source_center: Floats
    """(..., 3) centre of the predicted points."""
    target_center: Floats
    """(..., 3) centre of the true points."""

    def apply(self, points: ArrayLike) -> Floats:
        """Points (..., N, 3) mapped."""
        centered = np.asarray(points, np.float64) - self.source_center[..., None, :]
        turned = centered @ np.swapaxes(self.rotation, -1, -2)
        return turned * self.scale[..., None, None] + self.target_center[..., None, :]

    def apply_about_own_center(self, points: ArrayLike) -> Floats:
        """Other points of the same prediction, turned and scaled about their own centre and moved
        as the first points' centre was: what the official evaluation does with meshes whose number
        of vertices is not that of the truth."""
        own = np.asarray(points, np.float64)
        center = own.mean(axis=-2, keepdims=True)
        turned = (own - center) @ np.swapaxes(self.rotation, -1, -2)
        shift = (self.target_center - self.source_center)[..., None, :]
        return turned * self.scale[..., None, None] + center + shift


def fit_similarity(target: ArrayLike, points: ArrayLike, *, reflection: bool) -> Similarity:
    """The similarity transform of ``points`` that comes closest to ``target`` in least squares.

    Args:
        target: (..., N, 3) true points.
        points: (..., N, 3) predicted points.
        reflection: allow a mirror image, as the official evaluations do (``align_w_scale``: both
            sets are centred and divided by their norm plus 1e-8, then turned by the orthogonal
            Procrustes solution and scaled by the sum of its singular values). Without, the
            determinant is corrected to +1 (Umeyama 1991), as papers on DexYCB do.
    """
    truth, guess = np.asarray(target, np.float64), np.asarray(points, np.float64)
    target_center, source_center = truth.mean(axis=-2), guess.mean(axis=-2)
    truth = truth - target_center[..., None, :]
    guess = guess - source_center[..., None, :]
    truth_norm = np.linalg.norm(truth, axis=(-2, -1))
    guess_norm = np.linalg.norm(guess, axis=(-2, -1))
    if reflection:
        truth_norm, guess_norm = truth_norm + _NORM_OFFSET, guess_norm + _NORM_OFFSET
    else:  # a prediction of one point alone has no size to divide by; it stays one point
        truth_norm = np.where(truth_norm > 0, truth_norm, 1.0)
        guess_norm = np.where(guess_norm > 0, guess_norm, 1.0)
    covariance = np.swapaxes(truth, -1, -2) @ guess / (truth_norm * guess_norm)[..., None, None]
    left, singular, right = np.linalg.svd(covariance)
    if not reflection:
        sign = np.sign(np.linalg.det(left) * np.linalg.det(right))
        singular = singular * np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)
        left = np.concatenate([left[..., :2], left[..., 2:] * sign[..., None, None]], axis=-1)
    return Similarity(
        rotation=left @ right,
        scale=singular.sum(axis=-1) * truth_norm / guess_norm,
        source_center=source_center,
        target_center=target_center,
    )


def align_scale_translation(
    target: ArrayLike, points: ArrayLike, bone: tuple[int, int] = SCALE_BONE
) -> Floats:
    """``points`` (..., J, 3) scaled to the truth's length of ``bone`` and moved so that the bone's
    first joint is the truth's (HO-3D's ``align_sc_tr``).

    A prediction whose bone has no length keeps its scale times the truth's length.

    Args:
        target: (..., J, 3) true points.
        points: (..., J, 3) predicted points.
        bone: indices of its joints; those of HO-3D's own order by default, ``OUR_SCALE_BONE`` for
            joints in ours.
    """
    truth, guess = np.asarray(target, np.float64), np.asarray(points, np.float64)
    first, second = bone
    true_size = np.linalg.norm(truth[..., second, :] - truth[..., first, :], axis=-1)
    size = np.linalg.norm(guess[..., second, :] - guess[..., first, :], axis=-1)
    factor = true_size / np.where(size > 0, size, 1.0)
    relative = guess - guess[..., first : first + 1, :]
    return relative * factor[..., None, None] + truth[..., first : first + 1, :]


def align_root(target: ArrayLike, points: ArrayLike, root: int = 0) -> Floats:
    """``points`` (..., J, 3) moved so that joint ``root`` is the truth's."""
    truth, guess = np.asarray(target, np.float64), np.asarray(points, np.float64)
    return guess - guess[..., root : root + 1, :] + truth[..., root : root + 1, :]


def align(target: ArrayLike, points: ArrayLike, how: AlignmentName, root: int = 0) -> Floats:
    """``points`` aligned with ``target`` by name.

    Args:
        target: (..., N, 3) true points.
        points: (..., N, 3) predicted points.
        how: 'official' (similarity, reflections allowed), 'rigid' (similarity with determinant +1),
            'scale_translation', 'root' or 'none'.
        root: the joint for 'root'.

    Raises:
        ValueError: the name is unknown.
    """
    if how in ("official", "rigid"):
        return fit_similarity(target, points, reflection=how == "official").apply(points)
    if how == "scale_translation":
        return align_scale_translation(target, points)
    if how == "root":
        return align_root(target, points, root)
    if how == "none":
        return np.asarray(points, np.float64)
    raise ValueError(f"unknown alignment {how!r}")
