"""Resources that a ``with`` block closes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar

_Closing = TypeVar("_Closing", bound="Closing")


class Closing(ABC):
    """Something with a ``close`` that may be called twice, and that a ``with`` block calls."""

    @abstractmethod
    def close(self) -> object:
        """Let go of what is held."""

    def __enter__(self: _Closing) -> _Closing:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
