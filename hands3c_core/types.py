"""The dataclasses that travel through the pipeline. Each field states shape, unit and frame.

Conventions (units, frames, joint order, mirroring) are those of ``hands3c_core.conventions``.
All arrays are C-contiguous and owned by the dataclass: a consumer may keep them, never write them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError

if TYPE_CHECKING:
    from hands3c_core.hand_model.data import HandModelData

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a source."""

    image: UInt8
    """(H, W, 3) RGB, upright (rotation metadata applied)."""
    timestamp: float
    """Seconds. Files: presentation time from the file's start. Live sources: time since opening."""
    index: int
    """Position in the source, from 0. Frames a live reader dropped count, so gaps show them."""
    captured_at: float
    """``time.monotonic()`` when the frame arrived in this process, for latency."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Pinhole camera without distortion: u = fx x/z + cx, v = fy y/z + cy."""

    fx: float
    """Focal length along u, px."""
    fy: float
    """Focal length along v, px."""
    cx: float
    """Principal point u, px."""
    cy: float
    """Principal point v, px."""
    width: int
    """Image width, px."""
    height: int
    """Image height, px."""


@dataclass(frozen=True, slots=True)
class HandLooks:
    """What the second witness says of one hand: first of the image as it is, then of its mirror
    image."""

    points: NDArray[np.float64]
    """(2, 21, 3): u and v in px of the image, and depth in the same unit, growing away from the
    camera, from an origin near the wrist."""
    presence: NDArray[np.float64]
    """(2,) probability that there is a hand in the window."""
    is_right: NDArray[np.float64]
    """(2,) probability that it is a right hand."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One hand as the detector sees it in one image."""

    is_right: bool
    """True for an anatomical right hand in the unmirrored image."""
    handedness_score: float
    """Probability of ``is_right``, 0.5 to 1."""
    landmarks_2d: Float32
    """(21, 2) px in the full image, joint order of ``conventions.JOINT_NAMES``."""
    landmarks_world: Float32
    """(21, 3) metres, camera axes, origin near the hand's centre. Good in bone direction, not in
    absolute scale; no camera translation."""
    looks: HandLooks | None = None
    """What the second witness says of it, where it was asked already."""


@dataclass(frozen=True, slots=True)
class TrackedHand:
    """A detection with an identity that persists across frames."""

    track_id: int
    """Unique in a session, from 1, never reused until ``Tracker.reset``."""
    is_right: bool
    """Handedness after hysteresis: changes only after several consecutive disagreements."""
    detection: Detection
    """This frame's detection (its own ``is_right`` may still disagree)."""
    age: int
    """Frames since the track began; 0 on its first frame."""


@dataclass(frozen=True, slots=True)
class CropBox:
    """A square window of the image."""

    center_x: float
    """px in the full image."""
    center_y: float
    """px in the full image."""
    side: float
    """Side length, px in the full image."""
    angle: float = 0.0
    """rad by which the window is turned, clockwise as seen: its upper edge faces (sin, -cos)."""


@dataclass(frozen=True, slots=True)
class AttentionMaps:
    """Activation maps around the S3C module for one crop, in the orientation the network saw it
    (left hands mirrored). Non-negative, not normalised."""

    before: Float32
    """(h, w) channel RMS of the feature map entering S3C."""
    after: Float32
    """(h, w) channel RMS of the feature map leaving S3C."""
    spatial: Float32 | None = None
    """(h, w) channel RMS of the spatial branch's output, if the network has one."""
    channel: Float32 | None = None
    """(h, w) channel RMS of the channel branch's output, if the network has one."""


@dataclass(frozen=True, slots=True)
class HandEstimate:
    """What an estimator says of one hand, before smoothing, in model space (always a right hand;
    for a left hand everything here describes the mirrored image, x negated)."""

    pose: Float32
    """(16, 3) axis-angle; see ``conventions``."""
    shape: Float32
    """(10,) shape coefficients, unit normal prior."""
    translation: Float32
    """(3,) metres: added to the hand layer's output to reach the (mirrored) camera frame."""
    confidence: float
    """0 to 1: how well the estimate explains its own evidence."""
    vertices: Float32 | None = None
    """(V, 3) metres, (mirrored) camera frame: the mesh of an estimator that makes its own, to which
    pose and shape were fitted; None where the hand model's is meant."""
    joint_sigma_px: Float32 | None = None
    """(21,) one-sigma 2D uncertainty per joint, px in the full image, if the estimator has one."""
    joint_sigma: Float32 | None = None
    """(21,) metres, standard deviation of each joint's place about the hand's middle, all three
    axes together, if the estimator has one."""
    is_unsure: bool = False
    """The estimator itself does not believe it: its evidence contradicts itself, or says little."""
    heatmaps: Float32 | None = None
    """(21, h, w) per-joint probabilities over the crop (each sums to 1), if it is a network."""
    attention: AttentionMaps | None = None
    """Attention maps, if asked for and available."""
    estimator: str | None = None
    """Name of the estimator that made it, if not the one that was asked (a fallback)."""
    crop: CropBox | None = None
    """The window that heatmaps and attention are of, where it is not the detection's own (a window
    that follows the hand slowly)."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One reconstructed hand of one frame, in the true (unmirrored) camera frame."""

    track_id: int
    """Identity across frames."""
    is_right: bool
    """Anatomical handedness."""
    confidence: float
    """0 to 1, from the estimator."""
    vertices: Float32
    """(V, 3) metres, camera frame: the hand model's, or the own mesh of an estimator that makes one
    (SAR), to which ``pose`` and ``shape`` were fitted."""
    joints_3d: Float32
    """(21, 3) metres, camera frame: the hand model's, of ``pose``, ``shape``, ``translation``."""
    joints_2d: Float32
    """(21, 2) px, projection of ``joints_3d``."""
    landmarks_2d: Float32
    """(21, 2) px, as detected."""
    pose: Float32
    """(16, 3) axis-angle after smoothing, model space."""
    shape: Float32
    """(10,) after smoothing, model space."""
    translation: Float32
    """(3,) metres after smoothing, model space."""
    crop: CropBox
    """The window the estimator saw."""
    reprojection_error_px: float
    """Mean distance between ``joints_2d`` and ``landmarks_2d``, px."""
    estimator: str
    """Name of the estimator that made it ('landmarks', 'hands3c_lite', ...)."""
    heatmaps: Float32 | None = None
    """As in HandEstimate (of the crop, mirrored for left hands)."""
    attention: AttentionMaps | None = None
    """As in HandEstimate."""
    joint_sigma: Float32 | None = None
    """As in HandEstimate."""
    is_unsure: bool = False
    """As in HandEstimate; such a hand is drawn faded."""
    is_filled: bool = False
    """Nobody saw it in this frame: it lies between the frames before and after."""
    model: HandModelData | None = field(default=None, repr=False, compare=False)
    """The right hand's model that ``vertices`` are of; None of a hand read from a log."""

    @property
    def faces(self) -> NDArray[np.int32]:
        """(F + C, 3) triangles of ``vertices``, outward by the right-hand rule, wrist closed.

        Raises:
            UserError: the hand does not know its model.
        """
        if self.model is None:
            raise UserError("this hand was read from a log: ask its hand model for its triangles.")
        from hands3c_core.hand_model import faces_for

        return faces_for(self.model, self.is_right, cap=True)


@dataclass(frozen=True, slots=True)
class FrameResult:
    """Everything the pipeline found in one frame."""

    frame: Frame
    """The frame it was computed from."""
    camera: Camera
    """The camera used; also in JSONL and exports."""
    hands: tuple[Hand, ...]
    """Zero to two hands, by track id."""
    timings_ms: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage: 'detect', 'track', 'crop', 'estimate', 'smooth', 'mesh', 'total'."""
    model: HandModelData | None = field(default=None, repr=False, compare=False)
    """The right hand's model that all hands are of."""

    @property
    def index(self) -> int:
        """Position in the source, from 0."""
        return self.frame.index

    @property
    def timestamp(self) -> float:
        """Seconds, as in ``Frame``."""
        return self.frame.timestamp

    def to_dict(self, *, vertices: bool = False) -> dict[str, Any]:
        """Numbers, texts and lists only, ready for ``json.dumps``: a frame's line of the JSONL
        format (docs/formats.md) with its camera and the hand model's name.

        Args:
            vertices: also every vertex of each hand.
        """
        from dataclasses import asdict

        from hands3c_core.export.results import LoggedFrame
        from hands3c_core.export.schema import frame_record

        about = {} if self.model is None else {"hand_model": self.model.name}
        record = frame_record(LoggedFrame.of(self), self.model, vertices=vertices)
        return record | about | {"camera": asdict(self.camera)}
