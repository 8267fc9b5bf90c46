"""A take for the Rerun viewer: meshes, joints, bones, the 2D overlay, the raw video if there is,
joint angles and confidence, on the timelines ``take_time``, ``frame`` and ``captured_at``.

The same entities are sent live (``hands3c_core.live.rerun``). Needs the package rerun-sdk.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import BONES, FINGER_COLORS, JOINT_NAMES
from hands3c_core.export.arrays import utc_datetime
from hands3c_core.export.hand_names import HandPlaces, hand_name
from hands3c_core.export.results import LoggedFrame
from hands3c_core.hand_model import HandModelData, faces_for
from hands3c_core.hand_model.joint_angles import ANGLE_JOINTS, ANGLES, joint_angles, short_name
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.types import Camera, Hand

APPLICATION: Final = "hands3c"
_CAMERA: Final = "world/camera"
_JOINT_COLORS: Final = [
    (255, 255, 255) if name == "wrist" else FINGER_COLORS[name[:-1]] for name in JOINT_NAMES
]


class RerunHands:
    """Logs frames to a Rerun recording.

    Args:
        recording: a ``rerun.RecordingStream``.
        model: the (right) hand model the hands were made with; None logs no meshes and no angles.
    """

    def __init__(self, recording: Any, model: HandModelData | None) -> None:
        import rerun as rr

        self._recording = recording
        self._model = model
        self._places = HandPlaces()
        self._camera: Camera | None = None
        self._there: set[str] = set()
        self._known: set[str] = set()
        recording.log("world", rr.ViewCoordinates.RDF, static=True)

    def log(self, frame: LoggedFrame) -> None:
        """Log a frame's hands; vertices are logged where the frame has them."""
        import rerun as rr

        recording = self._recording
        recording.set_time("take_time", duration=frame.timestamp)
        recording.set_time("frame", sequence=frame.index)
        if frame.captured_at is not None:
            recording.set_time("captured_at", timestamp=utc_datetime(frame.captured_at))
        if frame.camera != self._camera:
            self._camera = frame.camera
            self._log_camera(frame.camera)
        hands = [hand for hand in frame.hands if np.isfinite(hand.joints_3d).all()]
        names = [hand_name(*place) for place in self._places.of(hands)]
        for name, hand in zip(names, hands, strict=True):
            self._introduce(name, hand)
            self._log_hand(name, hand)
        for gone in self._there - set(names):
            recording.log(f"world/{gone}", rr.Clear(recursive=True))
            recording.log(f"{_CAMERA}/image/{gone}", rr.Clear(recursive=True))
        self._there = set(names)

    def _log_camera(self, camera: Camera) -> None:
        import rerun as rr

        rows = [[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]]
        matrix = np.asarray(rows, dtype=np.float64)
        size = (camera.width, camera.height)
        lens = rr.Pinhole(
            image_from_camera=matrix, resolution=size, camera_xyz=rr.ViewCoordinates.RDF
        )
        self._recording.log(f"{_CAMERA}/image", lens)

    def _introduce(self, name: str, hand: Hand) -> None:
        """What stays the same of a hand: names of curves, triangles, colours."""
        import rerun as rr

        if name in self._known:
            return
        self._known.add(name)
        joints = [short_name(joint) for joint in ANGLE_JOINTS]
        for angle in ANGLES:
            lines = rr.SeriesLines(names=[f"{joint} {angle}" for joint in joints])
            self._recording.log(f"{angle}_deg/{name}", lines, static=True)
        if self._model is not None:
            model = self._model
            faces = faces_for(model, hand.is_right, cap=True)
            mesh = rr.Mesh3D.from_fields(triangle_indices=faces, vertex_colors=model.vertex_colors)
            self._recording.log(f"world/{name}/mesh", mesh, static=True)

    def _log_hand(self, name: str, hand: Hand) -> None:
        import rerun as rr

        recording, points = self._recording, hand.joints_3d
        bones = list(BONES)
        ends = [child for _, child in bones]
        colors = [_JOINT_COLORS[joint] for joint in ends]
        radii = [0.004] * len(points)
        recording.log(
            f"world/{name}/joints", rr.Points3D(points, colors=_JOINT_COLORS, radii=radii)
        )
        lines = points[np.array(bones)]
        recording.log(f"world/{name}/bones", rr.LineStrips3D(lines, colors=colors, radii=0.002))
        flat = hand.joints_2d
        overlay = f"{_CAMERA}/image/{name}"
        recording.log(f"{overlay}/joints", rr.Points2D(flat, colors=_JOINT_COLORS, radii=3.0))
        strips = flat[np.array(bones)]
        recording.log(f"{overlay}/bones", rr.LineStrips2D(strips, colors=colors, radii=1.0))
        recording.log(f"{overlay}/landmarks", rr.Points2D(hand.landmarks_2d, radii=1.5))
        recording.log(f"confidence/{name}", rr.Scalars(float(hand.confidence)))
        if self._model is None:
            return
        if len(hand.vertices) == self._model.num_vertices:
            faces = faces_for(self._model, hand.is_right)
            vertices = np.ascontiguousarray(hand.vertices, np.float32)
            normals = vertex_normals(vertices, faces)
            mesh = rr.Mesh3D.from_fields(vertex_positions=vertices, vertex_normals=normals)
            recording.log(f"world/{name}/mesh", mesh)
        if np.isfinite(hand.pose).all():
            angles = joint_angles(hand.pose, self._model)
            for column, angle in enumerate(ANGLES):
                recording.log(f"{angle}_deg/{name}", rr.Scalars(angles[:, column]))


class RerunRecorder:
    """Collects a take, then writes one ``.rrd``.

    Args:
        model: the (right) hand model the hands were made with.
        video: the take's raw video, shown behind the overlay; None or a missing file for none.
    """

    def __init__(self, model: HandModelData, video: Path | None = None) -> None:
        import rerun as rr

        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "take.rrd"
        self._recording = rr.RecordingStream(APPLICATION, recording_id=None)
        self._recording.save(str(self._file))
        self._hands = RerunHands(self._recording, model)
        self._video = video is not None and video.is_file()
        if self._video:
            self._recording.log(f"{_CAMERA}/image/video", rr.AssetVideo(path=video), static=True)

    def add(self, frame: LoggedFrame) -> None:
        """Add a frame, in order of time."""
        import rerun as rr

        self._hands.log(frame)
        if self._video:
            shown = rr.VideoFrameReference(
                seconds=frame.timestamp, video_reference=f"{_CAMERA}/image/video"
            )
            self._recording.log(f"{_CAMERA}/image/video", shown)

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; raises UserError if it cannot be written."""
        self._recording.flush()
        self._recording.disconnect()
        try:
            return write_atomically(path, self._file.read_bytes())
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._recording.disconnect()
        self._folder.cleanup()
