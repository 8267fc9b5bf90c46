"""From a finished run to weights that ship with the program, and the card beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hands3c_core.atomic import write_atomically
from hands3c_core.digest import sha256_of
from hands3c_core.errors import UserError
from hands3c_core.models.split_weights import split_weights
from hands3c_core.reading import Fields, read_json
from hands3c_core.training.export import CARD, WEIGHTS

#: Figures of an evaluation that a card repeats.
FIGURES = (
    "pa_mpjpe_mm",
    "pa_mpvpe_mm",
    "mpjpe_mm",
    "auc",
    "f5",
    "f15",
    "joints_2d_px",
    "joints_2d_box",
    "n",
    "n_failed",
    "ms_per_crop",
)


@dataclass(frozen=True)
class Facts:
    """What only people know of weights; written by hand, as JSON."""

    licence: str
    data: Sequence[Mapping[str, str]]
    """Name and licence of everything it was trained on."""
    trained_on: str
    """Machine and time."""
    recipe: str
    """How, in a few sentences."""
    limits: str
    """What it cannot do."""
    default_on: Sequence[str] = ()
    """Kinds of devices on which it is meant to be the default: 'cpu', 'cuda'."""
    better_than: Sequence[str] = ()
    """Names of other shipped weights that it beats."""
    experimental: bool = False


def read_facts(path: Path) -> Facts:
    """Facts from a JSON file.

    Raises:
        UserError: the file is missing, damaged, or a fact is missing or unknown.
    """
    values = _read_json(path)
    try:
        return Facts(**values)
    except TypeError as error:
        raise UserError(
            f"{path}: {error}; see the fields of Facts in training/shipping.py."
        ) from None


def ship_weights(
    run: Path,
    folder: Path,
    name: str,
    facts: Facts,
    evaluations: Mapping[str, Path],
    earlier: Sequence[Path] = (),
) -> Path:
    """Copy a run's weights to ``folder/NAME.safetensors``, large ones in parts (``models.parts``),
    and write ``NAME.json`` beside them.

    Args:
        run: run directory of the last part of the training.
        folder: usually ``weights/``.
        name: of the weights.
        facts: what the run cannot know.
        evaluations: by the benchmark's name, the JSON that ``evaluate.py --json`` wrote.
        earlier: run directories of the parts before, first one first.

    Returns:
        The weights' path.

    Raises:
        UserError: a file is missing or damaged, or the weights are not those of the run's card.
    """
    card = _read_json(run / CARD)
    try:
        content = (run / WEIGHTS).read_bytes()
    except OSError as error:
        raise UserError(f"{run / WEIGHTS} cannot be read ({error.strerror}).") from None
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise UserError(f"{run / WEIGHTS} is not the file that {CARD} describes; export it again.")
    parts = [*(_read_json(part / CARD) for part in earlier), card]
    target = folder / f"{name}.safetensors"
    files = split_weights(run / WEIGHTS, target)
    shipped: dict[str, Any] = {
        "name": name,
        "model": card["model"],
        "parameters": card["parameters"],
        "input_size": card["input_size"],
        "hand_model": card["hand_model"],
        "bytes": len(content),
        "sha256": sha256_of(target),
        "further_parts": {part.name: sha256_of(part) for part in files[1:]},
        "licence": facts.licence,
        "data": [dict(entry) for entry in facts.data],
        "trained_on": facts.trained_on,
        "samples_seen": sum(part.get("samples", 0) for part in parts),
        "minutes": round(sum(part.get("minutes", 0.0) for part in parts), 1),
        "recipe": facts.recipe,
        "parts": [_part(part) for part in parts],
        "metrics": {key: _figures(path) for key, path in evaluations.items()},
        "limits": facts.limits,
        "default_on": list(facts.default_on),
        "better_than": list(facts.better_than),
        "experimental": facts.experimental,
    }
    text = json.dumps(shipped, indent=2, ensure_ascii=False) + "\n"
    write_atomically(target.with_suffix(".json"), text.encode())
    return target


def _part(card: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says of one part of the training."""
    keys = ("model", "samples", "steps", "minutes", "preset", "recipe", "precision", "git")
    return {key: card[key] for key in keys if key in card}


def _figures(path: Path) -> dict[str, float]:
    report = _read_json(path)
    numbers = {key: report.get(key) for key in FIGURES}
    return {key: value for key, value in numbers.items() if isinstance(value, (int, float))}


def _read_json(path: Path) -> dict[str, Any]:
    return dict(Fields(read_json(path), str(path)).values)
