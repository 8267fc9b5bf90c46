"""Checks for the owner of a CUDA machine: scans, runtime and renderer, against the CPU's.

    python scripts/doctor.py --gpu

Every part is a function of a device, so that it also runs, and is tested, without a GPU.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from hands3c_core.ops import selective_scan
from hands3c_core.ops.selective_scan import why_not

#: Seconds after which no further part is begun: all of it has to end within six minutes.
_TIME_LIMIT: Final = 240.0
#: Largest error of a scan and its gradients, relative to the largest value.
_SCAN_LIMIT: Final = 1e-4
#: Largest distance of a vertex from the CPU's, mm.
_VERTEX_LIMIT: Final = 0.05
#: What the renderer may differ by: mean of the pictures, grey levels; share of pixels of the mask.
_PICTURE_LIMIT, _MASK_LIMIT = 0.6, 1e-3

#: (batch, rows, groups, steps, states): several segments of a GPU's scan, one tile, odd sizes.
_CHECKED: Final = ((2, 24, 2, 517, 16), (1, 112, 4, 1792, 8), (1, 3, 1, 33, 5))
#: The same of the published network's branches and of a small one's.
_TIMED: Final = {
    "spatial, 2048 x 1024 x 16": (1, 2048, 4, 1024, 16),
    "channel, 128 x 16384 x 16": (1, 128, 4, 16384, 16),
    "spatial, 256 x 784 x 8": (1, 256, 4, 784, 8),
    "channel, 112 x 1792 x 8": (1, 112, 4, 1792, 8),
}
_ROUNDS: Final = 20

Report = dict[str, Any]


def check_gpu() -> Report:
    """Check everything that runs on CUDA and time it.

    Returns:
        For ``json.dump``: 'device' (null without a GPU), 'ok' (null where nothing was checked),
        'answer' in plain words, and one report for each part with 'ok' and its figures; times in
        ms.
    """
    if not torch.cuda.is_available():
        build = "a CPU build" if torch.version.cuda is None else f"built for {torch.version.cuda}"
        answer = f"There is no CUDA GPU that torch {torch.__version__} ({build}) can use."
        return {"device": None, "ok": None, "answer": f"{answer} Nothing was checked."}
    return check_device("cuda") | {"device": torch.cuda.get_device_name()}


def check_device(device: str, *, network: str = "hands3c_lite") -> Report:
    """As ``check_gpu``, for any device."""
    until = time.monotonic() + _TIME_LIMIT
    report: Report = {"device": device, "torch": torch.__version__}
    parts: dict[str, Callable[[], Report]] = {
        "scans": lambda: check_scans(device),
        "scan_times": lambda: time_scans(device),
        "runtime": lambda: check_runtime(device, network),
        "renderer": lambda: check_renderer(device),
    }
    for name, part in parts.items():
        report[name] = _guarded(part) if time.monotonic() < until else _skipped()
    failed = [name for name in parts if not report[name]["ok"]]
    report["ok"] = not failed
    report["answer"] = (
        "Everything agrees with the CPU."
        if not failed
        else "; ".join(f"{name}: {report[name].get('problem', 'differs')}" for name in failed)
    )
    return report


def _skipped() -> Report:
    return {"ok": False, "problem": f"not begun after {_TIME_LIMIT:.0f} s"}


def _guarded(part: Callable[[], Report]) -> Report:
    started = time.monotonic()
    try:
        report = part()
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        report = {"ok": False, "problem": f"{type(error).__name__}: {first}"}
    return report | {"seconds": round(time.monotonic() - started, 1)}


def kernels_for(device: str) -> dict[str, str]:
    """Scan kernels that belong to a kind of device -> why one cannot run; '' if it can."""
    kind = torch.device(device).type
    names = ("triton", "mamba_ssm") if kind == "cuda" else ("cpu", "numba")
    return {name: why_not(name, kind) for name in names}


def check_scans(device: str) -> Report:
    """Every kernel of the device, forward and backward, against the definition in float64."""
    report: Report = {"ok": True, "limit": _SCAN_LIMIT, "kernels": {}}
    for name, problem in kernels_for(device).items():
        if problem:
            report["kernels"][name] = problem
            # mamba's is only for comparison
            report["ok"] &= name == "mamba_ssm"
            continue
        errors = [_scan_error(name, device, shape) for shape in _CHECKED]
        report["kernels"][name] = {"forward": max(e[0] for e in errors)}
        report["kernels"][name]["backward"] = max(e[1] for e in errors)
        report["ok"] &= all(max(error) < _SCAN_LIMIT for error in errors)
    return report


def _scan_error(kernel: str, device: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """Relative errors of the output and of the worst gradient."""
    exact = [t.double().requires_grad_() for t in _scan_tensors(shape)]
    leaves = [t.detach().float().to(device).requires_grad_() for t in exact]
    y, *gradients = _scan_gradients(kernel, leaves)
    expected, *expected_gradients = _scan_gradients("reference", exact)
    pairs = zip(gradients, expected_gradients, strict=True)
    return _relative(y, expected), max(_relative(*pair) for pair in pairs)


def _scan_gradients(kernel: str, leaves: list[Tensor]) -> list[Tensor]:
    u, delta, decay, B, C, skip, bias = leaves
    y = selective_scan(
        u, delta, decay, B, C, skip, delta_bias=bias, delta_softplus=True, kernel=kernel
    )
    assert isinstance(y, Tensor)
    weights = torch.linspace(-1, 2, y.numel(), device=y.device, dtype=y.dtype).view_as(y)
    return [y, *torch.autograd.grad((y * weights).sum(), leaves)]


def _scan_tensors(shape: tuple[int, ...]) -> list[Tensor]:
    batch, rows, groups, steps, states = shape
    generator = torch.Generator().manual_seed(steps)

    def normal(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator)

    return [
        normal(batch, rows, steps),
        0.5 * normal(batch, rows, steps) - 2,
        -torch.exp(0.5 * normal(rows, states)),
        normal(batch, groups, states, steps),
        normal(batch, groups, states, steps),
        normal(rows),
        0.1 * normal(rows),
    ]


def _relative(actual: Tensor, expected: Tensor) -> float:
    scale = max(float(expected.detach().abs().max()), 1e-30)
    return float((actual.detach().cpu().double() - expected.detach()).abs().max()) / scale


def time_scans(device: str, rounds: int = _ROUNDS) -> Report:
    """Shortest forward, and forward with backward, of every kernel of the device."""
    names = [name for name, problem in kernels_for(device).items() if not problem]
    report: Report = {"ok": bool(names), "milliseconds": {}}
    for case, shape in _TIMED.items():
        leaves = [t.to(device).requires_grad_() for t in _scan_tensors(shape)]
        report["milliseconds"][case] = {
            name: _scan_times(name, leaves, device, rounds) for name in names
        }
    return report


def _scan_times(kernel: str, leaves: list[Tensor], device: str, rounds: int) -> dict[str, float]:
    @torch.no_grad()
    def forward() -> None:
        u, delta, decay, B, C, skip, bias = leaves
        selective_scan(
            u, delta, decay, B, C, skip, delta_bias=bias, delta_softplus=True, kernel=kernel
        )

    return {
        "forward": shortest(forward, device, rounds),
        "with_backward": shortest(lambda: _scan_gradients(kernel, leaves), device, rounds),
    }


def shortest(work: Callable[[], object], device: str, rounds: int) -> float:
    """Shortest of so many calls after two others, ms, the device's work included."""
    times = []
    for _ in range(rounds + 2):
        _wait(device)
        started = time.perf_counter()
        work()
        _wait(device)
        times.append(1e3 * (time.perf_counter() - started))
    return round(min(times[2:]), 4)


def _wait(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def check_runtime(device: str, network: str = "hands3c_lite") -> Report:
    """The device's exact runtimes against the eager network on the CPU, for one and two hands."""
    from hands3c_core.runtime import make_runtime, runtime_choices

    model = _network(network)
    size = model.input_size
    crops = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    expected = model.predict(crops).vertices.cpu()
    there = copy.deepcopy(model).to(device)
    report: Report = {"ok": True, "network": network, "limit_mm": _VERTEX_LIMIT, "runtimes": {}}
    for choice in runtime_choices(device):
        if choice.problem or not (choice.exact and choice.automatic):
            continue
        runtime = make_runtime(there, choice.name)
        off = float((runtime.predict(crops).vertices.cpu() - expected).norm(dim=-1).max())
        report["runtimes"][choice.name] = {
            "off_mm": round(1e3 * off, 5),
            "one_hand_ms": shortest(lambda r=runtime: r.predict(crops[:1]), device, _ROUNDS),  # type: ignore[misc]
            "two_hands_ms": shortest(lambda r=runtime: r.predict(crops), device, _ROUNDS),  # type: ignore[misc]
        }
        report["ok"] &= 1e3 * off < _VERTEX_LIMIT
    return report


def _network(name: str) -> Any:
    """The shipped network of that name, or one with fresh weights."""
    from hands3c_core.models import build_model, load_weights
    from hands3c_core.weights import NAMES, find_weights

    file = find_weights(name) if name in NAMES else None
    if file is not None:
        return load_weights(file).eval()
    torch.manual_seed(0)
    return build_model(name).eval()


def check_renderer(device: str, count: int = 16) -> Report:
    """The batched renderer against the compiled one: the same samples, and how fast each is."""
    from hands3c_core.data.synthetic import SyntheticConfig, SyntheticRenderer
    from hands3c_core.data.synthetic.batched import BatchRenderer

    config = SyntheticConfig(size=64, second_hand=0.5, occluders=0.7, motion_blur=0.5)
    compiled = SyntheticRenderer(config, seed=5)
    started = time.perf_counter()
    expected = [compiled.render(index) for index in range(count)]
    on_cpu = time.perf_counter() - started
    with BatchRenderer(config, seed=5, device=device, batch=count) as renderer:
        hands = sorted(renderer.render(range(count)), key=lambda hand: hand.index)
        started = time.perf_counter()
        list(renderer.render(range(count)))
        on_device = time.perf_counter() - started
    pairs = list(zip(hands, expected, strict=True))
    poses = all(np.array_equal(ours.pose, theirs.pose) for ours, theirs in pairs)
    crops = [np.abs(ours.crop.astype(int) - theirs.crop).mean() for ours, theirs in pairs]
    masks = [np.abs(ours.mask - theirs.mask).mean() for ours, theirs in pairs]
    return {
        "ok": poses and max(crops) < _PICTURE_LIMIT and max(masks) < _MASK_LIMIT,
        "same_poses": poses,
        "pictures_off": round(float(max(crops)), 4),
        "masks_off": round(float(max(masks)), 6),
        "ms_a_sample": round(1e3 * on_device / count, 2),
        "ms_a_sample_compiled_on_cpu": round(1e3 * on_cpu / count, 2),
    }
