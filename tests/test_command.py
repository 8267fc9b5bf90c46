"""How commands begin and end: one line and the right code, whatever happens."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
import tyro

from hands3c_core.command import outcome, parse_arguments
from hands3c_core.errors import UserError

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Options:
    take: Annotated[Path, tyro.conf.Positional]
    """What to take."""
    to: tuple[Literal["npz", "csv"], ...]
    """A choice, told in a sentence that is long enough to be wrapped by the box it is drawn in."""
    estimator: str = "auto"
    """What estimates."""
    fov: float | None = None
    """Degrees."""


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["a", "--to", "npz", "--estimatr", "x"], ["--estimatr", "did you mean --estimator?"]),
        (["a", "--to", "npy"], ["'npy'", "--to", "'npz', 'csv'"]),
        (["a", "--ot", "npz"], ["no option --ot", "did you mean --to?"]),
        (["a"], ["--to is missing"]),
        ([], ["PATH, --to are missing"]),
        (["a", "--to", "npz", "--fov", "wide"], ["--fov cannot be 'wide'"]),
        (["a", "--to", "npz", "--fov"], ["--fov"]),
        (["a", "--to", "npz", "--quite-another"], ["--quite-another", "--help"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_refusal_is_one_line_that_names_the_option(
    arguments, parts, encoding, monkeypatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    with pytest.raises(UserError) as error:
        parse_arguments(Options, arguments, prog="try")
    line = str(error.value)
    assert "\n" not in line
    assert "│" not in line
    assert "---" not in line
    for part in parts:
        assert part in line


def test_good_arguments_and_help_pass(capsys) -> None:
    assert parse_arguments(Options, ["a", "--to", "npz"]).to == ("npz",)
    with pytest.raises(SystemExit) as exit_:
        parse_arguments(Options, ["--help"])
    assert exit_.value.code in (0, None)
    assert "--estimator" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("this is\nwrong"), 2, "cmd: this is wrong\n"),
        (KeyboardInterrupt(), 130, "Stopped.\n"),
        (MemoryError(), 2, "cmd: the memory is used up"),
        (OSError(errno.ENOMEM, "no"), 2, "cmd: the memory is used up"),
        (ImportError("x.so: failed to map segment from shared object"), 2, "cmd: the memory is"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 2, "cmd: the mem"),
        (BrokenPipeError(), 141, ""),
        (SystemExit(3), 3, ""),
    ],
)
def test_each_end_has_its_code_and_line(error, code, line, capsys) -> None:
    def work() -> None:
        raise error

    assert outcome(work, name="cmd") == code
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") <= 1


def script(body: str) -> list[str]:
    text = f"import sys, threading, time\nfrom hands3c_core.command import *\n{body}"
    return [sys.executable, "-c", text]


def test_a_closed_pipe_ends_quietly() -> None:
    body = "def work():\n    for _ in range(200000): print('line')\nrun(work)"
    process = subprocess.Popen(
        script(body), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"line\n"
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == b""
    assert process.wait() == 141


def test_text_that_the_terminal_cannot_show_is_printed_all_the_same() -> None:
    body = "def work(): print('caf\\udce9'); raise UserError('no caf\\udce9')\n"
    body = "from hands3c_core.errors import UserError\n" + body + "run(work)"
    done = subprocess.run(
        script(body), cwd=ROOT, capture_output=True, env={**os.environ, "PYTHONUTF8": "1"}
    )
    assert done.stdout == b"caf\\udce9\n"
    assert done.stderr == b"error: no caf\\xe9\n"
    assert done.returncode == 2


#: A thread that is inside a library in C++ and comes back to an interpreter that is gone.
_LOADING = """
def load():
    import numpy as np
    import cv2
    while True:
        cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (31, 31), 9)

def work():
    threading.Thread(target=load, daemon=True).start()
    time.sleep(0.3)
    raise UserError("nothing there")

from hands3c_core.errors import UserError
run(work)
"""


def test_a_thread_that_still_loads_does_not_change_the_end() -> None:
    for _ in range(5):
        done = subprocess.run(script(_LOADING), cwd=ROOT, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (2, b"error: nothing there\n")


def test_ctrl_c_while_something_starts_ends_with_one_line() -> None:
    body = """
with ending_at_once():
    print("ready", flush=True)
    while True:
        try:
            time.sleep(10)
        except BaseException:  # as an import may
            pass
"""
    process = subprocess.Popen(
        script(body), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == b"Stopped.\n"
    assert process.returncode == 130
