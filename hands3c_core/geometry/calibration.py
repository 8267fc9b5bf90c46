"""Measures a camera's lens from views of a printed chessboard.

The corners of each view are found by OpenCV; the lens is solved by ``cv2.calibrateCamera`` (Zhang,
"A flexible new technique for camera calibration", PAMI 2000) with two radial distortion terms. They
take the lens's curvature out of the focal length; the rest of the program uses the pinhole alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.types import Camera, UInt8

Corners = NDArray[np.float32]

#: Corners are searched in an image of at most this width, px, then refined in the whole one.
_SEARCH_WIDTH = 800
#: Views that are worth solving from, and those that make a good calibration.
LEAST_VIEWS, GOOD_VIEWS = 6, 15
#: Mean movement of the corners since the last frame up to which the board is still, and from which
#: a view differs enough from those that are kept, as shares of the image's width.
_STILL_SHARE, _NEW_SHARE = 0.004, 0.06
#: A mean reprojection error beyond this is no calibration, px.
_WORST_ERROR_PX = 3.0


@dataclass(frozen=True, slots=True)
class Board:
    """A chessboard, counted in inner corners (squares less one)."""

    columns: int = 9
    rows: int = 6
    square_m: float = 0.025
    """Side of a square, metres. The focal length does not depend on it."""

    def points(self) -> NDArray[np.float32]:
        """(columns * rows, 3) corners on the board, metres, row by row."""
        grid = np.zeros((self.rows * self.columns, 3), np.float32)
        grid[:, :2] = np.mgrid[: self.columns, : self.rows].T.reshape(-1, 2)
        return grid * np.float32(self.square_m)


class Offer(str, Enum):
    """What became of a view."""

    KEPT = "kept"
    MOVING = "moving"
    """The board is not still yet."""
    ALIKE = "alike"
    """There is a view like it already."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A solved lens."""

    camera: Camera
    distortion: tuple[float, float]
    """Radial terms k1, k2 of OpenCV's model."""
    error_px: float
    """Root mean square distance of the corners from where the solution projects them."""
    views: int

    @property
    def fov_deg(self) -> float:
        """Horizontal field of view, degrees."""
        return float(np.degrees(2 * np.arctan(self.camera.width / (2 * self.camera.fx))))


def board_svg(board: Board) -> str:
    """The board as an SVG picture in its true size, with a white margin, to print."""
    side = 1000 * board.square_m
    width, height = side * (board.columns + 3), side * (board.rows + 3)
    squares = "".join(
        f'<rect x="{side * (column + 1):g}" y="{side * (row + 1):g}"/>'
        for row in range(board.rows + 1)
        for column in range(board.columns + 1)
        if (row + column) % 2 == 0
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}"><style>rect{{width:{side:g}px;height:{side:g}px}}'
        f".paper{{width:100%;height:100%;fill:#fff}}</style>"
        f'<rect class="paper"/>{squares}</svg>\n'
    )


def check_board(board: Board) -> None:
    """Raise UserError unless the board can be told from its own rotations and found."""
    if min(board.columns, board.rows) < 3:
        raise UserError("A chessboard for calibration needs at least 3 x 3 inner corners.")
    if not 0.001 <= board.square_m <= 1.0:
        raise UserError("A square of the chessboard measures 1 mm to 1 m.")


def find_corners(image: UInt8, board: Board) -> Corners | None:
    """The board's inner corners in an image.

    Args:
        image: (H, W, 3) RGB.
        board: what to look for.

    Returns:
        (columns * rows, 2) px, row by row, or None if the whole board is not in sight.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, _SEARCH_WIDTH / grey.shape[1])
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_FAST_CHECK
    found, corners = cv2.findChessboardCorners(small, (board.columns, board.rows), None, flags)
    if not found:
        return None
    # A pixel's centre is an integer, so scaling is about the image's outer corner.
    points = ((corners.reshape(-1, 2) + 0.5) / scale - 0.5).astype(np.float32)
    window = _window(points, board)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 40, 1e-3)
    refined = cv2.cornerSubPix(grey, points.reshape(-1, 1, 2), (window, window), (-1, -1), stop)
    return np.asarray(refined, np.float32).reshape(-1, 2)


class Calibrator:
    """Collects views of a board and solves the lens from them.

    Args:
        board: the chessboard.

    Raises:
        UserError: the board is of no use.
    """

    def __init__(self, board: Board) -> None:
        check_board(board)
        self.board = board
        self.size: tuple[int, int] | None = None
        """(width, height) of the images, px."""
        self._views: list[Corners] = []
        self._last: Corners | None = None

    @property
    def views(self) -> Sequence[Corners]:
        """Corners (N, 2) px of the views that were kept."""
        return tuple(self._views)

    def offer(self, corners: Corners, size: tuple[int, int], *, force: bool = False) -> Offer:
        """Keep a view if the board is still and the view a new one, or if it is forced.

        Images of another size start the collection anew.

        Args:
            corners: as ``find_corners`` gives them.
            size: (width, height) of the image, px.
            force: keep it whatever it is.
        """
        if size != self.size:
            self.clear()
            self.size = size
        last, self._last = self._last, corners
        if not force:
            if last is None or _moved(last, corners) > _STILL_SHARE * size[0]:
                return Offer.MOVING
            if any(_moved(kept, corners) < _NEW_SHARE * size[0] for kept in self._views):
                return Offer.ALIKE
        self._views.append(corners)
        return Offer.KEPT

    def clear(self) -> None:
        """Forget all views."""
        self._views.clear()
        self._last = None

    def coverage(self) -> float:
        """Share of the image's 4 x 4 cells in which some view has a corner."""
        if self.size is None or not self._views:
            return 0.0
        points = np.concatenate(self._views) / np.array(self.size) * 4
        cells = np.clip(points, 0, 3).astype(int)
        return len(np.unique(cells, axis=0)) / 16

    def solve(self) -> Calibration:
        """The lens, from all views.

        Raises:
            UserError: there are too few views, or they allow no plausible solution.
        """
        views = list(self._views)  # another thread may add to them
        if len(views) < LEAST_VIEWS or self.size is None:
            raise UserError(
                f"{len(views)} views are too few: show the board in at least {LEAST_VIEWS} "
                "places, tilted in different ways."
            )
        flags = cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K3
        points = [self.board.points()] * len(views)
        try:
            error, matrix, distortion, *_ = cv2.calibrateCamera(
                points, views, self.size, None, None, flags=flags
            )
        except cv2.error:
            raise UserError(
                "These views allow no solution: show the board tilted, not only from the front."
            ) from None
        width, height = self.size
        fx, fy = float(matrix[0, 0]), float(matrix[1, 1])
        camera = Camera(fx, fy, float(matrix[0, 2]), float(matrix[1, 2]), width, height)
        terms = float(distortion.ravel()[0]), float(distortion.ravel()[1])
        result = Calibration(camera, terms, float(error), len(views))
        _check(result)
        return result


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write a calibration as JSON that ``load_camera`` reads.

    Raises:
        UserError: the file cannot be written.
    """
    camera = calibration.camera
    content = {
        "camera_matrix": [[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]],
        "image_width": camera.width,
        "image_height": camera.height,
        "distortion": [*calibration.distortion, 0, 0, 0],
        "error_px": calibration.error_px,
        "views": calibration.views,
    }
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def _check(result: Calibration) -> None:
    camera = result.camera
    inside = 0 < camera.cx < camera.width and 0 < camera.cy < camera.height
    square = 0.8 < camera.fx / camera.fy < 1.25
    if not np.isfinite(result.error_px) or result.error_px > _WORST_ERROR_PX:
        problem = f"the corners miss it by {result.error_px:.1f} px"
    elif not inside or not square or not 10 < result.fov_deg < 160:
        problem = "they lead to a lens that cannot be"
    else:
        return
    raise UserError(
        f"These views do not fit one lens ({problem}): start over with a flat board, held still, "
        "tilted in different ways and near all edges of the picture."
    )


def _window(points: Corners, board: Board) -> int:
    """Half the side of the square in which a corner is refined: less than half a square, px."""
    grid = points.reshape(board.rows, board.columns, 2)
    steps = [np.linalg.norm(np.diff(grid, axis=axis), axis=2).min() for axis in (0, 1)]
    return int(np.clip(0.4 * min(steps), 2, 11))


def _moved(before: Corners, after: Corners) -> float:
    """Mean distance of the corners, px; the board may have been read from its other end."""
    return min(
        float(np.linalg.norm(before - other, axis=1).mean()) for other in (after, after[::-1])
    )
