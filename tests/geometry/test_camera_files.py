"""Calibration files of other tools, and those that cannot be right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.geometry import check_calibration, load_camera
from hands3c_core.types import Camera

K = [[600.0, 0, 310.5], [0, 610.0, 250.5], [0, 0, 1]]
SIZE = {"width": 640, "height": 480}
EXPECTED = Camera(600.0, 610.0, 310.5, 250.5, 640, 480)


def write(folder: Path, content: Any) -> Path:
    path = folder / "c.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    "content",
    [
        {**SIZE, "K": K},
        {**SIZE, "intrinsic_matrix": np.transpose(K).ravel().tolist()},  # Open3D
        {**SIZE, "intrinsic_matrix": np.ravel(K).tolist()},
        {**SIZE, "K": np.transpose(K).tolist()},
        {"ImageSize": [480, 640], "IntrinsicMatrix": [[600, 0, 0], [0, 610, 0], [311.5, 251.5, 1]]},
        {"resolution": [640, 480], "intrinsics": [600, 610, 310.5, 250.5]},  # Kalibr
        {"intrinsics": {**SIZE, "fx": 600, "fy": 610, "ppx": 310.5, "ppy": 250.5}},
        {**SIZE, "K": {"rows": 3, "cols": 3, "data": np.ravel(K).tolist(), "more": {"a": [1]}}},
    ],
)
def test_layouts_of_other_tools_are_read_right(tmp_path: Path, content: Any) -> None:
    path = write(tmp_path, content)
    check_calibration(path)
    assert load_camera(path, 640, 480) == EXPECTED


def scaled(factor: float) -> list[list[float]]:
    return (factor * np.array(K)).tolist()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({**SIZE, "K": scaled(2.0)}, "last row"),
        ({**SIZE, "K": [[600, 0, 310], [5, 600, 250], [0, 0, 1]]}, "where 0 should be"),
        ({**SIZE, "K": [[600, 0, 900], [0, 600, 240], [0, 0, 1]]}, "outside images"),
        ({**SIZE, "K": [[600, 0, -5], [0, 600, 240], [0, 0, 1]]}, "outside images"),
        ({**SIZE, "K": [[0.94, 0, 0.5], [0, 1.25, 0.5], [0, 0, 1]]}, "not possible"),
        ({**SIZE, "fx": 600, "fy": 60, "cx": 320, "cy": 240}, "not possible"),
        ({**SIZE, "fx": 1e6, "fy": 1e6, "cx": 320, "cy": 240}, "not possible"),
        ({"K": [[1200, 0, 960], [0, 1200, 540], [0, 0, 1]]}, "does not say for which size"),
        ({**SIZE, "width": 0, "K": K}, "width"),
        ({**SIZE, "width": 640.5, "K": K}, "whole number"),
        ({**SIZE, "width": "640", "K": K}, "width is a text"),
        ({**SIZE, "K": [["600", 0, 320], [0, 600, 240], [0, 0, 1]]}, "K is not an array"),
    ],
)
def test_matrices_that_cannot_be_are_refused(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        load_camera(write(tmp_path, content), 640, 480)
    assert "c.json" in str(error.value)


def test_a_calibration_of_unknown_size_is_judged_with_its_images(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, {"K": [[1200, 0, 960], [0, 1200, 540], [0, 0, 1]]})
    check_calibration(path)
    assert load_camera(path, 1920, 1080).width == 1920
