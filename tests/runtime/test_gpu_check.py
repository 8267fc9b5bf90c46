"""The checks for owners of a GPU: their answer without one, and their parts on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hands3c_core import gpu_check
from hands3c_core.ops import cpu_kernels

ROOT = Path(gpu_check.__file__).resolve().parents[1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_gets_a_clear_answer() -> None:
    answer = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "doctor.py"), "--gpu"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    report = json.loads(answer.stdout)
    assert (answer.returncode, report["device"], report["ok"]) == (1, None, None)
    assert "no CUDA GPU" in report["answer"]


def test_scans_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    report = gpu_check.check_scans("cpu")
    assert report["ok"] or not cpu_kernels.available()
    assert report["kernels"]["numba"]["backward"] < 1e-5
    honest = gpu_check._scan_gradients

    def wrong(kernel: str, leaves: list[torch.Tensor]) -> list[torch.Tensor]:
        y, *gradients = honest(kernel, leaves)
        return [y, *gradients] if kernel == "reference" else [y, *(1.01 * g for g in gradients)]

    monkeypatch.setattr(gpu_check, "_scan_gradients", wrong)
    assert not gpu_check.check_scans("cpu")["ok"]


def test_scans_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_check, "_TIMED", {"small": (1, 8, 1, 40, 8)})
    times = gpu_check.time_scans("cpu", rounds=2)["milliseconds"]["small"]["numba"]
    assert times["forward"] > 0
    assert times["with_backward"] > 0


def test_runtimes_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_check, "_ROUNDS", 1)
    report = gpu_check.check_runtime("cpu", "hands3c_tiny")
    assert report["ok"]
    assert report["runtimes"]["folded"]["off_mm"] < 0.05
    monkeypatch.setattr(gpu_check, "_VERTEX_LIMIT", -1.0)
    assert not gpu_check.check_runtime("cpu", "hands3c_tiny")["ok"]


def test_the_renderer_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpu_check.check_renderer("cpu", count=4)["ok"]


def test_a_part_that_breaks_is_an_answer_not_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("driver\nand more")

    for name in ("time_scans", "check_runtime", "check_renderer"):
        monkeypatch.setattr(gpu_check, name, lambda *_: {"ok": True})
    monkeypatch.setattr(gpu_check, "check_scans", broken)
    report = gpu_check.check_device("cpu")
    assert not report["ok"]
    assert report["answer"] == "scans: RuntimeError: driver"
    monkeypatch.setattr(gpu_check, "_TIME_LIMIT", -1.0)
    assert "not begun" in gpu_check.check_device("cpu")["answer"]
