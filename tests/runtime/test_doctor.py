"""doctor: findings, advice, exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hands3c_core import doctor
from hands3c_core.doctor import Finding

ROOT = Path(doctor.__file__).resolve().parents[1]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "doctor.py"), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=180,
    )


def by_name(answer: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {finding["name"]: finding for finding in json.loads(answer.stdout)}


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
def test_machine_with_a_compiler() -> None:
    found = by_name(run("--json"))
    assert found["compiler"]["status"] == "ok"
    assert found["scan on cpu"]["value"] == "cpu"
    assert found["hand/hand_mid.npz"]["status"] == "ok"


def test_machine_without_a_compiler(tmp_path: Path) -> None:
    answer = run("--json", PATH=str(tmp_path), CXX="", HANDS3C_KERNEL_CACHE=str(tmp_path))
    found = by_name(answer)
    assert found["compiler"]["value"] == "none"
    assert found["CPU kernels"]["status"] == "note"
    assert "bootstrap.py install" in found["CPU kernels"]["advice"]
    assert found["scan on cpu"]["value"] == "numba"
    problems = [f for f in found.values() if f["status"] == "problem"]
    assert answer.returncode == int(bool(problems))


def test_a_wrong_choice_of_kernel_is_a_problem() -> None:
    answer = run(HANDS3C_SCAN="quick")
    assert answer.returncode == 1
    assert "PROBLEM" in answer.stdout
    assert "HANDS3C_SCAN" in answer.stdout


def test_checksums_of_cards(tmp_path: Path) -> None:
    good, bad = b"good", b"bad"
    (tmp_path / "clip.mp4").write_bytes(good)
    (tmp_path / "part.bin").write_bytes(bad)
    digest = hashlib.sha256(good).hexdigest()
    (tmp_path / "clip.md").write_text(f"SHA-256: `{digest}`\n| `inner.x` | 3 | `{digest}` |\n")
    (tmp_path / "README.md").write_text(f"| `part.bin` | {digest} |\n| `gone.bin` | {digest} |\n")
    assert doctor.checksums(tmp_path / "clip.md") == [(tmp_path / "clip.mp4", digest)]
    listed = doctor.checksums(tmp_path / "README.md")
    assert [path.name for path, _ in listed] == ["part.bin", "gone.bin"]
    statuses = [doctor._check_file(path, path.name, value).status for path, value in listed]
    assert statuses == ["problem", "problem"]
    assert doctor._check_file(tmp_path / "clip.mp4", "clip.mp4", digest).status == "ok"


def test_weights_are_checked_against_their_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDS3C_WEIGHTS", str(tmp_path))
    file = tmp_path / "hands3c_lite.safetensors"
    file.write_bytes(b"weights")
    card = {"name": "hands3c_lite", "sha256": hashlib.sha256(b"weights").hexdigest()}
    status = {}
    for state, text in (("good", json.dumps(card)), ("no card", ""), ("other", '{"sha256": "0"}')):
        file.with_suffix(".json").write_text(text)
        found = {finding.name: finding for finding in doctor._weights()}
        status[state] = found[file.name].status
    assert status == {"good": "ok", "no card": "note", "other": "problem"}
    # Further parts are looked for beside the first, wherever a card says they are.
    parts = {"gone.part2.safetensors": card["sha256"], f"../{file.name}": card["sha256"]}
    file.with_suffix(".json").write_text(json.dumps({**card, "further_parts": parts}))
    found = {finding.name: finding for finding in doctor._weights()}
    assert (found["gone.part2.safetensors"].value, found[file.name].status) == ("missing", "ok")


def test_a_check_that_fails_is_a_finding() -> None:
    def _broken() -> list[Finding]:
        raise OSError("no such device")

    (finding,) = doctor._guarded(_broken)
    assert finding.status == "problem"
    assert "no such device" in finding.value
    assert doctor.exit_code([finding]) == 1
    assert doctor.exit_code([Finding("a", "b", "c", "note")]) == 0
