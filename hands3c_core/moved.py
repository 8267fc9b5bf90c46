"""Names that lie elsewhere now, and still answer where they were."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def find_moved(package: str, name: str, moved: Mapping[str, str]) -> Any:
    """For a package's ``__getattr__``: the object ``name``, with a ``DeprecationWarning`` that
    says where it is.

    Args:
        package: that is asked.
        name: of it.
        moved: names of the package -> modules that have them now.

    Raises:
        AttributeError: it is not among them.
    """
    if name not in moved:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    warnings.warn(
        f"{package}.{name} is {moved[name]}.{name} now, and only that from version 0.4 on",
        DeprecationWarning,
        stacklevel=3,
    )
    return getattr(import_module(moved[name]), name)
