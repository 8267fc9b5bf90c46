# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the window."""

from __future__ import annotations

import logging
import signal
import sys
from dataclasses import replace

import platformdirs
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

from .collector import CalmCollector
from .config import RecordChoice
from .icons import window_icon
from .languages import Translators
from .options import Options, live_choice, model_config
from .session import Session
from .settings import APPLICATION, ORGANISATION, Settings
from .theme import Theme, as_choice
from .windows.dialogs import RecentLog
from .windows.main_window import MainWindow


def run_window(options: Options, settings: Settings | None = None) -> int:
    """Show the window until it is closed; returns the exit code."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName(APPLICATION)
    application.setApplicationDisplayName("HandS3C Live")
    application.setOrganizationName(ORGANISATION)
    application.setWindowIcon(window_icon())
    log = RecentLog()
    logging.getLogger().addHandler(log)
    settings = settings or Settings()
    translators = Translators(application)
    translators.speak(settings.get("language", "system"))
    theme = Theme(application, as_choice(settings.get("theme", "system")))
    view = settings.load_view()
    record = settings.load_record(RecordChoice(folder=options.out))
    if options.out != Options().out:  # what the command line says comes before what is remembered
        record = replace(record, folder=options.out)
    session = Session(
        model_config(options, settings.load_model()),
        replace(view, mirror=view.mirror or options.mirror),
        record,
        picture_first=True,
    )
    session.live.choose(live_choice(options, settings.load_live()))
    feed = None
    if options.virtual_camera:
        from .virtual_camera import CameraFeed

        feed = CameraFeed(session.observables)
    session.set_loop(options.loop or settings.get("playback/loop", True))
    data = platformdirs.user_data_path(APPLICATION, appauthor=False)
    window = MainWindow(session, settings, theme, log, data_folder=data)
    collector = CalmCollector(window.bridge, window)
    window.show()
    window.open_at_start(options.source)
    # Python sees Ctrl-C in the terminal only when it runs: wake it now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    pulse = QTimer()
    pulse.timeout.connect(lambda: None)
    pulse.start(300)
    try:
        return int(application.exec())
    finally:
        window.close()
        if feed is not None:
            feed.close()
        session.close()
        collector.end()
        logging.getLogger().removeHandler(log)
