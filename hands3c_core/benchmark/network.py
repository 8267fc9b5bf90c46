"""Time the network and its scans, all variants side by side in one run.

Variants take turns, so that whatever else the machine does hits all of them alike; figures are
medians over the rounds. The baseline of every ratio is the published way: the network in eager
mode with a scan that loops over the steps in Python.
"""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from hands3c_core.benchmark import published_scan
from hands3c_core.benchmark.memory import resident_memory
from hands3c_core.models import HandNetwork, build_model
from hands3c_core.ops import active_kernel, cross_scan_2d, reference, selective_scan
from hands3c_core.ops.arguments import ScanArguments
from hands3c_core.ops.cpu_library import CpuLibrary, load_library
from hands3c_core.runtime import make_runtime, runtime_choices
from hands3c_core.runtime.selection import processor_name

#: Vector operations that one state of one vector of rows takes per step in the forward kernels:
#: those of the exponential, and a multiplication and two fused multiply-adds around it.
UOPS_PER_STATE: Final = {"avx512": 8 + 3, "avx2": 13 + 3, "portable": 13 + 3}
#: The slow rows, timed in fewer rounds: what ratios are taken against.
PUBLISHED, LOOP = "published layout", "python loop"
GROUPS: Final = 4
STATES: Final = 16
RANK: Final = 16


@dataclass(frozen=True)
class ScanCase:
    """The scans of one branch of S3C for one 256-px crop."""

    name: str
    channels: int
    height: int
    width: int

    @property
    def rows(self) -> int:
        return GROUPS * self.channels

    @property
    def length(self) -> int:
        return self.height * self.width

    @property
    def state_updates(self) -> int:
        return self.rows * self.length * STATES

    @property
    def bytes_moved(self) -> int:
        """Least memory traffic of the forward scan in float32: u, delta, B, C in, y out."""
        return 4 * self.length * (3 * self.rows + 2 * GROUPS * STATES)


CASES: Final = (ScanCase("spatial", 512, 32, 32), ScanCase("channel", 32, 512, 32))


def benchmark_network(
    *,
    rounds: int = 15,
    baseline_rounds: int = 3,
    model: HandNetwork | None = None,
    compiled: bool = False,
    memory: bool = True,
) -> dict[str, Any]:
    """Time scans and runtimes on the CPU.

    Args:
        rounds: timed passes of every variant.
        baseline_rounds: timed passes of the slow Python loop.
        model: the network; by default 'hands3c' with fresh weights.
        compiled: also torch.compile (minutes).
        memory: also the memory of a fresh process per runtime, for the network and the lite one.

    Returns:
        A report for ``json.dump`` and ``as_markdown``. Times in ms.
    """
    torch.manual_seed(0)
    model = model or build_model("hands3c")
    report: dict[str, Any] = {"machine": describe_machine()}
    with torch.inference_mode():
        report["limits"] = measure_limits()
    report["scans"] = [
        _benchmark_scan(case, rounds, baseline_rounds, report["limits"]) for case in CASES
    ]
    report["network"] = benchmark_runtimes(model, rounds, baseline_rounds, compiled=compiled)
    if memory:
        names = dict.fromkeys((model.name, "hands3c_lite"))
        runtimes = report["network"]["two_hands_ms"]
        report["memory_mb"] = {
            network: {runtime: resident_memory(network, runtime) for runtime in runtimes}
            for network in names
        }
    return report


def describe_machine() -> dict[str, Any]:
    """What the figures depend on."""
    library = load_library()
    return {
        "processor": processor_name(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "scan_kernel": active_kernel("cpu"),
        "instruction_set": library.isa if library else None,
    }


def measure_limits() -> dict[str, Any]:
    """Peak vector operations and copied bytes per second, measured on all threads."""
    library = load_library()
    threads = torch.get_num_threads()
    source = torch.zeros(1 << 24)
    target = torch.empty_like(source)
    copying = min(timed(lambda: target.copy_(source)) for _ in range(5))
    limits: dict[str, Any] = {"copy_bytes_per_s": 2 * 4 * source.numel() / copying * 1e3}
    if library is not None:
        spins = 200_000
        library.spin_vector_units(spins, threads)
        best = min(timed(lambda: library.spin_vector_units(spins, threads)) for _ in range(5))
        limits["vector_ops_per_s"] = 16 * spins * threads / best * 1e3
    return limits


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - started)


def side_by_side(variants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of variants that take turns, after one untimed pass each."""
    samples: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds + 1):
        for name, work in variants.items():
            milliseconds = timed(work)
            if number:
                samples[name].append(milliseconds)
    return {name: round(statistics.median(values), 3) for name, values in samples.items()}


@contextlib.contextmanager
def kernel(name: str) -> Iterator[None]:
    """Use one scan kernel inside the block."""
    before = os.environ.get("HANDS3C_SCAN")
    os.environ["HANDS3C_SCAN"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["HANDS3C_SCAN"]
        else:
            os.environ["HANDS3C_SCAN"] = before


# ------------------------------------------------------------------------------ scans


def _benchmark_scan(
    case: ScanCase, rounds: int, baseline_rounds: int, limits: dict[str, Any]
) -> dict[str, Any]:
    forward, backward = _scan_variants(case)
    fused = _fused_variants(case)
    result: dict[str, Any] = {
        "name": case.name,
        "rows": case.rows,
        "length": case.length,
        "forward_ms": _with_baseline(forward, rounds, baseline_rounds),
        "forward_backward_ms": _with_baseline(backward, rounds, max(1, baseline_rounds - 1)),
        "cross_scan_ms": _with_baseline(fused, rounds, baseline_rounds),
        "state_updates": case.state_updates,
        "bytes_moved": case.bytes_moved,
    }
    library = load_library()
    if library is not None and "vector_ops_per_s" in limits:
        lanes = library.layout(torch.float32).lanes
        operations = case.state_updates / lanes * UOPS_PER_STATE[library.isa]
        result["vector_operations"] = operations
        result["compute_limit_ms"] = round(1e3 * operations / limits["vector_ops_per_s"], 3)
    result["memory_limit_ms"] = round(1e3 * case.bytes_moved / limits["copy_bytes_per_s"], 3)
    return result


def _with_baseline(
    variants: dict[str, Callable[[], object]], rounds: int, baseline_rounds: int
) -> dict[str, float]:
    slow = {name: work for name, work in variants.items() if name in (PUBLISHED, LOOP)}
    fast = {name: work for name, work in variants.items() if name not in slow}
    return side_by_side(slow, baseline_rounds) | side_by_side(fast, rounds)


def _scan_arguments(case: ScanCase) -> list[Tensor]:
    rows, length = case.rows, case.length
    decay = -torch.arange(1.0, STATES + 1).repeat(rows, 1)
    return [
        torch.randn(1, rows, length),
        torch.randn(1, rows, length),
        decay,
        torch.randn(1, GROUPS, STATES, length),
        torch.randn(1, GROUPS, STATES, length),
        torch.randn(rows),
        torch.randn(rows) * 0.1 - 4,
    ]


Variants = dict[str, Callable[[], object]]


def _scan_variants(case: ScanCase) -> tuple[Variants, Variants]:
    """Forward, and forward with backward, by kernel."""
    inputs = _scan_arguments(case)
    leaves = [t.clone().requires_grad_() for t in inputs]
    upstream = torch.randn_like(inputs[0])

    def run(name: str, tensors: list[Tensor]) -> Tensor:
        u, delta, decay, B, C, skip, bias = tensors
        if name == PUBLISHED:
            arguments = ScanArguments(u, delta, decay, B, C, skip, bias, softplus=True)
            return published_scan.scan(arguments)[0]
        with kernel(name):
            y = selective_scan(u, delta, decay, B, C, skip, delta_bias=bias, delta_softplus=True)
        assert isinstance(y, Tensor)
        return y

    def forward(name: str) -> Callable[[], object]:
        @torch.inference_mode()
        def work() -> Tensor:
            return run(name, inputs)

        return work

    def both(name: str) -> Callable[[], object]:
        return lambda: torch.autograd.grad(run(name, leaves), leaves, upstream)

    names = {LOOP: "reference", "chunked torch": "chunked", "numba": "numba"}
    names = {PUBLISHED: PUBLISHED} | names
    ahead = {label: forward(name) for label, name in names.items()}
    around = {label: both(name) for label, name in names.items()}
    library = load_library()
    if library is not None:
        for isa in _instruction_sets(library):
            ahead[f"C++ {isa}"] = _with_isa(library, isa, forward("cpu"))
        around[f"C++ {library.isa}"] = both("cpu")
    return ahead, around


def _fused_variants(case: ScanCase) -> Variants:
    """The four-direction cross-scan with its projections, from a plane to a plane."""
    channels = case.channels
    plane = torch.randn(1, case.height, case.width, channels).permute(0, 3, 1, 2)
    weights = [
        torch.randn(GROUPS, RANK + 2 * STATES, channels) * channels**-0.5,
        torch.randn(GROUPS, channels, RANK) * 0.2,
        torch.randn(GROUPS, channels) * 0.1 - 4,
        -torch.arange(1.0, STATES + 1).repeat(case.rows, 1),
        torch.randn(case.rows),
    ]

    def cross(name: str) -> Callable[[], object]:
        @torch.inference_mode()
        def work() -> Tensor:
            with kernel(name):
                return cross_scan_2d(plane, *weights)

        return work

    @torch.inference_mode()
    def published() -> Tensor:
        return reference.cross_scan_2d(plane, *weights, kernel=published_scan.scan)

    names = {LOOP: "reference", "chunked torch": "chunked", "numba": "numba"}
    variants = {PUBLISHED: published} | {label: cross(name) for label, name in names.items()}
    library = load_library()
    if library is not None:
        variants[f"C++ {library.isa}, fused"] = cross("cpu")
    return variants


def _instruction_sets(library: CpuLibrary) -> list[str]:
    found = []
    for isa in UOPS_PER_STATE:
        with contextlib.suppress(ValueError), library.using_isa(isa):
            found.append(isa)
    return found


def _with_isa(library: CpuLibrary, isa: str, work: Callable[[], object]) -> Callable[[], object]:
    def inside() -> object:
        with library.using_isa(isa):
            return work()

    return inside


# ------------------------------------------------------------------------------ network


def benchmark_runtimes(
    model: HandNetwork, rounds: int, baseline_rounds: int, *, compiled: bool
) -> dict[str, Any]:
    """Time a network in every runtime; see ``benchmark_network``."""
    model.eval()
    size = model.input_size
    generator = np.random.default_rng(0)
    crops = {n: generator.integers(0, 256, (n, size, size, 3), dtype=np.uint8) for n in (1, 2)}
    runtimes, ready = {}, {}
    for choice in runtime_choices("cpu"):
        if not choice.problem and (compiled or choice.name != "compiled"):
            started = time.perf_counter()
            runtimes[choice.name] = make_runtime(model, choice.name)
            runtimes[choice.name].predict(crops[1])
            ready[choice.name] = round(time.perf_counter() - started, 2)

    def published() -> None:
        with kernel("reference"):
            model.predict(crops[1])

    slow = side_by_side({"published style": published}, baseline_rounds)
    one = side_by_side({n: _predict(r, crops[1]) for n, r in runtimes.items()}, rounds)
    two = side_by_side({n: _predict(r, crops[2]) for n, r in runtimes.items()}, rounds)
    expected = model.predict(crops[2]).vertices
    differences = {
        name: round(_distance_mm(runtime.predict(crops[2]).vertices, expected), 5)
        for name, runtime in runtimes.items()
    }
    return {
        "model": model.name,
        "input_size": size,
        "ready_s": ready,
        "one_hand_ms": slow | one,
        "two_hands_ms": two,
        "vertex_difference_mm": differences,
    }


def _predict(runtime: Any, crops: np.ndarray) -> Callable[[], object]:
    return lambda: runtime.predict(crops)


def _distance_mm(vertices: Tensor, expected: Tensor) -> float:
    """Largest distance between corresponding vertices."""
    return 1e3 * float((vertices - expected).norm(dim=-1).max())
