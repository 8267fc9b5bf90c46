"""OpenVINO, which is not there on every machine, and which reports its use unless kept from it.

OpenVINO's Python package reports its use over the network when it is imported and when it converts
a model; ``import_openvino`` keeps it from doing so. No torch is imported here.
"""

from __future__ import annotations

import functools
import importlib
import sys
from types import ModuleType
from typing import Any

from hands3c_core.errors import UserError


def import_openvino() -> ModuleType:
    """The openvino package, without the reporting.

    It looks for the package ``openvino_telemetry`` and does without if there is none, which is what
    it is made to see here.

    Raises:
        UserError: OpenVINO is not installed.
    """
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    telemetry = sys.modules.get("openvino_telemetry")
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    except ImportError:
        raise UserError('OpenVINO is not installed: pip install "hands3c-live[openvino]"') from None
    finally:
        del sys.modules["openvino_telemetry"]
        if telemetry is not None:
            sys.modules["openvino_telemetry"] = telemetry


@functools.cache
def openvino_core() -> Any:
    """The process's one OpenVINO core, never released.

    A core for AMX gives its thread an alternative signal stack and puts the previous one back when
    it ends. When several end out of order, the thread is left with a stack that is unmapped, and
    the next signal (the end of a child process, say) crashes the process.
    """
    return import_openvino().Core()


def quick_options(threads: int) -> dict[str, Any]:
    """Of ``compile_model``: one answer at a time, as soon as can be, on so many threads.

    OpenVINO would pin each thread to a core, and every model of every process to the same first
    ones: two models that compute side by side, in the window's threads or in two workers, then wait
    for one core while the other is idle.
    """
    return {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,
    }
