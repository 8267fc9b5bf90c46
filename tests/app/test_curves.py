"""Curves over time: what is gathered, drawn, clicked on and saved."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, settle, show_paused
from PyQt6.QtCore import QPointF
from PyQt6.QtWidgets import QFileDialog

from app.curves import KINDS, Curves
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.sources import open_source

FLEXION, CONFIDENCE, SPEED = KINDS


@pytest.fixture(scope="module")
def results(request):
    """Six frames of the bundled clip that show hands."""
    from hands3c_core.assets import asset_path

    with HandMeshPipeline("landmarks") as pipeline, open_source(asset_path("demo.mp4")) as source:
        found = []
        while len(found) < 6:
            result = pipeline.process(source.read())
            if result.hands:
                found.append(result)
    return found


def test_frames_come_in_order_and_one_seen_again_takes_its_old_place(results):
    curves = Curves()
    for result in (*results[3:], *results[:3], results[1]):
        curves.add(result)
    first = curves.of(CONFIDENCE)[0]
    assert first.times.tolist() == sorted(r.frame.timestamp for r in results)
    assert first.values[0] == pytest.approx(results[0].hands[0].confidence)
    fingers = [c for c in curves.of(FLEXION) if c.hand == first.hand]
    assert [c.part for c in fingers] == list(FLEXION.parts)
    assert all(np.isfinite(c.values[0]) for c in fingers)


def test_speed_is_distance_over_time_and_not_known_after_a_gap(results):
    one = results[0]
    moved = [
        replace(one, frame=replace(one.frame, timestamp=t), hands=[_shifted(one.hands[0], x)])
        for t, x in ((0.0, 0.0), (0.1, 0.05), (1.0, 0.1))
    ]
    curves = Curves()
    for result in moved:
        curves.add(result)
    values = curves.of(SPEED)[0].values
    assert values[1] == pytest.approx(0.5, abs=1e-4)
    assert np.isnan(values[[0, 2]]).all()


def _shifted(hand, x: float):
    return replace(hand, joints_3d=hand.joints_3d + np.float32([x, 0, 0]))


def test_a_hand_that_is_away_leaves_a_gap(results):
    away = replace(results[1], hands=[])
    curves = Curves()
    for result in (results[0], away, results[2]):
        curves.add(result)
    values = curves.of(CONFIDENCE)[0].values
    assert np.isfinite(values).tolist() == [True, False, True]


def test_the_curves_open_by_a_key_follow_a_click_and_are_saved(
    qtbot, window, hand_clip, tmp_path, monkeypatch
):
    show_paused(qtbot, window, hand_clip)
    view = window.curve_view
    assert not view.isVisible()
    qtbot.keyClick(window, Key.Key_U)
    qtbot.waitUntil(lambda: view.isVisible() and bool(view.lines), timeout=TIMEOUT)
    settle(qtbot, window)
    times, values = view.lines[0].getData()
    assert np.isfinite(values).any()
    plot = view.plot.getPlotItem()
    target = float(times[len(times) // 2])
    middle = float(np.mean(plot.getViewBox().viewRange()[1]))
    place = plot.getViewBox().mapViewToScene(QPointF(target, middle))
    qtbot.mouseClick(view.plot.viewport(), Button.LeftButton, pos=view.plot.mapFromScene(place))
    playback = window.session.observables.playback
    qtbot.waitUntil(lambda: abs(playback.value.position - target) < 0.2, timeout=TIMEOUT)
    file = tmp_path / "curves.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    qtbot.mouseClick(view.save_button, Button.LeftButton)
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert {"time_s", "hand", "index_flexion_deg", "confidence", "speed_m_per_s"} <= set(rows[0])
    assert float(rows[0]["confidence"]) > 0
    picture = tmp_path / "curves.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(picture), ""))
    qtbot.mouseClick(view.save_button, Button.LeftButton)
    assert picture.stat().st_size > 1000
    qtbot.keyClick(window, Key.Key_U)
    qtbot.waitUntil(lambda: not view.isVisible(), timeout=TIMEOUT)


def test_a_place_that_cannot_be_written_is_told(qtbot, window, tmp_path, monkeypatch):
    told = []
    window.curve_view.failed.connect(told.append)
    (tmp_path / "file").write_text("")
    name = str(Path(tmp_path / "file" / "curves.csv"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))
    window.change_view(curves=True)
    qtbot.waitUntil(lambda: window.curve_view.isVisible(), timeout=TIMEOUT)
    qtbot.mouseClick(window.curve_view.save_button, Button.LeftButton)
    assert len(told) == 1
    assert "curves.csv" in told[0]
