"""The report of ``benchmark_network`` as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def as_markdown(report: dict[str, Any]) -> str:
    """Tables for docs/performance.md: machine, scans with their limits, runtimes."""
    machine = report["machine"]
    lines = [
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}, "
        f"scan kernel {machine['scan_kernel']} ({machine['instruction_set']}).",
        "",
    ]
    for scan in report["scans"]:
        lines += _scan_table(scan)
    lines += _network_table(report["network"])
    return "\n".join(lines)


def _scan_table(scan: dict[str, Any]) -> list[str]:
    size = f"{scan['rows']} rows x {scan['length']} steps x 16 states"
    lines = [f"**{scan['name'].capitalize()} scan** ({size})", ""]
    rows = []
    for title, times in (
        ("forward", scan["forward_ms"]),
        ("forward and backward", scan["forward_backward_ms"]),
        ("four directions with projections", scan["cross_scan_ms"]),
    ):
        bases = times["published layout"], times["python loop"]
        rows += [
            (title, name, ms(value), *(factor(base, value) for base in bases))
            for name, value in times.items()
        ]
    lines += table(("", "kernel", "ms", "times as fast as published", "as our loop"), rows)
    lines += ["", _limits(scan), ""]
    return lines


def _limits(scan: dict[str, Any]) -> str:
    text = (
        f"{scan['state_updates'] / 1e6:.1f} million state updates; memory traffic "
        f"{scan['bytes_moved'] / 1e6:.1f} MB, {ms(scan['memory_limit_ms'])} ms at the measured "
        "copying rate."
    )
    if "compute_limit_ms" in scan:
        limit = scan["compute_limit_ms"]
        best = min(v for name, v in scan["forward_ms"].items() if name.startswith("C++"))
        text += (
            f" {scan['vector_operations'] / 1e6:.1f} million vector operations, {ms(limit)} ms at "
            f"the measured peak: the forward kernel reaches {100 * limit / best:.0f} % of it."
        )
    return text


def _network_table(network: dict[str, Any]) -> list[str]:
    one, two = network["one_hand_ms"], network["two_hands_ms"]
    base = one["published style"]
    memory = network.get("resident_mb", {})
    rows = [
        (
            name,
            ms(value),
            factor(base, value),
            ms(two.get(name)),
            str(network["vertex_difference_mm"].get(name, "")),
            " / ".join(f"{size:.0f}" for size in memory.get(name, {}).values()),
        )
        for name, value in one.items()
    ]
    size = network["input_size"]
    head = ("runtime", "one hand, ms", "times as fast", "two hands, ms", "off by, mm", "MB / peak")
    return [f"**Whole network** ({network['model']}, {size} px)", "", *table(head, rows), ""]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table."""
    head = tuple(head)
    lines = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def ms(value: float | None) -> str:
    """Milliseconds with three significant digits."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def factor(base: float, value: float) -> str:
    """How many times shorter ``value`` is than ``base``."""
    ratio = base / value
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"
