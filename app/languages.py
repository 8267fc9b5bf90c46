# SPDX-License-Identifier: GPL-3.0-or-later
"""The window's language: the system's, or one that was chosen.

The words are in ``translations/``: a .ts file per language, which people edit, and the .qm file
made of it by ``scripts/_translations.py``. Texts without a translation stay English.
"""

from __future__ import annotations

import logging
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from .wording import translate_with

log = logging.getLogger(__name__)

#: Context of all messages.
CONTEXT = "app"
FOLDER = Path(__file__).parent / "translations"


def _languages() -> tuple[tuple[str, str], ...]:
    codes = sorted(file.stem for file in FOLDER.glob("*.qm"))
    named = ((code, QLocale(code).nativeLanguageName()) for code in codes)
    return ("system", ""), ("en", "English"), *named


#: What can be chosen: the system's, and languages by their own names: English and every language
#: that is in ``translations/``.
LANGUAGES = _languages()


def as_language(choice: str) -> str:
    """``choice`` if it is one of ``LANGUAGES``, else the system's."""
    return choice if choice in dict(LANGUAGES) else "system"


def spoken(choice: str) -> str:
    """The language ('en', 'de', 'zh') that ``choice`` leads to on this computer."""
    if as_language(choice) != "system":
        return choice
    known = [key for key, _ in LANGUAGES[1:]]
    for wanted in QLocale.system().uiLanguages():
        language = wanted.replace("_", "-").split("-")[0].lower()
        if language in known:
            return language
    return "en"


class Translators:
    """Installs a language's words for the app's own texts and for Qt's."""

    def __init__(self, application: QCoreApplication) -> None:
        self._application = application
        self._installed: list[QTranslator] = []
        self.language = "en"

    def speak(self, choice: str) -> str:
        """Say every later text in the language of ``choice``; returns it."""
        self.close()
        language = spoken(choice)
        for file in _files(language) if language != "en" else ():
            translator = QTranslator()
            if file.is_file() and translator.load(str(file)):
                self._application.installTranslator(translator)
                self._installed.append(translator)
            else:
                log.info("no translation in %s", file)
        self.language = language
        if language != "en":
            translate_with(lambda text: QCoreApplication.translate(CONTEXT, text))
        return language

    def close(self) -> None:
        """English again."""
        for translator in self._installed:
            self._application.removeTranslator(translator)
        self._installed.clear()
        translate_with(lambda text: text)


def _files(language: str) -> tuple[Path, Path]:
    """Qt's own words, which some languages have for a country only ('zh_CN'), and the app's."""
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    names = (f"qtbase_{language}", f"qtbase_{QLocale(language).name()}")
    known = [file for name in names if (file := folder / f"{name}.qm").is_file()]
    return (known or [folder / f"{names[0]}.qm"])[0], FOLDER / f"{language}.qm"
