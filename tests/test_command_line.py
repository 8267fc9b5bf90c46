"""What the user of any program reads when its command line is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
import tyro

from hands3c_core.command_line import parse_options
from hands3c_core.errors import UserError


@dataclass(frozen=True)
class Options:
    """Options of every kind."""

    source: Annotated[str, tyro.conf.Positional]
    weights: Path
    crops: tuple[Path, ...] = ()
    frames: int = 3
    kind: Literal["npz", "csv"] = "npz"
    query: tuple[float, float] | None = None
    make: bool = True


def read(text: str) -> Options:
    return parse_options(Options, text.split(), "hands3c try")


def test_what_is_right_is_read():
    assert read("a --weights w --crops [b] None --no-make --query 1 2") == Options(
        "a", Path("w"), (Path("[b]"), Path("None")), query=(1.0, 2.0), make=False
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "missing: SOURCE, --weights PATH"),
        ("a", "missing: --weights PATH"),
        ("a --wieghts w", "there is no option --wieghts; did you mean --weights?"),
        ("a --weights w --no-mak", "there is no option --no-mak; did you mean --no-make?"),
        ("a --weights w --xyzzy=3", "there is no option --xyzzy"),
        ("a --weights w --frames many", "--frames many: write --frames INT"),
        ("a --weights w --frames", "--frames: write --frames INT"),
        ("a --weights w --kind mp4", "--kind mp4: write --kind {npz,csv}"),
        ("a --weights w --query 1", "--query 1: write --query {FLOAT FLOAT}"),
        ("a --weights w b", "Unrecognized options: b"),
    ],
)
def test_what_is_wrong_is_one_line(text, told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")  # a narrow terminal breaks no message
    with pytest.raises(UserError) as error:
        read(text)
    assert str(error.value) == f"{told} (hands3c try --help tells more)"


def test_help_is_printed(capsys):
    with pytest.raises(SystemExit) as end:
        read("--help")
    assert end.value.code == 0
    assert "Options of every kind." in capsys.readouterr().out
