"""What a worker does with a clip."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from hands3c_core import __version__
from hands3c_core.batch.engine import Tell, in_one_line
from hands3c_core.batch.first_pass import observe, window
from hands3c_core.batch.inputs import Clip
from hands3c_core.batch.observations import Observations
from hands3c_core.batch.output import about_take, write_formats, write_pictures, write_take
from hands3c_core.batch.run_folder import CLIP_FORMAT, RunFolder, name_of
from hands3c_core.batch.second_pass import settle
from hands3c_core.batch.segments import Segment, join, restarts_of, split
from hands3c_core.batch.settings import BatchConfig
from hands3c_core.errors import UserError
from hands3c_core.estimators.listener import Listener
from hands3c_core.export.results import read_results
from hands3c_core.hand_model import HandModelData
from hands3c_core.pipeline import HandMeshPipeline, Mode

#: Every worker of every run takes the first of these that runs on it: results do not depend on
#: what happened to be measured as the fastest, and workers that start do not measure each other.
_RUNTIMES = "cuda_graph openvino folded"


@dataclass(frozen=True, slots=True)
class Job:
    """A task's payload."""

    clip: Clip
    stage: Literal["clip", "segment", "join", "formats"] = "clip"
    segment: Segment | None = None
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What the driver learns of a job."""

    clip: str
    stage: str
    state: Literal["done", "failed", "cut"]
    """'cut': the clip is long, and to be done in ``segments``."""
    frames: int = 0
    hands: int = 0
    reason: str = ""
    segments: tuple[Segment, ...] = ()


class ClipWork:
    """Does jobs in a worker; see ``engine.Work``.

    Args:
        config: what to do.
        out: the run's folder.
    """

    def __init__(self, config: BatchConfig, out: str | Path) -> None:
        self.config = config
        self.out = str(out)
        self._pipelines: dict[Mode, HandMeshPipeline] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"config": self.config, "out": self.out, "_pipelines": {}}

    def __call__(self, job: Job, tell: Tell) -> Report:
        """Do a job. What is wrong with the clip becomes its result.

        Raises:
            UserError: the results cannot be written, or a setting does not work here.
        """
        folder = RunFolder(self.out)
        mode: Mode = "image" if job.clip.kind == "images" else "video"
        pipeline = self._pipeline(mode)  # its faults are not the clip's
        model = pipeline.hand_model
        estimator = pipeline.estimator.name
        if job.stage == "formats":
            return self._add_formats(job, folder, model)
        try:
            if job.stage == "segment":
                return self._see_segment(job, folder, pipeline, tell)
            if job.stage == "join":
                seen = self._joined(job, folder)
            else:
                segments = self._segments(job.clip)
                if len(segments) > 1:
                    return Report(job.clip.name, job.stage, "cut", segments=segments)
                seen = observe(job.clip, pipeline, self.config, tell=tell)
        except UserError as error:
            return fail(folder, job.clip, self.config, str(error))
        except Exception as error:
            return fail(folder, job.clip, self.config, in_one_line(error))
        return self._finish(job, folder, seen, model, estimator)

    def _pipeline(self, mode: Mode) -> HandMeshPipeline:
        if mode not in self._pipelines:
            self._pipelines[mode] = self._make_pipeline(mode)
        return self._pipelines[mode]

    def _make_pipeline(self, mode: Mode) -> HandMeshPipeline:
        config = replace(self.config.pipeline, smoothing=0.0)
        other = next(iter(self._pipelines.values()), None)
        if other is None:
            os.environ.setdefault("HANDS3C_RUNTIME", _RUNTIMES)
            pipeline = HandMeshPipeline.of(config, mode=mode)
            pipeline.estimator = Listener(pipeline.estimator)
            return pipeline
        pipeline = HandMeshPipeline(
            other.estimator,
            hand_model=other.hand_model,
            camera=config.calibration,
            fov_deg=config.fov_deg,
            smoothing=0.0,
            mode=mode,
        )
        pipeline.detector.configure(**config.detector_settings())
        return pipeline

    def _segments(self, clip: Clip) -> tuple[Segment, ...]:
        """In what parts a clip is done."""
        config = self.config
        if clip.kind == "images":
            return ()
        with clip.open() as source:
            duration = source.duration
        if not duration:
            return ()
        first, last = window(clip, config)
        last = min(last, duration)
        parts = split(first - clip.start, last - clip.start, config.segment_s, config.overlap_s)
        return tuple(parts)

    def _see_segment(
        self, job: Job, folder: RunFolder, pipeline: HandMeshPipeline, tell: Tell
    ) -> Report:
        segment = job.segment
        assert segment is not None
        path = segment_file(folder, job, self.config, segment)
        if not path.exists():
            end = segment.end
            seen = observe(
                job.clip,
                pipeline,
                self.config,
                start=segment.lead,
                end=None if end is None else end + 0.5,  # to be found again in the next one
                restarts=restarts_of(job.segments),
                tell=tell,
            )
            seen.save(path)
            return Report(job.clip.name, job.stage, "done", len(seen))
        return Report(job.clip.name, job.stage, "done")

    def _joined(self, job: Job, folder: RunFolder) -> Observations:
        files = [segment_file(folder, job, self.config, segment) for segment in job.segments]
        parts = [Observations.load(file) for file in files]
        starts = [job.clip.start + segment.start for segment in job.segments]
        return join(parts, starts)

    def _finish(
        self, job: Job, folder: RunFolder, seen: Observations, model: HandModelData, estimator: str
    ) -> Report:
        config, clip = self.config, job.clip
        frames = settle(
            seen,
            model,
            config.pipeline.smoothing,
            offline=config.offline,
            alone=clip.kind == "images",
        )

        def write(part: Path) -> dict[str, Any]:
            write_take(part, clip, frames, config, model, estimator, seen.fps)
            write_pictures(part, seen, frames, model)
            about = about_take(frames, seen.skipped, seen.fps, estimator, model.name)
            return record_of(clip, config, "done") | about

        try:
            folder.put(clip.name, write)
        except UserError as error:
            # A full disk does not take this either, and ends the run.
            return fail(folder, clip, config, str(error), retry=True)
        shutil.rmtree(folder.segments_of(clip.name), ignore_errors=True)
        return Report(
            clip.name,
            job.stage,
            "done",
            len(frames) if job.stage == "clip" else 0,  # those of segments were counted
            sum(len(frame.hands) for frame in frames),
        )

    def _add_formats(self, job: Job, folder: RunFolder, model: HandModelData) -> Report:
        clip, config = job.clip, self.config
        before = folder.result_of(clip.name) or {}

        def write(part: Path) -> dict[str, Any]:
            shutil.copytree(folder.of(clip.name), part, dirs_exist_ok=True)
            frames = read_results(part / name_of(clip.name, "jsonl")).frames
            write_formats(part, clip, config, model, frames, float(before.get("fps") or 0.0))
            return before

        folder.put(clip.name, write)
        return Report(clip.name, job.stage, "done")


def segment_file(folder: RunFolder, job: Job, config: BatchConfig, segment: Segment) -> Path:
    """Where a segment's observations wait: for this clip, cut so, processed so."""
    mark = f"{config.fingerprint()}-{job.clip.size}-{job.clip.modified_ns}-{len(job.segments)}"
    return folder.segments_of(job.clip.name) / f"{mark}-{segment.number:05d}.npz"


def record_of(clip: Clip, config: BatchConfig, state: str) -> dict[str, Any]:
    """What a result says of its clip."""
    about = asdict(clip)
    digest: str | None
    try:
        digest = clip.sha256()
    except UserError:
        digest = None
    return {
        "format": CLIP_FORMAT,
        "version": 1,
        "state": state,
        **about,
        "sha256": digest,
        "fingerprint": config.fingerprint(),
        "code": __version__,
    }


def fail(
    folder: RunFolder, clip: Clip, config: BatchConfig, reason: str, *, retry: bool = False
) -> Report:
    """Put down that a clip could not be processed, and why.

    Args:
        folder: the run's.
        clip: which.
        config: what was to be done.
        reason: in one line.
        retry: another run should try again.
    """

    def write(part: Path) -> dict[str, Any]:
        return record_of(clip, config, "failed") | {"reason": reason, "retry": retry}

    folder.put(clip.name, write)
    return Report(clip.name, "clip", "failed", reason=reason)
