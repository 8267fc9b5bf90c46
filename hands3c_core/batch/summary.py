"""What a run amounts to: a table of its clips, and a page to look at."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from hands3c_core.atomic import write_atomically
from hands3c_core.batch.run_folder import RunFolder
from hands3c_core.batch.summary_page import page

#: Column -> (what it is, type for Arrow).
COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "name": ("the clip's, and its folder's in clips/", "string"),
    "path": ("the file", "string"),
    "start": ("seconds of the file that are before the clip", "float64"),
    "sha256": ("of the file", "string"),
    "size": ("bytes", "int64"),
    "state": ("done or failed", "string"),
    "reason": ("why it failed", "string"),
    "seconds": ("length", "float64"),
    "fps": ("frames a second", "float64"),
    "width": ("px", "int64"),
    "height": ("px", "int64"),
    "frames": ("that were looked at", "int64"),
    "frames_with_hands": ("with one hand or more", "int64"),
    "hands": ("of how many hands there are tracks", "int64"),
    "hand_frames": ("hands of all frames together", "int64"),
    "filled": ("of them between others, not seen", "int64"),
    "unsure": ("of them doubted by the estimator itself", "int64"),
    "confidence": ("mean of the hands', 0 to 1", "float64"),
    "skipped": ("packets or pictures that could not be decoded", "int64"),
    "estimator": ("what made the estimates", "string"),
    "code": ("version of the program", "string"),
}


def write_summary(folder: RunFolder) -> list[Path]:
    """Write ``summary.html`` and ``summary.parquet`` (``summary.csv`` where pyarrow is not
    installed) of all results in a run's folder; returns them.

    Raises:
        UserError: they cannot be written.
    """
    results = list(folder.results())
    rows = [row_of(result) for result in results]
    html = write_atomically(folder.path / "summary.html", page(results, rows).encode())
    if find_spec("pyarrow") is None:
        return [html, write_atomically(folder.path / "summary.csv", _csv(rows))]
    return [html, _write_parquet(folder.path / "summary.parquet", rows)]


def row_of(result: dict[str, Any]) -> dict[str, Any]:
    """A clip's row; None for what is not known of it."""
    row = {name: result.get(name) for name in COLUMNS}
    hands = result.get("hands")
    if isinstance(hands, list):
        row["hands"] = len(hands)
        row["hand_frames"] = sum(int(hand["frames"]) for hand in hands)
        for name in ("filled", "unsure"):
            row[name] = sum(int(hand[name]) for hand in hands)
    return row


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _write_parquet(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [
        pa.field(name, getattr(pa, kind)(), metadata={"description": what})
        for name, (what, kind) in COLUMNS.items()
    ]
    schema = pa.schema(fields, metadata={"format": "hands3c-summary", "version": "1"})
    clean = [{key: _text(value) for key, value in row.items()} for row in rows]
    table = pa.Table.from_pylist(clean, schema=schema)
    return write_atomically(path, lambda temporary: pq.write_table(table, temporary))


def _text(value: Any) -> Any:
    """Names of files may hold bytes that are no text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
