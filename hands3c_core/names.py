"""File names as text: shown literally, cut to what file systems take."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Final

#: Most bytes of a file's name on the file systems in use.
LONGEST_NAME: Final = 255


def printable(text: str) -> str:
    """``text`` on one line that can be shown, encoded and stored: control characters become spaces,
    bytes that are no text (as Python keeps them in paths) become ``\\xe9``, half letters ``?``."""
    whole = text.encode("utf-8", errors="surrogatepass")
    try:
        clean = whole.decode("utf-8")
    except UnicodeDecodeError:
        clean = _without_surrogates(text)
    if clean.isprintable():
        return clean
    return "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in clean
    )


def _without_surrogates(text: str) -> str:
    def shown(letter: str) -> str:
        code = ord(letter)
        if 0xDC80 <= code <= 0xDCFF:  # a byte that Python could not decode (PEP 383)
            return f"\\x{code - 0xDC00:02x}"
        return "?" if 0xD800 <= code <= 0xDFFF else letter

    return "".join(map(shown, text))


def cut_name(stem: str, suffix: str = "", most: int = LONGEST_NAME) -> str:
    """``stem + suffix``, the stem cut between letters so that they have at most ``most`` bytes."""
    room = most - len(os.fsencode(suffix))
    content = os.fsencode(stem)
    if len(content) <= room:
        return stem + suffix
    return os.fsdecode(content[:room].decode("utf-8", errors="ignore").encode()) + suffix


def safe_name(text: str, most: int = 120) -> str:
    """``text`` as the name of a file or folder on any system, of at most ``most`` bytes."""
    plain = re.sub(r"[^\w.-]+", "_", text.encode("utf-8", "replace").decode()).strip("._")
    return cut_name(plain, most=most) or "clip"


def user_path(text: str | os.PathLike[str]) -> Path:
    """A path with ``~`` filled in, if there is such a user; else as it is."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
