"""Time the live path, stage by stage, on a video: decode, detect, fit, smooth, mesh, overlay, view.

The stages run one after another in one thread, so a frame's total is the latency from a decoded
frame to its picture; the app overlaps them and is faster in frames per second. Figures are medians
over the frames; the machine's noise shows in the 95th percentile beside them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil

from hands3c_core.errors import UserError
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.render import OverlayStyle, draw_overlay
from hands3c_core.render.open3d_scene import HandScene
from hands3c_core.sources import open_source
from hands3c_core.types import Frame, FrameResult
from hands3c_core.weights import AUTO

#: Frames run before the clock counts: kernels compile, tracks and caches settle.
WARM_UP_FRAMES = 20

T = TypeVar("T")


@dataclass
class StageTimes:
    """Milliseconds by stage, one entry per frame."""

    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, stage: str, milliseconds: float) -> None:
        self.samples[stage].append(milliseconds)

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = work()
        self.add(stage, 1e3 * (time.perf_counter() - start))
        return result

    def summary(self) -> dict[str, dict[str, float]]:
        """Median and 95th percentile of each stage, ms."""
        return {
            stage: {
                "median_ms": round(float(np.median(values)), 3),
                "p95_ms": round(float(np.percentile(values, 95)), 3),
            }
            for stage, values in self.samples.items()
        }


def benchmark_pipeline(
    source: str | Path,
    *,
    frames: int = 300,
    max_hands: int = 2,
    estimator: str = AUTO,
    with_view: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Run the pipeline over a video (looping) and report per-stage times.

    Args:
        source: a video file or any other source ``open_source`` takes.
        frames: how many frames count, after the warm-up.
        max_hands: hands the detector looks for, 1 or 2.
        estimator: name or file of weights, as ``make_estimator`` takes them.
        with_view: also render the Open3D view of each frame at 640x480.
        progress: called with (frames done, frames in all).

    Returns:
        A JSON-ready dict: ``estimator`` (its name), ``stages`` (median and p95 ms by stage),
        ``fps`` (of the median total), ``hands_per_frame``, ``rss_start_mb`` and ``rss_end_mb``.

    Raises:
        UserError: the source or the weights cannot be opened.
    """
    times = StageTimes()
    hands = 0
    pipeline = HandMeshPipeline(estimator, max_hands=max_hands)
    scene = _open_scene(pipeline) if with_view else None
    rss_start = 0.0
    try:
        for count, (frame, decode_ms) in enumerate(_looping(source, frames + WARM_UP_FRAMES)):
            if count == WARM_UP_FRAMES:
                times.samples.clear()
                rss_start = _resident_mb()
                hands = 0
            times.add("decode", decode_ms)
            result = _one_frame(frame, pipeline, scene, times)
            hands += len(result.hands)
            if progress is not None:
                progress(count + 1, frames + WARM_UP_FRAMES)
    finally:
        pipeline.close()
        if scene is not None:
            scene.close()
    stages = times.summary()
    return {
        "source": Path(str(source)).name,
        "estimator": pipeline.estimator.name,
        "frames": frames,
        "max_hands": max_hands,
        "hands_per_frame": round(hands / max(frames, 1), 3),
        "stages": stages,
        "fps": round(1e3 / stages["total"]["median_ms"], 1),
        "rss_start_mb": round(rss_start, 1),
        "rss_end_mb": round(_resident_mb(), 1),
    }


def _looping(source: str | Path, count: int) -> Iterable[tuple[Frame, float]]:
    """``count`` frames of a source, started again at its end, and the ms each took to decode."""
    with open_source(source) as opened:
        done = since_start = 0
        while done < count:
            start = time.perf_counter()
            frame = opened.read()
            if frame is None:
                if since_start == 0 or opened.is_live:
                    raise UserError(f"{opened.name} ended after {done} of {count} frames.")
                opened.seek(0.0)
                since_start = 0
                continue
            done += 1
            since_start += 1
            yield frame, 1e3 * (time.perf_counter() - start)


def _one_frame(
    frame: Frame, pipeline: HandMeshPipeline, scene: HandScene | None, times: StageTimes
) -> FrameResult:
    start = time.perf_counter()
    result = pipeline.process(frame)
    for stage, milliseconds in result.timings_ms.items():
        if stage != "total":
            times.add(stage, milliseconds)
    meshes = pipeline.render_mesh
    times.timed("overlay", lambda: draw_overlay(frame.image, result, OverlayStyle(), meshes))
    if scene is not None:
        times.timed("view", lambda: _render(scene, result))
    decode = times.samples["decode"][-1]
    times.add("total", decode + 1e3 * (time.perf_counter() - start))
    return result


def _open_scene(pipeline: HandMeshPipeline) -> HandScene:
    scene = HandScene(pipeline.render_mesh)
    scene.open((640, 480))
    return scene


def _render(scene: HandScene, result: FrameResult) -> np.ndarray:
    scene.set_hands([(hand.is_right, hand.vertices) for hand in result.hands])
    return scene.render()


def _resident_mb() -> float:
    return psutil.Process().memory_info().rss / 2**20
