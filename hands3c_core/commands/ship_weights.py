"""Put a run's weights into weights/ with a card that says what they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from hands3c_core.errors import UserError
from hands3c_core.training.shipping import read_facts, ship_weights


@dataclass(frozen=True)
class Options:
    """Put a run's weights into weights/ with a card that says what they are."""

    run: tyro.conf.Positional[Path]
    """Run directory of the (last part of the) training."""
    name: str
    """Name of the weights, for example hands3c_lite."""
    facts: Path
    """JSON with licence, data, trained_on, recipe, limits, default_on, ...; see
    training/shipping.py."""
    figures: tuple[str, ...] = ()
    """BENCHMARK=FILE for every evaluation that evaluate.py --json wrote."""
    earlier: tuple[Path, ...] = ()
    """Run directories of the parts before, first one first."""
    out: Path = Path("weights")
    """Where to."""


def run(options: Options) -> None:
    """Check, copy, describe."""
    evaluations = {}
    for text in options.figures:
        benchmark, sign, path = text.partition("=")
        if not sign or not benchmark or not path:
            raise UserError(f"--figures {text}: write BENCHMARK=FILE.")
        evaluations[benchmark] = Path(path)
    facts = read_facts(options.facts)
    target = ship_weights(
        options.run, options.out, options.name, facts, evaluations, options.earlier
    )
    print(f"wrote {target} and {target.with_suffix('.json').name}")
