from __future__ import annotations

import sys

import pytest

from hands3c_core import cli


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


def test_arguments_and_exit_code_pass_through(tmp_path, monkeypatch):
    script = tmp_path / "say_hello.py"
    script.write_text('"""Says hello."""\nimport sys\nsys.exit(int(sys.argv[1]))\n')
    monkeypatch.setattr(cli, "_CHECKOUT", tmp_path)
    before = list(sys.argv)
    assert cli.main(["say-hello", "7"]) == 7
    assert cli.main(["say_hello", "0"]) == 0
    assert sys.argv == before


@pytest.mark.parametrize("command", ["predict", "import-checkpoint"])
def test_real_commands_start(command, capsys):
    assert cli.main([command, "--help"]) == 0
    assert "--out" in capsys.readouterr().out
