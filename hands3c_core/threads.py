"""Thread settings for our processes; imports nothing, so that it can run before everything else."""

from __future__ import annotations

import os
import sys
from typing import Final

#: Between two parallel regions OpenMP threads wait busily, by default for milliseconds. With
#: several threaded libraries in one process, or any other load, a waiting thread then keeps a
#: working one from its core and frames take seconds. These bounds keep the wait to microseconds.
_SETTINGS: Final = {
    "GOMP_SPINCOUNT": "2000",  # GNU: rounds of waiting
    "KMP_BLOCKTIME": "0",  # Intel and LLVM: milliseconds
}


def configure_threads() -> bool:
    """Limit busy waiting in OpenMP; the user's own settings win.

    Call it at the start of a process, before torch is imported: OpenMP reads them once.

    Returns:
        False if it is too late, because torch has been imported.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
    return "torch" not in sys.modules
