from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import hands3c_core
from hands3c_core import cli
from hands3c_core.errors import UserError

ROOT = Path(__file__).resolve().parents[1]


def test_help_lists_every_command(capsys):
    assert cli.main([]) == 0
    printed = capsys.readouterr().out
    for name in ("predict", "import-checkpoint", "make-demo-clip"):
        assert name in printed
    assert "bootstrap" not in printed


def test_unknown_command_is_one_line(capsys):
    assert cli.main(["levitate"]) == 2
    error = capsys.readouterr().err
    assert "no command 'levitate'" in error
    assert error.count("\n") == 1
    assert cli.main(["modles"]) == 2
    assert "did you mean models?" in capsys.readouterr().err


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"hands3c {hands3c_core.__version__}\n"


@pytest.mark.parametrize("command", sorted(cli.find_commands()))
def test_every_command_has_options_run_and_a_script(command):
    module = import_module(f"hands3c_core.commands.{command.replace('-', '_')}")
    assert dataclasses.is_dataclass(module.Options)
    assert callable(module.run)
    script = ROOT / "scripts" / f"{command.replace('-', '_')}.py"
    assert "run_command(__file__)" in script.read_text(encoding="utf-8")


def test_every_script_is_a_command():
    # But for those that are about the installation, and run without it.
    apart = {"bootstrap", "hash_packages"}
    scripts = {file.stem for file in (ROOT / "scripts").glob("[!_]*.py")} - apart
    assert scripts == {name.replace("-", "_") for name in cli.find_commands()}


@pytest.mark.parametrize("command", ["predict", "import-checkpoint"])
def test_real_commands_start(command, capsys):
    assert cli.main([command, "--help"]) == 0
    printed = capsys.readouterr().out
    assert "--out" in printed
    assert f"hands3c {command}" in printed


def test_scripts_keep_their_name_and_take_underscores(capsys):
    assert cli.main(["import_checkpoint", "--help"], program="import_checkpoint.py") == 0
    assert "usage: import_checkpoint.py" in capsys.readouterr().out


def test_what_a_command_raises_is_its_exit_code(monkeypatch, capsys):
    def raises(error):
        def run(options):
            raise error

        return run

    from hands3c_core.commands import models, render_dataset

    monkeypatch.setattr(models, "run", lambda options: 7)
    assert cli.main(["models"]) == 7
    monkeypatch.setattr(models, "run", raises(UserError("no such thing.")))
    assert cli.main(["models"]) == 2
    assert capsys.readouterr().err == "error: no such thing.\n"
    monkeypatch.setattr(render_dataset, "run", raises(KeyboardInterrupt()))
    assert cli.main(["render-dataset"]) == 130
    assert capsys.readouterr().err == render_dataset.STOPPED + "\n"
    monkeypatch.setattr(models, "run", raises(ModuleNotFoundError("x", name="lightning.pytorch")))
    assert cli.main(["models"]) == 2
    assert "lightning is missing: pip install 'hands3c-live[train]'" in capsys.readouterr().err
    monkeypatch.setattr(models, "run", raises(ModuleNotFoundError("x", name="ours")))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["models"])


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are POSIX")
@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["doctor", "--json"]])
def test_a_closed_pipe_ends_it_quietly(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "hands3c_core.cli", *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=False,
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141
