"""One training or test sample, the same whatever dataset it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import CROP_SIZE, NUM_JOINTS
from hands3c_core.geometry import (
    CropRule,
    apply_affine,
    crop_box,
    extract_crop,
    published_window,
)
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import CropBox, Float32, UInt8

Floats = NDArray[np.float64]
#: x -> -x: the mirror that turns a left hand into a right one.
MIRROR = np.diag([-1.0, 1.0, 1.0])


def _all_joints(value: bool) -> NDArray[np.bool_]:
    return np.full(NUM_JOINTS, value)


@dataclass(frozen=True, slots=True)
class ValidLabels:
    """Which labels of a sample are there and may be trained on or measured against."""

    joints_2d: NDArray[np.bool_] = field(default_factory=lambda: _all_joints(False))
    """(21,) per joint."""
    joints_3d: NDArray[np.bool_] = field(default_factory=lambda: _all_joints(False))
    """(21,) per joint."""
    vertices: bool = False
    pose: bool = False
    shape: bool = False
    metric: bool = True
    """False where 3D labels are right in direction and proportion but not in scale (pseudo-labels):
    compare bone directions or scaled joints, not metres."""


@dataclass(frozen=True, slots=True)
class HandSample:
    """A crop of a hand and what is known of it.

    Everything is in model space: the crop of a left hand is mirrored, so that all samples show
    right hands, and 3D labels are mirrored with it (x negated). The camera frame is that of the
    mirrored camera. Labels that are absent hold zeros (joints) or None; look at ``valid``.
    """

    crop: UInt8
    """(S, S, 3) RGB."""
    joints_2d: Float32
    """(21, 2) px in the crop (integers at pixel centres), order of ``conventions.JOINT_NAMES``."""
    joints_3d: Float32
    """(21, 3) metres, camera axes, relative to the wrist."""
    is_right: bool
    """Anatomical side, before mirroring."""
    valid: ValidLabels
    name: str
    """Where it came from, unique in its dataset, for reports."""
    vertices: Float32 | None = None
    """(V, 3) metres, camera axes, relative to the wrist."""
    pose: Float32 | None = None
    """(16, 3) axis-angle, rows 1..15 relative to the mean pose of ``parameter_model``."""
    shape: Float32 | None = None
    """(10,) shape coefficients of ``parameter_model``."""
    parameter_model: str | None = None
    """Whose parameters ``pose`` and ``shape`` are: 'mano', or 'hands3c' for the shipped hands. They
    mean nothing to a layer of the other one."""
    root: Float32 | None = None
    """(3,) metres: the wrist in the camera frame, if known."""
    intrinsics: Float32 | None = None
    """(3, 3) K with crop px ~ K (joints_3d + root), if the camera is known. Rotated crops have
    entries below and beside the diagonal too."""
    affine: Floats | None = None
    """(2, 3) map from px of the original image to px of the crop (mirroring included)."""
    sigma_2d: Float32 | None = None
    """(21,) how far ``joints_2d`` may be off, as a share of the joints' box; None where exact."""
    sigma_3d: Float32 | None = None
    """(21,) metres by which ``joints_3d`` may be off; None where exact."""
    box_side: float | None = None
    """px of the crop: the longer side of the data set's box around the hand, or of the labelled
    joints' where it gives none; what 2D errors are measured in."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a reader knows of one hand in one image, in the true (unmirrored) camera frame."""

    image: Path | UInt8
    """The image's file, or (H, W, 3) RGB."""
    name: str
    """See ``HandSample.name``."""
    is_right: bool = True
    joints_2d: ArrayLike | None = None
    """(21, 2) px in the image; projected from ``joints_3d`` where None and the camera is known."""
    joints_3d: ArrayLike | None = None
    """(21, 3) metres in the camera frame, or from any origin with ``is_absolute`` false."""
    is_absolute: bool = True
    """Whether ``joints_3d`` has the camera as its origin."""
    is_metric: bool = True
    """See ``ValidLabels.metric``."""
    joints_valid: ArrayLike | None = None
    """(21,) which joints are labelled; all where None."""
    root: ArrayLike | None = None
    """(3,) metres: the wrist in the camera frame, where the other joints are not known."""
    camera_matrix: ArrayLike | None = None
    """(3, 3) K of the image, px."""
    vertices: ArrayLike | None = None
    """(V, 3) metres, camera axes, relative to the wrist."""
    pose: ArrayLike | None = None
    """(16, 3), already in model space (mirrored for a left hand); see ``HandSample.pose``."""
    shape: ArrayLike | None = None
    """(10,)"""
    parameter_model: str | None = None
    """See ``HandSample.parameter_model``."""
    box: CropBox | None = None
    """The window to crop, px in the image, whatever the rule; around ``joints_2d`` where None."""
    bounds: ArrayLike | None = None
    """(4,) left, top, width, height, px: the box around the hand that the data set gives; where it
    is there the window is laid around it instead of the joints."""
    sigma_2d: ArrayLike | None = None
    """(21,) see ``HandSample.sigma_2d``."""
    sigma_3d: ArrayLike | None = None
    """(21,) see ``HandSample.sigma_3d``."""


def make_sample(
    annotation: Annotation,
    image: UInt8,
    size: int = CROP_SIZE,
    context: float = 1.0,
    crop_rule: CropRule = "box",
) -> HandSample:
    """Crop, mirror left hands and make 3D labels relative to the wrist.

    Args:
        annotation: the labels.
        image: (H, W, 3) RGB, the annotation's image.
        size: side of the crop, px.
        context: make window and crop this much larger (to the next even difference in px).
        crop_rule: how the window is laid where the annotation has none: 'box' or 'published'.

    Raises:
        ValueError: the annotation has neither a box nor 2D joints to make one of, or its labels
            are not finite.
    """
    mirror = not annotation.is_right
    space = ModelSpace(annotation.is_right)
    absolute, joints_3d, root = _three_d(annotation)
    camera = _floats(annotation.camera_matrix)
    joints_2d = _floats(annotation.joints_2d)
    labelled = (
        _all_joints(True)
        if annotation.joints_valid is None
        else np.asarray(annotation.joints_valid, bool)
    )
    if joints_2d is None and absolute is not None and camera is not None:
        projected = absolute @ camera.T
        seen = labelled & (projected[:, 2] != 0)
        joints_2d = projected[:, :2] / np.where(seen, projected[:, 2], 1.0)[:, None]
    vertices = _floats(annotation.vertices)
    for label in (joints_2d, joints_3d, root, camera):
        if label is not None and not np.isfinite(label).all():
            raise ValueError("a label is not a finite number")
    for label in (joints_3d, root, vertices):
        if label is not None and label.shape[-1:] != (3,):
            raise ValueError("a place in space has not three numbers")

    seen_joints = joints_2d[labelled] if joints_2d is not None and labelled.any() else None
    box = annotation.box or _window(annotation, seen_joints, image, size, crop_rule)
    wider = size + 2 * round(size * (context - 1) / 2)
    box = replace(box, side=box.side * wider / size)
    averages = crop_rule != "published"
    crop, affine = extract_crop(image, box, wider, mirror, averages=averages)
    return HandSample(
        crop=np.ascontiguousarray(crop),
        joints_2d=_float32(None if joints_2d is None else apply_affine(affine, joints_2d), 2),
        joints_3d=_float32(None if joints_3d is None else space.points(joints_3d), 3),
        is_right=annotation.is_right,
        valid=ValidLabels(
            joints_2d=labelled & (joints_2d is not None),
            joints_3d=labelled & (joints_3d is not None),
            vertices=vertices is not None,
            pose=annotation.pose is not None,
            shape=annotation.shape is not None,
            metric=annotation.is_metric,
        ),
        name=annotation.name,
        vertices=None if vertices is None else space.points(vertices).astype(np.float32),
        pose=_optional_float32(annotation.pose, (16, 3)),
        shape=_optional_float32(annotation.shape, (10,)),
        parameter_model=annotation.parameter_model,
        root=None if root is None else space.points(root).astype(np.float32),
        intrinsics=None if camera is None else crop_intrinsics(camera, affine, mirror),
        affine=affine,
        sigma_2d=_optional_float32(annotation.sigma_2d, (NUM_JOINTS,)),
        sigma_3d=_optional_float32(annotation.sigma_3d, (NUM_JOINTS,)),
        box_side=_box_side(annotation, seen_joints, affine),
    )


def _box_side(annotation: Annotation, joints_2d: Floats | None, affine: Floats) -> float | None:
    """See ``HandSample.box_side``; joints (J, 2) px of the image."""
    if annotation.bounds is not None:
        side = float(np.asarray(annotation.bounds, np.float64)[2:].max())
    elif joints_2d is not None:
        side = float(np.ptp(joints_2d, axis=0).max())
    else:
        return None
    return side * float(np.linalg.norm(affine[:, 0]))


def _window(
    annotation: Annotation, joints_2d: Floats | None, image: UInt8, size: int, rule: CropRule
) -> CropBox:
    """The window around a data set's box, else around joints (J, 2)."""
    bounds = _floats(annotation.bounds)
    if bounds is None and joints_2d is None:
        raise ValueError("there is neither a box nor a joint in the image")
    if rule == "published":
        shape = (image.shape[1], image.shape[0])
        given = None if bounds is None else bounds.tolist()
        window = published_window(joints_2d, shape, size, not annotation.is_right, given)
        if window is None:
            raise ValueError("nothing of the hand's box is in the image")
        return window
    if bounds is not None:
        left, top, width, height = bounds.tolist()
        joints_2d = np.array([(left, top), (left + width, top + height)])
    assert joints_2d is not None
    return crop_box(joints_2d)


def crop_intrinsics(camera_matrix: ArrayLike, affine: ArrayLike, mirror: bool) -> Float32:
    """K (3, 3) of a crop for points of the (mirrored) camera frame.

    Args:
        camera_matrix: (3, 3) K of the image.
        affine: (2, 3) map from image px to crop px.
        mirror: whether the crop is mirrored, and the points with it.
    """
    to_crop = np.vstack([np.asarray(affine, np.float64), [0.0, 0.0, 1.0]])
    matrix = to_crop @ np.asarray(camera_matrix, np.float64)
    return (matrix @ MIRROR if mirror else matrix).astype(np.float32)


def project_sample(sample: HandSample, points: ArrayLike | None = None) -> Floats | None:
    """Points (N, 3) relative to the wrist, the joints by default, in crop px (N, 2); None where the
    sample's camera or root is not known."""
    if sample.intrinsics is None or sample.root is None:
        return None
    relative = sample.joints_3d if points is None else np.asarray(points, np.float64)
    matrix = sample.intrinsics.astype(np.float64)
    projected: Floats = (relative + sample.root.astype(np.float64)) @ matrix.T
    return projected[:, :2] / projected[:, 2:]


def without_parameters(sample: HandSample) -> HandSample:
    """The sample without pose and shape, for layers of another hand model."""
    valid = replace(sample.valid, pose=False, shape=False)
    return replace(sample, valid=valid, pose=None, shape=None, parameter_model=None)


def _three_d(annotation: Annotation) -> tuple[Floats | None, Floats | None, Floats | None]:
    """Joints in the camera frame, joints relative to the wrist, wrist; each if known."""
    joints = _floats(annotation.joints_3d)
    root = _floats(annotation.root)
    if joints is None:
        return None, None, root
    if not annotation.is_absolute:
        relative = joints - joints[0]
        return None if root is None else relative + root, relative, root
    return joints, joints - joints[0], joints[0]


def _floats(values: ArrayLike | None) -> Floats | None:
    return None if values is None else np.asarray(values, np.float64)


def _float32(values: Floats | None, width: int) -> Float32:
    if values is None:
        return np.zeros((NUM_JOINTS, width), np.float32)
    return np.ascontiguousarray(values, np.float32)


def _optional_float32(values: ArrayLike | None, shape: tuple[int, ...]) -> Float32 | None:
    return None if values is None else np.asarray(values, np.float32).reshape(shape)
