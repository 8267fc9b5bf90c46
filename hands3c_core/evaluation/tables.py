"""Published figures beside ours: ``published`` has them, ``with_rows`` takes more from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from hands3c_core.evaluation.published import PUBLISHED, Row
from hands3c_core.reading import Fields, read_json

_MOST_ROWS: Final = 10_000


class Column(NamedTuple):
    """A column of the comparison."""

    key: str
    """Of ``Evaluation.report``."""
    heading: str
    decimals: int
    unit: float = 1.0
    """What the figure is divided by."""


COLUMNS: Final = (
    Column("params", "params (M)", 1, 1e6),
    Column("mpjpe_mm", "MPJPE", 2),
    Column("pa_mpjpe_mm", "PA-MPJPE", 2),
    Column("auc", "AUC", 3),
    Column("pa_mpvpe_mm", "PA-MPVPE", 2),
    Column("auc_vertices", "AUC (mesh)", 3),
    Column("f5", "F@5", 3),
    Column("f15", "F@15", 3),
)


def with_rows(path: Path) -> tuple[Row, ...]:
    """``PUBLISHED`` and the rows of a JSON file: a list of tables with 'benchmark', 'method',
    'figures' (keys of the report) and 'source'.

    Raises:
        UserError: the file is missing or of another form.
    """
    known = {column.key for column in COLUMNS}
    rows = []
    for entry in Fields({"rows": read_json(path)}, str(path)).each("rows", _MOST_ROWS):
        figures = entry.numbers("figures", 0.0, 1e6)
        if not figures or not figures.keys() <= known:
            raise entry.fail("figures", f"must be among {', '.join(sorted(known))}")
        rows.append(
            Row(entry.text("benchmark"), entry.text("method"), figures, entry.text("source"))
        )
    return (*PUBLISHED, *rows)


def comparison(
    report: dict[str, Any], rows: Sequence[Row] = PUBLISHED, benchmark: str | None = None
) -> str:
    """A text table of the published rows of a benchmark with ours below them.

    Args:
        report: of ``Evaluation.report``.
        rows: published figures.
        benchmark: which of their benchmarks; by default the report's own if it is of one, else the
            table holds our row alone.
    """
    shared = report["dataset"] == "handoccnet_json"
    name = benchmark or str(report["protocol" if shared else "dataset"])
    chosen = [row for row in rows if row.benchmark == name]
    said = [*(row.figures for row in chosen), report]
    columns = [c for c in COLUMNS if any(figures.get(c.key) is not None for figures in said)]
    lines = [["method", *(column.heading for column in columns)]]
    lines += [[row.method, *_cells(row.figures, columns)] for row in chosen]
    lines.append([f"{report['estimator']} (ours)", *_cells(report, columns)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    table = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    sources = [f"  {row.method}: {row.source}" for row in chosen]
    return "\n".join([*table, *(["sources:"] if sources else []), *sources])


def _cells(figures: dict[str, Any], columns: Sequence[Column]) -> list[str]:
    cells = []
    for column in columns:
        value = figures.get(column.key)
        cells.append("-" if value is None else f"{value / column.unit:.{column.decimals}f}")
    return cells
