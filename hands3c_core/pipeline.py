"""From an image to hand meshes: detector, tracker, estimator, smoother and hand model in one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from hands3c_core.closing import Closing
from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.detect import HandDetector, HandTracker, open_detector
from hands3c_core.errors import UserError
from hands3c_core.estimators.base import Estimator, SecondLook, check_shows, hand_of
from hands3c_core.estimators.choose import make_estimator, warm_up
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.estimators.sides import SideJudge
from hands3c_core.geometry import (
    check_calibration,
    default_camera,
    load_camera,
    resize_camera,
)
from hands3c_core.hand_model import FastHandLayer, HandModelData, load_hand_model
from hands3c_core.motion import HandSmoother
from hands3c_core.pipeline_config import PipelineConfig
from hands3c_core.pipeline_frames import Looked, StageClock, check_image
from hands3c_core.pipeline_hands import Parameters, make_hand
from hands3c_core.types import (
    Camera,
    Frame,
    FrameResult,
    HandEstimate,
    TrackedHand,
    UInt8,
)

if TYPE_CHECKING:
    from hands3c_core.render import MeshTemplate
    from hands3c_core.sources import Source

#: Successive frames of one stream, or pictures that have nothing to do with one another.
Mode = Literal["video", "image"]

#: Seconds between frames whose time is not given.
_FRAME_SECONDS = 1 / 30
#: A jump in time over which nothing can be followed, seconds.
_LOST_SECONDS = 2.0
#: Pictures of hands until every part of the detector has run: found, followed.
_WARM_UP_FRAMES = 4


class HandMeshPipeline(Closing):
    """Turns images into textured-mesh-ready hands.

        pipeline = HandMeshPipeline("auto", mode="image")
        result = pipeline(image)            # (H, W, 3) uint8 RGB, unmirrored
        result.hands[0].vertices            # (V, 3) metres, camera frame

        for result in HandMeshPipeline("auto").run("clip.mp4"):
            ...

    In mode 'video' images follow one another: hands are followed and smoothed. In mode 'image'
    each stands alone, as if a new pipeline saw it. Every setting may be changed between frames. An
    object serves one stream and one thread.

    Args:
        estimator: what gives each hand its parameters: an ``Estimator``, None for a
            ``LandmarkEstimator`` of ``hand_model``, or a name for ``make_estimator``: 'auto' for
            the shipped network where there is one, 'landmarks', 'hands3c_lite', a file of weights.
        detector: a ``HandDetector`` (closed by its owner); by default one of its own.
        tracker: a ``HandTracker``.
        hand_model: the hand to show: a name or path for ``load_hand_model``, or loaded data. By
            default that of an estimator that is passed in, else 'hand_mid'; another than the
            estimator's must have its mean pose.
        camera: a ``Camera`` (scaled to the images' size), the path of a calibration file, or None
            for a pinhole camera of ``fov_deg``.
        fov_deg: horizontal field of view where ``camera`` is None, degrees.
        smoothing: strength, 0 (off) to 1.
        max_hands: most hands the pipeline's own detector reports.
        mode: 'video' for successive frames of one stream, 'image' for unrelated pictures.

    Raises:
        UserError: a file is missing or wrong, or a setting is out of range.
    """

    def __init__(
        self,
        estimator: Estimator | str | None = None,
        detector: HandDetector | None = None,
        tracker: HandTracker | None = None,
        hand_model: HandModelData | str | Path | None = None,
        camera: Camera | str | Path | None = None,
        fov_deg: float = DEFAULT_FOV_DEG,
        smoothing: float = 0.5,
        max_hands: int = 2,
        mode: Mode = "video",
    ) -> None:
        if mode not in ("video", "image"):
            raise UserError(f"the pipeline's mode is 'video' or 'image', not {mode!r}.")
        self.mode: Mode = mode
        self._smoother = HandSmoother()
        self._estimator: Estimator | None = None
        self._choice: str | None = LandmarkEstimator.name
        own = None if estimator is None or isinstance(estimator, str) else hand_of(estimator)
        self.hand_model = own or hand_model or PipelineConfig().hand_model
        self.estimator = estimator
        if own is not None and hand_model:
            self.hand_model = hand_model
        self.camera = camera
        self.fov_deg = fov_deg
        self.smoothing = smoothing
        self.tracker = tracker or HandTracker()
        self._owns_detector = detector is None
        self.detector = detector or open_detector(max_hands, mode)
        self._last_time: float | None = None
        self._last_look: float | None = None
        self._next_index = 0

    @classmethod
    def of(
        cls,
        config: PipelineConfig,
        *,
        mode: Mode = "video",
        progress: Callable[[str], None] | None = None,
        detector: HandDetector | None = None,
    ) -> HandMeshPipeline:
        """The pipeline that ``config`` describes, warmed up: takes seconds the first time.

        Args:
            config: all of its settings.
            mode: see the class.
            progress: called with what is about to be done, in plain words.
            detector: another pipeline's, which is to be handed over to this one
                (``hand_over_detector``) and until then is only named; by default one of its own.

        Raises:
            UserError: a file it names is missing or wrong, or a setting is out of range.
        """
        report = progress or (lambda _: None)
        report("reading its files")
        wanted = load_hand_model(config.hand_model)
        estimator = make_estimator(
            config.estimator, wanted, device=config.device, precision=config.precision
        )
        report("its first hands")
        warm_up(estimator)
        if detector is None:
            report("the hand detector")
        pipeline = cls(
            estimator,
            detector,
            camera=config.calibration,
            fov_deg=config.fov_deg,
            smoothing=config.smoothing,
            max_hands=config.max_hands,
            mode=mode,
        )
        if detector is None:
            pipeline.detector.configure(**config.detector_settings())
        return pipeline

    def hand_over_detector(self, other: HandMeshPipeline) -> None:
        """Leave this pipeline's own detector to ``other``, which was made with it; this one can
        then only be closed. A detector takes a second to open and 190 MB (measured)."""
        if self.detector is not other.detector:
            raise ValueError("the other pipeline has a detector of its own.")
        self._owns_detector, other._owns_detector = other._owns_detector, self._owns_detector

    # ----------------------------------------------------------------------------------- settings

    @property
    def hand_model(self) -> HandModelData:
        """The hand that is shown; set it to a name, a path or loaded data."""
        return self._hand

    @hand_model.setter
    def hand_model(self, hand: HandModelData | str | Path) -> None:
        data = hand if isinstance(hand, HandModelData) else load_hand_model(hand)
        if not data.is_right:
            raise UserError("the pipeline works with right hands and mirrors: pass a right hand.")
        if self._choice == LandmarkEstimator.name:
            self._estimator = None
        elif self._choice is not None:
            self._estimator = make_estimator(self._choice, data)
            data = self._estimator.hand
        elif self._estimator is not None:
            check_shows(self._estimator, data)
        self._show(data)

    def _show(self, data: HandModelData) -> None:
        self._hand = data
        self._layer = FastHandLayer(data)
        self._smoother.anchor = np.asarray(data.rest_joints[0], dtype=np.float64)
        self._smoother.reset()
        self._sides = SideJudge(data)
        self._meshes: dict[bool, MeshTemplate] | None = None

    @property
    def estimator(self) -> Estimator:
        """What gives each hand its parameters; set it to another one, or to a name. It brings its
        hand, which is shown from then on."""
        if self._estimator is None:
            self._estimator = LandmarkEstimator(self._hand)
        return self._estimator

    @estimator.setter
    def estimator(self, estimator: Estimator | str | None) -> None:
        if estimator is None or estimator == LandmarkEstimator.name:
            self._choice, self._estimator = LandmarkEstimator.name, None
        else:
            choice = estimator if isinstance(estimator, str) else None
            if isinstance(estimator, str):
                estimator = make_estimator(estimator, self._hand)
            self._choice, self._estimator = choice, estimator
            hand = hand_of(estimator)
            if hand is not None and hand is not self._hand:
                self._show(hand)
        self._smoother.reset()

    @property
    def camera(self) -> Camera | None:
        """The calibrated camera, or None where ``fov_deg`` is used; a path may be set too."""
        return self._camera

    @camera.setter
    def camera(self, camera: Camera | str | Path | None) -> None:
        # A calibration that does not name its image size is for whatever the images are.
        self._calibration = None if camera is None or isinstance(camera, Camera) else Path(camera)
        if self._calibration is not None:
            check_calibration(self._calibration)
        self._camera = camera if isinstance(camera, Camera) else None

    @property
    def fov_deg(self) -> float:
        """Horizontal field of view where there is no calibration, degrees."""
        return self._fov_deg

    @fov_deg.setter
    def fov_deg(self, fov_deg: float) -> None:
        default_camera(640, 480, fov_deg)  # checks the range
        self._fov_deg = float(fov_deg)

    @property
    def smoothing(self) -> float:
        """Strength of the smoothing, 0 (off) to 1."""
        return self._smoother.strength

    @smoothing.setter
    def smoothing(self, strength: float) -> None:
        if not 0.0 <= strength <= 1.0:
            raise UserError(f"smoothing is {strength:g}; it must lie from 0 (off) to 1 (strong).")
        self._smoother.strength = strength

    @property
    def render_mesh(self) -> dict[bool, MeshTemplate]:
        """Templates with skin for drawing the hands, by ``is_right``."""
        if self._meshes is None:
            from hands3c_core.hand_model.shipped import skin_texture_path
            from hands3c_core.render import hand_meshes

            texture = skin_texture_path() if self._hand.vt is not None else None
            self._meshes = hand_meshes(self._hand, texture)
        return self._meshes

    def camera_for(self, width: int, height: int) -> Camera:
        """The camera that images of (width, height) px are taken to come from."""
        if self._calibration is not None:
            self._camera = load_camera(self._calibration, width, height)
            self._calibration = None
        if self._camera is None:
            return default_camera(width, height, self._fov_deg)
        if (self._camera.width, self._camera.height) == (width, height):
            return self._camera
        return resize_camera(self._camera, width, height)

    # ------------------------------------------------------------------------------------- frames

    def warm_up(self, progress: Callable[[str], None] | None = None) -> None:
        """Do now what would hold up the first frames, for seconds: what parts compile, load or
        build at their first use. The frame after it takes no longer than later ones.

        For a pipeline that is fresh or about to be ``reset``: it forgets all hands.

        Args:
            progress: called with what is about to be done, in plain words.
        """
        report = progress or (lambda _: None)
        from hands3c_core.sources.bundled import bundled_frames

        report("The estimator's first hands")
        warm_up(self.estimator, self._hand)
        report("The detector's first pictures")
        camera, calibration = self._camera, self._calibration
        self._camera = self._calibration = None  # they are for the user's pictures
        try:
            for frame in bundled_frames(_WARM_UP_FRAMES):
                self.process(frame)
        finally:
            self._camera, self._calibration = camera, calibration
            self.reset()

    def __call__(self, image: UInt8, timestamp: float | None = None) -> FrameResult:
        """Find the hands of the next image.

        Args:
            image: (H, W, 3) uint8 RGB, upright, unmirrored.
            timestamp: seconds; by default a thirtieth after the last image's.

        Returns:
            The hands with meshes in the camera frame; see ``types.FrameResult``.

        Raises:
            UserError: the image is not an RGB uint8 array, or the pipeline is closed.
        """
        check_image(image)
        if timestamp is None:
            timestamp = 0.0 if self._last_time is None else self._last_time + _FRAME_SECONDS
        frame = Frame(image, float(timestamp), self._next_index, time.monotonic())
        return self.process(frame)

    infer = __call__

    def look(self, frame: Frame) -> Looked:
        """The part of ``process`` that needs no tracks: the detector's, and the estimator's second
        look where it has one. A program may do it for the next frame on another thread while
        ``process`` is busy with the one before; nothing else may run beside it."""
        check_image(frame.image)
        start = time.perf_counter()
        last, self._last_look = self._last_look, frame.timestamp
        if self._is_leap(last, frame.timestamp):
            self.detector.reset()
        detections = self.detector.detect(frame.image, 1e3 * frame.timestamp)
        if isinstance(self._estimator, SecondLook):
            detections = self._estimator.look_again(frame.image, detections)
        return Looked(detections, 1e3 * (time.perf_counter() - start))

    def process(self, frame: Frame, looked: Looked | None = None) -> FrameResult:
        """Find the hands of a source's next frame; as ``__call__``.

        A timestamp that jumps back, or ahead by more than two seconds, starts all tracks anew; in
        mode 'image' every frame does.

        Args:
            frame: the source's next one.
            looked: what ``look`` gave for it, if that was done before.
        """
        check_image(frame.image)
        clock = StageClock()
        last, self._last_time = self._last_time, frame.timestamp
        if self._is_leap(last, frame.timestamp):
            self._forget_tracks()
        self._next_index = frame.index + 1
        height, width = frame.image.shape[:2]
        camera = self.camera_for(width, height)
        if looked is None:
            looked = self.look(frame)
            clock.lap("detect")
        else:
            clock.took("detect", looked.milliseconds)
        tracked = self.tracker.update(looked.detections, (width, height), frame.timestamp)
        tracked = self._sides.settle(self.tracker, frame.image, tracked, camera, self.estimator)
        clock.lap("track")
        estimates = self.estimator.estimate(frame.image, tracked, camera, frame.timestamp)
        clock.lap("estimate")
        parameters = self._smooth(tracked, estimates, frame.timestamp)
        clock.lap("smooth")
        hands = tuple(
            make_hand(self._layer, self._hand, self.estimator.name, *parts, camera)
            for parts in zip(tracked, estimates, parameters, strict=True)
        )
        clock.lap("mesh")
        return FrameResult(frame, camera, hands, clock.finish(), self._hand)

    def run(self, source: Source | str | Path, *, start: float = 0.0) -> Iterator[FrameResult]:
        """Find the hands of a source from its first frame to its last.

        Args:
            source: an open ``Source`` (closed by its owner), or what ``open_source`` takes: a file,
                a folder of pictures, a camera's number, a URL.
            start: seconds of a file that are left out at its beginning.

        Yields:
            A result for every frame, in order; live sources go on until they are lost.

        Raises:
            UserError: the source cannot be opened or is lost.
        """
        from hands3c_core.sources import Source, open_source

        opened = None if isinstance(source, Source) else open_source(source)
        frames = source if isinstance(source, Source) else opened
        assert frames is not None
        try:
            self.reset()
            if start:
                frames.seek(start)
            for frame in frames:
                yield self.process(frame)
        finally:
            if opened is not None:
                opened.close()

    def reset(self) -> None:
        """Forget all hands, before a new source or after a seek; track ids start from 1 again."""
        self.detector.reset()
        self._forget_tracks()
        self._next_index = 0
        self._last_time = self._last_look = None

    def close(self) -> None:
        """Free the pipeline's own detector; it cannot be used after that."""
        if self._owns_detector:
            self.detector.close()

    def _forget_tracks(self) -> None:
        self.tracker.reset()
        self.estimator.reset()
        self._smoother.reset()

    def _is_leap(self, last: float | None, now: float) -> bool:
        """Whether nothing can be followed from time ``last`` to ``now``."""
        if last is None:
            return False
        return self.mode == "image" or not 0.0 <= now - last <= _LOST_SECONDS

    def _smooth(
        self, tracked: Sequence[TrackedHand], estimates: Sequence[HandEstimate], timestamp: float
    ) -> list[Parameters]:
        return [
            self._smoother(
                hand.track_id,
                hand.is_right,
                estimate.pose,
                estimate.shape,
                estimate.translation,
                timestamp,
                estimate.joint_sigma_px,
                estimate.joint_sigma,
            )
            for hand, estimate in zip(tracked, estimates, strict=True)
        ]
