"""Takes every screen in use, light and dark, in three sizes, to be looked at.

QT_QPA_PLATFORM=offscreen python tests/e2e/make_gallery.py FOLDER [WIDTHxHEIGHT ...]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e")]

import cv2  # noqa: E402
from make_screenshots import MOMENT, Photographer  # noqa: E402
from PyQt6.QtCore import QSettings  # noqa: E402
from PyQt6.QtWidgets import QApplication, QDialog  # noqa: E402

from app.config import Layout, RecordChoice  # noqa: E402
from app.session import Session  # noqa: E402
from app.session_types import State  # noqa: E402
from app.settings import Settings  # noqa: E402
from app.theme import Theme  # noqa: E402
from app.windows.actions import shortcut_groups  # noqa: E402
from app.windows.calibration_dialog import CalibrationDialog  # noqa: E402
from app.windows.dialogs import (  # noqa: E402
    AboutDialog,
    LogDialog,
    RecentLog,
    ShortcutsDialog,
)
from app.windows.main_window import MainWindow  # noqa: E402
from app.windows.still_dialog import StillDialog  # noqa: E402
from hands3c_core.threads import configure_threads  # noqa: E402

SIZES = ((900, 600), (1440, 820), (3840, 2160))
THEMES = ("dark", "light")


class Gallery:
    """One window on the bundled clip, and what is seen of it."""

    def __init__(self, window: MainWindow, folder: Path, sizes: list[tuple[int, int]]) -> None:
        self.window, self.session, self.sizes = window, window.session, sizes
        self.camera = Photographer(window, folder)

    def settle(self) -> None:
        """Wait until everything shows what it should."""
        self.camera.wait(0.2)
        self.session.wait_idle(60)
        self.camera.until(lambda: self.window.viewport.worker.idle, 60)
        self.camera.wait(0.2)

    def settings(self) -> Iterator[str]:
        """Each theme in each size."""
        for theme in THEMES:
            self.window.theme.choose(theme)
            for size in self.sizes:
                self.window.resize(*size)
                self.window.banner.dismiss()
                self.settle()
                yield f"{theme}-{size[0]}"

    def open_paused(self, spec: str, at: float = MOMENT) -> None:
        """Open ``spec`` and stop at a moment."""
        self.window.open_source(spec)
        playback = self.session.observables.playback
        self.camera.wait(0.5)
        self.camera.until(lambda: playback.value.state in (State.PLAYING, State.PAUSED))
        self.session.pause()
        self.session.seek(at)
        self.settle()

    def pages(self) -> None:
        for where in self.settings():
            for page in self.window.sidebar.pages:
                self.window.show_tab(page)
                self.camera.wait(0.1)
                self.camera.take(f"page-{page}-{where}")

    def comparison(self) -> None:
        self.window.run("compare")
        view = self.window.camera_view
        self.camera.until(lambda: view.picture is not None and view.picture.second is not None)
        for where in self.settings():
            self.camera.take(f"compare-{where}")
        self.window.run("compare")

    def curves(self) -> None:
        self.window.change_view(curves=True)
        self.session.seek(0.0)
        self.session.play()
        position = self.session.observables.playback
        self.camera.until(lambda: position.value.position > 2.0, 120)
        self.session.pause()
        for where in self.settings():
            self.camera.take(f"curves-{where}")
        self.window.change_view(curves=False)

    def layouts(self) -> None:
        """The other layouts, in one size."""
        for layout in (Layout.CAMERA, Layout.SCENE, Layout.PICTURE_IN_PICTURE):
            self.window.change_view(layout=layout)
            self.settle()
            self.camera.take(f"layout-{layout.value}")
        self.window.change_view(layout=Layout.SIDE_BY_SIDE)

    def photographs(self, folder: Path) -> None:
        video = cv2.VideoCapture(str(ROOT / "assets" / "demo.mp4"))
        for number in range(8):
            video.set(cv2.CAP_PROP_POS_MSEC, 700.0 * number)
            found, image = video.read()
            if found:
                cv2.imwrite(str(folder / f"hand {number + 1}.jpg"), image)
        video.release()
        self.open_paused(str(folder), 0.0)
        for where in self.settings():
            self.camera.take(f"photographs-{where}")

    def replay(self) -> None:
        self.session.toggle_recording()
        self.session.play()
        self.camera.until(lambda: self.session.observables.recording.value.frames > 20, 120)
        self.session.toggle_recording()
        takes = self.session.observables.takes
        self.camera.until(lambda: bool(takes.value), 120)
        self.window.banner.dismiss()
        self.window.show_tab("record")
        self.open_paused(str(takes.value[0].log), 0.3)
        for where in self.settings():
            self.camera.take(f"replay-{where}")

    def dialogs(self, folder: Path) -> None:
        window = self.window
        log = RecentLog()
        for theme in THEMES:
            window.theme.choose(theme)
            made: list[QDialog] = [
                ShortcutsDialog(shortcut_groups(), window),
                AboutDialog(window),
                LogDialog(log, window),
                StillDialog(window.theme, (1068, 628), folder / "view.png", window),
                CalibrationDialog(self.session, window.theme, folder / "lens.json", window),
            ]
            for dialog in made:
                dialog.show()
                self.camera.wait(0.5)
                self.camera.take(f"dialog-{type(dialog).__name__}-{theme}", dialog)
                dialog.reject()


def main() -> None:
    configure_threads(side_by_side=True)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    asked = [tuple(int(part) for part in size.split("x")) for size in sys.argv[2:]]
    sizes = [(size[0], size[1]) for size in asked] or list(SIZES)
    application = QApplication(sys.argv[:1])
    theme = Theme(application, "dark")
    with tempfile.TemporaryDirectory() as scratch:
        store = QSettings(str(Path(scratch) / "s.ini"), QSettings.Format.IniFormat)
        session = Session(record=RecordChoice(folder=Path(scratch) / "takes"))
        window = MainWindow(session, Settings(store), theme)
        window.show()
        gallery = Gallery(window, folder, sizes)
        window.opening.open_demo()
        gallery.camera.until(lambda: session.observables.stats.value.fps > 0, 300)
        gallery.camera.until(lambda: not session.observables.model_status.value.loading, 300)
        gallery.open_paused(str(ROOT / "assets" / "demo.mp4"))
        gallery.pages()
        gallery.layouts()
        gallery.comparison()
        gallery.curves()
        gallery.replay()
        pictures = Path(scratch) / "photographs"
        pictures.mkdir()
        gallery.photographs(pictures)
        gallery.dialogs(Path(scratch))
        window.close()


if __name__ == "__main__":
    main()
