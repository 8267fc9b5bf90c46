"""Many clips: from files to a folder of hands, on one machine or a cluster.

    from hands3c_core.batch import BatchConfig, iter_takes, process

    process(["clips/"], "hands", BatchConfig(formats=("jsonl", "parquet")))
    for take in iter_takes("hands"):
        print(take.name, take.record["confidence"], take.table().num_rows)

Programs that start a run with more than one process need ``if __name__ == "__main__":`` around it,
as every Python program does that starts processes.
"""

from hands3c_core.batch.engine import make_engine
from hands3c_core.batch.process import Progress, process
from hands3c_core.batch.settings import BatchConfig
from hands3c_core.batch.takes import Take, iter_takes

__all__ = ["BatchConfig", "Progress", "Take", "iter_takes", "make_engine", "process"]
