"""What a run does with each clip, as plain values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from hands3c_core import __version__
from hands3c_core.errors import UserError
from hands3c_core.export_formats import known_formats
from hands3c_core.geometry import check_calibration, default_camera
from hands3c_core.pipeline_config import PipelineConfig


def clip_kinds() -> tuple[str, ...]:
    """What a clip can be written as: what a take can be turned into, and these two."""
    return ("jsonl", "mp4", *known_formats())


#: Counts the ways in which clips have been turned into hands: results of an older one are redone.
METHOD: Final = 1


@dataclass(frozen=True)
class BatchConfig:
    """How clips are processed. Beside ``formats`` and ``gpus_per_worker`` all of it decides the
    results."""

    pipeline: PipelineConfig = field(default_factory=PipelineConfig)
    """Estimator, hand model, camera, smoothing, most hands, device."""
    formats: tuple[str, ...] = ("jsonl",)
    """Of ``clip_kinds``. The JSONL is always written."""
    offline: bool = True
    """Use the whole clip: one shape, smoothing without lag, gaps filled. False: as the live path
    does, frame after frame."""
    every: int = 1
    """Take every n-th frame."""
    start: float = 0.0
    """Seconds that are left out at the beginning of each clip."""
    end: float | None = None
    """Seconds of each clip at which to stop; None for its end."""
    segment_s: float = 120.0
    """Videos longer than half as much again are cut into segments of about this length, which
    workers share, s."""
    overlap_s: float = 6.0
    """How much of what is before it a segment sees, s."""

    def check(self) -> BatchConfig:
        """The settings themselves.

        Raises:
            UserError: one is out of range, or a format's package is missing.
        """
        formats = known_formats()
        for kind in self.formats:
            if kind not in clip_kinds():
                raise UserError(f"{kind!r} is no format: choose from {', '.join(clip_kinds())}.")
            if kind in formats:
                formats[kind].require()
        if self.every < 1:
            raise UserError(f"--every {self.every}: use a whole number from 1.")
        if self.start < 0:
            raise UserError(f"--from {self.start:g}: use 0 or more seconds.")
        if self.end is not None and self.end <= self.start:
            raise UserError(f"--until {self.end:g}: use more seconds than --from.")
        if self.segment_s < 2 * self.overlap_s or self.overlap_s < 1.0:
            raise UserError(
                "segments must be twice as long as their overlap, which is 1 s or more."
            )
        if not 0.0 <= self.pipeline.smoothing <= 1.0:
            raise UserError(f"--smoothing {self.pipeline.smoothing:g}: use a number from 0 to 1.")
        if self.pipeline.max_hands < 1:
            raise UserError(f"--max-hands {self.pipeline.max_hands}: use a whole number from 1.")
        default_camera(640, 480, self.pipeline.fov_deg)
        if self.pipeline.calibration is not None:
            check_calibration(self.pipeline.calibration)
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is written of each clip, in order."""
        return tuple(dict.fromkeys(("jsonl", *self.formats)))

    def record(self) -> dict[str, Any]:
        """What decides the results, as JSON has it; files named in it with their contents' hash."""
        values = asdict(self)
        del values["formats"]
        pipeline = values["pipeline"]
        pipeline.pop("device")  # rounding apart it changes nothing, and machines may differ
        for name in ("estimator", "hand_model", "calibration"):
            path = pipeline[name] and Path(pipeline[name])
            pipeline[name] = pipeline[name] and str(pipeline[name])
            if path and path.is_file():
                pipeline[f"{name}_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        return values | {"code": __version__, "method": METHOD}

    def fingerprint(self) -> str:
        """Short hash of ``record``: results with the same one were made alike."""
        text = json.dumps(self.record(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
