# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar's pages: the one table that tabs, menu and window are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.panels.live_panel import LivePanel
from app.panels.model_panel import ModelPanel
from app.panels.page import Page
from app.panels.record_panel import RecordPanel
from app.panels.sources_panel import SourcesPanel
from app.panels.train_panel import TrainPanel
from app.panels.view_panel import ViewPanel
from app.theme import Theme


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
