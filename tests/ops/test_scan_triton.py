"""The Triton kernels, in Triton's interpreter on the CPU or on a GPU."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys, torch
from hands3c_core.ops import selective_scan, triton_kernels as kernels
device, tile, wanted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
kernels._TILE, kernels._WANTED_PROGRAMS, kernels._MIN_SEGMENT_TILES = tile, wanted, 1
torch.manual_seed(0)
for batch, rows, groups, length, states, softplus in (
    (1, 2, 1, 37, 3, True), (2, 4, 2, 20, 4, False), (1, 3, 3, 1, 2, True),
):
    tensors = [
        torch.randn(batch, rows, length), 0.3 * torch.randn(batch, rows, length) + 0.2,
        -torch.rand(rows, states), torch.randn(batch, groups, states, length),
        torch.randn(batch, groups, states, length), torch.randn(rows),
        torch.randn(batch, rows, length), 0.1 * torch.randn(rows),
    ]
    leaves = [t.double().to(device).requires_grad_() for t in tensors]
    results = []
    for kernel in ("triton", "reference"):
        y, last = selective_scan(
            *leaves, delta_softplus=softplus, return_last_state=True, kernel=kernel
        )
        weights = torch.linspace(-1, 2, y.numel(), device=device).view_as(y)
        loss = (y * weights).sum() + 0.7 * last.sum()
        results.append((y, last, *torch.autograd.grad(loss, leaves)))
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    segments = kernels._Plan(leaves[0], leaves[2], leaves[3]).segments
    print("segments", segments)
"""

needs_triton = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="Triton is not installed"
)


@needs_triton
@pytest.mark.parametrize(("tile", "wanted", "segments"), [(64, 1, "1"), (16, 1024, "3")])
def test_same_as_reference(tile: int, wanted: int, segments: str) -> None:
    on_gpu = torch.cuda.is_available()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    if not on_gpu:
        environment["TRITON_INTERPRET"] = "1"
    device = "cuda" if on_gpu else "cpu"
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, device, str(tile), str(wanted)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[0] == f"segments {segments}"
