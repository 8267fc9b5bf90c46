"""Fixtures for the whole suite."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' reference data, beside the checkout; tests that need it skip without it."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("the developers' reference data (../shared) is not there")
    return folder


@pytest.fixture
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """``build_model`` and ``load_weights`` make quick forms of every network."""
    from small_networks import SMALL

    from hands3c_core.models import registry

    for name, build in SMALL.items():
        entry = dataclasses.replace(registry.network_entry(name), build=build)
        monkeypatch.setitem(registry._NETWORKS, name, entry)
