"""Calibration from rendered chessboards whose lens is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hands3c_core.errors import UserError
from hands3c_core.geometry import load_camera, resize_camera
from hands3c_core.geometry.calibration import (
    LEAST_VIEWS,
    Board,
    Calibrator,
    Offer,
    find_corners,
    save_calibration,
)
from hands3c_core.types import Camera

BOARD = Board(7, 5, 0.03)
TRUTH = Camera(fx=610.0, fy=600.0, cx=331.0, cy=229.0, width=640, height=480)
_PX_PER_SQUARE = 60


def board_picture() -> np.ndarray:
    """The printed board with a white margin of one square, grey."""
    columns, rows = BOARD.columns + 1, BOARD.rows + 1
    squares = np.indices((rows, columns)).sum(axis=0) % 2 * 255
    picture = np.kron(squares, np.ones((_PX_PER_SQUARE, _PX_PER_SQUARE)))
    return np.pad(picture, _PX_PER_SQUARE, constant_values=255).astype(np.uint8)


def render(turn: tuple[float, float, float], place: tuple[float, float, float]) -> np.ndarray:
    """(480, 640, 3) the board turned by degrees ``turn`` with its middle at ``place``, metres."""
    matrix = np.array([[TRUTH.fx, 0, TRUTH.cx], [0, TRUTH.fy, TRUTH.cy], [0, 0, 1]])
    rotation = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    middle = BOARD.points().mean(axis=0)
    to_board = np.array(
        # A texture px to metres on the board; the first inner corner lies two squares in.
        [
            [BOARD.square_m / _PX_PER_SQUARE, 0, -2 * BOARD.square_m + BOARD.square_m / 120],
            [0, BOARD.square_m / _PX_PER_SQUARE, -2 * BOARD.square_m + BOARD.square_m / 120],
            [0, 0, 1],
        ]
    )
    pose = np.column_stack([rotation[:, :2], np.array(place) - rotation @ middle])
    fine = 3  # rendered larger and shrunk, as a sensor averages
    enlarge = np.array([[fine, 0, (fine - 1) / 2], [0, fine, (fine - 1) / 2], [0, 0, 1]])
    homography = enlarge @ matrix @ pose @ to_board
    size = (TRUTH.width * fine, TRUTH.height * fine)
    large = cv2.warpPerspective(board_picture(), homography, size, borderValue=170)
    grey = cv2.resize(large, (TRUTH.width, TRUTH.height), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0).normal(scale=2, size=grey.shape)
    return np.repeat(np.clip(grey + noise, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


VIEWS = [
    ((0, 0, 0), (0, 0, 0.6)),
    ((30, 0, 5), (-0.08, 0.04, 0.55)),
    ((-30, 5, 0), (0.09, -0.05, 0.6)),
    ((0, 32, -4), (0.07, 0.06, 0.6)),
    ((5, -32, 8), (-0.1, -0.05, 0.6)),
    ((22, 22, 15), (0.0, 0.05, 0.5)),
    ((-22, 24, -12), (0.05, -0.04, 0.7)),
    ((25, -20, 0), (-0.05, 0.0, 0.45)),
]


@pytest.fixture(scope="module")
def corners() -> list[np.ndarray]:
    found = [find_corners(render(*view), BOARD) for view in VIEWS]
    assert all(points is not None for points in found)
    return found  # type: ignore[return-value]


@pytest.fixture
def filled(corners) -> Calibrator:
    calibrator = Calibrator(BOARD)
    for points in corners:
        calibrator.offer(points, (640, 480), force=True)
    return calibrator


def test_corners_are_where_the_board_was_put(corners):
    """Of the first view, straight on at 0.6 m."""
    points = BOARD.points() - BOARD.points().mean(axis=0)
    expected = points[:, :2] / 0.6 * (TRUTH.fx, TRUTH.fy) + (TRUTH.cx, TRUTH.cy)
    found = corners[0]
    if np.linalg.norm(found[0] - expected[0]) > 50:
        found = found[::-1]
    assert np.abs(found - expected).max() < 0.25


def test_the_lens_is_found(filled):
    result = filled.solve()
    assert result.views == len(VIEWS)
    assert result.error_px < 0.2
    assert result.camera.fx == pytest.approx(TRUTH.fx, rel=0.01)
    assert result.camera.fy == pytest.approx(TRUTH.fy, rel=0.01)
    assert result.camera.cx == pytest.approx(TRUTH.cx, abs=5)
    assert result.camera.cy == pytest.approx(TRUTH.cy, abs=5)
    assert result.fov_deg == pytest.approx(55.4, abs=1)
    assert filled.coverage() > 0.6


def test_a_saved_calibration_is_read_as_a_camera(filled, tmp_path):
    result = filled.solve()
    file = tmp_path / "new" / "lens.json"
    save_calibration(result, file)
    assert load_camera(file, 640, 480) == pytest.approx(result.camera)
    half = load_camera(file, 320, 240)
    assert half.fx == pytest.approx(resize_camera(result.camera, 320, 240).fx)


def test_no_board_and_half_a_board_are_not_found():
    assert find_corners(np.full((480, 640, 3), 128, np.uint8), BOARD) is None
    assert find_corners(render((0, 0, 0), (0.25, 0, 0.5)), BOARD) is None


def test_only_still_and_new_views_are_kept(corners):
    calibrator = Calibrator(BOARD)
    size = (640, 480)
    assert calibrator.offer(corners[0], size) is Offer.MOVING
    assert calibrator.offer(corners[0], size) is Offer.KEPT
    assert calibrator.offer(corners[0] + np.float32(0.5), size) is Offer.ALIKE
    assert calibrator.offer(corners[0][::-1], size) is Offer.ALIKE
    assert calibrator.offer(corners[1], size) is Offer.MOVING
    assert calibrator.offer(corners[1], size) is Offer.KEPT
    assert len(calibrator.views) == 2
    calibrator.offer(corners[0], (320, 240))
    assert len(calibrator.views) == 0


def test_too_few_views_and_an_impossible_lens_are_the_users_error(corners):
    calibrator = Calibrator(BOARD)
    for points in corners[: LEAST_VIEWS - 1]:
        calibrator.offer(points, (640, 480), force=True)
    with pytest.raises(UserError, match="too few"):
        calibrator.solve()
    rng = np.random.default_rng(0)
    noisy = Calibrator(BOARD)
    for points in corners:
        wrong = points + rng.normal(scale=12, size=points.shape).astype(np.float32)
        noisy.offer(wrong, (640, 480), force=True)
    with pytest.raises(UserError, match="start over"):
        noisy.solve()


@pytest.mark.parametrize("board", [Board(2, 6), Board(9, 2), Board(9, 6, 0.0), Board(9, 6, 5.0)])
def test_useless_boards_are_refused(board):
    with pytest.raises(UserError):
        Calibrator(board)
