# SPDX-License-Identifier: GPL-3.0-or-later
"""Binds each part of the window to the session: what is said is shown, what is asked is passed on.

A page of the sidebar binds itself (``Page.bind``). All of it runs in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ..bridge import Bridge
from ..calibrations import Calibrations
from ..config import ViewState
from ..model_status import ModelStatus
from ..panels.page import Page
from ..panels.transport import TransportBar, clock
from ..session import Session
from ..session_types import (
    FAILURE_S,
    Notice,
    Playback,
    RecordingState,
    SourceInfo,
    State,
    Stats,
)
from ..settings import Settings
from ..shell import Shell
from ..views.camera_view import CameraView
from ..views.controls import ElidedLabel
from ..views.curve_view import CurveView
from ..views.filmstrip import Filmstrip
from ..views.stage import Stage
from ..views.viewport3d import Viewport3D
from ..wording import saved_text, tr
from .actions import Actions
from .bars import TopBar


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


def bind_transport(transport: TransportBar, session: Session, bridge: Bridge, shell: Shell) -> None:
    """Play, step, seek, loop, speed."""
    bridge.source.connect(transport.show_source)
    bridge.playback.connect(transport.show_playback)
    transport.play_asked.connect(session.toggle_play)
    transport.step_asked.connect(session.step)
    transport.seek_asked.connect(session.seek)
    transport.speed_asked.connect(session.set_speed)

    def loop(on: bool) -> None:
        session.set_loop(on)
        shell.settings.set("playback/loop", on)

    transport.loop_asked.connect(loop)


def bind_curves(curves: CurveView, session: Session, bridge: Bridge) -> None:
    """What is shown over time."""
    bridge.source.connect(curves.show_source)
    bridge.playback.connect(lambda playback: curves.show_position(playback.position))
    bridge.view.connect(lambda view: curves.set_shown(view.curves))
    tell = session.observables.notices.emit
    curves.seek_asked.connect(session.seek)
    curves.saved.connect(lambda file: tell(Notice("record", saved_text((file,)), seconds=6.0)))
    curves.failed.connect(lambda text: tell(Notice("record", text, "error", FAILURE_S)))


def bind_filmstrip(filmstrip: Filmstrip, session: Session, bridge: Bridge) -> None:
    """A gallery's pictures."""

    def show_source(info: SourceInfo | None) -> None:
        filmstrip.show_pictures(info.pictures if info is not None else ())
        filmstrip.show_current(session.observables.playback.value.index)

    bridge.source.connect(show_source)
    bridge.playback.connect(lambda playback: filmstrip.show_current(playback.index))
    filmstrip.picture_asked.connect(session.show_frame)


def bind_camera(
    camera: CameraView, session: Session, bridge: Bridge, shell: Shell, actions: Actions
) -> None:
    """The picture."""
    observables = session.observables

    def show_place(_: object) -> None:
        camera.set_caption(caption_of(observables.source.value, observables.playback.value))

    bridge.source.connect(show_place)
    bridge.playback.connect(show_place)
    bridge.playback.connect(lambda now: camera.set_playing(now.state is State.PLAYING))
    bridge.view.connect(lambda view: camera.set_follows(view.picture_follow))
    bridge.picture.connect(camera.set_picture)
    camera.pixel_size_changed.connect(
        lambda width, height: session.set_display_size(width, height, camera.devicePixelRatioF())
    )
    camera.zoom_asked.connect(session.set_zoom)
    camera.let_go.connect(lambda: shell.change_view(picture_follow=False))
    camera.painted.connect(session.displayed)
    camera.full_screen_asked.connect(lambda: shell.run("full_screen"))
    camera.menu_asked.connect(lambda place: actions.view_menu("camera", camera).popup(place))


def bind_viewport(viewport: Viewport3D, bridge: Bridge, shell: Shell, actions: Actions) -> None:
    """The 3D view, without what it draws."""

    def show_status(status: ModelStatus) -> None:
        loading = tr("Loading the hand model…")
        viewport.set_hint(loading if status.loading else tr("The hands appear here."))

    bridge.view.connect(viewport.set_view)
    bridge.model_status.connect(show_status)
    viewport.menu_asked.connect(lambda place: actions.view_menu("scene", viewport).popup(place))
    viewport.failed.connect(lambda text: shell.banner.show_notice(Notice("scene", text, "warning")))


def bind_stage(stage: Stage, bridge: Bridge, shell: Shell) -> None:
    """How the two views share their place."""

    def show_source(info: SourceInfo | None) -> None:
        if info is not None:
            stage.set_aspect(info.width / max(info.height, 1))

    def show_view(view: ViewState) -> None:
        stage.arrange(view.layout, swapped=view.swapped)

    bridge.source.connect(show_source)
    bridge.view.connect(show_view)
    stage.split_moved.connect(lambda share: shell.settings.set("window/split", share))


def bind_top_bar(bar: TopBar, session: Session, bridge: Bridge, shell: Shell) -> None:
    """The row of buttons above everything."""

    def show_source(info: SourceInfo | None) -> None:
        if info is not None:
            bar.source_label.setText(info.name)
            bar.source_label.setToolTip(info.spec)

    def show_view(view: ViewState) -> None:
        bar.layout_choice.set_value(view.layout)
        bar.mirror_button.setChecked(view.mirror)

    def show_recording(state: RecordingState) -> None:
        bar.record_button.show_recording(state.active)
        if state.active:
            bar.record_button.setText(clock(state.seconds))

    def record() -> None:
        # The button shows what the session says, not what was clicked.
        bar.record_button.show_recording(session.observables.recording.value.active)
        session.toggle_recording()

    bridge.source.connect(show_source)
    bridge.view.connect(show_view)
    bridge.recording.connect(show_recording)
    bridge.record_choice.connect(lambda choice: bar.record_button.setEnabled(choice.any))
    bar.open_button.clicked.connect(lambda: shell.run("open"))
    bar.layout_choice.chosen.connect(lambda picked: shell.change_view(layout=picked))
    bar.mirror_button.clicked.connect(lambda on: shell.change_view(mirror=on))
    bar.snapshot_button.clicked.connect(lambda: session.snapshot(".png"))
    bar.record_button.clicked.connect(record)
    bar.sidebar_button.clicked.connect(shell.show_sidebar)


def bind_origin(label: ElidedLabel, session: Session, bridge: Bridge) -> None:
    """Where the meshes on show come from: the same as the badge says."""
    observables = session.observables

    def show(_: object) -> None:
        text = origin_text(observables.model_status.value, observables.stats.value)
        info = observables.source.value
        if info is not None and info.is_take:
            text = tr("Hands as they were recorded in {name}", name=info.name)
        label.setText(text)
        label.setToolTip(text)

    bridge.stats.connect(show)
    bridge.model_status.connect(show)


def bind_settings(session: Session, bridge: Bridge, shell: Shell) -> None:
    """What is remembered for the next start; a model only once it runs."""
    settings, observables = shell.settings, session.observables

    def remember_model(_: object) -> None:
        status = observables.model_status.value
        if status.ready and not status.loading:
            settings.save_model(observables.model.value)

    bridge.view.connect(settings.save_view)
    bridge.model.connect(remember_model)
    bridge.model_status.connect(remember_model)
    bridge.record_choice.connect(settings.save_record)
    bridge.live_choice.connect(settings.save_live)


def bind_groups(pages: Mapping[str, Page], settings: Settings) -> None:
    """Groups that are folded away stay so."""
    for name, page in pages.items():
        page.fold_groups(settings.get(f"window/folded/{name}", []))
        page.groups_folded.connect(partial(settings.set, f"window/folded/{name}"))


def bind_calibrations(
    calibrations: Calibrations, session: Session, bridge: Bridge, shell: Shell
) -> None:
    """A camera that was calibrated gets its lens when it is opened."""

    def show_source(info: SourceInfo | None) -> None:
        if info is None:
            return
        model = session.observables.model.value
        fitted = calibrations.fit(model, info)
        if fitted != model:
            session.set_model(fitted)
            if fitted.calibration is not None:
                text = tr("Using the calibration of {name}.", name=info.name)
                shell.banner.show_notice(Notice("model", text, seconds=5.0))

    bridge.source.connect(show_source)
