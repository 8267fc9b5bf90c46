"""Train the paper's variants (no attention, self-attention, SSA, SSCA), or others, and compare."""

from __future__ import annotations

from hands3c_core.command import STOPPED as STOPPED_CODE
from hands3c_core.training import ablation

Options = ablation.AblationSettings


def run(settings: Options) -> int:
    """Train what is missing, print the table; returns the exit code."""
    try:
        table = ablation.run_ablation(settings)
    except (KeyboardInterrupt, SystemExit):  # Lightning ends the program on Ctrl+C
        print(ablation.ablation_table(ablation.finished(settings)))
        print("Stopped. The same command goes on.")
        return STOPPED_CODE
    print(ablation.ablation_table(table))
    return 0
