# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pieces of sentences that every part of the app words alike, and words in the user's
language. No Qt: the window says how words are translated (``app.languages``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hands3c_core.joint_names import anatomical_name, short_name
from hands3c_core.weights import AUTO, LANDMARKS


class _Words:
    """How words are translated."""

    translate: Callable[[str], str] = staticmethod(lambda text: text)


def translate_with(translate: Callable[[str], str]) -> None:
    """From now on ``tr`` says what ``translate`` makes of the English text."""
    _Words.translate = staticmethod(translate)


def tr(text: str, **values: object) -> str:
    """``text`` in the user's language, with ``values`` at their {names}. Texts are found by
    ``scripts/_translations.py`` where they stand as literals in a call of this."""
    said = _Words.translate(text) if text else text
    return said.format(**values) if values else said


def counted(count: int, thing: str, things: str = "") -> str:
    """'1 frame', '2 frames', '1,024 frames'; ``things`` where an s does not make the plural."""
    return f"{count:,} {tr(thing if count == 1 else things or thing + 's')}"


def saved_text(files: Sequence[Path]) -> str:
    """Which files were saved and in which folder, in full: 'out' alone could be anywhere."""
    names = ", ".join(file.name for file in files)
    if not files:
        return tr("Nothing was saved")
    return tr("Saved {names} in {folder}", names=names, folder=files[0].absolute().parent)


#: What the core calls the joints' parts, and the words it says them in.
JOINT_WORDS = (
    *("Wrist", "Thumb", "Index", "Middle", "Ring", "Little", "carpometacarpal joint"),
    *("metacarpophalangeal joint (knuckle)", "interphalangeal joint"),
    *("proximal interphalangeal joint", "distal interphalangeal joint"),
)


def joint_title(joint: int, *, short: bool = False) -> str:
    """Name of a joint (0..20), as on a chart or in full."""
    finger, _, part = (short_name(joint) if short else anatomical_name(joint)).partition(" ")
    return f"{tr(finger)} {tr(part)}".strip()


def estimator_title(name: str) -> str:
    """What people call an estimator that ``ModelConfig`` names so."""
    names = {
        AUTO: tr("Automatic"),
        LANDMARKS: tr("Landmark fit"),
        "hands3c_lite": "HandS3C lite",
        "hands3c": "HandS3C",
    }
    return names.get(name) or Path(name).stem
