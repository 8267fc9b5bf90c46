"""Published figures beside ours.

Only figures that were read at the source named with them are here: abstracts, and what the official
evaluation printed for the authors' released predictions or weights. Of the HandS3C paper (arXiv
2405.01066: FreiHAND Table 1, DexYCB Table 2, HO-3D Table 3, ablations 4 to 6) the abstract could be
read, which holds no figures, and its repository, which holds none either, but not the tables: its
rows are absent. ``with_rows`` takes more rows from a file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hands3c_core.errors import UserError

#: Columns: key of the report, heading, decimals, whether smaller is better.
COLUMNS: Final = (
    ("pa_mpjpe_mm", "PA-MPJPE", 1, True),
    ("mpjpe_mm", "MPJPE", 1, True),
    ("pa_mpvpe_mm", "PA-MPVPE", 1, True),
    ("auc", "AUC", 3, False),
    ("f5", "F@5", 3, False),
    ("f15", "F@15", 3, False),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One method's figures on one benchmark; keys are those of ``Evaluation.report``."""

    benchmark: str
    method: str
    figures: dict[str, float]
    source: str


PUBLISHED: Final = (
    Row(
        "freihand",
        "CMR (ResNet-18)",
        {"pa_mpjpe_mm": 7.5},
        "authors' repository SeanChenxy/HandMesh, README at 01cf106 (CMR-PG)",
    ),
    Row(
        "freihand",
        "MobRecon (DenseStack)",
        {"pa_mpjpe_mm": 6.9},
        "authors' repository SeanChenxy/HandMesh, README at 01cf106",
    ),
    Row(
        "freihand",
        "METRO",
        {"pa_mpjpe_mm": 6.6, "pa_mpvpe_mm": 6.7, "auc": 0.869, "f5": 0.721, "f15": 0.981},
        "authors' repository microsoft/MeshTransformer, docs/EXP.md at 18dbd5a",
    ),
    Row(
        "freihand",
        "METRO, several scales",
        {"pa_mpjpe_mm": 6.2, "pa_mpvpe_mm": 6.3, "auc": 0.876, "f5": 0.743, "f15": 0.984},
        "authors' repository microsoft/MeshTransformer, docs/EXP.md at 18dbd5a, with test-time "
        "augmentation",
    ),
    Row(
        "freihand",
        "Mesh Graphormer, several scales",
        {"pa_mpjpe_mm": 5.9, "pa_mpvpe_mm": 6.0, "auc": 0.883, "f5": 0.764, "f15": 0.986},
        "authors' repository microsoft/MeshGraphormer, docs/EXP.md at 4ccc367, with test-time "
        "augmentation",
    ),
    Row(
        "freihand",
        "ReJSHand",
        {"pa_mpjpe_mm": 6.3, "pa_mpvpe_mm": 6.4, "f5": 0.756, "f15": 0.984},
        "An et al., abstract of arXiv 2503.05995",
    ),
    Row(
        "freihand",
        "simpleHand",
        {"pa_mpjpe_mm": 5.8, "pa_mpvpe_mm": 6.1},
        "Zhou et al., CVPR 2024, abstract of arXiv 2403.01813",
    ),
    Row(
        "freihand",
        "simpleHand, released weights",
        {"pa_mpjpe_mm": 5.7, "pa_mpvpe_mm": 6.0, "auc": 0.887, "f5": 0.772, "f15": 0.986},
        "authors' repository patienceFromZhou/simpleHand, README at 13ce1e6",
    ),
    Row(
        "freihand",
        "Hamba",
        {"pa_mpvpe_mm": 5.3, "f15": 0.992},
        "Dong et al., NeurIPS 2024, abstract of arXiv 2407.09646",
    ),
    Row(
        "dexycb",
        "simpleHand",
        {"pa_mpjpe_mm": 5.5, "pa_mpvpe_mm": 5.5},
        "Zhou et al., CVPR 2024, abstract of arXiv 2403.01813",
    ),
    Row(
        "ho3d",
        "Semi-Hand-Object (v2)",
        {"pa_mpjpe_mm": 9.9, "pa_mpvpe_mm": 9.5},
        "authors' repository stevenlsw/Semi-Hand-Object, README at 02e3cf5 (Liu et al., CVPR 2021)",
    ),
)


def with_rows(path: Path) -> tuple[Row, ...]:
    """``PUBLISHED`` and the rows of a JSON file: a list of tables with 'benchmark', 'method',
    'figures' (keys of the report) and 'source'.

    Raises:
        UserError: the file is missing or of another form.
    """
    known = {key for key, *_ in COLUMNS}
    try:
        rows = []
        for entry in json.loads(path.read_bytes()):
            figures = {str(key): float(value) for key, value in entry["figures"].items()}
            if not figures.keys() <= known:
                raise ValueError(f"figures are among {', '.join(sorted(known))}")
            rows.append(Row(entry["benchmark"], entry["method"], figures, entry["source"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no list of published figures ({error!r}).") from None
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
    lines = [["method", *(heading for _, heading, *_ in COLUMNS)]]
    lines += [[row.method, *_cells(row.figures)] for row in chosen]
    lines.append([f"{report['estimator']} (ours)", *_cells(report)])
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


def _cells(figures: dict[str, Any]) -> list[str]:
    cells = []
    for key, _, decimals, _ in COLUMNS:
        value = figures.get(key)
        cells.append("-" if value is None else f"{value:.{decimals}f}")
    return cells
