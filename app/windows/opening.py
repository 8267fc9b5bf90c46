# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window opens: at its start, and where that fails."""

from __future__ import annotations

from pathlib import Path

from hands3c_core.errors import UserError
from hands3c_core.sources import CameraInfo
from hands3c_core.sources.images import is_image
from hands3c_core.sources.media import moves

from ..bridge import Bridge
from ..options import bundled_clip
from ..panels.sources_panel import SourcesPanel
from ..session import Session
from ..session_types import FAILURE_S, Notice, SourceInfo, State
from ..shell import Shell
from ..views.camera_view import CameraView
from ..wording import tr

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

    def __init__(
        self, shell: Shell, session: Session, sources: SourcesPanel, camera: CameraView
    ) -> None:
        self._shell = shell
        self._session = session
        self._sources = sources
        self._camera = camera
        self._waiting_for_cameras = False
        self._trying_camera = False
        self._welcomes = False

    def bind(self, bridge: Bridge) -> None:
        """Show what is wrong or missing, and try what is left."""
        bridge.source.connect(self._show_source)
        bridge.playback.connect(self.show_hint)
        bridge.model_status.connect(self.show_hint)
        bridge.cameras.connect(self._show_cameras)
        bridge.notice.connect(self._show_notice)

    def _show_source(self, info: SourceInfo | None) -> None:
        if info is None:
            return
        self.opened()
        if not info.is_bundled:
            self._shell.banner.show_notice(Notice("hint", ""))

    def _show_cameras(self, cameras: tuple[CameraInfo, ...] | None) -> None:
        if cameras is not None:
            self.cameras_found(cameras)

    def _show_notice(self, notice: Notice) -> None:
        if not self.takes(notice):
            self._shell.banner.show_notice(notice)

    def open_at_start(self, spec: str | None) -> None:
        """Open ``spec``, or the first camera, or the bundled clip with a banner saying so."""
        self._welcomes = not self._shell.settings.get("welcomed", False)
        if spec is not None:
            self._shell.open_source(spec)
            return
        self._waiting_for_cameras = True
        self.show_hint()
        cameras = self._session.observables.cameras.value
        if cameras is not None:
            self.cameras_found(cameras)

    def cameras_found(self, cameras: tuple[CameraInfo, ...]) -> None:
        """At the start, open the first of ``cameras``."""
        if not self._waiting_for_cameras:
            return
        self._waiting_for_cameras = False
        if cameras:
            self._trying_camera = True
            self._shell.open_source(self._sources.cameras.spec_of(cameras[0]))
        else:
            self._open_demo_instead(tr("No camera found"))

    def opened(self) -> None:
        """A source is open: whatever fails from now on is no failure of the start."""
        self._trying_camera = False
        if self._welcomes and self._shell.banner.notice is None:
            self._welcomes = False
            self._shell.settings.set("welcomed", True)
            self._shell.banner.show_notice(Notice("welcome", tr(_WELCOME), seconds=20.0))

    def takes(self, notice: Notice) -> bool:
        """Whether ``notice`` says that the camera of the start failed; the clip opens then."""
        if notice.key != "source" or notice.level != "error" or not self._trying_camera:
            return False
        self._trying_camera = False
        self._open_demo_instead(notice.text.rstrip("."))
        return True

    def open_dropped(self, specs: list[str]) -> None:
        """Open what was dropped: one source, or several pictures as a gallery."""
        if len(specs) > 1 and _is_gallery(specs):
            self._shell.open_source("\n".join(specs))
            return
        self._shell.open_source(specs[0])
        if len(specs) > 1:
            text = tr(
                "Only {name} was opened: several at once must all be pictures.",
                name=Path(specs[0]).name,
            )
            self._shell.banner.show_notice(Notice("hint", text, seconds=8.0))

    def show_hint(self, _: object = None) -> None:
        """What the camera view says while it has no picture."""
        observables = self._session.observables
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
        self._camera.set_hint(hint)

    def open_demo(self) -> bool:
        """Open the bundled clip; False (and a banner) if it is missing."""
        try:
            clip = bundled_clip()
        except UserError as error:
            self._shell.banner.show_notice(Notice("source", str(error), "error", FAILURE_S))
            return False
        self._shell.open_source(str(clip))
        return True

    def _open_demo_instead(self, reason: str) -> None:
        if self.open_demo():
            text = tr(
                "{reason}, so this is the bundled clip. Plug a camera in, or open a file.",
                reason=reason,
            )
            if self._welcomes:
                self._welcomes = False
                self._shell.settings.set("welcomed", True)
                text = tr(_WELCOME_WITHOUT_CAMERA, reason=reason)
            self._shell.banner.show_notice(Notice("hint", text, seconds=20.0))


def _is_gallery(specs: list[str]) -> bool:
    """Whether these are pictures; of animations between them, the gallery says that it leaves them
    out."""
    pictures = [spec for spec in specs if _is_picture(spec)]
    rest = (Path(spec) for spec in specs if spec not in pictures)
    return bool(pictures) and all(path.is_file() and moves(path) for path in rest)


def _is_picture(spec: str) -> bool:
    path = Path(spec)
    return path.is_dir() or (path.is_file() and is_image(path))


def is_bundled(spec: str) -> bool:
    """Whether ``spec`` is the clip that comes with the app."""
    try:
        return Path(spec).resolve() == bundled_clip().resolve()
    except (UserError, OSError):
        return False
