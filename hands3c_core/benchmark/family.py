"""The networks of the registry side by side: size, arithmetic, shipped weights, time of a crop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hands3c_core.benchmark.network import describe_machine, side_by_side
from hands3c_core.benchmark.network_tables import ms, table
from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork, build_model, model_names
from hands3c_core.models.costs import network_costs
from hands3c_core.models.registry import network_entry
from hands3c_core.runtime import make_runtime
from hands3c_core.weights import find_weights, read_card


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """One network of the registry."""

    name: str
    note: str
    input_size: int
    """Side of the crop, px."""
    vertices: int
    """Of the hand model it was built for."""
    parameters: int
    parts: dict[str, int]
    """Parameters of each part."""
    flops: int
    """Operations of one crop; see ``models.costs``."""
    scan_flops: int
    weights: dict[str, Any] | None = None
    """Shipped weights: 'file', 'bytes' and what their card says; None where there are none."""
    milliseconds: dict[str, float] = field(default_factory=dict)
    """Median time of one crop by runtime, if it was measured."""


def describe_networks(
    names: Sequence[str] | None = None,
    *,
    hand: str = "hand_mano778",
    runtimes: Sequence[str] = (),
    rounds: int = 10,
    progress: Callable[[str], None] | None = None,
) -> list[NetworkFacts]:
    """Build and count networks; time them where runtimes are named.

    Times are of one run: every network takes its turn in each round, so that whatever else the
    machine does hits all of them alike.

    Args:
        names: of the registry; all by default.
        hand: the hand model they are built for: SAR's size depends on it.
        runtimes: names for ``make_runtime``.
        rounds: timed passes.
        progress: called with what is done next.

    Raises:
        UserError: a network, hand model or runtime does not exist or cannot run here.
    """
    say = progress or (lambda text: None)
    chosen = tuple(names or model_names())
    facts = []
    networks: dict[str, HandNetwork] = {}
    for name in chosen:
        say(f"counting {name}")
        torch.manual_seed(0)
        network = build_model(name, hand=hand).eval()
        facts.append(_count(network))
        if runtimes:
            networks[network.name] = network
    if runtimes:
        say("timing")
        measured = _time(networks, runtimes, rounds)
        for fact in facts:
            fact.milliseconds.update(measured[fact.name])
    return facts


def as_report(facts: Sequence[NetworkFacts]) -> dict[str, Any]:
    """For ``json.dump``: the networks, and the machine if times were measured."""
    report: dict[str, Any] = {"networks": [asdict(fact) for fact in facts]}
    if any(fact.milliseconds for fact in facts):
        report["machine"] = describe_machine()
    return report


def as_markdown(facts: Sequence[NetworkFacts]) -> str:
    """A table for docs/models.md."""
    runtimes = list(dict.fromkeys(name for fact in facts for name in fact.milliseconds))
    head = (
        *("name", "what", "input, px", "parameters", "GFLOP"),
        *(f"{name}, ms" for name in runtimes),
    )
    rows = [
        (
            f"`{fact.name}`",
            fact.note,
            str(fact.input_size),
            f"{fact.parameters:,}",
            f"{fact.flops / 1e9:.3g}",
            *(ms(fact.milliseconds.get(name)) for name in runtimes),
        )
        for fact in facts
    ]
    return "\n".join(table(head, rows))


def _count(network: HandNetwork) -> NetworkFacts:
    costs = network_costs(network)
    return NetworkFacts(
        name=network.name,
        note=network_entry(network.name).note,
        input_size=network.input_size,
        vertices=network.hand.num_vertices,
        parameters=costs.total_parameters,
        parts=costs.parameters,
        flops=costs.flops,
        scan_flops=costs.scan_flops,
        weights=_shipped(network.name),
    )


def _shipped(name: str) -> dict[str, Any] | None:
    file: Path | None = find_weights(name)
    if file is None:
        return None
    return {"file": file.name, "bytes": file.stat().st_size, **asdict(read_card(file))}


def _time(
    networks: dict[str, HandNetwork], runtimes: Sequence[str], rounds: int
) -> dict[str, dict[str, float]]:
    if rounds < 1:
        raise UserError(f"{rounds} rounds time nothing: use 1 or more.")
    generator = np.random.default_rng(0)
    variants: dict[str, Callable[[], object]] = {}
    for name, network in networks.items():
        side = network.input_size
        crop = generator.integers(0, 256, (1, side, side, 3), dtype=np.uint8)
        for runtime in runtimes:
            ready = make_runtime(network, runtime)
            variants[f"{name}/{runtime}"] = lambda ready=ready, crop=crop: ready.predict(crop)  # type: ignore[misc]
    times = side_by_side(variants, rounds)
    return {
        name: {runtime: round(times[f"{name}/{runtime}"], 3) for runtime in runtimes}
        for name in networks
    }
