# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows files in the system's file manager, picked out in their folder where it can do that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QUrl
from PyQt6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusPendingCallWatcher,
    QDBusPendingReply,
)
from PyQt6.QtGui import QDesktopServices

_WAITING: set[QDBusPendingCallWatcher] = set()


def reveal(files: Sequence[Path]) -> None:
    """Open the folder of ``files`` with them selected; returns at once."""
    if not files:
        return
    if sys.platform == "darwin":
        subprocess.Popen(["open", "-R", *map(str, files)])
    elif sys.platform == "win32":
        subprocess.Popen(["explorer", f"/select,{files[0]}"])
    else:
        _ask_file_manager(files)


def open_folder(folder: Path) -> None:
    """Open ``folder`` in the file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder.absolute())))


def _ask_file_manager(files: Sequence[Path]) -> None:
    """By the desktop's own protocol; where nobody answers, the folder is opened."""
    # Asking for a bus where there is none would start one.
    bus = QDBusConnection.sessionBus() if os.environ.get("DBUS_SESSION_BUS_ADDRESS") else None
    if bus is None or not bus.isConnected():
        open_folder(files[0].parent)
        return
    name = "org.freedesktop.FileManager1"
    message = QDBusMessage.createMethodCall(name, f"/{name.replace('.', '/')}", name, "ShowItems")
    message.setArguments([[path.absolute().as_uri() for path in files], ""])
    watcher = QDBusPendingCallWatcher(bus.asyncCall(message))
    _WAITING.add(watcher)  # Qt forgets a watcher that Python has forgotten

    def answered(call: QDBusPendingCallWatcher) -> None:
        _WAITING.discard(watcher)
        if QDBusPendingReply(call).isError():
            open_folder(files[0].parent)

    watcher.finished.connect(answered)
