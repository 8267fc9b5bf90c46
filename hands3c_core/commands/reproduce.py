"""Train the paper's networks on a data set with its recipe, measure them, and print its table."""

from __future__ import annotations

from hands3c_core.command import STOPPED as STOPPED_CODE
from hands3c_core.training import reproduce

Options = reproduce.ReproduceSettings


def run(settings: Options) -> int:
    """Plan or do it; returns the exit code."""
    benchmark = reproduce.BENCHMARKS[settings.table]
    if settings.dry_run:
        print(f"{settings.table} ({benchmark.table}): train on {settings.spec(benchmark.train)},")
        print(f"measure on {settings.spec(benchmark.test)}")
        found = reproduce.plans(settings)
        for plan in found:
            print("  " + plan.line())
        left = [plan for plan in found if not plan.is_done]
        hours, disk = sum(p.seconds for p in left) / 3600, sum(p.disk for p in left) / 2**20
        print(f"in all about {hours:,.1f} h on this machine and {disk:,.0f} MB in {settings.out}")
        return 0
    try:
        print(reproduce.reproduce(settings))
    except (KeyboardInterrupt, SystemExit):  # Lightning ends the program on Ctrl+C
        print("Stopped. The same command goes on.")
        return STOPPED_CODE
    return 0
