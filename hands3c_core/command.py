"""How every command begins and ends: arguments, one-line errors, Ctrl+C, a closed pipe.

Imports nothing heavy: it runs before everything else.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any, Final, NoReturn, TypeVar

from hands3c_core.errors import UserError, is_out_of_memory

T = TypeVar("T")

#: Exit codes: something the user can put right; stopped by the user; nobody reads what we print.
BAD_INPUT: Final = 2
STOPPED: Final = 130
BROKEN_PIPE: Final = 141  # 128 + SIGPIPE, as shells count

#: Package that is imported -> the extra that brings it.
_EXTRAS: Final = {
    "lightning": "train",
    "ray": "cluster",
    "tensorboard": "train",
    "mkdocs": "docs",
    "PyQt6": "app",
    "open3d": "view",
    "openvino": "openvino",
    "websockets": "live",
    "pythonosc": "live",
}
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w.-]*")


def run(
    work: Callable[[], int | None], *, name: str = "error", stopped: str = "Stopped."
) -> NoReturn:
    """Do a command's work and end the process, whatever happens, with one line and the right code.

    Args:
        work: everything the command does; its exit code, None for 0.
        name: what an error's line begins with.
        stopped: what is said after Ctrl+C (code 130).
    """
    leave(outcome(work, name=name, stopped=stopped))


def outcome(
    work: Callable[[], int | None],
    *,
    name: str = "error",
    stopped: str | Callable[[], str] = "Stopped.",
) -> int:
    """As ``run``, but the process goes on and its exit code is returned."""
    prepare_streams()
    try:
        return work() or 0
    except UserError as error:
        return _complain(f"{name}: {error}", BAD_INPUT)
    except KeyboardInterrupt:
        return _complain(stopped() if callable(stopped) else stopped, STOPPED)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        return _complain(f"{name}: {missing_package(package)}", BAD_INPUT)
    except BrokenPipeError:
        return BROKEN_PIPE
    except SystemExit as exit_:
        if isinstance(exit_.__context__, BrokenPipeError):  # so rich ends a program
            return BROKEN_PIPE
        if isinstance(exit_.code, str):
            return _complain(exit_.code, 1)
        return exit_.code or 0
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return _complain(
            f"{name}: the memory is used up: close other programs, or give less at once.", BAD_INPUT
        )


def missing_package(package: str) -> str:
    """'lightning is missing: ...', with the extra that brings the package."""
    extra = _EXTRAS[package]
    return (
        f"{package} is missing: pip install 'hands3c-live[{extra}]', or in a checkout "
        f"python scripts/bootstrap.py install --extra {extra}."
    )


def prepare_streams() -> None:
    """Make standard output and error print any text: a file's name may hold bytes that are none in
    the terminal's encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def leave(code: int) -> NoReturn:
    """End the process now with ``code``; threads that still load something are not waited for.

    Python would take the interpreter away from under them, and a library in C++ then ends the
    process with "terminate called without an active exception" or a segmentation fault.
    """
    code = _flush(code)
    if threading.active_count() == 1:
        sys.exit(code)
    logging.shutdown()
    os._exit(code)


@contextlib.contextmanager
def ending_at_once(message: str = "Stopped.") -> Iterator[None]:
    """While something starts that leaves nothing behind, Ctrl+C prints one line and ends the
    process. An exception would end up in whatever is being imported, or be swallowed there."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):
            os.write(2, f"{message}\n".encode())
        os._exit(STOPPED)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def parse_arguments(
    kind: Callable[..., T], arguments: Sequence[str] | None = None, **settings: Any
) -> T:
    """``tyro.cli``, with a refusal of one line that names the closest option.

    Args:
        kind: the dataclass (or function) that says what the options are.
        arguments: without the program's name; the process's own unless given.
        settings: further arguments of ``tyro.cli``.

    Raises:
        UserError: the arguments are refused.
        SystemExit: help was asked for and printed.
    """
    import tyro

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(kind, args=arguments, **settings)
    except SystemExit as exit_:
        if exit_.code in (0, None):
            raise
    box = _with_lines(said.getvalue())
    if (unknown := _misspelt(box)) is not None:
        options = _known_options(kind, settings)
        close = difflib.get_close_matches(unknown, options, n=1)
        hint = f"did you mean {close[0]}?" if close else "--help lists what there is."
        raise UserError(f"there is no option {unknown}; {hint}")
    raise UserError(refusal(box))


def _with_lines(box: str) -> str:
    """tyro's box as it is in UTF-8: elsewhere (pipes, LANG=C) it has hyphens and no border."""
    if "╭" in box:
        return box
    lines = box.splitlines()[2:]  # after the title
    return "\n".join("──" if re.fullmatch(r" *-{20,} *", line) else line[1:] for line in lines)


def _misspelt(box: str) -> str | None:
    """The first option that tyro does not know, also where it complains of something else first."""
    _, found, after = box.partition("nrecognized options:")
    words = re.findall(r"--[A-Za-z][^\s,=│]*", after.partition("──")[0]) if found else []
    return words[0] if words else None


def _known_options(kind: Callable[..., Any], settings: dict[str, Any]) -> list[str]:
    import tyro

    page = io.StringIO()
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(page):
        tyro.cli(kind, args=["--help"], **settings)
    return [option for option in _OPTION.findall(page.getvalue()) if option.startswith("--")]


def refusal(box: str) -> str:
    """One line of the box that tyro draws around a refusal."""
    body = [line.strip("│").rstrip() for line in box.splitlines() if line[:1] not in "╭╰"]
    parts: list[list[str]] = [[]]
    for line in body:
        if line.strip().startswith("──"):
            parts.append([])
        else:
            parts[-1].append(line.removeprefix(" "))
    first = parts[0]
    with_indent = [line.strip() for line in first if re.match(r" {4}\S", line)]
    text = " ".join(" ".join(first).split("Got errors:")[0].split())
    if text.startswith("Missing from"):
        names = ", ".join(line.split()[0] for line in with_indent)
        return f"{names} {'is' if len(with_indent) == 1 else 'are'} missing; --help tells more."
    value = re.match(r"Error parsing (\S+?):.*from \[(.*?)\]", text)
    if value:
        return f"{value[1]} cannot be {value[2] or 'left empty'}; --help tells what it takes."
    meant = next((part for part in parts[1:] if part and part[0].startswith("Perhaps")), [])
    options = _OPTION.findall(" ".join(meant))
    hint = f"; did you mean {options[0]}?" if options else "; --help lists what there is."
    return f"{text.rstrip('.')}{hint}"


def _complain(text: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        print(" ".join(text.splitlines()), file=sys.stderr, flush=True)
    return code


def _flush(code: int) -> int:
    """Write out what is printed; the code of a broken pipe if nobody takes it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            code = code or BROKEN_PIPE
            # Python would try again while it ends, and complain.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


def progress_bar(**settings: Any) -> Any:
    """A rich ``Progress`` whose texts, which may be names of files, are shown as they are."""
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    text = TextColumn("{task.description}", markup=False)
    return Progress(text, BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), **settings)
