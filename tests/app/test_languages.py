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
    QDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QScrollArea,
    QWidget,
)

from app.languages import LANGUAGES, Translators, spoken
from app.views.controls import ElidedLabel
from app.windows.actions import COMMANDS, plain, shortcut_groups
from app.windows.calibration_dialog import CalibrationDialog
from app.windows.dialogs import AboutDialog, LogDialog, RecentLog, ShortcutsDialog
from app.windows.still_dialog import StillDialog
from app.wording import counted, tr, translate_with

ROOT = Path(__file__).resolve().parents[2]
TRANSLATED = tuple(key for key, _ in LANGUAGES if key not in ("system", "en"))
#: Names, units and files, the same in every language.
SAME = re.compile(
    r"HandS3C.*|[A-Z0-9 ]+|(OBJ|PLY) .*|BVH Mixamo|OpenXR( NPZ)?|Parquet|Rerun|WebSocket|English|"
    r"Deutsch|/.*|[\d.,:–× ]*|.*\bms|.*\bMB|\d+ px|https?://.*|[\d.]+:\d+|localhost|f \d+ px"
)


#: What a dialog may take of a screen of 1366 px.
ROOM = 1229


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
        cut += [(page, *found) for found in cut_off(window)]
    assert not cut


def cut_off(top: QWidget) -> list[tuple[str, int, int]]:
    """Texts in ``top`` that have too little room: text, what it needs and has, px."""
    found = []
    for widget in top.findChildren(QWidget):
        if not widget.isVisible() or isinstance(widget, ElidedLabel):
            continue
        if isinstance(widget, QAbstractButton) or (
            isinstance(widget, QLabel) and not widget.wordWrap()
        ):
            text = widget.text()
            needed = widget.fontMetrics().horizontalAdvance(plain(text))
            if text and needed > widget.width() + 1:
                found.append((text, needed, widget.width()))
        elif isinstance(widget, QLabel):
            needed = widget.heightForWidth(widget.width())
            if widget.text() and needed > widget.height() + 1:
                found.append((widget.text(), needed, widget.height()))
        if isinstance(widget, QComboBox):
            needed = widget.fontMetrics().horizontalAdvance(widget.currentText())
            if needed + 24 > widget.width():
                found.append((widget.currentText(), needed, widget.width()))
    return found


def dialogs_of(window, folder: Path) -> list[QDialog]:
    """Every dialog of the app's own."""
    return [
        ShortcutsDialog(shortcut_groups(), window),
        AboutDialog(window),
        LogDialog(RecentLog(), window),
        StillDialog(window.theme, (3468, 1968), folder / "still.png", window),
        CalibrationDialog(window.session, window.theme, folder / "lens.json", window),
    ]


def test_no_text_of_a_dialog_comes_untranslated(qapp, request, tmp_path):
    translate_with(lambda text: f"⟦{text}⟧")
    try:
        window = request.getfixturevalue("window")
        bare = set()
        for dialog in dialogs_of(window, tmp_path):
            texts = [("title", dialog.windowTitle())]
            for widget in dialog.findChildren(QWidget):
                if widget.property("role") != "key":  # Ctrl+O is the same everywhere
                    texts += texts_of(widget)
            bare |= {
                (type(dialog).__name__, where, text)
                for where, text in texts
                if re.search(r"[A-Za-z]{2}", text)
                and "⟦" not in text
                and not SAME.fullmatch(text)
                and not where.startswith("QToolButton")  # Qt's own, of scroll bars and spin boxes
            }
            dialog.reject()
    finally:
        translate_with(lambda text: text)
    assert not bare


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_nothing_is_cut_off_in_a_dialog(qapp, languages, request, qtbot, tmp_path, language):
    languages.speak(language)
    window = request.getfixturevalue("window")
    cut = []
    for dialog in dialogs_of(window, tmp_path):
        dialog.show()
        qtbot.wait(50)
        if isinstance(dialog, StillDialog):
            cut += [("StillDialog", *found) for found in cut_off(dialog)]
            dialog.size_box.setCurrentIndex(dialog.size_box.count() - 1)  # its own size, too
            QApplication.processEvents()
        for area in dialog.findChildren(QScrollArea):
            wanted = area.widget().sizeHint().width() if area.widget() is not None else 0
            if wanted > ROOM:
                cut.append((type(dialog).__name__, "needs scrolling", wanted, ROOM))
            # The screen may be smaller here than any of today.
            dialog.resize(max(dialog.width(), wanted + 20), dialog.height())
            qtbot.wait(50)
        cut += [(type(dialog).__name__, *found) for found in cut_off(dialog)]
        dialog.reject()
    assert not cut


@pytest.mark.parametrize(("language", "yes"), [("de", "Ja"), ("zh", "是")])
def test_questions_have_answers_in_the_language(qtbot, languages, language, yes):
    languages.speak(language)
    box = QMessageBox(QMessageBox.Icon.Question, "", "")
    qtbot.addWidget(box)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
    assert plain(box.button(QMessageBox.StandardButton.Yes).text()) == yes
    assert "Cancel" not in box.button(QMessageBox.StandardButton.Cancel).text()
