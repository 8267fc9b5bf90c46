# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a session goes through to the log, so that a bug report says what was going on."""

from __future__ import annotations

import logging

from .model_status import ModelStatus
from .observables import Observables
from .session_types import Notice, RecordingState, SourceInfo
from .wording import counted

log = logging.getLogger(__name__)


def log_session(observables: Observables) -> None:
    """Log sources, models, recordings and all that the user is told, from now on."""
    observables.notices.connect(_tell_notice)
    observables.source.connect(_tell_source, now=False)
    observables.model_status.connect(_tell_model, now=False)
    observables.recording.connect(_Recordings(), now=False)


def _tell_notice(notice: Notice) -> None:
    if notice.text:
        level = logging.INFO if notice.level == "info" else logging.WARNING
        log.log(level, "told: %s", notice.text)


def _tell_source(info: SourceInfo | None) -> None:
    if info is not None:
        kind = "live" if info.is_live else counted(info.frame_count or 0, "frame")
        size = f"{info.width} x {info.height}"
        log.info("source %s: %s, %.4g frames/s, %s", info.name, size, info.fps, kind)


def _tell_model(status: ModelStatus) -> None:
    log.info("model: %s", "loading" if status.loading else status.note or "none")


class _Recordings:
    """Tells where a recording begins and ends, not of its every frame."""

    def __init__(self) -> None:
        self._active = False

    def __call__(self, state: RecordingState) -> None:
        if state.active != self._active:
            self._active = state.active
            log.info("recording %s", f"begins: {state.name}" if state.active else "ends")
