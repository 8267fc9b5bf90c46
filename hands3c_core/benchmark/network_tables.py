"""The report of ``benchmark_network`` as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def as_markdown(report: dict[str, Any]) -> str:
    """Tables for docs/performance.md: machine, runtimes, their memory, scans and their limits."""
    machine = report["machine"]
    lines = [
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}, "
        f"scan kernel {machine['scan_kernel']} ({machine['instruction_set']}).",
        "",
        *_network_table(report["network"]),
    ]
    if "memory_mb" in report:
        lines += _memory_table(report["memory_mb"])
    for scan in report["scans"]:
        lines += _scan_table(scan)
    return "\n".join(lines).rstrip()


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
    ready, differences = network["ready_s"], network["vertex_difference_mm"]
    rows = [
        (
            *(name, ms(value), factor(base, value), ms(two.get(name))),
            *(f"{values[name]:.2g}" if name in values else "" for values in (ready, differences)),
        )
        for name, value in one.items()
    ]
    title = f"**Whole network** ({network['model']}, {network['input_size']} px)"
    head = (
        "runtime",
        "one hand, ms",
        "times as fast",
        "two hands, ms",
        "ready in, s",
        "off by, mm",
    )
    return [title, "", *table(head, rows), ""]


def _memory_table(memory: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Rows are runtimes, columns networks."""
    rows = [
        (
            runtime,
            *(" / ".join(f"{mb:.0f}" for mb in memory[name][runtime].values()) for name in memory),
        )
        for runtime in next(iter(memory.values()))
    ]
    title = "**Memory of a fresh process** (MB after three passes / highest before)"
    return [title, "", *table(("runtime", *memory), rows), ""]


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
