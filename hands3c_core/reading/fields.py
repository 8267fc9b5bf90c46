"""Values of a table, checked as they are taken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.names import printable

#: No number that anybody measures is larger, unless its reader says so.
_LARGE: Final = 1e9
_LONGEST_TEXT: Final = 10_000
_REQUIRED: Final = object()


class Fields:
    """A table of names and values as a file holds it.

    Each method takes one value and raises ``UserError`` with the file, the line and the key where
    it is missing, of another type, not finite or out of range. A ``default`` is what a missing
    value stands for.
    """

    def __init__(self, value: Any, where: str, path: str = "") -> None:
        """
        Args:
            value: what the parser returned.
            where: the file, and the line if it has any.
            path: key of this table in a larger one.
        """
        self.where, self.path = where, path
        if not isinstance(value, Mapping):
            raise UserError(f"{where}: {path or 'it'} is {_kind(value)}, not a table of values.")
        self.values: Mapping[str, Any] = value

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def fail(self, key: str, problem: str) -> UserError:
        """The error that ``key`` has ``problem``."""
        return UserError(f"{self.where}: {self._name(key)} {problem}.")

    def number(
        self, key: str, low: float = -_LARGE, high: float = _LARGE, default: Any = _REQUIRED
    ) -> float:
        """A finite number from ``low`` to ``high``."""
        value = self._take(key, default)
        if value is default:
            return value
        return self._number(key, value, low, high)

    def measured(self, key: str, low: float = -_LARGE, high: float = _LARGE) -> float:
        """The same, or NaN where the file says null."""
        return math.nan if self._take(key, _REQUIRED) is None else self.number(key, low, high)

    def integer(self, key: str, low: int, high: int, default: Any = _REQUIRED) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self._take(key, default)
        if value is default:
            return value
        number = self._number(key, value, low, high)
        if number != int(number):
            raise self.fail(key, f"is {number:g}, not a whole number")
        return int(number)

    def flag(self, key: str, default: Any = _REQUIRED) -> bool:
        """True or false (or 1 or 0)."""
        value = self._take(key, default)
        if not isinstance(value, (bool, np.bool_)) and not (
            isinstance(value, int) and 0 <= value <= 1
        ):
            raise self.fail(key, f"is {_kind(value)}, not true or false")
        return bool(value)

    def text(self, key: str, default: Any = _REQUIRED, longest: int = _LONGEST_TEXT) -> str:
        """A text that can be printed and stored."""
        value = self._take(key, default)
        if value is default:
            return value
        if not isinstance(value, str):
            raise self.fail(key, f"is {_kind(value)}, not a text")
        if len(value) > longest:
            raise self.fail(key, f"is a text of {len(value)} letters, too long")
        return printable(value)

    def inner(self, key: str) -> Fields:
        """A table within the table."""
        return Fields(self._take(key, _REQUIRED), self.where, self._name(key))

    def each(self, key: str, most: int) -> Iterator[Fields]:
        """The tables of a list, ``most`` at most."""
        value = self._take(key, _REQUIRED)
        if not isinstance(value, (list, tuple)):
            raise self.fail(key, f"is {_kind(value)}, not a list")
        if len(value) > most:
            raise self.fail(key, f"has {len(value)} entries, more than {most}")
        for number, entry in enumerate(value):
            yield Fields(entry, self.where, f"{self._name(key)}[{number}]")

    def numbers(self, key: str, low: float = -_LARGE, high: float = _LARGE) -> dict[str, float]:
        """A table of numbers within the table; empty if it is missing."""
        if key not in self.values:
            return {}
        table = self.inner(key)
        return {printable(str(name)): table.number(name, low, high) for name in table.values}

    def array(
        self,
        key: str,
        shape: tuple[int, ...],
        low: float = -_LARGE,
        high: float = _LARGE,
        *,
        holes: bool = False,
        most: int = 100_000,
    ) -> np.ndarray:
        """Numbers as a float64 array.

        Args:
            key: its name.
            shape: its shape; a first entry of -1 stands for up to ``most`` rows.
            low, high: the range of its numbers.
            holes: null and NaN are read as NaN; otherwise they are refused.
            most: see ``shape``.
        """
        array = self._plain_array(key, holes)
        any_length = shape[:1] == (-1,)
        if array.size == 0 and any_length:
            return np.zeros((0, *shape[1:]))
        fits = array.shape == ((len(array), *shape[1:]) if any_length and array.ndim else shape)
        if not fits or (any_length and len(array) > most):
            wanted = " x ".join("N" if size < 0 else str(size) for size in shape)
            raise self.fail(key, f"has shape {array.shape}, expected {wanted}")
        wrong = ~((array >= low) & (array <= high))
        if holes:
            wrong &= ~np.isnan(array)
        if wrong.any():
            raise self.fail(key, f"holds {array[wrong][0]:g}, outside {low:g} to {high:g}")
        return array

    def _plain_array(self, key: str, holes: bool) -> np.ndarray:
        value = self._take(key, _REQUIRED)
        if value is None or isinstance(value, (str, bytes, Mapping)):
            raise self.fail(key, f"is {_kind(value)}, not an array of numbers")
        try:
            array = np.asarray(value)
            if array.dtype.kind == "O":  # null, or whole numbers of many digits
                items = array.ravel().tolist()
                if not all(isinstance(i, (int, float)) or (holes and i is None) for i in items):
                    raise TypeError("an entry is no number")
            elif array.dtype.kind not in "fiu":
                raise TypeError(f"it holds {array.dtype}")
            return np.asarray(array, np.float64)
        except Exception as error:  # ragged, too deep, too large: numpy has many words for it
            reason = " ".join(str(error).split())[:80]
            raise self.fail(key, f"is not an array of numbers ({reason})") from None

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(()).item()
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
            raise self.fail(key, f"is {_kind(value)}, not a number")
        try:
            number = float(value)
        except (OverflowError, TypeError):
            raise self.fail(key, "is a number with too many digits") from None
        if not low <= number <= high:
            raise self.fail(key, f"is {number:g}, outside {low:g} to {high:g}")
        return number

    def _take(self, key: str, default: Any) -> Any:
        if key in self.values:
            return self.values[key]
        if default is _REQUIRED:
            raise self.fail(key, "is missing")
        return default

    def _name(self, key: str) -> str:
        return printable(f"{self.path}.{key}" if self.path else str(key))[:200]


def _kind(value: Any) -> str:
    """What a value is, in words."""
    names: dict[type, str] = {
        dict: "a table",
        list: "a list",
        str: "a text",
        type(None): "null",
        bool: "true or false",
    }
    for kind, name in names.items():
        if isinstance(value, kind):
            return name
    return "a number" if isinstance(value, (int, float, np.number)) else f"a {type(value).__name__}"
