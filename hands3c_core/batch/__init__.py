"""Many clips: from files to a folder of hands, on one machine or a cluster.

    from hands3c_core.batch import BatchConfig, iter_takes, process

    process(["clips/"], "hands", BatchConfig(formats=("jsonl", "parquet")))
    for take in iter_takes("hands"):
        print(take.name, take.record["confidence"], take.table().num_rows)

Programs that start a run with more than one process need ``if __name__ == "__main__":`` around it,
as every Python program does that starts processes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hands3c_core.batch.driver import Progress, process
    from hands3c_core.batch.engine import make_engine
    from hands3c_core.batch.settings import BatchConfig
    from hands3c_core.batch.takes import Take, iter_takes

__all__ = ["BatchConfig", "Progress", "Take", "iter_takes", "make_engine", "process"]

#: Name -> its module: what only needs an engine does not load the pipeline.
_HOMES = {
    "BatchConfig": "settings",
    "Progress": "driver",
    "Take": "takes",
    "iter_takes": "takes",
    "make_engine": "engine",
    "process": "driver",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
