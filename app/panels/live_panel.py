# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands out live: where to, and who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from hands3c_core.assets import asset_path

from ..bridge import Bridge
from ..config import LiveChoice
from ..messages import in_users_language
from ..reveal import reveal
from ..session import Session
from ..session_types import LiveState
from ..shell import Shell
from ..theme import Theme
from ..views.controls import ComboBox, Switch, muted
from ..wording import counted, tr
from .page import Page

#: Who may connect: address to listen on, and what the panel says of it.
AUDIENCES = (
    ("127.0.0.1", "This computer only"),
    ("0.0.0.0", "Everybody on my network"),
)
_CLIENTS_SHOWN = 6


@dataclass(frozen=True)
class Sender:
    """A way to send hands to an address, as the panel names it."""

    kind: str
    """Beginning of its names in ``LiveChoice`` and ``LiveState``."""
    title: str
    switch: str
    hint: str


SENDERS = (
    Sender("osc", "OSC", "OSC over UDP", "Send to Blender, TouchDesigner, Max and the like"),
    Sender("vmc", "Avatars", "VMC", "Move an avatar's hands in VSeeFace, VNyan, Warudo and others"),
    Sender("rerun", "Rerun", "Rerun viewer", "Picture, hands and curves in a Rerun viewer"),
)


class AddressControls:
    """Switch, host and port of one ``Sender``; they emit nothing while a choice is shown."""

    def __init__(self, sender: Sender, theme: Theme, ask: Callable[..., None]) -> None:
        """``ask(name=value)`` is called with what the user changed of the ``LiveChoice``."""
        kind = sender.kind
        usual_host = getattr(LiveChoice(), f"{kind}_host")
        self.sender = sender
        self.switch = Switch(tr(sender.switch), theme)
        self.switch.setToolTip(tr(sender.hint))
        self.switch.toggled.connect(lambda on: ask(**{kind: on}))
        self.host = QLineEdit()
        self.host.setAccessibleName(tr("Host that {what} goes to", what=tr(sender.switch)))
        self.host.setToolTip(tr("Name or address of the computer to send to"))
        self.host.editingFinished.connect(
            lambda: ask(**{f"{kind}_host": self.host.text().strip() or usual_host})
        )
        self.port = _port_box(tr("Port that {what} goes to", what=tr(sender.switch)))
        self.port.editingFinished.connect(lambda: ask(**{f"{kind}_port": self.port.value()}))
        self.note = muted()

    def show_choice(self, choice: LiveChoice) -> None:
        """Show this sender's part of ``choice``."""
        kind = self.sender.kind
        for control in (self.switch, self.port):
            control.blockSignals(True)
        self.switch.setChecked(getattr(choice, kind))
        self.port.setValue(getattr(choice, f"{kind}_port"))
        for control in (self.switch, self.port):
            control.blockSignals(False)
        self.host.setText(getattr(choice, f"{kind}_host"))

    def show_state(self, state: LiveState) -> None:
        """Show how much was sent."""
        address = getattr(state, self.sender.kind)
        frames = getattr(state, f"{self.sender.kind}_frames")
        self.note.setVisible(bool(address))
        self.note.setText(
            tr("{frames} sent to {address}", frames=counted(frames, "frame"), address=address)
        )


class LivePanel(Page):
    """Shows a ``LiveChoice`` and emits the whole new one; changes take effect at once."""

    choice_asked = pyqtSignal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice = LiveChoice()
        self._state = LiveState()
        self.error_label = QLabel()
        self.error_label.setProperty("role", "error")
        self.error_label.setWordWrap(True)
        self.error_label.hide()
        self._build_websocket(theme)
        self.senders = {
            sender.kind: AddressControls(sender, theme, self._ask) for sender in SENDERS
        }
        self.examples_button = QPushButton(tr("Show example receivers"))
        self.examples_button.setToolTip(
            tr("A receiver for Blender and the page's source; docs/live-out.md has the schema")
        )
        self.examples_button.clicked.connect(_show_examples)
        self.add_group(
            tr("Browser and programs"),
            self.websocket_switch,
            _row(tr("Port"), self.websocket_port),
            self.audience_box,
            self.audience_note,
            self.address_row,
            self.clients_label,
        )
        for controls in self.senders.values():
            self.add_group(
                tr(controls.sender.title),
                controls.switch,
                _row(tr("To"), controls.host),
                _row(tr("Port"), controls.port),
                controls.note,
            )
        self.add(self.error_label)
        self.add_group(tr("Receivers"), self.examples_button)
        self.show_choice(self._choice)
        self.show_state(self._state)

    def _build_websocket(self, theme: Theme) -> None:
        self.websocket_switch = Switch("WebSocket", theme)
        self.websocket_switch.setToolTip(
            tr("Serve joints and parameters, and a page that shows the hands")
        )
        self.websocket_switch.toggled.connect(lambda on: self._ask(websocket=on))
        self.websocket_port = _port_box(tr("Port of the WebSocket"))
        self.websocket_port.editingFinished.connect(
            lambda: self._ask(websocket_port=self.websocket_port.value())
        )
        self.audience_box = ComboBox(theme)
        self.audience_box.setAccessibleName(tr("Who may connect"))
        self.audience_box.setToolTip(tr("Who may connect to the WebSocket"))
        for host, label in AUDIENCES:
            self.audience_box.addItem(tr(label), host)
        self.audience_box.activated.connect(
            lambda: self._ask(websocket_host=self.audience_box.currentData())
        )
        self.audience_note = muted(
            tr("There is no password: whoever can reach this port can watch.")
        )
        self.address_label = QLabel()
        self.address_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_button = QPushButton(tr("Open page"))
        self.open_button.setToolTip(tr("Show the hands in your browser"))
        self.open_button.clicked.connect(self._open_page)
        self.copy_button = QPushButton(tr("Copy address"))
        self.copy_button.setToolTip(tr("Copy the WebSocket's address for your own program"))
        self.copy_button.clicked.connect(self._copy_address)
        self.address_row = QWidget()
        column = QVBoxLayout(self.address_row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.address_label)
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.copy_button)
        column.addLayout(buttons)
        self.clients_label = muted()

    def bind(self, session: Session, bridge: Bridge, shell: Shell) -> None:
        """See ``Page.bind``."""
        bridge.live.connect(self.show_state)
        bridge.live_choice.connect(self.show_choice)
        self.choice_asked.connect(session.live.choose)

    def show_choice(self, choice: LiveChoice) -> None:
        """Show ``choice`` without asking for anything."""
        self._choice = choice
        if self.audience_box.findData(choice.websocket_host) < 0:  # named on the command line
            self.audience_box.addItem(
                tr("On {host}", host=choice.websocket_host), choice.websocket_host
            )
        self.audience_box.select_data(choice.websocket_host)
        self.audience_note.setVisible(choice.websocket_host != AUDIENCES[0][0])
        for control in (self.websocket_switch, self.websocket_port):
            control.blockSignals(True)
        self.websocket_switch.setChecked(choice.websocket)
        self.websocket_port.setValue(choice.websocket_port)
        for control in (self.websocket_switch, self.websocket_port):
            control.blockSignals(False)
        for controls in self.senders.values():
            controls.show_choice(choice)

    def show_state(self, state: LiveState) -> None:
        """Show what is sent, and who listens."""
        self._state = state
        self.address_row.setVisible(bool(state.websocket))
        self.clients_label.setVisible(bool(state.websocket))
        self.address_label.setText(state.websocket)
        self.clients_label.setText(_clients_text(state))
        for controls in self.senders.values():
            controls.show_state(state)
        self.error_label.setVisible(bool(state.error))
        self.error_label.setText(in_users_language(state.error))

    def _ask(self, **changes: object) -> None:
        choice = replace(self._choice, **changes)  # type: ignore[arg-type]
        if choice != self._choice:
            self._choice = choice  # the next change builds on it, before the session has told
            self.choice_asked.emit(choice)

    def _open_page(self) -> None:
        if self._state.websocket:
            QDesktopServices.openUrl(QUrl(self._state.websocket))

    def _copy_address(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._state.websocket.replace("http://", "ws://"))


def _clients_text(state: LiveState) -> str:
    if not state.clients:
        return tr("Nobody listens yet.")
    lines = []
    for address, sent, skipped in state.clients[:_CLIENTS_SHOWN]:
        late = tr(", {count} skipped", count=f"{skipped:,}") if skipped else ""
        lines.append(f"{address}: {counted(sent, 'frame')}{late}")
    more = len(state.clients) - _CLIENTS_SHOWN
    return "\n".join([*lines, *([tr("and {count} more", count=more)] if more > 0 else [])])


def _row(label: str, control: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(QLabel(label))
    layout.addStretch(1)
    control.setFixedWidth(150)
    layout.addWidget(control)
    return row


def _port_box(name: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(1, 65535)
    box.setGroupSeparatorShown(False)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box


def _show_examples() -> None:
    reveal([asset_path("live/blender_receiver.py")])
