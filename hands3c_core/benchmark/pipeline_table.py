"""The live path's figures as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table


def as_table(reports: Sequence[dict[str, Any]]) -> Table:
    """Reports of ``benchmark_pipeline`` side by side: median / p95 ms by stage."""
    table = Table(
        title=f"Live path with {reports[0]['estimator']}, one thread: median / p95 ms a frame"
    )
    table.add_column("stage")
    for report in reports:
        table.add_column(f"max_hands={report['max_hands']}", justify="right")
    for stage in reports[0]["stages"]:
        cells = (report["stages"].get(stage) for report in reports)
        table.add_row(stage, *("" if c is None else _cell(c) for c in cells))
    table.add_section()
    table.add_row("hands a frame", *(f"{r['hands_per_frame']:.2f}" for r in reports))
    table.add_row("frames/s", *(f"{r['fps']:.1f}" for r in reports))
    table.add_row(
        "memory, MB", *(f"{r['rss_start_mb']:.0f} to {r['rss_end_mb']:.0f}" for r in reports)
    )
    return table


def _cell(stage: dict[str, float]) -> str:
    return f"{stage['median_ms']:.1f} / {stage['p95_ms']:.1f}"
