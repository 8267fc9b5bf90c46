# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows in the window's widgets what the session says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.bridge import Bridge
from app.config import LiveChoice, ModelConfig, RecordChoice, ViewState
from app.panels.transport import clock
from app.panels.view_panel import map_reason
from app.session_types import (
    ModelStatus,
    Notice,
    Picture,
    Playback,
    RecordingState,
    SourceInfo,
    State,
    Stats,
    Take,
)
from app.wording import tr
from hands3c_core.sources import CameraInfo

if TYPE_CHECKING:
    from app.windows.main_window import MainWindow


def caption_of(info: SourceInfo | None, playback: Playback) -> str:
    """Name and number of a gallery's picture; '' for other sources."""
    pictures = info.pictures if info is not None else ()
    if not 0 <= playback.index < len(pictures):
        return ""
    name = pictures[playback.index].name
    return name if len(pictures) == 1 else f"{name} · {playback.index + 1} / {len(pictures)}"


def origin_text(status: ModelStatus, stats: Stats) -> str:
    """One line saying where the meshes on show come from, also while the landmark estimator stands
    in for the network and while another model is being loaded."""
    note = status.note
    if stats.fallen and not status.loading:
        note = (
            tr(
                "These meshes come from the landmark estimator: the network disagrees with the "
                "detector"
            )
            if stats.fallen >= stats.hands
            else tr(
                "One of these meshes comes from the landmark estimator: the network disagrees with "
                "the detector"
            )
        )
    if not status.loading:
        return note
    loading = tr("Loading {what}…", what=status.coming or tr("the hand model"))
    return f"{loading}  {tr('Until then: {note}', note=note)}" if note else loading


class Presenter:
    """One method per observable of the session; all run in the GUI thread."""

    def __init__(self, window: MainWindow, bridge: Bridge) -> None:
        self._window = window
        bridge.source.connect(self.show_source)
        bridge.playback.connect(self.show_playback)
        bridge.stats.connect(self.show_stats)
        bridge.view.connect(self.show_view)
        bridge.model.connect(self.show_model)
        bridge.model_status.connect(self.show_model_status)
        bridge.recording.connect(self.show_recording)
        bridge.record_choice.connect(self.show_record_choice)
        bridge.takes.connect(self.show_takes)
        bridge.live_choice.connect(self.show_live_choice)
        bridge.cameras.connect(self.show_cameras)
        bridge.picture.connect(self.show_picture)
        bridge.notice.connect(self.show_notice)
        bridge.compare.connect(window.commands.views.show_comparison)
        bridge.watch("training", window.training.state)
        bridge.training.connect(window.train_panel.show_state)

    def show_source(self, info: SourceInfo | None) -> None:
        """The open source: title, transport, recent list."""
        window = self._window
        window.transport.show_source(info)
        window.curve_view.show_source(info)
        window.filmstrip.show_pictures(info.pictures if info is not None else ())
        self._show_place(window.session.observables.playback.value)
        if info is None:
            return
        window.opening.opened()
        window.stage.set_aspect(info.width / max(info.height, 1))
        window.setWindowTitle(f"{info.name} – HandS3C Live")
        window.top_bar.source_label.setText(info.name)
        window.top_bar.source_label.setToolTip(info.spec)
        model = window.session.observables.model.value
        fitted = window.calibrations.fit(model, info)
        if fitted != model:
            window.session.set_model(fitted)
            if fitted.calibration is not None:
                text = tr("Using the calibration of {name}.", name=info.name)
                window.banner.show_notice(Notice("model", text, seconds=5.0))
        if not info.is_bundled:
            window.banner.show_notice(Notice("hint", ""))
            window.sources_panel.show_recent(window.settings.add_recent(info.spec))

    def show_playback(self, playback: Playback) -> None:
        """Where playback stands."""
        self._window.transport.show_playback(playback)
        self._window.curve_view.show_position(playback.position)
        self._window.actions_.check("loop", playback.loop)
        self._show_place(playback)
        self._window.camera_view.set_playing(playback.state is State.PLAYING)
        self._window.opening.show_hint()

    def _show_place(self, playback: Playback) -> None:
        """Which picture of a gallery is on show."""
        info = self._window.session.observables.source.value
        self._window.filmstrip.show_current(playback.index)
        self._window.camera_view.set_caption(caption_of(info, playback))

    def show_stats(self, stats: Stats) -> None:
        """Figures of the last second, and where the hands on show come from."""
        self._window.hud.show_stats(stats)
        self._show_origin()

    def show_view(self, view: ViewState) -> None:
        """What the views show; remembered."""
        window = self._window
        window.viewport.set_view(view)
        window.stage.arrange(view.layout, swapped=view.swapped)
        window.top_bar.layout_choice.set_value(view.layout)
        window.top_bar.mirror_button.setChecked(view.mirror)
        window.camera_view.set_follows(view.picture_follow)
        window.curve_view.set_shown(view.curves)
        window.commands.views.show(view)
        window.settings.save_view(view)

    def show_model(self, model: ModelConfig) -> None:
        """The model that was asked for; remembered once it runs."""
        self._remember_model()
        self._window.commands.views.show_history()

    def show_model_status(self, status: ModelStatus) -> None:
        """The model that runs; remembered."""
        window = self._window
        self._remember_model()
        loading = tr("Loading the hand model…")
        self._show_origin()
        window.commands.views.show_maps(status.maps, map_reason(status))
        window.viewport.set_hint(loading if status.loading else tr("The hands appear here."))
        window.opening.show_hint()

    def _show_origin(self) -> None:
        """Where the meshes on show come from: the same as the badge says."""
        observables = self._window.session.observables
        text = origin_text(observables.model_status.value, observables.stats.value)
        info = observables.source.value
        if info is not None and info.is_take:
            text = tr("Hands as they were recorded in {name}", name=info.name)
        self._window.note_label.setText(text)
        self._window.note_label.setToolTip(text)

    def _remember_model(self) -> None:
        observables = self._window.session.observables
        status = observables.model_status.value
        if status.ready and not status.loading:
            self._window.settings.save_model(observables.model.value)

    def show_recording(self, state: RecordingState) -> None:
        """The recording in progress."""
        window = self._window
        window.top_bar.record_button.show_recording(state.active)
        if state.active:
            window.top_bar.record_button.setText(clock(state.seconds))
        window.actions_.check("record", state.active)

    def show_record_choice(self, choice: RecordChoice) -> None:
        """What recordings write; remembered."""
        window = self._window
        window.top_bar.record_button.setEnabled(choice.any)
        window.settings.save_record(choice)
        window.commands.views.show_history()

    def show_takes(self, takes: tuple[Take, ...]) -> None:
        """The takes that are there; what was done with them can be undone."""
        self._window.commands.views.show_history()

    def show_live_choice(self, choice: LiveChoice) -> None:
        """Where live hands go; remembered."""
        self._window.settings.save_live(choice)

    def show_cameras(self, cameras: tuple[CameraInfo, ...] | None) -> None:
        """The cameras that were found."""
        if cameras is not None:
            self._window.opening.cameras_found(cameras)

    def show_picture(self, picture: Picture) -> None:
        """The newest drawn frame."""
        self._window.camera_view.set_picture(picture)

    def show_notice(self, notice: Notice) -> None:
        """Something the user should know."""
        if not self._window.opening.takes(notice):
            self._window.banner.show_notice(notice)
