# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window opens: at its start, and where that fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.options import bundled_clip
from app.session_types import Notice, State
from app.wording import tr
from hands3c_core.errors import UserError
from hands3c_core.sources import CameraInfo
from hands3c_core.sources.images import is_image

if TYPE_CHECKING:
    from app.windows.main_window import MainWindow


_WELCOME = (
    "Welcome. Hold your hands up; drag in the 3D view to turn it; press ? for all keys. "
    "What you see stays on this computer."
)
_WELCOME_WITHOUT_CAMERA = (
    "Welcome. {reason}, so this is the bundled clip: plug a camera in and press refresh, or open a "
    "file. Drag in the 3D view to turn it; press ? for all keys."
)


class Opening:
    """Opens what was asked for, or the first camera, or else the bundled clip."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._waiting_for_cameras = False
        self._trying_camera = False
        self._welcomes = False

    def open_at_start(self, spec: str | None) -> None:
        """Open ``spec``, or the first camera, or the bundled clip with a banner saying so."""
        self._welcomes = not self._window.settings.get("welcomed", False)
        if spec is not None:
            self._window.open_source(spec)
            return
        self._waiting_for_cameras = True
        self.show_hint()
        cameras = self._window.session.observables.cameras.value
        if cameras is not None:
            self.cameras_found(cameras)

    def cameras_found(self, cameras: tuple[CameraInfo, ...]) -> None:
        """At the start, open the first of ``cameras``."""
        if not self._waiting_for_cameras:
            return
        self._waiting_for_cameras = False
        if cameras:
            self._trying_camera = True
            self._window.open_source(self._window.sources_panel.cameras.spec_of(cameras[0]))
        else:
            self._open_demo_instead(tr("No camera found"))

    def opened(self) -> None:
        """A source is open: whatever fails from now on is no failure of the start."""
        self._trying_camera = False
        if self._welcomes and self._window.banner.notice is None:
            self._welcomes = False
            self._window.settings.set("welcomed", True)
            self._window.banner.show_notice(Notice("welcome", tr(_WELCOME), seconds=20.0))

    def takes(self, notice: Notice) -> bool:
        """Whether ``notice`` says that the camera of the start failed; the clip opens then."""
        if notice.key != "source" or notice.level != "error" or not self._trying_camera:
            return False
        self._trying_camera = False
        self._open_demo_instead(notice.text.rstrip("."))
        return True

    def open_dropped(self, specs: list[str]) -> None:
        """Open what was dropped: one source, or several pictures as a gallery."""
        if len(specs) > 1 and all(_is_picture(spec) for spec in specs):
            self._window.open_source("\n".join(specs))
            return
        self._window.open_source(specs[0])
        if len(specs) > 1:
            text = tr(
                "Only {name} was opened: several at once must all be pictures.",
                name=Path(specs[0]).name,
            )
            self._window.banner.show_notice(Notice("hint", text, seconds=8.0))

    def show_hint(self) -> None:
        """What the camera view says while it has no picture."""
        observables = self._window.session.observables
        state = observables.playback.value.state
        if state is State.OPENING:
            hint = tr("Opening…")
        elif state is State.EMPTY and self._waiting_for_cameras:
            hint = tr("Looking for a camera…")
        elif state is State.EMPTY:
            hint = tr("Open a camera, a file or a stream, or drop one here.")
        else:
            hint = (
                tr("Loading the hand model…")
                if observables.model_status.value.loading
                else tr("No picture")
            )
        self._window.camera_view.set_hint(hint)

    def _open_demo_instead(self, reason: str) -> None:
        if self._window.commands.open_demo():
            text = tr(
                "{reason}, so this is the bundled clip. Plug a camera in, or open a file.",
                reason=reason,
            )
            if self._welcomes:
                self._welcomes = False
                self._window.settings.set("welcomed", True)
                text = tr(_WELCOME_WITHOUT_CAMERA, reason=reason)
            self._window.banner.show_notice(Notice("hint", text, seconds=20.0))


def _is_picture(spec: str) -> bool:
    path = Path(spec)
    return path.is_dir() or (path.is_file() and path.suffix.lower() != ".gif" and is_image(path))


def is_bundled(spec: str) -> bool:
    """Whether ``spec`` is the clip that comes with the app."""
    try:
        return Path(spec).resolve() == bundled_clip().resolve()
    except (UserError, OSError):
        return False
