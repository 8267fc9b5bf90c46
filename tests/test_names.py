"""File names as text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hands3c_core.errors import UserError
from hands3c_core.names import cut_name, printable, user_path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("take :smile: [bold]x[/].mp4", "take :smile: [bold]x[/].mp4"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
        ("a\nb\x1b[31m", "a b [31m"),
        ("\ud800", "?"),
        ("日本語 é", "日本語 é"),
    ],
)
def test_text_is_shown_literally(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert str(UserError(text)) == shown


@given(st.text(st.characters()))
def test_any_text_can_be_shown_and_encoded(text: str) -> None:
    assert "\n" not in printable(text)
    printable(text).encode()


@given(st.text(min_size=1, max_size=300), st.sampled_from([".jsonl", ".raw.mp4", "_obj"]))
def test_names_are_cut_between_letters(stem: str, suffix: str) -> None:
    name = cut_name(stem, suffix)
    assert len(os.fsencode(name)) <= 255
    assert name.endswith(suffix)
    assert stem.startswith(name.removesuffix(suffix))


def test_a_user_that_is_not_there() -> None:
    assert user_path("~nouser/x.mp4") == Path("~nouser/x.mp4")
    assert user_path("~") == Path.home()
