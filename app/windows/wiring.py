# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes what the user does in the window's widgets on to the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.session_types import FAILURE_S, Notice
from app.wording import saved_text

if TYPE_CHECKING:
    from app.windows.main_window import MainWindow


def wire(window: MainWindow) -> None:
    """Connect the signals of all widgets of ``window``."""
    session, commands = window.session, window.commands
    camera = window.camera_view
    camera.pixel_size_changed.connect(
        lambda width, height: session.set_display_size(width, height, camera.devicePixelRatioF())
    )
    camera.zoom_asked.connect(session.set_zoom)
    camera.let_go.connect(lambda: window.change_view(picture_follow=False))
    window.camera_view.painted.connect(session.displayed)
    window.camera_view.full_screen_asked.connect(commands.toggle_full_screen)
    camera.menu_asked.connect(
        lambda place: window.actions_.view_menu("camera", camera).popup(place)
    )
    window.viewport.menu_asked.connect(
        lambda place: window.actions_.view_menu("scene", window.viewport).popup(place)
    )
    window.viewport.failed.connect(
        lambda text: window.banner.show_notice(Notice("scene", text, "warning"))
    )
    window.stage.split_moved.connect(lambda share: window.settings.set("window/split", share))
    _wire_transport(window)
    _wire_panels(window)
    for page in window.sidebar.pages.values():
        page.bind(session, window.bridge)
    _wire_top_bar(window)
    window.sidebar.tabs.chosen.connect(window.show_tab)


def _wire_transport(window: MainWindow) -> None:
    session, transport = window.session, window.transport
    window.filmstrip.picture_asked.connect(session.show_frame)
    curves = window.curve_view
    curves.seek_asked.connect(session.seek)
    tell = session.observables.notices.emit
    curves.saved.connect(lambda file: tell(Notice("record", saved_text((file,)), seconds=6.0)))
    curves.failed.connect(lambda text: tell(Notice("record", text, "error", FAILURE_S)))
    transport.play_asked.connect(session.toggle_play)
    transport.step_asked.connect(session.step)
    transport.seek_asked.connect(session.seek)
    transport.loop_asked.connect(window.commands.set_loop)
    transport.speed_asked.connect(session.set_speed)


def _wire_panels(window: MainWindow) -> None:
    commands = window.commands
    sources = window.sources_panel
    sources.open_asked.connect(window.open_source)
    sources.cameras.mode_chosen.connect(window.settings.set_camera_mode)
    sources.mirror_asked.connect(lambda on: window.change_view(mirror=on))
    sources.clear_recent_asked.connect(lambda: _clear_recent(window))
    sources.demo_button.clicked.connect(window.commands.open_demo)
    window.view_panel.preset_asked.connect(window.viewport.worker.set_preset)
    window.view_panel.reset_asked.connect(window.viewport.worker.reset_view)
    window.view_panel.still_asked.connect(window.commands.views.save_scene)
    window.viewport.saved.connect(window.commands.views.scene_saved)
    train, training = window.train_panel, window.training
    train.record_asked.connect(training.toggle_recording)
    train.remove_asked.connect(commands.remove_clips)
    train.start_asked.connect(training.start)
    train.cancel_asked.connect(training.cancel)
    train.use_asked.connect(commands.use_weights)
    window.model_panel.calibrate_asked.connect(commands.calibrate)
    window.record_panel.takes.open_asked.connect(window.open_source)


def _wire_top_bar(window: MainWindow) -> None:
    bar = window.top_bar
    bar.open_button.clicked.connect(window.sources_panel.choose_file)
    bar.layout_choice.chosen.connect(lambda picked: window.change_view(layout=picked))
    bar.mirror_button.clicked.connect(lambda on: window.change_view(mirror=on))
    bar.snapshot_button.clicked.connect(lambda: window.session.snapshot(".png"))
    bar.record_button.clicked.connect(lambda: _record(window))
    bar.sidebar_button.clicked.connect(window.show_sidebar)


def _record(window: MainWindow) -> None:
    # The button shows what the session says, not what was clicked.
    window.top_bar.record_button.show_recording(window.session.observables.recording.value.active)
    window.session.toggle_recording()


def _clear_recent(window: MainWindow) -> None:
    window.settings.clear_recent()
    window.sources_panel.show_recent(())
