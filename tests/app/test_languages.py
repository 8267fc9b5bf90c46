"""The window in each language: nothing left in English, nothing cut off."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)

from app.languages import LANGUAGES, Translators, spoken
from app.views.controls import ElidedLabel
from app.windows.actions import COMMANDS, plain, shortcut_groups
from app.wording import counted, tr, translate_with

ROOT = Path(__file__).resolve().parents[2]
TRANSLATED = tuple(key for key, _ in LANGUAGES if key not in ("system", "en"))
#: Names, units and files, the same in every language.
SAME = re.compile(
    r"HandS3C.*|[A-Z0-9 ]+|(OBJ|PLY) .*|BVH Mixamo|OpenXR( NPZ)?|Parquet|Rerun|WebSocket|English|"
    r"Deutsch|/.*|[\d.,:–× ]*|.*\bms|.*\bMB|\d+ px|https?://.*|[\d.]+:\d+|localhost|f \d+ px"
)


def the_tool():
    spec = importlib.util.spec_from_file_location("tool", ROOT / "scripts" / "_translations.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def languages(qapp: QApplication) -> Iterator[Translators]:
    made = Translators(qapp)
    yield made
    made.close()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_compiled(languages, language):
    tool = the_tool()
    texts, known = tool.messages(), tool.read(language)
    assert len(texts) > 500
    assert not [text for text in texts if text not in known]
    assert languages.speak(language) == language
    for text in texts:
        said = tr(text)
        assert said == known[text], "run scripts/_translations.py"
        assert sorted(re.findall(r"{\w+}", said)) == sorted(re.findall(r"{\w+}", text))


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_no_two_entries_of_a_menu_have_the_same_letter(languages, language):
    languages.speak(language)
    letters: dict[str, list[str]] = {"": []}
    for command in COMMANDS:
        menu, text = tr(command.menu), tr(command.text)
        if menu not in letters:
            letters[menu] = []
            letters[""].append(menu[menu.index("&") + 1].upper())
        if "&" in text:
            letters[menu].append(text[text.index("&") + 1].upper())
    for menu, found in letters.items():
        assert len(set(found)) == len(found), (menu, sorted(found))


def test_words_take_their_values_and_their_language(languages):
    assert languages.speak("de") == "de"
    assert tr("Loading {what}…", what="HandS3C") == "HandS3C wird geladen…"
    assert counted(1, "frame") == "1 Bild"
    assert counted(1200, "frame") == "1,200 Bilder"
    assert languages.speak("zh") == "zh"
    assert tr("No hand found") == "未找到手"
    assert tr("what nobody translated") == "what nobody translated"
    assert languages.speak("en") == "en"
    assert tr("No hand found") == "No hand found"
    assert spoken("nonsense") in ("en", *TRANSLATED)
    assert plain("文件(&F)") == "文件"
    assert plain("&File") == "File"


def texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Everything that a widget says, and where."""
    name = type(widget).__name__
    if isinstance(widget, QLabel | QAbstractButton):
        yield f"{name}.text", widget.text()
    if isinstance(widget, QComboBox):
        for row in range(widget.count()):
            yield f"{name}.item", widget.itemText(row)
    if isinstance(widget, QLineEdit):
        yield f"{name}.placeholder", widget.placeholderText()
    yield f"{name}.tip", widget.toolTip()
    yield f"{name}.accessible", widget.accessibleName()


def all_texts(window) -> Iterator[tuple[str, str]]:
    for widget in window.findChildren(QWidget):
        yield from texts_of(widget)
    for key, action in window.actions_._actions.items():
        yield key, action.text()
    for menu in window.actions_.menus.values():
        yield "menu", menu.title()
    for title, rows in shortcut_groups():
        yield "shortcuts", title
        for _, does in rows:
            yield "shortcuts", does


def test_no_text_of_the_window_comes_untranslated(qapp, request):
    """Every text is marked where it is translated: what has no mark never was."""
    translate_with(lambda text: f"⟦{text}⟧")
    try:
        window = request.getfixturevalue("window")
        bare = {
            (where, text)
            for where, text in all_texts(window)
            if re.search(r"[A-Za-z]{2}", text)
            and "⟦" not in text
            # Headings are in capitals, and names stay.
            and not SAME.fullmatch(text)
        }
    finally:
        translate_with(lambda text: text)
    assert not bare


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_nothing_is_cut_off_in_a_small_window(qapp, languages, request, qtbot, language):
    languages.speak(language)
    window = request.getfixturevalue("window")
    window.curve_view.set_shown(True)
    window.resize(900, 600)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (900, 600)
    cut = []
    for page in window.sidebar.pages:
        window.show_tab(page)
        QApplication.processEvents()
        area = window.sidebar.pages[page]
        if area.widget().width() > area.viewport().width():
            cut.append((page, "the page", area.widget().width(), area.viewport().width()))
        for widget in window.findChildren(QWidget):
            if not widget.isVisible() or isinstance(widget, ElidedLabel):
                continue
            if isinstance(widget, QAbstractButton) or (
                isinstance(widget, QLabel) and not widget.wordWrap()
            ):
                text = widget.text()
                needed = widget.fontMetrics().horizontalAdvance(plain(text))
                if text and needed > widget.width() + 1:
                    cut.append((page, text, needed, widget.width()))
            if isinstance(widget, QComboBox):
                needed = widget.fontMetrics().horizontalAdvance(widget.currentText())
                if needed + 24 > widget.width():
                    cut.append((page, widget.currentText(), needed, widget.width()))
    assert not cut
