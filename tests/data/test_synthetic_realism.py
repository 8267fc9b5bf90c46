"""The realism figure: detections are matched to the truth, grouped, and printed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hands3c_core.data.synthetic import SyntheticConfig, SyntheticRenderer
from hands3c_core.data.synthetic.realism import landmark_error, measure_realism, realism_table


@pytest.fixture(scope="module")
def hands():
    config = SyntheticConfig(
        size=256,
        clean=True,
        uniform_rotations=0.0,
        crop_scale_low=2.0,
        crop_scale_high=2.4,
    )
    renderer = SyntheticRenderer(config, seed=1)
    return [renderer.render(k) for k in range(24)]


@pytest.fixture(scope="module")
def rows(hands):
    return {row.group: row for row in measure_realism(hands)}


def test_the_detector_finds_most_plain_hands(rows):
    everything = rows["all"]
    assert everything.count == 24
    assert everything.found >= 15
    assert everything.error < 0.12
    assert everything.error_px == pytest.approx(everything.error * 256 / 2.2, rel=0.4)


def test_groups_add_up(rows, hands):
    families = [rows[name] for name in {hand.family for hand in hands}]
    assert sum(row.count for row in families) == 24
    assert sum(row.found for row in families) == rows["all"].found


def test_a_hand_found_elsewhere_does_not_count(hands):
    moved = [
        dataclasses.replace(hand, joints_2d=hand.joints_2d + np.float32(150)) for hand in hands[:6]
    ]
    assert measure_realism(moved)[0].found == 0


def test_hidden_hands_can_be_left_out(hands):
    hidden = [dataclasses.replace(hand, visible=np.zeros(21, bool)) for hand in hands[:3]]
    assert measure_realism([*hidden, hands[3]], least_visible=5)[0].count == 1


def test_the_error_is_relative_to_the_hand(hands):
    hand = hands[0]
    share, pixels = landmark_error(hand, hand.joints_2d + np.array([3.0, 4.0]))
    assert pixels == pytest.approx(5.0, abs=1e-3)
    side = np.ptp(hand.joints_2d, axis=0).max()
    assert share == pytest.approx(5.0 / side, rel=1e-4)


def test_the_table_has_a_line_for_each_group(rows):
    lines = realism_table(list(rows.values())).splitlines()
    assert len(lines) == len(rows) + 2
    assert f"| all | 24 | {rows['all'].found} |" in lines[2]
