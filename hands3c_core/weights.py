"""The weights that come with the program, what their cards say, and which is the default.

A card is a JSON file beside the weights, with the same name. Its keys: ``name``, ``model``,
``input_size``, ``sha256``, ``licence``, ``data`` (a list of name and licence), ``trained_on``,
``samples_seen``, ``recipe``, ``metrics`` (figures by benchmark), ``limits``, ``default_on`` (a list
of 'cpu' and 'cuda'), ``better_than`` (names of other weights), ``experimental`` and
``further_parts`` (sha256 by name of the files beside the first that large weights are in).

Nothing here imports torch: the app asks before it knows whether it will need a network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hands3c_core.assets import weights_path
from hands3c_core.errors import UserError
from hands3c_core.reading import read_json

#: Which arithmetic a network is to use.
Precision = Literal["full", "half"]

LANDMARKS = "landmarks"
#: The estimator of a machine where nothing else is asked for.
AUTO = "auto"
#: Names of the weights that may be shipped, smallest first.
NAMES = ("hands3c_lite", "hands3c")
#: A folder whose weights are taken before the shipped ones, for trying out new ones.
OVERRIDE = "HANDS3C_WEIGHTS"
_MAX_CARD_BYTES = 2**20
#: Larger numbers in a card mean nothing.
_LARGE = 1e15
_UNITS = {"mm": "mm", "px": "px", "deg": "°", "percent": "%"}
#: The figure of a benchmark that a card in short names.
_LEADING = "pa_mpjpe_mm"
#: So begin benchmarks of the fit to all witnesses, and of a network without one of its parts.
_OTHERS = ("automatic", "without")
#: What people call the benchmarks whose names start so, in the order in which they are told.
_KINDS = {
    "real": "real hands",
    "photographs": "real hands",
    "clip": "video clips",
    "synthetic": "renders",
    "renders": "renders",
}
_ACRONYMS = {"pa", "mpjpe", "mpvpe", "auc", "2d", "3d"}


@dataclass(frozen=True, slots=True)
class WeightsCard:
    """What is known of a file of weights; everything but the name may be missing."""

    name: str
    model: str = ""
    """Name for ``models.build_model``."""
    input_size: int = 0
    """Side of the crop, px; 0 if unknown."""
    licence: str = ""
    data: tuple[tuple[str, str], ...] = ()
    """(name, licence) of what it was trained on."""
    samples_seen: int = 0
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Figures by benchmark."""
    limits: str = ""
    default_on: tuple[str, ...] = ()
    """Kinds of devices on which it is meant to be the default: 'cpu', 'cuda'."""
    better_than: tuple[str, ...] = ()
    """Names of other shipped weights that it beats."""
    experimental: bool = False
    sha256: str = ""
    """Of the weights' file."""
    further_parts: Mapping[str, str] = field(default_factory=dict)
    """sha256 of each further file that the weights are in, by its name."""

    def heading(self) -> str:
        """What it is, in one short line; '' of an empty card."""
        return " · ".join(filter(None, (self._about(), self.licence)))

    def joint_errors(self) -> dict[str, float]:
        """Mean error of a joint after alignment, mm, by what people call the benchmark ('real
        hands', 'renders', ...); of several benchmarks of a kind the first one counts. Those of a
        part of the network, or of more than the network, are left to ``facts``."""
        found: dict[str, float] = {}
        for benchmark, figures in self.metrics.items():
            leading = figures.get(_LEADING) if isinstance(figures, dict) else None
            if not isinstance(leading, (int, float)) or isinstance(leading, bool):
                continue
            if not abs(leading) < _LARGE:  # nor one that is no number
                continue
            if benchmark.startswith(_OTHERS):
                continue
            kind = next((k for start, k in _KINDS.items() if benchmark.startswith(start)), None)
            found.setdefault(kind or benchmark.replace("_", " "), float(leading))
        kinds = dict.fromkeys([k for k in _KINDS.values() if k in found] + list(found))
        return {kind: found[kind] for kind in kinds}

    def _about(self) -> str:
        about = [self.model] if self.model else []
        if self.input_size:
            about.append(f"crops of {self.input_size} px")
        if self.experimental:
            about.append("experimental")
        return ", ".join(about)

    def facts(self) -> list[str]:
        """All of the card in lines, for people."""
        lines = list(filter(None, [self._about()]))
        if self.data or self.samples_seen:
            names = ", ".join(name for name, _ in self.data if name)
            seen = f"{self.samples_seen:,} samples" if self.samples_seen else ""
            parts = [part for part in (names, seen) if part]
            lines.append("Trained on " + "; ".join(parts))
        for benchmark, figures in self.metrics.items():
            text = _figures(figures)
            if text:
                lines.append(f"{benchmark.replace('_', ' ')}: {text}")
        if self.limits:
            lines.append(f"Limits: {self.limits}")
        if self.licence:
            lines.append(f"Licence: {self.licence}")
        return lines


def find_weights(name: str) -> Path | None:
    """The file of shipped weights called ``name``, or None if it is not shipped."""
    file = f"{name}.safetensors"
    folder = os.environ.get(OVERRIDE)
    if folder and (Path(folder) / file).is_file():
        return Path(folder) / file
    try:
        return weights_path(file)
    except UserError:
        return None


def shipped_weights() -> dict[str, Path]:
    """The weights that are there, by name."""
    found = {name: find_weights(name) for name in NAMES}
    return {name: path for name, path in found.items() if path is not None}


def read_card(weights: str | os.PathLike[str]) -> WeightsCard:
    """What the card beside a file of weights says; only its name where there is no (good) card."""
    path = Path(weights)
    card = path.with_suffix(".json")
    # Runs all call their weights the same; their folders have names.
    name = path.resolve().parent.name if path.stem == "weights" else path.stem
    try:
        if card.stat().st_size > _MAX_CARD_BYTES:
            return WeightsCard(name)
        values = read_json(card, _MAX_CARD_BYTES)
    except (OSError, UserError):
        return WeightsCard(name)
    return _card(values, name) if isinstance(values, dict) else WeightsCard(name)


def default_estimator(device: str = "cpu") -> str:
    """What is used where nothing is chosen: shipped weights meant for this kind of device, else the
    landmark estimator.

    Args:
        device: 'cpu' or 'cuda'.

    Returns:
        A name for ``make_estimator``.
    """
    meant_for = {"cpu", device}  # what is good enough for a CPU is so for a GPU
    chosen = LANDMARKS
    for name, path in shipped_weights().items():
        card = read_card(path)
        if not meant_for.intersection(card.default_on):
            continue
        if chosen == LANDMARKS or chosen in card.better_than:
            chosen = name
    return chosen


def wants_cuda() -> bool:
    """Whether any shipped weights would be the default on CUDA only: worth asking torch for it."""
    return default_estimator("cuda") != default_estimator("cpu")


def _card(values: dict[str, Any], name: str) -> WeightsCard:
    data = values.get("data")
    metrics = values.get("metrics")
    return WeightsCard(
        name=_text(values.get("name")) or name,
        model=_text(values.get("model")),
        input_size=_number(values.get("input_size")),
        licence=_text(values.get("licence")),
        data=tuple(map(_dataset, data)) if isinstance(data, list) else (),
        samples_seen=_number(values.get("samples_seen", values.get("samples"))),
        metrics=metrics if isinstance(metrics, dict) else {},
        limits=_prose(values.get("limits")),
        default_on=_texts(values.get("default_on")),
        better_than=_texts(values.get("better_than")),
        experimental=values.get("experimental") is True,
        sha256=_text(values.get("sha256")),
        further_parts=_files(values.get("further_parts")),
    )


def _dataset(entry: object) -> tuple[str, str]:
    if isinstance(entry, dict):
        return _text(entry.get("name")), _text(entry.get("licence"))
    return _text(entry), ""


def _files(entries: object) -> dict[str, str]:
    """Texts by plain file name; a card must not lead out of its folder."""
    if not isinstance(entries, dict):
        return {}
    return {Path(name).name: _text(text) for name, text in entries.items() if Path(name).name}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _prose(value: object) -> str:
    return " ".join(_texts(value)) if isinstance(value, list) else _text(value)


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and abs(value) < _LARGE else 0


def _figures(figures: object) -> str:
    """'PA-MPJPE 7.9 mm, ...' of a benchmark's numbers; '' where there are none."""
    if isinstance(figures, (int, float)):
        return f"{figures:.4g}" if abs(figures) < _LARGE else ""
    if not isinstance(figures, dict):
        return ""
    return ", ".join(
        _figure(str(name), value)
        for name, value in figures.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    )


def _figure(name: str, value: float) -> str:
    """'pa_mpjpe_mm', 7.9 as 'PA-MPJPE 7.9 mm'."""
    words = name.split("_")
    unit = f" {_UNITS[words.pop()]}" if words[-1] in _UNITS else ""
    title = " ".join(word.upper() if word in _ACRONYMS else word for word in words)
    return f"{title.replace('PA MP', 'PA-MP')} {value:.4g}{unit}"
