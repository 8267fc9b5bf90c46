"""The record and live panels in the real window, driven by clicks and keys."""

from __future__ import annotations

import importlib.util
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication, QInputDialog
from websockets.sync.client import connect

from app.config import LiveChoice, ModelConfig, RecordChoice
from app.panels.live_panel import LivePanel
from app.panels.take_list import TakeList, formats_text, size_text
from app.session import Session
from app.session_types import ExportState, LiveState, Take
from app.settings import Settings
from app.theme import Theme
from app.windows.main_window import MainWindow

TIMEOUT = 60_000
Button, Key = Qt.MouseButton, Qt.Key


@pytest.fixture
def window(qtbot, settings: Settings, theme: Theme, tmp_path: Path) -> Iterator[MainWindow]:
    choice = RecordChoice(tmp_path / "takes").writing(video=False, glb=False)
    session = Session(ModelConfig(estimator="landmarks"), record=choice)
    made = MainWindow(session, settings, theme)
    qtbot.addWidget(made)
    made.resize(1200, 860)
    with qtbot.waitExposed(made):
        made.show()
    # Without a window manager nobody else gives the window the keyboard.
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=5000)
    yield made
    made.close()
    QApplication.processEvents()


def click(qtbot, widget) -> None:
    qtbot.mouseClick(widget, Button.LeftButton)


def test_record_export_rename_delete_undo_by_clicks(
    qtbot, window, hand_clip, tmp_path, monkeypatch
):
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or True)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    session, panel, folder = window.session, window.record_panel, tmp_path / "takes"
    takes = panel.takes
    window.open_source(str(hand_clip))
    window.show_tab("record")
    assert panel.switches["jsonl"].isEnabled()
    click(qtbot, panel.switches["csv"])
    qtbot.waitUntil(
        lambda: "csv" in session.observables.record_choice.value.formats, timeout=TIMEOUT
    )
    # The JSONL comes with what is made of it.
    qtbot.waitUntil(lambda: not panel.switches["jsonl"].isEnabled(), timeout=TIMEOUT)
    assert panel.switches["jsonl"].isChecked()
    assert not takes.rename_button.isEnabled()

    qtbot.waitUntil(lambda: session.shown is not None, timeout=TIMEOUT)
    click(qtbot, panel.record_button)
    qtbot.waitUntil(lambda: session.observables.recording.value.frames >= 5, timeout=TIMEOUT)
    assert not panel.switches["csv"].isEnabled()
    click(qtbot, panel.record_button)
    qtbot.waitUntil(lambda: takes.current is not None, timeout=TIMEOUT)
    qtbot.waitUntil(
        lambda: session.takes.wait(0) and len(takes.current.files) == 2, timeout=TIMEOUT
    )
    assert takes.list.count() == 1
    assert "jsonl csv" in takes.list.item(0).text()
    assert not takes.open_button.isEnabled()  # no video to play

    click(qtbot, takes.reveal_button)
    assert [Path(url.toLocalFile()) for url in opened] == [folder]

    click(qtbot, takes.export_button)
    qtbot.waitUntil(takes.export_menu.isVisible, timeout=TIMEOUT)
    action = next(entry for entry in takes.export_menu.actions() if entry.text() == "BVH")
    takes.export_menu.setActiveAction(action)
    qtbot.keyClick(takes.export_menu, Key.Key_Return)
    qtbot.waitUntil(lambda: len(takes.current.files) == 3, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: session.takes.wait(0), timeout=TIMEOUT)
    assert len(list(folder.glob("*.bvh"))) == 1

    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("my wave", True))
    click(qtbot, takes.rename_button)
    qtbot.waitUntil(lambda: takes.current.name == "my wave", timeout=TIMEOUT)
    assert {path.name for path in folder.iterdir()} == {
        "my wave.jsonl", "my wave.csv", "my wave.bvh",
    }  # fmt: skip

    window.activateWindow()
    takes.list.setFocus()
    qtbot.keyClick(takes.list, Key.Key_Delete)
    qtbot.waitUntil(takes.undo_button.isVisible, timeout=TIMEOUT)
    assert takes.list.item(0).text() == "Your takes appear here"
    assert "my wave" in takes.undo_button.text()
    click(qtbot, takes.undo_button)
    qtbot.waitUntil(lambda: takes.current is not None, timeout=TIMEOUT)
    assert takes.current.name == "my wave"
    qtbot.waitUntil(lambda: not takes.undo_button.isVisible(), timeout=TIMEOUT)


def test_takes_of_the_folder_are_there_at_the_start_and_can_be_played(
    qtbot, settings, theme, hand_clip, tmp_path
):
    with Session(ModelConfig(estimator="landmarks"), paced=False, paints=False) as session:
        choice = RecordChoice(tmp_path).writing(video=False, raw=True, glb=False)
        session.set_record_choice(choice)
        session.open(str(hand_clip))
        qtbot.waitUntil(lambda: session.shown is not None, timeout=TIMEOUT)
        session.start_recording()
        qtbot.waitUntil(lambda: session.observables.recording.value.frames >= 5, timeout=TIMEOUT)
    session = Session(ModelConfig(estimator="landmarks"), record=RecordChoice(folder=tmp_path))
    window = MainWindow(session, settings, theme)
    qtbot.addWidget(window)
    window.show()
    takes = window.record_panel.takes
    qtbot.waitUntil(lambda: takes.current is not None, timeout=TIMEOUT)
    click(qtbot, takes.open_button)
    qtbot.waitUntil(lambda: session.observables.source.value is not None, timeout=TIMEOUT)
    assert session.observables.source.value.name.endswith(".raw.mp4")
    window.close()


def test_live_is_switched_on_changed_and_remembered(qtbot, window, hand_clip, settings):
    panel, session = window.live_panel, window.session
    window.open_source(str(hand_clip))
    window.show_tab("live")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    panel.websocket_port.setFocus()
    panel.websocket_port.selectAll()
    qtbot.keyClicks(panel.websocket_port, str(port))
    qtbot.keyClick(panel.websocket_port, Key.Key_Return)
    qtbot.waitUntil(
        lambda: session.observables.live_choice.value.websocket_port == port, timeout=TIMEOUT
    )
    assert not panel.address_row.isVisible()
    click(qtbot, panel.websocket_switch)
    qtbot.waitUntil(panel.address_row.isVisible, timeout=TIMEOUT)
    assert panel.address_label.text() == f"http://127.0.0.1:{port}/"
    click(qtbot, panel.copy_button)
    assert QApplication.clipboard().text() == f"ws://127.0.0.1:{port}/"
    assert "Nobody" in panel.clients_label.text()
    with connect(f"ws://127.0.0.1:{port}/", max_size=None) as client:
        assert json.loads(client.recv(timeout=30))["type"] == "hello"
        qtbot.waitUntil(lambda: "127.0.0.1:" in panel.clients_label.text(), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: "Nobody" in panel.clients_label.text(), timeout=TIMEOUT)
    remembered = settings.load_live()
    assert remembered.websocket
    assert remembered.websocket_port == port
    window.commands.reset()
    qtbot.waitUntil(lambda: not panel.websocket_switch.isChecked(), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not session.observables.live.value.websocket, timeout=TIMEOUT)


def test_an_avatar_gets_the_hands_once_vmc_is_switched_on(qtbot, window, hand_clip, settings):
    from pythonosc.osc_packet import OscPacket

    controls, session = window.live_panel.senders["vmc"], window.session
    window.open_source(str(hand_clip))
    window.show_tab("live")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as avatar:
        avatar.bind(("127.0.0.1", 0))
        avatar.settimeout(60)
        port = avatar.getsockname()[1]
        window.live_panel.ensureWidgetVisible(controls.note)
        controls.port.setFocus()
        controls.port.selectAll()
        qtbot.keyClicks(controls.port, str(port))
        qtbot.keyClick(controls.port, Key.Key_Return)
        click(qtbot, controls.switch)
        qtbot.waitUntil(
            lambda: session.observables.live.value.vmc == f"127.0.0.1:{port}", timeout=TIMEOUT
        )
        (first, *_) = OscPacket(avatar.recv(65536)).messages
        assert first.message.address == "/VMC/Ext/OK"
        qtbot.waitUntil(lambda: controls.note.isVisible(), timeout=TIMEOUT)
        qtbot.waitUntil(
            lambda: (
                "sent to 127.0.0.1" in controls.note.text()
                and not controls.note.text().startswith("0 ")
            ),
            timeout=TIMEOUT,
        )
        click(qtbot, controls.switch)
        qtbot.waitUntil(lambda: not session.observables.live.value.vmc, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not settings.load_live().vmc, timeout=TIMEOUT)
    remembered = settings.load_live()
    assert (remembered.vmc, remembered.vmc_port) == (False, port)


def test_the_rerun_switch_says_what_it_lacks_or_that_it_sends(qtbot, window, hand_clip):
    controls, session = window.live_panel.senders["rerun"], window.session
    window.open_source(str(hand_clip))
    window.show_tab("live")
    click(qtbot, controls.switch)
    if importlib.util.find_spec("rerun") is None:
        qtbot.waitUntil(window.live_panel.error_label.isVisible, timeout=TIMEOUT)
        assert "rerun" in window.live_panel.error_label.text()
    else:
        qtbot.waitUntil(lambda: bool(session.observables.live.value.rerun), timeout=TIMEOUT)
    click(qtbot, controls.switch)
    qtbot.waitUntil(lambda: not bool(session.observables.live.value.rerun), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not session.observables.live.value.error, timeout=TIMEOUT)


def test_the_live_panel_asks_for_what_was_changed(qtbot, theme):
    panel = LivePanel(theme)
    qtbot.addWidget(panel)
    panel.show()
    asked: list[LiveChoice] = []
    panel.choice_asked.connect(asked.append)
    panel.show_choice(LiveChoice(websocket=True, osc_port=7000))
    assert not asked
    assert not panel.audience_note.isVisible()
    panel.audience_box.setCurrentIndex(1)
    panel.audience_box.activated.emit(1)
    assert asked[-1] == LiveChoice(websocket=True, osc_port=7000, websocket_host="0.0.0.0")
    panel.show_choice(asked[-1])
    assert panel.audience_note.isVisible()
    panel.senders["osc"].host.setText("studio.local")
    panel.senders["osc"].host.editingFinished.emit()
    assert asked[-1].osc_host == "studio.local"
    panel.show_choice(replace(asked[-1], websocket_host="192.0.2.7"))
    assert panel.audience_box.currentData() == "192.0.2.7"


def test_the_live_panel_shows_clients_and_errors(qtbot, theme):
    panel = LivePanel(theme)
    qtbot.addWidget(panel)
    panel.show()
    clients = tuple((f"127.0.0.1:{5000 + n}", 1200 + n, n) for n in range(8))
    panel.show_state(
        LiveState(
            "http://127.0.0.1:8765/", "1.2.3.4:9000", clients, 77, "no port", rerun="5.6.7.8:9876",
            rerun_frames=1,
        )
    )  # fmt: skip
    assert panel.senders["rerun"].note.text() == "1 frame sent to 5.6.7.8:9876"
    assert not panel.senders["vmc"].note.isVisible()
    lines = panel.clients_label.text().splitlines()
    assert lines[0] == "127.0.0.1:5000: 1,200 frames"
    assert lines[1] == "127.0.0.1:5001: 1,201 frames, 1 skipped"
    assert lines[-1] == "and 2 more"
    assert panel.senders["osc"].note.text() == "77 frames sent to 1.2.3.4:9000"
    assert panel.error_label.text() == "no port"
    assert panel.error_label.isVisible()


def test_the_take_list_keeps_the_choice_and_shows_progress(qtbot, theme, tmp_path):
    def take(name: str) -> Take:
        return Take(name, (tmp_path / f"{name}.jsonl", tmp_path / f"{name}_obj"), 9, 61.5, 1234567)

    takes = TakeList(theme)
    qtbot.addWidget(takes)
    takes.show()
    takes.show_takes([take("b"), take("a")])
    assert "1:01.5  ·  1.2 MB  ·  jsonl obj" in takes.list.item(0).text()
    takes.list.setCurrentRow(1)
    takes.show_takes([take("b"), take("a")])
    assert takes.current.name == "a"
    takes.show_takes([take("c"), take("b"), take("a")])  # a new take is chosen
    assert takes.current.name == "c"
    takes.show_export(ExportState(True, "a", ("csv", "bvh"), 0.42))
    assert takes.progress.isVisible()
    assert takes.progress_label.text() == "a: CSV, BVH"
    assert takes.progress_bar.value() == 42
    with qtbot.waitSignal(takes.cancel_asked):
        click(qtbot, takes.cancel_button)
    takes.show_export(ExportState())
    assert not takes.progress.isVisible()


@pytest.mark.parametrize(
    ("size", "text"), [(7, "7 B"), (1500, "1.5 kB"), (23e6, "23 MB"), (4.2e9, "4.20 GB")]
)
def test_sizes_read_well(size, text):
    assert size_text(int(size)) == text


def test_formats_are_named_by_their_endings(tmp_path):
    files = tuple(tmp_path / f"x{end}" for end in (".mp4", ".raw.mp4", ".jsonl", "_ply"))
    assert formats_text(Take("x", files, None, 0.0, 0)) == "mp4 raw jsonl ply"
