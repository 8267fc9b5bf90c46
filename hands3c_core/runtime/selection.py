"""Runtimes by name, and the fastest one found by measuring once."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import logging
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
import torch

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError, is_out_of_memory
from hands3c_core.models import HandNetwork
from hands3c_core.ops import active_kernel
from hands3c_core.ops.build import system_compiler
from hands3c_core.reading import read_json
from hands3c_core.runtime.base import Runtime
from hands3c_core.runtime.bystanders import Bystanders
from hands3c_core.runtime.cuda_graph import CudaGraphRuntime
from hands3c_core.runtime.openvino_runtime import OpenVinoRuntime
from hands3c_core.runtime.torch_runtimes import CompiledRuntime, EagerRuntime, FoldedRuntime

_log = logging.getLogger(__name__)

#: Passes before measuring; then at least so many, and as many as fit in so many seconds.
_WARM_UP, _PASSES, _SECONDS = 2, 7, 0.4
_MOST_PASSES: Final = 40
#: Passes that usually take so many times the shortest one were held up by something else.
_HELD_UP: Final = 1.5
#: Counts the ways of measuring that there have been; what an older one remembered is not used.
_METHOD: Final = 4


@dataclass(frozen=True)
class RuntimeChoice:
    """One way of running a network on this machine."""

    name: str
    """For ``make_runtime``."""
    problem: str
    """Why it cannot be used here; '' if it can."""
    exact: bool
    """float32 throughout: within 0.05 mm of eager. The others need a check on trained weights."""
    automatic: bool
    """Whether 'auto' considers it: exact ones that are ready within seconds."""


def _cpu_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AMX or AVX512-BF16)."""
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, check, lambda: False)() for check in checks)


_FACTORIES: Final[dict[str, Callable[..., Runtime]]] = {
    "eager": EagerRuntime,
    "folded": FoldedRuntime,
    "compiled": CompiledRuntime,
    "openvino": OpenVinoRuntime,
    "cuda_graph": CudaGraphRuntime,
    "folded-bf16": functools.partial(FoldedRuntime, precision=torch.bfloat16),
    "openvino-bf16": functools.partial(OpenVinoRuntime, precision=torch.bfloat16),
    "cuda_graph-fp16": functools.partial(CudaGraphRuntime, precision=torch.float16),
    "cuda_graph-bf16": functools.partial(CudaGraphRuntime, precision=torch.bfloat16),
}
#: All names ``make_runtime`` takes.
RUNTIMES: Final = ("auto", *_FACTORIES)
#: Names the runtimes of which 'auto' takes the first that runs, without measuring: for processes
#: that must all take the same one, or that start together and would measure each other.
CHOSEN: Final = "HANDS3C_RUNTIME"


def runtime_choices(device: torch.device | str = "cpu") -> list[RuntimeChoice]:
    """All runtimes, with what stands against each on this machine and device."""
    kind = torch.device(device).type
    return [
        RuntimeChoice(
            name,
            _problem(name, kind),
            exact="-" not in name,
            automatic="-" not in name and name != "compiled",
        )
        for name in _FACTORIES
    ]


def _problem(name: str, kind: str) -> str:
    base, _, precision = name.partition("-")
    if base == "openvino":
        if kind != "cpu":
            return f"it runs on the CPU, the network is on {kind}"
        if importlib.util.find_spec("openvino") is None:
            return "OpenVINO is not installed (pip install 'hands3c-live[openvino]')"
    if base == "cuda_graph" and kind != "cuda":
        return f"it runs on CUDA, the network is on {kind}"
    if base == "compiled" and kind == "cpu" and system_compiler() is None:
        return "torch.compile needs a C++ compiler"
    if precision == "bf16" and kind == "cpu" and not _cpu_bfloat16():
        return "this CPU has no bfloat16 arithmetic (AMX or AVX512-BF16)"
    return ""


def make_runtime(model: HandNetwork, name: str = "auto", *, take: bool = False) -> Runtime:
    """Make a network ready for inference.

    Args:
        model: a network with its final weights, on its device.
        name: one of ``RUNTIMES``. 'auto' measures the exact ones once for each machine and kind
            of network, and remembers the fastest. 'compiled' and the half-precision ones are used
            only by name.
        take: the runtime may use up the model's weights: half the memory, but the model can be
            neither run nor saved afterwards. Its hand and name stay.

    Raises:
        UserError: no such runtime, or it cannot run here.
    """
    if name == "auto":
        return _fastest(model, take)
    if name not in _FACTORIES:
        raise UserError(f"Runtime {name!r} is unknown: take one of {', '.join(RUNTIMES)}.")
    problem = _problem(name, _device(model).type)
    if problem:
        raise UserError(f"Runtime {name} cannot be used: {problem}.")
    return _FACTORIES[name](model, take=take)


def _fastest(model: HandNetwork, take: bool) -> Runtime:
    choices = [c.name for c in runtime_choices(_device(model)) if c.automatic and not c.problem]
    for chosen in os.environ.get(CHOSEN, "").split():
        if chosen in choices:
            return make_runtime(model, chosen, take=take)
    record, key = _read_record(), _machine_key(model, choices)
    remembered = record.get(key, {})
    if isinstance(remembered, dict) and remembered.get("fastest") in choices:
        return make_runtime(model, remembered["fastest"], take=take)
    times: dict[str, float] = {}
    usual: dict[str, float] = {}
    best: Runtime | None = None
    bystanders = Bystanders()
    no_memory = False
    for choice in choices:
        try:
            runtime = make_runtime(model, choice)
            passes = measure(runtime)
        except Exception as error:
            _log.warning("runtime %s failed and is left out: %s", choice, error)
            no_memory = no_memory or is_out_of_memory(error)
            continue
        if best is None or min(passes) < min(times.values()):
            best = runtime
        times[choice], usual[choice] = round(min(passes), 3), statistics.median(passes)
    if best is None and no_memory:
        raise MemoryError("no runtime had enough memory")
    if best is None:
        raise UserError("No runtime works here: run hands3c doctor to see why.")
    _log.info("runtime %s is the fastest here: %s ms", best.runtime_name, times)
    if len(times) == 1 or (_is_certain(times, usual) and not bystanders.disturb()):
        record[key] = {"fastest": best.runtime_name, "milliseconds": times}
        _write_record(record)
    else:
        _log.info("the machine was busy meanwhile, so this will be measured again next time")
    return make_runtime(model, best.runtime_name, take=True) if take else best


def _is_certain(shortest: dict[str, float], usual: dict[str, float]) -> bool:
    """Whether a quiet machine would say the same: there was no choice, or nothing was held up."""
    held_up = any(usual[name] >= _HELD_UP * shortest[name] for name in shortest)
    return not held_up or len(shortest) == 1


def measure(runtime: Runtime) -> list[float]:
    """Milliseconds of some passes of ``predict`` for one crop. What else runs on the machine only
    ever makes a pass longer, so the shortest is what the runtime needs."""
    size = runtime.input_size
    crop = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    for _ in range(_WARM_UP):
        runtime.predict(crop).vertices.cpu()  # waits for the GPU
    passes: list[float] = []
    until = time.perf_counter() + _SECONDS
    while len(passes) < _PASSES or (time.perf_counter() < until and len(passes) < _MOST_PASSES):
        started = time.perf_counter()
        runtime.predict(crop).vertices.cpu()
        passes.append(1e3 * (time.perf_counter() - started))
    return passes


def _device(model: HandNetwork) -> torch.device:
    return next(model.parameters()).device


def _machine_key(model: HandNetwork, choices: list[str]) -> str:
    """What the fastest runtime depends on, as a hash."""
    device = _device(model)
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    parts = (
        *(platform.platform(), processor_name(), torch.get_num_threads(), torch.__version__),
        *(device.type, gpu, active_kernel(device), choices, str(model.config), _METHOD),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def processor_name() -> str:
    """The CPU's model name, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def record_file() -> Path:
    """Where 'auto' remembers its choice."""
    return Path(platformdirs.user_cache_dir("hands3c", appauthor=False)) / "runtimes.json"


def _read_record() -> dict[str, object]:
    try:
        record = read_json(record_file())
    except UserError:
        return {}
    return record if isinstance(record, dict) else {}


def _write_record(record: dict[str, object]) -> None:
    try:
        write_atomically(record_file(), json.dumps(record, indent=1).encode())
    except UserError as error:
        _log.warning("the choice of runtime cannot be remembered: %s", error)
