"""Poses for labels that are points: the hand model fitted to the joints of ``labels.npz``."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.geometry import default_camera
from hands3c_core.types import Detection, TrackedHand

#: Field of view of a crop whose camera is not known, degrees.
_CROP_FOV_DEG = 30.0


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
    try:
        with np.load(source / "labels.npz", allow_pickle=False) as archive:
            tables = {name: archive[name] for name in archive.files}
        names, joints, world = (tables[k] for k in ("name", "joints_2d", "world_landmarks"))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{source / 'labels.npz'} cannot be read ({error}).") from None
    estimator = LandmarkEstimator("hand_mid")
    poses, places = [], []
    for row, name in enumerate(names.tolist()):
        image = cv2.imdecode(np.fromfile(source / "crops" / name, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise UserError(f"{source / 'crops' / name} is no image.")
        height, width = image.shape[:2]
        estimator.reset()
        detection = Detection(
            True, 1.0, joints[row].astype(np.float32), world[row].astype(np.float32)
        )
        estimate = estimator.estimate(
            np.asarray(image, np.uint8),
            [TrackedHand(1, True, detection, 0)],
            default_camera(width, height, _CROP_FOV_DEG),
            0.0,
        )[0]
        poses.append(estimate.pose)
        places.append(estimate.translation)
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
