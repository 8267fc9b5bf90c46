# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything a session tells: observable values and events, shared by session and engine."""

from __future__ import annotations

from hands3c_core.sources import CameraInfo

from .config import LiveChoice, ModelConfig, RecordChoice, ViewState
from .model_status import ModelStatus
from .observe import Event, Observable
from .session_types import (
    ExportState,
    LiveState,
    Notice,
    Picture,
    Playback,
    RecordingState,
    Shown,
    SourceInfo,
    Stats,
    Take,
    TakeChange,
)


class Observables:
    """Callbacks come from the session's threads; listeners must return at once."""

    def __init__(self, model: ModelConfig, view: ViewState, record: RecordChoice) -> None:
        self.model: Observable[ModelConfig] = Observable(model)
        self.view: Observable[ViewState] = Observable(view)
        self.record_choice: Observable[RecordChoice] = Observable(record)
        self.source: Observable[SourceInfo | None] = Observable(None)
        self.playback: Observable[Playback] = Observable(Playback())
        self.model_status: Observable[ModelStatus] = Observable(ModelStatus())
        self.stats: Observable[Stats] = Observable(Stats())
        self.recording: Observable[RecordingState] = Observable(RecordingState())
        self.takes: Observable[tuple[Take, ...]] = Observable(())
        """Finished recordings, newest first: those of the folder and those just made."""
        self.deleted: Observable[str] = Observable("")
        """Name of the take deleted last, as long as that can be undone."""
        self.take_changes: Event[TakeChange] = Event()
        """A take was deleted, brought back or renamed, in the order it was done."""
        self.export: Observable[ExportState] = Observable(ExportState())
        self.live_choice: Observable[LiveChoice] = Observable(LiveChoice())
        self.live: Observable[LiveState] = Observable(LiveState())
        self.cameras: Observable[tuple[CameraInfo, ...] | None] = Observable(None)
        """The cameras of this computer; None until they were looked for."""
        self.notices: Event[Notice] = Event()
        self.results: Event[Shown] = Event()
        """Every processed frame, from the engine's thread."""
        self.painted: Event[Shown] = Event()
        """The newest processed frame whose overlay is drawn, from the painter's thread."""
        self.pictures: Event[Picture] = Event()
        """The newest drawn frame, from the painter's thread."""
