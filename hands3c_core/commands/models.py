"""List the networks: parameters by part, arithmetic, input size, shipped weights; time a crop."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from hands3c_core.benchmark.family import NetworkFacts


@dataclass(frozen=True)
class Options:
    """List the networks: parameters by part, arithmetic, input size, shipped weights."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Which networks; all by default."""
    json: bool = False
    """Print everything as JSON."""
    markdown: bool = False
    """Print the table of docs/models.md."""
    time: bool = False
    """Also time one crop, all networks in turn."""
    runtimes: tuple[str, ...] = ("folded",)
    """How they run for --time."""
    rounds: int = 10
    """Timed passes of each."""
    hand: str = "hand_mano778"
    """Hand model they are built for; SAR's size depends on its vertices."""


def run(options: Options) -> None:
    """Count, print."""
    from rich.console import Console

    from hands3c_core.benchmark.family import as_markdown, as_report, describe_networks

    with Console(stderr=True).status("counting") as status:
        facts = describe_networks(
            options.names or None,
            hand=options.hand,
            runtimes=options.runtimes if options.time else (),
            rounds=options.rounds,
            progress=status.update,
        )
    if options.json:
        print(json.dumps(as_report(facts), indent=1))
    elif options.markdown:
        print(as_markdown(facts))
    else:
        _print(facts)


def _print(facts: list[NetworkFacts]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Networks", show_lines=True)
    runtimes = list(dict.fromkeys(name for fact in facts for name in fact.milliseconds))
    for title in ("name", "input", "parameters", "of these", "GFLOP", "weights"):
        figures = title in ("parameters", "GFLOP")
        table.add_column(title, justify="right" if figures else "left", no_wrap=title == "of these")
    for name in runtimes:
        table.add_column(f"{name}, ms", justify="right")
    for fact in facts:
        table.add_row(
            f"[bold]{fact.name}[/bold]\n{fact.note}",
            f"{fact.input_size} px",
            f"{fact.parameters / 1e6:.2f} M",
            "\n".join(f"{part} {count / 1e6:.2f} M" for part, count in fact.parts.items()),
            f"{fact.flops / 1e9:.2f}",
            "none" if fact.weights is None else str(fact.weights["file"]),
            *(f"{fact.milliseconds[name]:.1f}" for name in runtimes),
        )
    Console().print(table)
