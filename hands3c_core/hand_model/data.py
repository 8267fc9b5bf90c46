"""The arrays that define a parametric hand, whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import (
    NUM_JOINTS,
    NUM_ROTATIONS,
    NUM_SHAPE,
    ROTATION_TO_JOINT,
    TIP_JOINTS,
)
from hands3c_core.errors import UserError

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int32]

#: Row of (16 rotation joints, then 5 tips) that holds each of the 21 joints.
JOINT_GATHER = tuple((*ROTATION_TO_JOINT, *TIP_JOINTS).index(j) for j in range(NUM_JOINTS))


@dataclass(frozen=True, eq=False)
class HandModelData:
    """A hand with MANO's parameters (Romero, Tzionas and Black, SIGGRAPH Asia 2017).

    V is the number of vertices, F of triangles, T of texture coordinates. Floating-point arrays are
    float32 or float64, as the file stores them. The template frame is MANO's: metres, right hand
    with the fingers along -x, the thumb towards +z and the palm towards -y.

    Rotations are numbered as in ``conventions.ROTATION_NAMES``. "45" means the 15 finger rotations
    (numbers 1 to 15) as axis-angle, flattened.

    Raises:
        UserError: an array has a wrong shape, numbers that are not finite or bad indices.
    """

    name: str
    """Short name for logs and files, for example 'hand_mid' or 'MANO_RIGHT'."""
    licence: str
    """Licence of the arrays, in words."""
    is_right: bool
    """True for a right hand."""
    v_template: Floats
    """(V, 3) metres: vertices of the mean shape, all rotations at the identity."""
    shapedirs: Floats
    """(V, 3, 10) metres per unit of each shape coefficient."""
    posedirs: Floats
    """(V, 3, 135) metres: offset per entry of ``(R_k - identity)``, k = 1..15, row-major."""
    J_regressor: Floats
    """(16, V): joints of a shaped hand as weighted sums of its vertices."""
    weights: Floats
    """(V, 16) skinning weights; each row sums to 1."""
    faces: Ints
    """(F, 3) triangles, counter-clockwise seen from outside; the wrist is open."""
    cap_faces: Ints
    """(C, 3) triangles that close the wrist without further vertices. Draw them with a flat normal,
    and compute vertex normals from ``faces`` alone."""
    hands_mean: Floats
    """(45,) rad: the mean pose; ``pose`` is relative to it (MANO's ``flat_hand_mean=False``)."""
    fingertip_ids: Ints
    """(5,) vertices of the fingertips, thumb to little."""
    joint_axes: Floats
    """(15, 3, 3): for each finger rotation, rows are the unit axes of bend (positive flexes),
    spread and twist (along the bone), in the template frame."""
    joint_rom_deg: Floats
    """(15, 3, 2) degrees: least and greatest angle on each of ``joint_axes`` from the template, for
    R = Rot(spread) Rot(bend) Rot(twist)."""
    hands_components: Floats
    """(K, 45): rows are principal components of hand poses, most important first; K is 45, or
    fewer where a published checkpoint carries only those it used."""
    hands_prior_mean: Floats
    """(45,) rad: mean of the poses the components were computed from, from the template."""
    hands_components_std: Floats | None = None
    """(K,) rad: standard deviation along each row of ``hands_components``, if known."""
    named_poses: dict[str, Floats] = field(default_factory=dict)
    """(45,) rad each, from the template (mean pose included): 'fist', 'pinch', ..."""
    vt: Floats | None = None
    """(T, 2) texture coordinates, origin at the lower left, if the hand has any."""
    ft: Ints | None = None
    """(F, 3) texture coordinate of each triangle corner."""
    vt_vertex: Ints | None = None
    """(T,) vertex to which each texture coordinate belongs."""
    vertex_colors: NDArray[np.uint8] | None = None
    """(V, 3) RGB skin colour for formats without textures."""
    pose_min: Floats | None = None
    """(45,) rad: 0.5 percentile of plausible poses, from the template."""
    pose_max: Floats | None = None
    """(45,) rad: 99.5 percentile of plausible poses, from the template."""

    def __post_init__(self) -> None:
        for name, shape in self._expected_shapes().items():
            array = getattr(self, name)
            if array is None:
                continue
            if array.shape != shape:
                raise UserError(
                    f"Hand model {self.name}: {name} has shape {array.shape}, expected {shape}; "
                    "use a MANO file or one of the hands shipped with this program."
                )
            if not np.isfinite(array).all():
                raise UserError(
                    f"Hand model {self.name}: {name} holds numbers that are not finite; "
                    "the file is damaged, get it again."
                )
        self._check_indices()

    def _expected_shapes(self) -> dict[str, tuple[int, ...]]:
        count = len(self.v_template)
        triangles = len(self.faces)
        textures = 0 if self.vt is None else len(self.vt)
        components = min(len(self.hands_components), 45)
        return {
            "v_template": (count, 3),
            "shapedirs": (count, 3, NUM_SHAPE),
            "posedirs": (count, 3, 9 * (NUM_ROTATIONS - 1)),
            "J_regressor": (NUM_ROTATIONS, count),
            "weights": (count, NUM_ROTATIONS),
            "faces": (triangles, 3),
            "cap_faces": (len(self.cap_faces), 3),
            "hands_mean": (45,),
            "fingertip_ids": (5,),
            "joint_axes": (15, 3, 3),
            "joint_rom_deg": (15, 3, 2),
            "hands_components": (components, 45),
            "hands_prior_mean": (45,),
            "hands_components_std": (components,),
            "vt": (textures, 2),
            "ft": (triangles, 3),
            "vt_vertex": (textures,),
            "vertex_colors": (count, 3),
            "pose_min": (45,),
            "pose_max": (45,),
        }

    def _check_indices(self) -> None:
        textures = 0 if self.vt is None else len(self.vt)
        limits = {
            "faces": self.num_vertices,
            "cap_faces": self.num_vertices,
            "fingertip_ids": self.num_vertices,
            "vt_vertex": self.num_vertices,
            "ft": textures,
        }
        for name, limit in limits.items():
            array = getattr(self, name)
            if array is not None and array.size and not 0 <= array.min() <= array.max() < limit:
                raise UserError(
                    f"Hand model {self.name}: {name} points outside its {limit} vertices; "
                    "the file is damaged or no hand model."
                )

    @property
    def num_vertices(self) -> int:
        """V."""
        return len(self.v_template)

    @property
    def rest_joints(self) -> Floats:
        """(16, 3) metres: joints of the mean shape at rest, order of ``ROTATION_NAMES``."""
        return self.J_regressor @ self.v_template

    @property
    def rest_joints_21(self) -> Floats:
        """(21, 3) metres: the 21 joints of the mean shape at rest, order of ``JOINT_NAMES``."""
        return assemble_joints(self.rest_joints, self.v_template[self.fingertip_ids])

    def named_pose(self, name: str) -> Floats:
        """(16, 3) ``pose`` (relative to the mean pose) of a named pose, with no global rotation.

        'flat' is the template and 'relaxed' the mean pose of every model.

        Raises:
            UserError: the model has no pose of this name.
        """
        known = {
            "flat": np.zeros_like(self.hands_mean),
            "relaxed": self.hands_mean,
            **self.named_poses,
        }
        if name not in known:
            raise UserError(f"No hand pose is called {name!r}; choose one of {', '.join(known)}.")
        pose = np.zeros((NUM_ROTATIONS, 3), dtype=self.hands_mean.dtype)
        pose[1:] = (known[name] - self.hands_mean).reshape(15, 3)
        return pose


def assemble_joints(rotation_joints: Floats, tips: Floats) -> Floats:
    """The 21 joints (..., 21, 3) from the 16 that turn (..., 16, 3) and the 5 tips (..., 5, 3)."""
    return np.concatenate((rotation_joints, tips), axis=-2)[..., JOINT_GATHER, :]
