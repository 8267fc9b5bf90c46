# SPDX-License-Identifier: GPL-3.0-or-later
"""The banner: several things can be wrong at once, one is shown."""

import pytest
from PyQt6.QtCore import Qt

from app.session_types import Notice
from app.views.banner import Banner

FAILED = Notice("source", "Desk gives no picture", "error")
LOST = Notice("connection", "Desk is gone. Reconnecting…", "warning")


@pytest.fixture
def banner(qtbot, theme) -> Banner:
    made = Banner(theme)
    qtbot.addWidget(made)
    return made


def test_what_was_covered_shows_again_when_the_newer_notice_is_over(banner):
    banner.show_notice(FAILED)
    banner.show_notice(LOST)
    assert banner.text == LOST.text
    assert banner.property("level") == "warning"
    banner.show_notice(Notice("connection", ""))
    assert banner.text == FAILED.text
    assert banner.property("level") == "error"
    banner.show_notice(Notice("source", ""))
    assert banner.isHidden()


def test_what_is_over_while_covered_does_not_come_back(banner):
    banner.show_notice(FAILED)
    banner.show_notice(LOST)
    banner.show_notice(Notice("source", ""))
    assert banner.text == LOST.text
    banner.show_notice(Notice("connection", ""))
    assert banner.isHidden()


def test_a_topic_shows_its_newest_notice_only(banner):
    banner.show_notice(LOST)
    banner.show_notice(FAILED)
    banner.show_notice(Notice("connection", "Still looking", "warning"))
    assert banner.text == "Still looking"
    banner.show_notice(Notice("connection", ""))
    assert banner.text == FAILED.text
    banner.show_notice(Notice("source", ""))
    assert banner.isHidden()


def test_dismissing_goes_through_all_that_is_wrong(qtbot, banner):
    banner.show_notice(FAILED)
    banner.show_notice(LOST)
    qtbot.mouseClick(banner.dismiss_button, Qt.MouseButton.LeftButton)
    assert banner.text == FAILED.text
    qtbot.mouseClick(banner.dismiss_button, Qt.MouseButton.LeftButton)
    assert banner.isHidden()
    assert banner.text == ""


def test_news_goes_by_itself_and_does_not_come_back(qtbot, banner):
    banner.show_notice(FAILED)
    banner.show_notice(Notice("record", "Saved", seconds=0.05))
    assert banner.text == "Saved"
    qtbot.waitUntil(lambda: banner.text == FAILED.text, timeout=5000)
    banner.show_notice(Notice("record", "Saved", seconds=600))
    banner.show_notice(LOST)
    banner.dismiss()
    assert banner.text == FAILED.text
