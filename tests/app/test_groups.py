"""Groups of the sidebar's pages, folded away by real clicks and keys."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.session import Session
from app.windows.main_window import MainWindow


def _head(page, number=0):
    head, group = page._groups[number]
    return head, group


def test_a_click_on_a_heading_folds_its_group_away_and_another_brings_it_back(qtbot, window):
    window.show_tab("view")
    head, group = _head(window.view_panel, 1)
    other = _head(window.view_panel, 2)[0]
    below = other.mapTo(window, other.rect().topLeft()).y()
    assert window.view_panel.material_box.isVisible()
    QTest.mouseClick(head, Qt.MouseButton.LeftButton)
    assert not group.isVisible()
    assert not window.view_panel.material_box.isVisible()
    qtbot.waitUntil(lambda: other.mapTo(window, other.rect().topLeft()).y() < below, timeout=5000)
    assert not head.hasFocus()  # or Space would fold instead of play
    QTest.mouseClick(head, Qt.MouseButton.LeftButton)
    assert window.view_panel.material_box.isVisible()


def test_keys_reach_it(window):
    window.show_tab("model")
    head, group = _head(window.model_panel)
    head.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert not group.isVisible()


def test_what_is_folded_away_stays_so(qtbot, settings, theme, window):
    window.show_tab("record")
    head, _ = _head(window.record_panel, 2)
    QTest.mouseClick(head, Qt.MouseButton.LeftButton)
    again = MainWindow(Session(), settings, theme)
    qtbot.addWidget(again)
    assert again.record_panel.folded_groups() == [2]
    assert again.view_panel.folded_groups() == []
    again.close()


def test_damaged_settings_fold_nothing(qtbot, settings, theme):
    settings.set("window/folded/view", ["x", {}, 99, None])
    made = MainWindow(Session(), settings, theme)
    qtbot.addWidget(made)
    assert made.view_panel.folded_groups() == []
    made.close()
