# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar's pages: the one table that tabs, menu and window are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..theme import Theme
from .live_panel import LivePanel
from .model_panel import ModelPanel
from .page import Page
from .record_panel import RecordPanel
from .sources_panel import SourcesPanel
from .train_panel import TrainPanel
from .view_panel import ViewPanel


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page."""

    key: str
    make: Callable[[Theme], Page]
    label: str
    """On its tab."""
    tip: str
    menu: str
    """Menu entry."""
    shortcut: str


PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "source",
        SourcesPanel,
        "Source",
        "Cameras, files and streams (Alt+1)",
        "Page: source",
        "Alt+1",
    ),
    PageEntry("view", ViewPanel, "View", "What the views show (Alt+2)", "Page: view", "Alt+2"),
    PageEntry(
        "model",
        ModelPanel,
        "Model",
        "Estimator, hand model, smoothing (Alt+3)",
        "Page: model",
        "Alt+3",
    ),
    PageEntry(
        "record", RecordPanel, "Record", "Recordings and snapshots (Alt+4)", "Page: record", "Alt+4"
    ),
    PageEntry(
        "live",
        LivePanel,
        "Live",
        "Send hands to a browser, Blender and others (Alt+5)",
        "Page: live",
        "Alt+5",
    ),
    PageEntry(
        "train",
        TrainPanel,
        "Train",
        "Fine-tune the network on your hands (Alt+6)",
        "Page: train",
        "Alt+6",
    ),
)
