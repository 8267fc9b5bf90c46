"""What the core and the session say, in the user's language."""

from __future__ import annotations

import ast
import logging
import re
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication

from app.languages import Translators
from app.messages import MESSAGES, in_users_language
from app.session_types import Notice
from app.theme import Theme
from app.views.banner import Banner
from hands3c_core.errors import UserError, unexpected
from hands3c_core.estimators.choose import make_estimator
from hands3c_core.hand_model import load_hand_model
from hands3c_core.sources import open_source

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def german(qapp: QApplication):
    made = Translators(qapp)
    made.speak("de")
    yield
    made.close()


def sentences() -> set[str]:
    """Every text in the program, {} for what is put in, without the full stop."""
    found = set()
    for folder in ("app", "hands3c_core"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name == "messages.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value.rstrip("."))
                if isinstance(node, ast.JoinedStr):
                    parts = (
                        part.value if isinstance(part, ast.Constant) else "{}"
                        for part in node.values
                    )
                    found.add(re.sub(r"({})+", "{}", "".join(parts)).rstrip("."))
    return found


def test_every_sentence_is_said_somewhere():
    """One that was worded anew would stay English from then on."""
    said = sentences()
    gone = [one for one in MESSAGES if re.sub(r"{\w+}", "{}", one) not in said]
    assert not gone


def what_is_said(work) -> str:
    with pytest.raises(UserError) as error:
        work()
    return str(error.value)


def test_real_errors_are_german(german, tmp_path):
    empty = tmp_path / "leer.mp4"
    empty.touch()
    damaged = tmp_path / "kaputt.mp4"
    damaged.write_bytes(b"no video at all" * 100)
    hand = load_hand_model("hand_mano778")
    for work, wanted in (
        (lambda: open_source(tmp_path / "fehlt.mp4"), "gibt es nicht"),
        (lambda: open_source(empty), "leer.mp4 ist leer (0 Byte)"),
        (lambda: open_source(damaged), "kaputt.mp4 ist kein lesbares Video"),
        (lambda: open_source("ftp://host/x"), "ftp://host/x lässt sich nicht öffnen"),
        (lambda: make_estimator("nichts", hand), "Kein Schätzer heißt"),
        (lambda: load_hand_model("nichts"), "Kein Handmodell heißt"),
    ):
        english = what_is_said(work)
        assert wanted in in_users_language(english), english


def test_a_message_in_a_message_and_its_full_stop_are_kept(german):
    text = "take was not exported: /tmp/x.csv cannot be written (full): choose another folder."
    assert in_users_language(text) == (
        "take wurde nicht exportiert: /tmp/x.csv kann nicht geschrieben werden (full): "
        "einen anderen Ordner wählen."
    )
    assert in_users_language("nobody translated {this}.") == "nobody translated {this}."
    assert in_users_language("") == ""


def test_in_english_nothing_changes():
    for sentence in MESSAGES:
        text = re.sub(r"{\w+}", "a {b} c", sentence) + "."
        assert in_users_language(text) == text


def test_the_banner_speaks_the_users_language(qtbot, qapp, german):
    theme = Theme(qapp, "dark")
    banner = Banner(theme)
    qtbot.addWidget(banner)
    banner.show_notice(Notice("source", "x.mp4 has sound but no picture: choose a video", "error"))
    assert banner.text == "x.mp4 hat Ton, aber kein Bild: ein Video wählen"
    theme.close()


def test_what_nobody_foresaw_is_said_in_german_too(german):
    log = logging.getLogger("nobody")
    for what, wanted in (
        ("The recording failed", "Die Aufnahme ging schief (oh); Näheres im Protokoll."),
        ("take was not exported", "take wurde nicht exportiert (oh); Näheres im Protokoll."),
    ):
        assert in_users_language(unexpected(log, what, ValueError("oh"))) == wanted
    full = in_users_language(unexpected(log, "The 3D view stopped", MemoryError()))
    assert full.startswith("Die 3D-Ansicht brach ab: der Speicher reicht nicht.")
