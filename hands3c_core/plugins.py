"""Parts from elsewhere: datasets, networks, estimators, sources and export formats that other
packages bring.

A package announces itself with an entry point of the group ``hands3c.plugins``; what it names is
imported, and called if it is a function. While one is written, ``HANDS3C_PLUGINS=FOLDER`` imports
every module of a folder instead. Plugins call ``register_dataset`` (``data.registry``),
``register_model`` (``models.registry``), ``register_estimator`` (``estimators.choose``),
``register_source`` (``sources.open``) or ``register_format`` (``export_formats``); see
docs/plugins.md.

They are loaded once, when a name is asked for that is not built in or names are listed. A plugin is
a program like any other: whoever installs it trusts it.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

GROUP: Final = "hands3c.plugins"
FOLDER: Final = "HANDS3C_PLUGINS"

log = logging.getLogger(__name__)
_lock = threading.RLock()
_loaded: set[str] = set()


def load_plugins() -> None:
    """Load every plugin that is not loaded yet; one that fails is named in the log and left out."""
    with _lock:
        for name, load in _plugins():
            if name in _loaded:
                continue
            _loaded.add(name)  # first, since loading it may ask for plugins
            try:
                found = load()
                if callable(found):
                    found()
            except Exception as error:
                log.warning("The plugin %s cannot be used: %r", name, error)


def _plugins() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name and loader of every plugin."""
    for entry in _installed():
        yield f"{entry.name} ({entry.value})", entry.load
    folder = os.environ.get(FOLDER)
    for file in sorted(Path(folder).glob("[!_]*.py")) if folder else ():
        yield str(file), partial(_import_file, file)


@cache
def _installed() -> tuple[EntryPoint, ...]:
    """Those of installed packages: looking takes milliseconds, and formats are asked for often."""
    return tuple(entry_points(group=GROUP))


def _import_file(file: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"hands3c_plugin_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
