"""What every program does alike: reading its command line, and ending with one line and a code.

Only the standard library is imported here, so that an interrupted start ends well, too.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import itertools
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from hands3c_core.errors import UserError

Options = TypeVar("Options")

#: Exit codes: something the user can put right, stopped by Ctrl+C, nobody reads the output.
REFUSED: Final = 2
STOPPED: Final = 130
BROKEN_PIPE: Final = 141
#: Package that is imported -> the extra that brings it.
_EXTRAS: Final = {
    "lightning": "train",
    "tensorboard": "train",
    "PyQt6": "app",
    "open3d": "view",
    "openvino": "openvino",
}
#: What follows the message in tyro's box.
_FURTHER: Final = ("Argument helptext", "For full helptext")
#: Wide enough that no message of tyro's is broken into lines.
_COLUMNS: Final = "100000"


def guarded(
    body: Callable[[], int | None],
    *,
    prefix: str = "error",
    stopped: Callable[[], str] = lambda: "Stopped.",
) -> int:
    """Run a program; whatever ends it becomes one line on stderr and an exit code.

    Args:
        body: the program; returns its exit code, None for 0.
        prefix: what the line of an error starts with.
        stopped: makes the line that is said after Ctrl+C.

    Returns:
        The body's code; 2 after a ``UserError`` or where an optional package is missing, 130 after
        Ctrl+C, 141 where nobody reads the output any more (silently).
    """
    try:
        code = body() or 0
        sys.stdout.flush()
        return code
    except UserError as error:
        _say(f"{prefix}: {error}")
        return REFUSED
    except KeyboardInterrupt:
        _say(stopped())
        return STOPPED
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        _say(f"{prefix}: {missing_package(package)}")
        return REFUSED
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise  # else rich has met the closed pipe
        # The interpreter flushes once more at its end, which must not complain.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def missing_package(package: str) -> str:
    """'lightning is missing: ...', with the extra that brings the package."""
    extra = _EXTRAS[package]
    return (
        f"{package} is missing: pip install 'hands3c-live[{extra}]', or in a checkout "
        f"python scripts/bootstrap.py install --extra {extra}."
    )


def parse_options(
    options: type[Options], arguments: Sequence[str], program: str, **settings: Any
) -> Options:
    """Read a command line into a dataclass, with ``tyro.cli``.

    Args:
        options: the dataclass.
        arguments: the words after the program's name.
        program: its name in the help and in messages.
        settings: more keyword arguments for ``tyro.cli``.

    Raises:
        UserError: an option is unknown (the closest one is named), missing, or has no such value.
        SystemExit: ``--help`` was asked for and printed (code 0).
    """
    import tyro

    words = list(arguments)

    def read(given: list[str]) -> Options:
        return tyro.cli(options, args=given, prog=program, **settings)

    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return read(words)
    except SystemExit as exit_:
        if not exit_.code:
            raise
    told, help_ = _printed(read, words), _printed(read, ["--help"])
    raise UserError(f"{_refusal(told, words, help_)} ({program} --help tells more)")


def _printed(read: Callable[[list[str]], object], words: list[str]) -> str:
    """What tyro prints before it ends the program, each paragraph in one line."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = _COLUMNS
    buffer = io.BytesIO()
    # Of this encoding, the frame is made of lines, not of spaces.
    printed = io.TextIOWrapper(buffer, encoding="utf-8", write_through=True)
    try:
        with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
            read(words)
    except SystemExit:
        pass
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return re.sub(r"\x1b\[[\d;]*m", "", buffer.getvalue().decode())


def _refusal(told: str, words: Sequence[str], help_: str) -> str:
    """tyro's box as one sentence: what is wrong, and the closest option or what to write."""
    options = _option_lines(help_)
    for word in words:
        name = word.partition("=")[0].replace("_", "-")
        if name.startswith("--") and len(name) > 2 and name not in options:
            close = difflib.get_close_matches(name, options, n=1)
            return f"there is no option {name}" + (f"; did you mean {close[0]}?" if close else "")
    box = _inside(told)
    if any(line.startswith("Missing from") for line in box):
        return "missing: " + ", ".join(_missing(box))
    text = " ".join(itertools.takewhile(lambda line: not line.startswith(_FURTHER), box))
    for name in re.findall(r"(--[\w.-]+)", text):
        if name in options:
            return f"{_given(name, words)}: write {options[name]}"
    return re.sub(r"\[/?[a-z]+\]", "", text.strip()).rstrip(".")


def _option_lines(help_: str) -> dict[str, str]:
    """Option -> how it is written, '--out PATH'; both names of a switch (--make, --no-make)."""
    lines = {}
    for line in _inside(help_):
        if line.startswith("-"):
            usage = re.split(r"\s{2,}", line)[0].replace("{None}|", "")
            lines |= dict.fromkeys(re.findall(r"--[\w.-]+", usage), usage)
    return lines


def _given(option: str, words: Sequence[str]) -> str:
    """The option with its values as the user wrote them."""
    for number, word in enumerate(words):
        name = word.partition("=")[0].replace("_", "-")
        if name == option:
            values = itertools.takewhile(lambda w: not w.startswith("--"), words[number + 1 :])
            return " ".join([word, *values])
    return option


def _missing(box: Sequence[str]) -> list[str]:
    """'--weights PATH' of every required option; a positional one by its name."""
    names = []
    for line in box:
        if line.startswith("--"):
            names.append(re.split(r"\s{2,}", line)[0].removesuffix(" (required)"))
        elif "(required)" in line and line.split()[0] != "(required)":
            names.append(line.split("(required)")[0].strip().upper())
    return names


def _inside(box: str) -> list[str]:
    """The lines within tyro's frame, without its rulers."""
    lines = (line.strip("│ ") for line in box.splitlines() if line.startswith("│"))
    return [line for line in lines if line and not line.startswith("─")]


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)
