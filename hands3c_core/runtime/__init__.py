"""Ways of running a network fast, all answering as ``HandNetwork.predict`` does."""

from hands3c_core.runtime.base import Runtime
from hands3c_core.runtime.selection import (
    RUNTIMES,
    RuntimeChoice,
    make_runtime,
    measure,
    runtime_choices,
)

__all__ = ["RUNTIMES", "Runtime", "RuntimeChoice", "make_runtime", "measure", "runtime_choices"]
