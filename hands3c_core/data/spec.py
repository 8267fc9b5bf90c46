"""Naming datasets on the command line: ``name[:PATH][?option=value&...][:WEIGHT]``, with commas
between several."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hands3c_core.errors import UserError
from hands3c_core.names import user_path

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class DatasetSpec:
    """One dataset as it was asked for."""

    name: str
    """Name in the registry."""
    path: str | None = None
    """File or folder, as written."""
    options: dict[str, str] = field(default_factory=dict)
    """What followed the question mark."""
    weight: float = 1.0
    """Share in a mixture, relative to the others'."""

    def text(self) -> str:
        """The spec as it is written, its weight always with it."""
        query = "&".join(f"{name}={value}" for name, value in self.options.items())
        path = f":{self.path}" if self.path else ""
        return f"{self.name}{path}{'?' if query else ''}{query}:{self.weight:g}"

    def require_path(self) -> Path:
        """The path.

        Raises:
            UserError: none was given.
        """
        if not self.path:
            raise UserError(f"{self.name} needs its path: --data {self.name}:PATH.")
        return user_path(self.path)

    def check_options(self, known: Iterable[str]) -> None:
        """Raise ``UserError`` for an option that the dataset does not have."""
        names = sorted(known)
        for option in self.options:
            if option not in names:
                raise UserError(
                    f"{self.name} has no option {option!r}; it has {', '.join(names) or 'none'}."
                )

    def choice(self, option: str, choices: dict[str, str], default: str) -> str:
        """The value of an option among ``choices`` (what may be written -> what it means)."""
        text = self.options.get(option, default)
        if text not in choices:
            allowed = ", ".join(dict.fromkeys(choices.values()))
            raise UserError(f"{self.name}?{option}={text}: choose one of {allowed}.")
        return choices[text]

    def number(self, option: str, default: int) -> int:
        """The value of an option that is a positive whole number."""
        text = self.options.get(option, str(default))
        if not text.isdigit() or int(text) < 1:
            raise UserError(f"{self.name}?{option}={text}: use a whole number from 1.")
        return int(text)

    def flag(self, option: str, default: bool = False) -> bool:
        """The value of an option that is yes or no."""
        text = self.options.get(option, "yes" if default else "no").lower()
        if text not in _YES | _NO:
            raise UserError(f"{self.name}?{option}={text}: use yes or no.")
        return text in _YES


def parse_specs(text: str, names: Iterable[str]) -> list[DatasetSpec]:
    """Take ``name[:PATH][?option=value&...][:WEIGHT]`` apart; commas separate several.

    A comma counts as a separator only before a known name, so paths and option values may hold
    commas. A number after the last colon is the weight, unless it is the name of a file.

    Args:
        text: for example ``freihand:/data/FreiHAND?split=train&versions=gs,hom`` or
            ``synthetic:0.8,pseudo:my_hands:0.2``.
        names: the known datasets.

    Raises:
        UserError: a name is unknown, or an option has no value.
    """
    known = sorted(names)
    separator = re.compile(rf",(?=(?:{'|'.join(map(re.escape, known))})(?:[:?,]|$))")
    parts = [part.strip() for part in separator.split(text) if part.strip()]
    if not parts:
        raise UserError(f"no dataset was named; choose from {', '.join(known)}.")
    return [_parse_one(part, known) for part in parts]


def _parse_one(text: str, known: list[str]) -> DatasetSpec:
    match = re.fullmatch(r"([A-Za-z0-9_]+)(.*)", text, re.DOTALL)
    name = match[1] if match else text
    if match is None or name not in known:
        raise UserError(f"there is no dataset {name!r}; choose from {', '.join(known)}.")
    rest, weight = _split_weight(match[2])
    path, _, query = rest.partition("?")
    if path and not path.startswith(":"):
        raise UserError(f"{text!r} is not understood; write {name}:PATH?option=value:WEIGHT.")
    options = {}
    for item in filter(None, query.split("&")):
        key, sign, value = item.partition("=")
        if not sign:
            raise UserError(f"{text!r}: the option {key!r} needs a value, as {key}=VALUE.")
        options[key] = value
    return DatasetSpec(name, path[1:] or None, options, weight)


def _split_weight(rest: str) -> tuple[str, float]:
    head, colon, tail = rest.rpartition(":")
    if not colon or not re.fullmatch(r"\d+(\.\d*)?|\.\d+", tail):
        return rest, 1.0
    if not head and Path(tail).exists():
        return rest, 1.0
    weight = float(tail)
    if weight <= 0:
        raise UserError(f"a dataset's weight must be above 0, not {tail}.")
    return head, weight
