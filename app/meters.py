# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what the pipeline does: frames per second, milliseconds by stage, latency, drops."""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

import psutil

from hands3c_core.types import FrameResult

from .session_types import Stats

_WINDOW_S = 1.0
#: A slow machine's rate is taken over so many frames, if they are not older than this, s.
_LEAST_FRAMES, _LONGEST_S = 3, 12.0
_LATENCIES = 60


class Meter:
    """Collects from any thread; ``stats()`` sums up the last second."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._process = psutil.Process()
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start again, for a new source."""
        with self._lock:
            self._frames: deque[tuple[float, dict[str, float]]] = deque()
            self._draws: deque[tuple[float, float]] = deque()
            self._latencies: deque[float] = deque(maxlen=_LATENCIES)
            self._dropped = 0
            self._hands = 0
            self._fallen = 0

    def processed(self, result: FrameResult, *, dropped: int, fallen: int = 0) -> None:
        """A frame went through the pipeline; ``dropped`` did not, since the source was opened.
        ``fallen`` of its hands come from the estimator that is fallen back on."""
        with self._lock:
            self._frames.append((self._now(), result.timings_ms))
            self._dropped = dropped
            self._hands = len(result.hands)
            self._fallen = fallen

    def drawn(self, milliseconds: float) -> None:
        with self._lock:
            self._draws.append((self._now(), milliseconds))

    def displayed(self, arrived_at: float) -> None:
        """A picture whose frame arrived at ``arrived_at`` (monotonic) was painted."""
        with self._lock:
            self._latencies.append((self._now() - arrived_at) * 1e3)

    def stats(self) -> Stats:
        with self._lock:
            now = self._now()
            start = now - _WINDOW_S
            self._forget_frames(now)
            while self._draws and self._draws[0][0] < start:
                self._draws.popleft()
            sums: dict[str, float] = defaultdict(float)
            for _, timings in self._frames:
                for stage, milliseconds in timings.items():
                    sums[stage] += milliseconds
            stages = {stage: total / len(self._frames) for stage, total in sums.items()}
            if self._draws and self._frames:
                stages["draw"] = statistics.fmean(ms for _, ms in self._draws)
            return Stats(
                fps=self._rate(),
                stages_ms=stages,
                dropped=self._dropped,
                latency_ms=self._latency(),
                hands=self._hands,
                fallen=self._fallen,
                memory_mb=self._process.memory_info().rss / 1e6,
                gpu_mb=gpu_memory_mb(),
            )

    def _forget_frames(self, now: float) -> None:
        """Keep the last second's frames, or a few where they are slower; none once they stop."""
        frames = self._frames
        while frames and (
            frames[0][0] < now - _LONGEST_S
            or (frames[0][0] < now - _WINDOW_S and len(frames) > _LEAST_FRAMES)
        ):
            frames.popleft()
        if frames:
            interval = (frames[-1][0] - frames[0][0]) / max(len(frames) - 1, 1)
            if now - frames[-1][0] > max(_WINDOW_S, 2.5 * interval):
                frames.clear()

    def _latency(self) -> float | None:
        if not self._frames:
            self._latencies.clear()
        return statistics.median(self._latencies) if self._latencies else None

    def _rate(self) -> float:
        if len(self._frames) < 2:
            return 0.0
        span = self._frames[-1][0] - self._frames[0][0]
        return (len(self._frames) - 1) / span if span > 0 else 0.0


def gpu_memory_mb() -> float | None:
    """What this process's tensors hold on the GPU, MB; None where torch does not use one."""
    torch = sys.modules.get("torch")  # asking must not import it
    # It is listed from the start of its import on, which may still be going on in another thread.
    cuda = getattr(torch, "cuda", None)
    if cuda is None or not hasattr(cuda, "memory_reserved") or not cuda.is_initialized():
        return None
    return float(cuda.memory_reserved()) / 1e6
