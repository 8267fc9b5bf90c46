# SPDX-License-Identifier: GPL-3.0-or-later
"""What views, pages and commands may ask of the window around them."""

from __future__ import annotations

from typing import Protocol

from .settings import Settings
from .theme import Theme
from .views.banner import Banner


class Shell(Protocol):
    """The window, as far as what is in it needs to know it."""

    settings: Settings
    theme: Theme
    banner: Banner

    def open_source(self, spec: str) -> None:
        """Open ``spec``; it joins the recent sources once it is open."""

    def change_view(self, **changes: object) -> None:
        """Ask for the current view with ``changes``."""

    def run(self, command: str) -> None:
        """Do what the menu entry ``command`` (a key of ``actions.COMMANDS``) does."""

    def check(self, command: str, on: bool) -> None:
        """Show the state of a checkable menu entry."""

    def show_tab(self, key: str) -> None:
        """Turn the sidebar to a page."""

    def show_sidebar(self, on: bool) -> None:
        """Show or hide the sidebar."""

    def show_full_screen(self, on: bool) -> None:
        """The views alone on the whole screen, or everything again."""

    def show_language(self, choice: str) -> None:
        """Check the menu entry of the chosen language."""

    def start_over(self) -> None:
        """Look as at the first start."""
