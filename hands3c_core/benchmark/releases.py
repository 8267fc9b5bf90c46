"""How fast each release was: the reports in ``benchmarks/`` as one picture.

A report is what ``hands3c benchmark --json`` writes. Bars of one machine share a colour; those of
different machines say nothing of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.reading import read_json

_WIDTH, _LABELS, _ROW, _HEAD = 760, 210, 24, 34
_COLORS: Final = ("#0b8574", "#b5651d", "#5b6abf", "#8a4f7d", "#6b7280")


@dataclass(frozen=True)
class Report:
    """A release's report."""

    version: str
    machine: str
    parts: Mapping[str, Any]


def _total_ms(hands: int) -> Callable[[Mapping[str, Any]], float | None]:
    def find(parts: Mapping[str, Any]) -> float | None:
        for report in parts.get("pipeline", ()):
            if report["max_hands"] == hands:
                return float(report["stages"]["total"]["median_ms"])
        return None

    return find


def _window(*path: str) -> Callable[[Mapping[str, Any]], float | None]:
    def find(parts: Mapping[str, Any]) -> float | None:
        found: Any = parts.get("ui")
        for name in path:
            found = None if found is None else found.get(name)
        return None if found is None else float(found)

    return find


#: What is drawn of a report: title, and where it stands.
FIGURES: Final[tuple[tuple[str, Callable[[Mapping[str, Any]], float | None]], ...]] = (
    ("Pipeline, two hands, ms a frame", _total_ms(2)),
    ("Pipeline, one hand, ms a frame", _total_ms(1)),
    ("Window, pictures a second", _window("shown_fps")),
    ("Window, arrival to screen, ms", _window("latency_ms", "median")),
    ("Window, longest gap of the event loop, ms", _window("gui_gap_ms", "max")),
    ("Window, memory, MB", _window("memory_mb")),
)


def read_reports(folder: Path) -> list[Report]:
    """The reports of a folder, by file name.

    Raises:
        UserError: there is none, or one is no report.
    """
    reports = []
    for file in sorted(folder.glob("*.json")):
        content = read_json(file)
        about = content.get("about") if isinstance(content, dict) else None
        if not isinstance(about, dict) or not {"version", "machine"} <= set(about):
            raise UserError(f"{file} is no report of hands3c benchmark --json: it has no 'about'.")
        reports.append(Report(str(about["version"]), str(about["machine"]), content))
    if not reports:
        raise UserError(f"{folder} has no reports (*.json): hands3c benchmark --json makes one.")
    return reports


def draw_reports(folder: Path, path: Path) -> None:
    """Draw the reports of ``folder`` as an SVG.

    Raises:
        UserError: a report cannot be read, or the picture not written.
    """
    reports = read_reports(folder)
    machines = list(dict.fromkeys(report.machine for report in reports))
    color = {name: _COLORS[row % len(_COLORS)] for row, name in enumerate(machines)}
    drawn: list[str] = []
    top = 12
    for title, find in FIGURES:
        try:
            bars = [(report, find(report.parts)) for report in reports]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(f"A report in {folder} has no readable figures: {error!r}.") from None
        known = [(report, value) for report, value in bars if value is not None]
        if known:
            drawn.append(_text(12, top + 18, title, bold=True))
            top += _HEAD
            largest = max(value for _, value in known) or 1.0
            for report, value in known:
                width = (_WIDTH - _LABELS - 90) * value / largest
                drawn.append(_text(_LABELS - 10, top + 14, report.version, end=True))
                drawn.append(
                    f'<rect x="{_LABELS}" y="{top + 2}" width="{width:.1f}" height="{_ROW - 7}" '
                    f'fill="{color[report.machine]}"/>'
                )
                drawn.append(_text(_LABELS + width + 8, top + 14, f"{value:g}"))
                top += _ROW
            top += 8
    for name in machines:
        drawn.append(f'<rect x="12" y="{top + 4}" width="14" height="14" fill="{color[name]}"/>')
        drawn.append(_text(34, top + 15, name))
        top += _ROW
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 10}" '
        'font-family="sans-serif" font-size="13" fill="#222222">'
        f'<rect width="{_WIDTH}" height="{top + 10}" fill="#ffffff"/>\n' + "\n".join(drawn)
    )
    write_atomically(path, f"{svg}\n</svg>\n".encode())


def _text(x: float, y: float, words: str, *, bold: bool = False, end: bool = False) -> str:
    look = (' font-weight="bold"' if bold else "") + (' text-anchor="end"' if end else "")
    return f'<text x="{x:.1f}" y="{y:.1f}"{look}>{escape(words)}</text>'
