"""Receptive fields as a figure and as tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

import numpy as np

from hands3c_core.explain.drawing import (
    captioned,
    color_bar,
    colored,
    draw_square,
    enlarged,
    grid,
    log_levels,
    text_line,
)
from hands3c_core.explain.receptive_field import ReceptiveField, area_table
from hands3c_core.types import UInt8

#: A row of a table.
Row = dict[str, float | str | int]
#: Powers of ten that the colours span: of pixels, and of cells (where one's own is far the most).
_PIXEL_DECADES: Final = 4
_CELL_DECADES: Final = 6
#: Side of a panel, px.
_PANEL: Final = 256
#: The share of the contribution whose square is drawn.
_SHOWN: Final = 0.5


def erf_figure(
    fields: Sequence[ReceptiveField], modules: Sequence[ReceptiveField | None], note: str = ""
) -> UInt8:
    """One panel for each network, and below it the reach of its attention module alone.

    Args:
        fields: of whole networks (``receptive_field``).
        modules: of their attention modules (``attention_field``), None where there is none.
        note: a line at the bottom: which weights, which images.

    Returns:
        (H, W, 3) RGB. The white square holds half of the contribution.
    """
    rows = [[_panel(field, f"{field.images} images", _PIXEL_DECADES) for field in fields]]
    rows.append([_bar("of a pixel", _PIXEL_DECADES)])
    if any(modules):
        rows.append([_module_panel(module) for module in modules])
        rows.append([_bar("of a cell", _CELL_DECADES)])
    if note:
        rows.append([text_line(max(len(fields), 2) * _PANEL, note)])
    return grid(rows)


def _bar(what: str, decades: int) -> UInt8:
    return color_bar(_PANEL, f"1e-{decades}", "1", f"contribution {what} over the largest, log")


def _panel(field: ReceptiveField, unit: str, decades: int) -> UInt8:
    picture = enlarged(colored(log_levels(field.scores, decades)), _PANEL)
    scale = _PANEL / len(field.scores)
    center = tuple((c + 0.5) * scale - 0.5 for c in field.center)
    draw_square(picture, (center[0], center[1]), field.half_side(_SHOWN) * scale)
    area = 100 * field.area(_SHOWN)
    return captioned(picture, field.title, f"half of it in {area:.2g} % of the area; {unit}")


def _module_panel(module: ReceptiveField | None) -> UInt8:
    if module is None or not module.scores.any():
        empty = np.full((_PANEL, _PANEL, 3), 238, np.uint8)
        if module is not None:  # there, but with output weights of zero
            return captioned(empty, module.title, "it adds nothing: it is not trained yet")
        return captioned(empty, "no attention module", "every cell sees itself")
    return _panel(module, f"{len(module.scores)} x {len(module.scores)} cells", _CELL_DECADES)


def as_rows(
    fields: Sequence[ReceptiveField], modules: Sequence[ReceptiveField | None]
) -> list[Row]:
    """The rows of ``area_table``, 'of' saying whether a row is of the network (pixels of the crop)
    or of its attention alone (cells of F)."""
    attention = area_table([module for module in modules if module is not None])
    rows: list[Row] = [{"of": "network", **row} for row in area_table(fields)]
    return rows + [{"of": "attention alone", **row} for row in attention]


def as_text(rows: Sequence[Row]) -> str:
    """Rows as an aligned table; areas in percent."""
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([_cell(name, row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    lines = []
    for line in cells:
        padded = [
            text.ljust(width) if column < 2 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def as_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV with a header; areas as parts of 1."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cell(name: str, value: float | str | int) -> str:
    return f"{100 * value:.2f} %" if "@" in name and isinstance(value, float) else str(value)
