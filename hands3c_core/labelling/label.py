"""From clips to a folder of pseudo-labels."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.batch.engine import Engine
from hands3c_core.data.contact_sheet import contact_sheet
from hands3c_core.data.pseudo import Pseudo
from hands3c_core.data.pseudo_writer import LABELS, PseudoWriter
from hands3c_core.detect import HandDetector, HandTracker, open_detector
from hands3c_core.errors import UserError
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.geometry import crop_box, extract_crop
from hands3c_core.labelling.clips import Clip
from hands3c_core.labelling.progress import ClipProgress, Counts, Progress
from hands3c_core.labelling.settings import LabelSettings, Report
from hands3c_core.labelling.shared import PARTS, LabelWork, label_shared
from hands3c_core.types import Camera, Frame, HandEstimate, TrackedHand, UInt8

#: Name of the picture of labels in their folder.
CONTACT_SHEET: Final = "contact.png"
#: The hand that is fitted: the one that the networks pose.
HAND: Final = "hand_mano778"
#: Labels a second that are enough of a video: frames closer in time show nothing new.
_LABELS_A_SECOND: Final = 10.0
#: Over longer gaps than this (seconds) hands cannot be followed; every frame is then searched.
_LONGEST_STEP: Final = 0.25
#: Joints outside of the image from which on a hand counts as cut off.
_MOST_OUTSIDE: Final = 5
#: Side of the crop that sharpness is measured on, px.
_SHARPNESS_SIDE: Final = 64
#: Longer images are labelled and stored at this length, px: nothing that is trained sees more.
_LONGEST_SIDE: Final = 1280
_SECONDS_BETWEEN_SAVES: Final = 2.0
_CROPS_ON_SHEET: Final = 48


def label_clips(
    clips: Sequence[Clip],
    out: Path,
    settings: LabelSettings | None = None,
    report: Report | None = None,
    engine: Engine | None = None,
) -> Progress:
    """Label clips into a folder, or go on where an earlier run was stopped.

    Whatever ends this early (Ctrl+C, a full disk, a kill) leaves the labels made so far, at most
    those of the last two seconds less; the same call goes on from there. Clips that are finished
    are passed over, further ones are added.

    Args:
        clips: of ``find_clips``.
        out: the folder of labels.
        settings: what is labelled.
        report: called after each frame.
        engine: who labels clips that nobody has begun, if there are several; this process by
            default. The labels are the same.

    Returns:
        The record of the folder.

    Raises:
        UserError: a clip cannot be read, the folder holds other things or cannot be written to, a
            setting is out of range, or there is not one hand to label.
    """
    settings = (settings or LabelSettings()).check()
    progress, count = _write_labels(clips, out, settings, report, engine)
    shutil.rmtree(out / PARTS, ignore_errors=True)
    if not count:
        (out / LABELS).unlink()
        total = progress.total()
        raise UserError(
            f"no hand could be labelled: of {total.frames} frames {total.without_hand} show none, "
            f"in {total.rejected} all were left out (see --min-confidence, --min-sharpness)."
        )
    return progress


def _write_labels(
    clips: Sequence[Clip],
    out: Path,
    settings: LabelSettings,
    report: Report | None,
    engine: Engine | None = None,
) -> tuple[Progress, int]:
    """Label clips; returns the folder's record and how many labels it holds."""
    progress = Progress(out)
    records = [progress.start(clip) for clip in clips]
    estimator = LandmarkEstimator(HAND)
    source = ", ".join(progress.clips)
    progress.save()
    with PseudoWriter(out, estimator.name, HAND, source=source, keep=progress.keeps) as writer:
        try:
            new = [clip for clip, record in zip(clips, records, strict=True) if not record.begun]
            if engine is not None and len(new) > 1:
                work = LabelWork(_label_one, settings)
                label_shared(new, out, work, engine, writer, progress, report)
            for clip in clips:
                record = progress.clips[clip.name]
                if not record.finished:
                    _ClipLabeller(clip, record, settings, estimator, writer).run(progress, report)
        finally:
            writer.flush()
            progress.save()
    return progress, writer.count


def _label_one(clip: Clip, folder: Path, settings: LabelSettings, report: Report) -> None:
    """Label one clip in a worker, be there hands in it or not."""
    _write_labels([clip], folder, settings, report)


def draw_labels(folder: Path) -> Path:
    """Draw labels from all over a folder into ``contact.png`` there; returns its path.

    Raises:
        UserError: there are none, or the picture cannot be written.
    """
    dataset = Pseudo(folder)
    count = min(len(dataset), _CROPS_ON_SHEET)
    chosen = np.linspace(0, len(dataset) - 1, count).round().astype(int).tolist()
    sheet = contact_sheet([dataset[index] for index in chosen], columns=min(8, count))
    _, code = cv2.imencode(".png", sheet[..., ::-1])
    return write_atomically(folder / CONTACT_SHEET, code.tobytes())


class _ClipLabeller:
    """Labels one clip from where its record stands."""

    def __init__(
        self,
        clip: Clip,
        record: ClipProgress,
        settings: LabelSettings,
        estimator: LandmarkEstimator,
        writer: PseudoWriter,
    ) -> None:
        self.clip, self.record, self.settings = clip, record, settings
        self.estimator, self.writer = estimator, writer
        self.tracker = HandTracker()
        estimator.reset()

    def run(self, progress: Progress, report: Report | None) -> None:
        record, saved = self.record, time.monotonic()
        before = record.counts.unreadable
        with self.clip.open() as frames:
            every = self._every(frames.fps)
            follow = self.clip.kind == "video" and every / frames.fps <= _LONGEST_STEP
            hands = self.settings.max_hands
            with open_detector(hands, "video" if follow else "image") as detector:
                for number, frame in frames:
                    if number >= record.next_frame:
                        if number % every == 0:
                            self._label(number, frame, detector, follow)
                        record.next_frame = number + 1
                        record.counts.unreadable = max(before, frames.unreadable)
                    if report is not None:
                        report(self.clip, number + 1, frames.count, record.counts)
                    if time.monotonic() - saved > _SECONDS_BETWEEN_SAVES:
                        self.writer.flush()
                        progress.save()
                        saved = time.monotonic()
            record.counts.unreadable = max(before, frames.unreadable)
            record.finished = True

    def _every(self, fps: float) -> int:
        if self.settings.every is not None:
            return self.settings.every
        return max(1, round(fps / _LABELS_A_SECOND)) if self.clip.kind == "video" else 1

    def _label(self, number: int, frame: Frame, detector: HandDetector, follow: bool) -> None:
        """Label the hands of one frame; its counts are added when all is written."""
        image = _bounded(frame.image)
        height, width = image.shape[:2]
        if not follow:
            self.tracker.reset()
            self.estimator.reset()
        detections = detector.detect(image, 1000 * frame.timestamp)
        hands = self.tracker.update(detections, (width, height), frame.timestamp)
        camera = self.settings.camera_of(width, height)
        estimates = self.estimator.estimate(image, hands, camera, frame.timestamp)
        counts = Counts(frames=1)
        kept = []
        for hand, estimate in zip(hands, estimates, strict=True):
            reason = self._fault(image, hand, estimate)
            if reason is None:
                kept.append((hand, estimate))
            else:
                setattr(counts, reason, getattr(counts, reason) + 1)
        if kept:
            path = self.writer.add_image(image, f"{self.record.session}-{number:06d}")
            for hand, estimate in kept:
                self._write(path, hand, estimate, camera, number, frame.timestamp)
        counts.labels = len(kept)
        counts.left_hands = sum(not hand.is_right for hand, _ in kept)
        counts.with_hand = int(bool(kept))
        counts.without_hand = int(not hands)
        counts.rejected = int(bool(hands) and not kept)
        self.record.counts += counts

    def _write(
        self,
        image: str,
        hand: TrackedHand,
        estimate: HandEstimate,
        camera: Camera,
        number: int,
        seconds: float,
    ) -> None:
        self.writer.add(
            image,
            hand.is_right,
            hand.detection.landmarks_2d,
            world_landmarks=hand.detection.landmarks_world,
            pose=estimate.pose,
            shape=estimate.shape,
            translation=estimate.translation,
            camera=camera,
            confidence=estimate.confidence,
            time=seconds,
            track_id=hand.track_id,
            session=self.record.session,
            frame=number,
        )

    def _fault(self, image: UInt8, hand: TrackedHand, estimate: HandEstimate) -> str | None:
        """The field of ``Counts`` that a hand is left out under, None for one to keep."""
        height, width = image.shape[:2]
        points = hand.detection.landmarks_2d
        outside = ((points < -0.5) | (points > (width - 0.5, height - 0.5))).any(axis=1)
        if outside.sum() >= _MOST_OUTSIDE:
            return "cut_off"
        in_doubt = hand.is_right != hand.detection.is_right
        if in_doubt or estimate.confidence < self.settings.min_confidence:
            return "low_confidence"
        crop, _ = extract_crop(image, crop_box(points), _SHARPNESS_SIDE, mirror=False)
        return "blurry" if sharpness(crop) < self.settings.min_sharpness else None


def _bounded(image: UInt8) -> UInt8:
    """The image, made smaller if it is longer than ``_LONGEST_SIDE``."""
    height, width = image.shape[:2]
    scale = _LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def sharpness(crop: UInt8) -> float:
    """How much fine detail a crop (S, S, 3) has: the standard deviation of its Laplacian over that
    of its brightness, so that contrast alone does not count."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std() / max(float(grey.std()), 1.0))
