# SPDX-License-Identifier: GPL-3.0-or-later
"""What the app remembers between starts, as JSON values in a QSettings."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_args

from PyQt6.QtCore import QByteArray, QSettings

from hands3c_core.weights import AUTO, LANDMARKS, NAMES

from .config import (
    FOV_RANGE,
    HAND_MODELS,
    RECORD_KINDS,
    Device,
    LiveChoice,
    ModelConfig,
    Precision,
    RecordChoice,
    ViewState,
)

T = TypeVar("T")

ORGANISATION = "HandS3C Live"
APPLICATION = "hands3c-live"
#: No setting is a larger number.
_LARGE = 1e9
_RECENT_LIMIT = 10
#: Goes up when a remembered model stops meaning what it meant.
_MODEL_VERSION = 2


def _is_there(path: str | Path) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def default_store() -> QSettings:
    """The user's own settings file."""
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, ORGANISATION, APPLICATION
    )


class Settings:
    """Reads and writes the app's choices; unreadable entries fall back to the defaults."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else default_store()

    def load_view(self) -> ViewState:
        return self._load("view", ViewState())

    def save_view(self, view: ViewState) -> None:
        self._save("view", view)

    def load_model(self) -> ModelConfig:
        """The remembered choice, less the files that are no longer there."""
        model, usual = self._load("model", ModelConfig()), ModelConfig()
        shipped = {name for name, _ in HAND_MODELS}
        if model.estimator not in (AUTO, LANDMARKS, *NAMES) and not _is_there(model.estimator):
            model = replace(model, estimator=usual.estimator)
        if model.estimator == LANDMARKS and self.get("model_version", 1) < _MODEL_VERSION:
            model = replace(model, estimator=usual.estimator)  # it was the only choice then
        if model.device not in get_args(Device) or model.precision not in get_args(Precision):
            model = replace(model, device=usual.device, precision=usual.precision)
        if model.hand_model not in shipped and not _is_there(model.hand_model):
            model = replace(model, hand_model=usual.hand_model)
        if model.calibration is not None and not _is_there(model.calibration):
            model = replace(model, calibration=None)
        if not FOV_RANGE[0] <= model.fov_deg <= FOV_RANGE[1]:
            model = replace(model, fov_deg=usual.fov_deg)
        if not 0.0 <= model.smoothing <= 1.0:
            model = replace(model, smoothing=usual.smoothing)
        return model

    def save_model(self, model: ModelConfig) -> None:
        self._save("model", model)
        self.set("model_version", _MODEL_VERSION)

    def load_record(self, default: RecordChoice) -> RecordChoice:
        stored: dict[str, Any] = self.get("record", {})
        chosen = {kind: stored[kind] for kind, _, _ in RECORD_KINDS if kind in stored}
        if chosen and "formats" not in stored:  # as they were kept before 0.3
            default = default.writing(**{kind: on is True for kind, on in chosen.items()})
        return self._load("record", default)

    def save_record(self, choice: RecordChoice) -> None:
        self._save("record", choice)

    def load_live(self) -> LiveChoice:
        """The remembered choice; an address that is no port falls back to the usual one."""
        live, usual = self._load("live", LiveChoice()), LiveChoice()
        if not 1 <= live.websocket_port <= 65535:
            live = replace(live, websocket_port=usual.websocket_port)
        if not 1 <= live.osc_port <= 65535:
            live = replace(live, osc_port=usual.osc_port)
        if not 1 <= live.vmc_port <= 65535:
            live = replace(live, vmc_port=usual.vmc_port)
        if not 1 <= live.rerun_port <= 65535:
            live = replace(live, rerun_port=usual.rerun_port)
        return replace(live, websocket_origins=())

    def save_live(self, choice: LiveChoice) -> None:
        self._save("live", choice)

    def recent(self) -> tuple[str, ...]:
        value: list[Any] = self.get("recent", [])
        return tuple(item for item in value if isinstance(item, str))[:_RECENT_LIMIT]

    def add_recent(self, spec: str) -> tuple[str, ...]:
        """Put ``spec`` first in the list of recent sources; returns the list."""
        specs = (spec, *(old for old in self.recent() if old != spec))[:_RECENT_LIMIT]
        self.set("recent", list(specs))
        return specs

    def camera_modes(self) -> dict[str, tuple[int, int, float]]:
        """(width, height, frames/s) chosen for cameras, by name; 0 leaves it to the camera."""
        stored: dict[str, Any] = self.get("camera_modes", {})
        modes = {}
        for name, mode in stored.items():
            if isinstance(mode, list) and all(_is_number(number) for number in mode):
                width, height, rate = (*mode, 0, 0, 0)[:3]
                modes[name] = (int(width), int(height), float(rate))
        return modes

    def set_camera_mode(self, name: str, mode: tuple[int, int, float]) -> None:
        self.set("camera_modes", {**self.camera_modes(), name: list(mode)})

    def clear_recent(self) -> None:
        self._store.remove("recent")

    def get(self, key: str, default: T) -> T:
        """The stored value of ``key`` if it has the type of ``default``, else ``default``."""
        text = self._store.value(key)
        if not isinstance(text, str):
            return default
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return default
        if isinstance(default, float) and isinstance(value, int) and abs(value) < _LARGE:
            value = float(value)
        if isinstance(value, float) and not abs(value) < _LARGE:  # infinite, or not a number
            return default
        return value if isinstance(value, type(default)) else default

    def set(self, key: str, value: Any) -> None:
        self._store.setValue(key, json.dumps(value))

    def get_bytes(self, key: str) -> QByteArray:
        return QByteArray.fromBase64(self.get(key, "").encode(errors="replace"))

    def set_bytes(self, key: str, value: QByteArray) -> None:
        self.set(key, value.toBase64().data().decode())

    def reset(self) -> None:
        """Forget everything."""
        self._store.clear()
        self._store.sync()

    @property
    def folder(self) -> Path:
        """Where the settings file is; what belongs with it lies beside it."""
        return Path(self._store.fileName()).parent

    def sync(self) -> None:
        self._store.sync()

    def _save(self, key: str, value: Any) -> None:
        assert is_dataclass(value)
        assert not isinstance(value, type)
        self.set(key, {name: _plain(entry) for name, entry in asdict(value).items()})

    def _load(self, key: str, default: T) -> T:
        stored: dict[str, Any] = self.get(key, {})
        known: dict[str, Any] = {}
        for field in fields(default):  # type: ignore[arg-type]
            if field.name in stored:
                usual = getattr(default, field.name)
                try:
                    known[field.name] = _typed(stored[field.name], usual, field.name)
                except (TypeError, ValueError, OverflowError):
                    continue
        return type(default)(**{**_shallow(default), **known})


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) < _LARGE


def _shallow(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Path) else value


def _typed(stored: Any, usual: Any, name: str) -> Any:
    """``stored`` as the type of ``usual``; raises ValueError or TypeError if it is not."""
    if isinstance(usual, Enum):
        return type(usual)(stored)
    if isinstance(usual, Path) or name == "calibration":
        return None if stored is None else Path(stored)
    if isinstance(usual, frozenset):
        if not isinstance(stored, list) or not all(isinstance(entry, str) for entry in stored):
            raise TypeError(name)
        return frozenset(stored)
    if isinstance(usual, (bool, str)):
        if not isinstance(stored, type(usual)):
            raise TypeError(name)
        return stored
    if isinstance(usual, (int, float)) and not _is_number(stored):
        raise ValueError(name)
    return type(usual)(stored)
