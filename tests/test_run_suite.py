"""How the test command runs the tests."""

from __future__ import annotations

import pytest

from tests import run_suite


@pytest.mark.parametrize(
    ("body", "told", "fails"),
    [
        ("pass", False, False),
        ("assert seen.exists() or seen.touch()", True, False),  # fails the first time alone
        ("raise OSError", False, True),
    ],
)
def test_tests_that_fail_are_run_once_more(tmp_path, monkeypatch, capfd, body, told, fails):
    test = f"from pathlib import Path\nseen = Path({str(tmp_path / 'seen')!r})\n"
    (tmp_path / "test_it.py").write_text(f"{test}def test_other(): pass\ndef test_it(): {body}\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setattr(run_suite, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take seconds to import
    failed = run_suite.run_tests([])
    assert bool(failed) == fails
    out = capfd.readouterr().out
    assert ("UNSTEADY" in out) == told
    if told:  # and it is named
        assert "test_it.py::test_it PASSED" in out
        assert "test_other PASSED" not in out


def test_nothing_collected_is_no_success(tmp_path, monkeypatch):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setattr(run_suite, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert run_suite.run_tests([])
