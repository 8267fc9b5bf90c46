"""Every kernel that runs here against the plain torch definition."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.errors import UserError
from hands3c_core.ops import active_kernel, cpu_kernels, cross_scan_2d, reference, selective_scan
from hands3c_core.ops.cpu_library import load_library

ROOT = Path(__file__).resolve().parents[2]
KERNELS = [
    "chunked",
    "numba",
    pytest.param(
        "cpu", marks=pytest.mark.skipif(not cpu_kernels.available(), reason="no C++ compiler")
    ),
]
by_reference = partial(selective_scan, kernel="reference")
TOLERANCE = {torch.float64: 1e-11, torch.float32: 2e-5}


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HANDS3C_SCAN", request.param)
    return request.param


def assert_near(actual: torch.Tensor, expected: torch.Tensor) -> None:
    """Equal up to rounding, relative to the largest value."""
    assert actual.shape == expected.shape
    scale = max(float(expected.detach().abs().max()), 1e-30)
    error = float((actual.detach().double() - expected.detach().double()).abs().max()) / scale
    assert error < TOLERANCE[actual.dtype], error


def gradients(scan: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    leaves = {
        name: value.detach().clone().requires_grad_()
        for name, value in inputs.items()
        if isinstance(value, torch.Tensor)
    }
    y, last = scan(**(inputs | leaves), return_last_state=True)
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
    values = torch.autograd.grad((y * weights).sum() + 0.7 * last.sum(), list(leaves.values()))
    return y.detach(), dict(zip(leaves, values, strict=True))


def cross_gradients(scan: Any, inputs: list[torch.Tensor]) -> tuple[torch.Tensor, Any]:
    leaves = [t.detach().clone().requires_grad_() for t in inputs]
    y = scan(*leaves)
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
    return y.detach(), torch.autograd.grad((y * weights).sum(), leaves)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    batch=st.integers(1, 2),
    group_rows=st.integers(1, 40),
    groups=st.integers(1, 3),
    states=st.integers(1, 20),
    length=st.sampled_from([1, 2, 15, 31, 32, 33, 64, 70]),
    options=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("name", KERNELS)
def test_same_as_reference(
    name: str,
    scan_inputs: Any,
    batch: int,
    group_rows: int,
    groups: int,
    states: int,
    length: int,
    options: tuple[bool, bool, bool, bool],
    dtype: torch.dtype,
    seed: int,
) -> None:
    skip, gate, bias, softplus = options
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDS3C_SCAN", name)
        inputs = scan_inputs(
            batch,
            group_rows * groups,
            length,
            states,
            groups,
            dtype=dtype,
            seed=seed,
            skip=skip,
            gate=gate,
            bias=bias,
            softplus=softplus,
        )
        y, grads = gradients(selective_scan, inputs)
    exact = {k: v.double() if isinstance(v, torch.Tensor) else v for k, v in inputs.items()}
    expected, expected_grads = gradients(by_reference, exact)
    assert_near(y, expected)
    for argument, gradient in grads.items():
        assert_near(gradient, expected_grads[argument])


@pytest.mark.parametrize("isa", ["portable", "avx2", "avx512"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("states", [1, 8, 12, 16, 27])
def test_every_instruction_set(
    scan_inputs: Any, cross_inputs: Any, isa: str, dtype: torch.dtype, states: int
) -> None:
    library = load_library()
    if library is None:
        pytest.skip("no C++ compiler")
    inputs = scan_inputs(2, 42, 45, states, 2, dtype=dtype)
    plane = cross_inputs(2, 21, 5, 9, states, 5, dtype=dtype)
    try:
        with library.using_isa(isa):
            assert library.isa == isa
            y, grads = gradients(selective_scan, inputs)
            crossed, crossed_grads = cross_gradients(cpu_kernels.cross_scan_2d, plane)
    except ValueError as missing:
        pytest.skip(str(missing))
    exact = {k: v.double() if isinstance(v, torch.Tensor) else v for k, v in inputs.items()}
    expected, expected_grads = gradients(by_reference, exact)
    assert_near(y, expected)
    for name, gradient in grads.items():
        assert_near(gradient, expected_grads[name])
    expected, wanted = cross_gradients(reference.cross_scan_2d, [t.double() for t in plane])
    assert_near(crossed, expected)
    for gradient, exact_gradient in zip(crossed_grads, wanted, strict=True):
        assert_near(gradient, exact_gradient)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    batch=st.integers(1, 2),
    channels=st.sampled_from([1, 5, 16, 33, 70]),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    states=st.sampled_from([1, 3, 8, 16, 17]),
    rank=st.integers(1, 5),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
@pytest.mark.parametrize("name", KERNELS)
def test_cross_scan_same_as_reference(
    name: str,
    cross_inputs: Any,
    batch: int,
    channels: int,
    size: tuple[int, int],
    states: int,
    rank: int,
    dtype: torch.dtype,
) -> None:
    inputs = cross_inputs(batch, channels, *size, states, rank, dtype=dtype)
    leaves = [t.clone().requires_grad_() for t in inputs]
    exact = [t.double().requires_grad_() for t in inputs]
    expected = reference.cross_scan_2d(*exact)
    weights = torch.linspace(-1, 2, expected.numel()).view_as(expected).double()
    expected_grads = torch.autograd.grad((expected * weights).sum(), exact)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDS3C_SCAN", name)
        y = cross_scan_2d(*leaves)
        grads = torch.autograd.grad((y * weights.to(dtype)).sum(), leaves)
        with torch.no_grad():
            assert_near(cross_scan_2d(*leaves), expected)  # a different path: no projections kept
    assert_near(y.detach(), expected)
    for gradient, wanted in zip(grads, expected_grads, strict=True):
        assert_near(gradient, wanted)


@pytest.mark.parametrize("name", ["cpu", "numba"])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_threads(
    name: str, threads: int, scan_inputs: Any, cross_inputs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same from several of Python's threads at once, each of which asks for several."""
    if name == "cpu" and not cpu_kernels.available():
        pytest.skip("no C++ compiler")
    monkeypatch.setenv("HANDS3C_SCAN", name)
    inputs = scan_inputs(2, 70, 45, 8, 2, dtype=torch.float32)
    plane = cross_inputs(2, 70, 5, 9, 8, 4, dtype=torch.float32)
    exact = {k: v.double() if isinstance(v, torch.Tensor) else v for k, v in inputs.items()}
    expected, expected_grads = gradients(by_reference, exact)
    crossed, crossed_grads = cross_gradients(reference.cross_scan_2d, [t.double() for t in plane])
    before = torch.get_num_threads()

    def check(_: int) -> None:
        torch.set_num_threads(threads)
        y, grads = gradients(selective_scan, inputs)
        assert_near(y, expected)
        for argument, gradient in grads.items():
            assert_near(gradient, expected_grads[argument])
        y, plane_grads = cross_gradients(cross_scan_2d, plane)
        assert_near(y, crossed)
        for gradient, wanted in zip(plane_grads, crossed_grads, strict=True):
            assert_near(gradient, wanted)

    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(check, range(6)))
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.parametrize("name", ["cpu", "numba"])
def test_works_in_a_forked_process(name: str) -> None:
    if name == "cpu" and not cpu_kernels.available():
        pytest.skip("no C++ compiler")
    code = (
        "import os, torch; torch.set_num_threads(2)\n"
        "from hands3c_core.ops import selective_scan\n"
        "a = torch.rand(4, 40, 50); b = torch.rand(4, 3, 50)\n"
        "scan = lambda: selective_scan(a, a, -torch.ones(40, 3), b, b)\n"
        "before = scan()\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0 if torch.equal(scan(), before) else 7)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    environment = os.environ | {"HANDS3C_SCAN": name, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=environment, timeout=300).returncode == 0


@pytest.mark.usefixtures("kernel")
def test_gradcheck(scan_inputs: Any) -> None:
    inputs = scan_inputs(1, 3, 34, 2, gate=True)
    names = [name for name, value in inputs.items() if isinstance(value, torch.Tensor)]
    leaves = [inputs[name].requires_grad_() for name in names]

    def scan(*tensors: torch.Tensor) -> Any:
        given = dict(zip(names, tensors, strict=True))
        return selective_scan(**(inputs | given), return_last_state=True)

    assert torch.autograd.gradcheck(scan, leaves, fast_mode=True)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("step", [20.0, 80.0, 1e4, 1e30])
def test_huge_steps_forget_everything(scan_inputs: Any, step: float) -> None:
    inputs = scan_inputs(1, 17, 40, 16, dtype=torch.float32)
    inputs["delta"] = torch.full_like(inputs["delta"], step)
    inputs["u"] = inputs["u"] / step
    y = selective_scan(**inputs)
    assert torch.isfinite(y).all()
    assert_near(y, by_reference(**inputs))


@pytest.mark.usefixtures("kernel")
def test_not_a_number_is_not_hidden(scan_inputs: Any) -> None:
    inputs = scan_inputs(1, 4, 40, 16, dtype=torch.float32)
    inputs["delta"][0, 1, 7] = torch.nan
    y = selective_scan(**inputs)
    assert torch.isnan(y[0, 1, 7:]).all()
    assert torch.isfinite(y[0, 1, :7]).all()
    assert torch.isfinite(y[0, [0, 2, 3]]).all()


@pytest.mark.usefixtures("kernel")
def test_layouts_and_groupings(scan_inputs: Any) -> None:
    inputs = scan_inputs(2, 6, 37, 4, 2)
    expected = by_reference(**inputs)
    strided = {
        name: value.transpose(-1, -2).contiguous().transpose(-1, -2)
        if isinstance(value, torch.Tensor) and value.dim() > 1
        else value
        for name, value in inputs.items()
    }
    assert_near(selective_scan(**strided), expected)
    single = inputs | {"B": inputs["B"][:, 0], "C": inputs["C"][:, 0]}
    assert_near(selective_scan(**single), by_reference(**single))
    constant = inputs | {"B": inputs["A"].clone()}  # (rows, states), with C in two groups
    assert_near(selective_scan(**constant), by_reference(**constant))


@pytest.mark.usefixtures("kernel")
def test_half_precision_and_autocast(scan_inputs: Any, cross_inputs: Any) -> None:
    inputs = scan_inputs(1, 4, 20, 3, dtype=torch.float32)
    half = {k: v.bfloat16() if isinstance(v, torch.Tensor) else v for k, v in inputs.items()}
    y = selective_scan(**half)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), selective_scan(**inputs), rtol=0.1, atol=0.1)
    plane = cross_inputs(dtype=torch.float32)
    expected = cross_scan_2d(*plane)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(cross_scan_2d(*plane), expected)


@pytest.mark.skipif(not cpu_kernels.available(), reason="no C++ compiler")
def test_registration_is_complete(scan_inputs: Any) -> None:
    inputs = scan_inputs(1, 20, 40, 16, dtype=torch.float32)
    names = ("u", "delta", "A", "B", "C", "D", "delta_bias")
    leaves = [inputs[name].requires_grad_() for name in names]
    torch.library.opcheck(torch.ops.hands3c.scan.default, (*leaves, True, True, "cpu"))
    x = torch.randn(1, 12, 5, requires_grad=True)
    projected = torch.randn(1, 12, 4, 2 + 6, requires_grad=True)
    rest = (torch.randn(4, 5, 2), torch.randn(4, 5), -torch.rand(20, 3), torch.randn(20))
    weights = [t.requires_grad_() for t in rest]
    torch.library.opcheck(
        torch.ops.hands3c.cross_scan.default, (x, projected, *weights, 3, 4, True, "cpu")
    )


@pytest.mark.skipif(not cpu_kernels.available(), reason="no C++ compiler")
def test_exports(cross_inputs: Any) -> None:
    class Scan(torch.nn.Module):
        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            return cross_scan_2d(*tensors)

    inputs = tuple(cross_inputs(dtype=torch.float32))
    exported = torch.export.export(Scan(), inputs)
    torch.testing.assert_close(exported.module()(*inputs), cross_scan_2d(*inputs))


@pytest.mark.skipif(not cpu_kernels.available(), reason="no C++ compiler")
def test_kernels_refuse_what_they_would_misread(scan_inputs: Any) -> None:
    inputs = scan_inputs(dtype=torch.float32)
    names = ("u", "delta", "A", "B", "C", "D", "delta_bias")
    wrong = [inputs[name] for name in names]
    wrong[2] = wrong[2].double()
    with pytest.raises(ValueError, match="A must be"):
        torch.ops.hands3c.scan(*wrong, True, False, "cpu")


def test_kernel_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDS3C_SCAN", "reference")
    assert active_kernel("cpu") == "reference"
    monkeypatch.setenv("HANDS3C_SCAN", "quick")
    with pytest.raises(UserError, match="quick is unknown"):
        active_kernel("cpu")
    monkeypatch.setenv("HANDS3C_SCAN", "cpu")
    with pytest.raises(UserError, match="on cuda"):
        active_kernel("cuda")
