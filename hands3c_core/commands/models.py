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
    from rich.markup import escape
    from rich.table import Table

    # One wide column and narrow figures: readable in 80 columns.
    table = Table(title="Networks", show_lines=True)
    runtimes = list(dict.fromkeys(name for fact in facts for name in fact.milliseconds))
    table.add_column("network", overflow="fold")
    for title in ("input", "parameters", "GFLOP", *(f"{name}, ms" for name in runtimes)):
        table.add_column(title, justify="right", no_wrap=True)
    for fact in facts:
        lines = [f"[bold]{fact.name}[/bold]", escape(fact.note)]
        parts = (f"{part} {count / 1e6:.2f} M" for part, count in fact.parts.items())
        lines.append(f"[dim]{escape(', '.join(parts))}[/dim]")
        if fact.weights is not None:
            lines.append(f"weights: {escape(str(fact.weights['file']))}")
        table.add_row(
            "\n".join(lines),
            f"{fact.input_size} px",
            f"{fact.parameters / 1e6:.2f} M",
            f"{fact.flops / 1e9:.2f}",
            *(f"{fact.milliseconds[name]:.1f}" for name in runtimes),
        )
    Console().print(table)
