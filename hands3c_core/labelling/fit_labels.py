"""Poses for labels that are points: the hand model fitted to the joints of ``labels.npz``."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.estimators.fitter import HandFitter, Seen
from hands3c_core.estimators.fused import FusionSettings
from hands3c_core.estimators.landmarks_solver import Fitted
from hands3c_core.estimators.witnesses import (
    SECOND,
    Witness,
    WitnessStatistics,
    box_side,
    evidence,
    start_points,
)
from hands3c_core.geometry import default_camera
from hands3c_core.hand_model import load_hand_model
from hands3c_core.reading import Fields, read_arrays
from hands3c_core.types import Float32

Floats = NDArray[np.float64]

#: Of labels, unpacked.
_MOST_BYTES = 1 << 30
#: Field of view of a crop whose camera is not known, degrees.
_CROP_FOV_DEG = 30.0
#: Fused labels are half the second witness's points and half a fitted hand's joints, so they have
#: half of that witness's markers.
_MARKER_SHARE = 0.5
_SETTINGS = FusionSettings(cold_iterations=40, depth_share=0.42)


class LabelFitter:
    """Fits the shipped hand to labels, each by itself, as *Automatic* fits it to its witnesses."""

    def __init__(self) -> None:
        statistics = WitnessStatistics.load()
        self._statistics = replace(
            statistics, markers=_MARKER_SHARE * statistics.markers
        ).sharpened(_SETTINGS.image_share, _SETTINGS.depth_share)
        self._fitter = HandFitter(load_hand_model("hand_mid"), _SETTINGS)

    def fit(
        self, joints_2d: Floats, world: Floats, sigma_3d: Floats, size: tuple[int, int]
    ) -> Fitted:
        """The hand that is nearest to a label.

        Args:
            joints_2d: (21, 2) px.
            world: (21, 3) m, camera axes, any origin and scale.
            sigma_3d: (21,) m, how far the label may be off.
            size: (width, height) of the crop, px.
        """
        witness = _as_witness(joints_2d, world, sigma_3d)
        camera = default_camera(*size, _CROP_FOV_DEG)
        start, directions = start_points(witness, camera)
        found = evidence([witness], self._statistics, camera, _SETTINGS.robust_sigmas)
        self._fitter.reset()
        seen = Seen(found, camera, witness.points[:, :2], start, directions)
        return self._fitter.fit(0, True, seen, 0.0)

    def parameters(self, fit: Fitted) -> tuple[Float32, Floats]:
        """Pose (16, 3) rad and translation (3,) m."""
        skeleton = self._fitter.skeleton
        return skeleton.to_pose(fit.turn, fit.angles), fit.root - skeleton.root_of_shape(fit.shape)


def _as_witness(joints_2d: Floats, world: Floats, sigma_3d: Floats) -> Witness:
    """A label in the form that the fit takes."""
    off, centered = joints_2d - joints_2d.mean(axis=0), world - world.mean(axis=0)
    # World axes are the camera's: x and y give the scale between metres and pixels.
    scale = np.sqrt((off**2).sum() / max((centered[:, :2] ** 2).sum(), 1e-12))
    points = np.column_stack([joints_2d, scale * centered[:, 2]])
    spread = scale * sigma_3d / box_side(points)
    return Witness(SECOND, points, np.stack([spread, spread]))


def fit_labels(source: Path, target: Path, report: Callable[[int, int], None] | None = None) -> int:
    """Copy ``labels.npz`` of a folder of crops, with ``pose``, ``shape`` and ``translation`` added.

    The images are linked, not copied. Labels that are no hand to the fit keep their pose all the
    same: what they are worth says their sigma.

    Args:
        source: holds ``labels.npz`` with ``world_landmarks`` and the crops.
        target: is made.
        report: takes labels done and their number.

    Returns:
        The number of labels.

    Raises:
        UserError: there are no such labels.
    """
    file = source / "labels.npz"
    tables: dict[str, Any] = read_arrays(file, _MOST_BYTES)
    fields = Fields(tables, str(file))
    if "name" not in tables or tables["name"].dtype.kind != "U" or tables["name"].ndim != 1:
        raise fields.fail("name", "must be a list of texts")
    names, count = tables["name"], len(tables["name"])
    joints = fields.array("joints_2d", (count, 21, 2))
    world = fields.array("world_landmarks", (count, 21, 3), -10.0, 10.0)
    sigmas = np.zeros((count, 21))
    if "sigma_3d" in tables:
        sigmas = fields.array("sigma_3d", (count, 21), 0.0, 10.0)
    fitter = LabelFitter()
    poses, places = [], []
    for row, name in enumerate(names.tolist()):
        image = cv2.imdecode(np.fromfile(source / "crops" / name, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise UserError(f"{source / 'crops' / name} is no image.")
        height, width = image.shape[:2]
        seen, solid, sigma = (part[row].astype(np.float64) for part in (joints, world, sigmas))
        pose, place = fitter.parameters(fitter.fit(seen, solid, sigma, (width, height)))
        poses.append(pose)
        places.append(place.astype(np.float32))
        if report is not None:
            report(row + 1, len(names))
    target.mkdir(parents=True, exist_ok=True)
    crops = target / "crops"
    if not crops.exists():
        crops.symlink_to((source / "crops").resolve())
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, **tables | {"pose": np.stack(poses), "translation": np.stack(places)}
    )
    write_atomically(target / "labels.npz", buffer.getvalue())
    return len(names)
