"""Show what this machine offers and what to do about what is missing; exit code 1: a problem."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Show what this machine offers, what is missing, and what to do about it."""

    json: bool = False
    """Print the findings as JSON."""
    gpu: bool = False
    """Check instead what runs on a CUDA GPU against the CPU's, with times; prints JSON."""


def run(options: Options) -> int:
    """Examine and print."""
    if options.gpu:
        return _check_gpu()
    from hands3c_core.doctor import as_json, examine, exit_code

    findings = examine()
    if options.json:
        print(json.dumps(as_json(findings), indent=1))
    else:
        _print(findings)
    return exit_code(findings)


def _check_gpu() -> int:
    from hands3c_core.gpu_check import check_gpu

    report = check_gpu()
    print(json.dumps(report, indent=1))
    return 0 if report["ok"] else 1


def _print(findings: list) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    marks = {"ok": ("ok", "green"), "note": ("note", "yellow"), "problem": ("PROBLEM", "red")}
    table = Table(title="HandS3C Live on this machine", show_lines=False)
    for title in ("", "", "", "found and what to do"):
        table.add_column(title, overflow="fold")
    section = ""
    for finding in findings:
        mark, style = marks[finding.status]
        text = Text(finding.value)
        if finding.advice:
            text.append(f"\n{finding.advice}", style="bold")
        new = finding.section != section
        if new and section:
            table.add_section()
        label = finding.section if new else ""
        table.add_row(label, finding.name, Text(mark, style=style), text)
        section = finding.section
    Console().print(table)
