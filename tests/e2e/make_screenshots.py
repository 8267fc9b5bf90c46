"""Takes the README's pictures of the window: the real app on the bundled clip.

xvfb-run -a -s "-screen 0 1600x1000x24" env QT_QPA_PLATFORM=xcb python tests/e2e/make_screenshots.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from PyQt6.QtCore import QSettings, Qt  # noqa: E402
from PyQt6.QtTest import QTest  # noqa: E402
from PyQt6.QtWidgets import QApplication, QWidget  # noqa: E402

from app.config import Layout, MeshStyle, NetworkMap, RecordChoice  # noqa: E402
from app.session import Session  # noqa: E402
from app.settings import Settings  # noqa: E402
from app.theme import Theme  # noqa: E402
from app.windows.main_window import MainWindow  # noqa: E402
from hands3c_core.conventions import JOINT_NAMES  # noqa: E402
from hands3c_core.threads import configure_threads  # noqa: E402

#: A moment of the clip that shows both hands, s, and how long before it to start.
MOMENT, LEAD = 5.0, 3.5


class Photographer:
    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window = window
        self._folder = folder

    def wait(self, seconds: float) -> None:
        self.until(lambda: False, seconds)

    def until(self, condition: Callable[[], bool], timeout: float = 60.0) -> None:
        end = time.monotonic() + timeout
        while not condition() and time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    def play_to_the_moment(self) -> None:
        session = self._window.session
        session.seek(MOMENT - LEAD)
        session.play()
        self.wait(0.3)
        position = session.observables.playback
        self.until(lambda: MOMENT <= position.value.position < MOMENT + 0.3)

    def hold_joint(self, name: str | None) -> None:
        """Click a joint of the left hand in the camera picture, or let go."""
        view = self._window.camera_view
        if name is None:
            view.selection.click(None)
            return
        for hand, points in view.joint_places():
            at = points[JOINT_NAMES.index(name)]
            if not hand.is_right and at is not None:
                QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
        self.wait(0.2)

    def take_page(self, tab: str) -> None:
        """The sidebar alone, on one of its pages."""
        self._window.show_tab(tab)
        self.wait(0.4)
        file = self._folder / f"page-{tab}.png"
        self._window.sidebar.grab().save(str(file))
        print(file)

    def take(self, name: str, part: QWidget | None = None) -> None:
        """Save the window, or a part of it."""
        QApplication.processEvents()
        file = self._folder / f"{name}.png"
        (part or self._window).grab().save(str(file))
        print(f"{file}: {self._window.session.observables.stats.value.fps:.1f} frames/s")


def main() -> None:
    configure_threads(side_by_side=True)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "img"
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    theme = Theme(application, "dark")
    with tempfile.TemporaryDirectory() as scratch:
        store = QSettings(str(Path(scratch) / "s.ini"), QSettings.Format.IniFormat)
        session = Session(record=RecordChoice(folder=Path(scratch) / "takes"))
        window = MainWindow(session, Settings(store), theme)
        window.resize(1440, 820)
        window.show()
        camera = Photographer(window, folder)
        window.opening.open_demo()
        camera.until(lambda: session.observables.stats.value.fps > 0)
        camera.until(lambda: not session.observables.model_status.value.loading)
        camera.wait(3.0)

        window.show_tab("view")
        camera.play_to_the_moment()
        camera.take("app-dark")

        theme.choose("light")
        window.change_view(skeleton=True, mesh_style=MeshStyle.SHADED, opacity=0.6)
        window.show_tab("source")
        camera.play_to_the_moment()
        camera.take("app-light")

        theme.choose("dark")
        window.change_view(
            skeleton=False,
            mesh_style=MeshStyle.TEXTURED,
            opacity=0.9,
            layout=Layout.PICTURE_IN_PICTURE,
        )
        window.show_tab("record")
        session.start_recording()
        camera.play_to_the_moment()
        camera.take("app-recording")
        session.stop_recording()
        camera.until(lambda: bool(session.observables.takes.value))
        window.banner.dismiss()

        theme.choose("light")
        window.change_view(
            layout=Layout.SIDE_BY_SIDE,
            mesh_style=MeshStyle.WIREFRAME,
            scene_style=MeshStyle.NORMALS,
            scene_trails=True,
        )
        window.show_tab("view")
        camera.play_to_the_moment()
        session.pause()
        camera.wait(1.0)
        camera.until(lambda: window.viewport.worker.idle)
        window.banner.dismiss()
        camera.hold_joint("index2")
        camera.take("app-joints", window.stage)
        camera.hold_joint(None)
        if session.observables.model_status.value.maps:
            window.change_view(
                network_map=NetworkMap.AFTER, mesh=False, scene_style=MeshStyle.TEXTURED
            )
            camera.until(lambda: window.camera_view.picture.legend is not None)
            camera.take("app-maps", window.camera_view)
            window.change_view(network_map=NetworkMap.NONE, mesh=True)

        window.training.start_recording()
        session.play()
        camera.until(lambda: window.training.state.value.seconds > 2.0)
        window.training.stop_recording()
        session.pause()
        camera.until(lambda: bool(window.training.state.value.clips))
        window.settings.add_recent("rtsp://camera.local/live")
        window.settings.add_recent("0@1280x720@30")
        window.sources_panel.show_recent(window.settings.recent())
        for tab in ("source", "model", "train"):
            camera.take_page(tab)

        theme.choose("dark")
        window.change_view(
            mesh_style=MeshStyle.TEXTURED, scene_style=MeshStyle.TEXTURED, scene_trails=False
        )
        window.show_tab("model")
        window.resize(820, 560)
        camera.play_to_the_moment()
        window.banner.dismiss()
        camera.take("app-small")
        window.close()


if __name__ == "__main__":
    main()
