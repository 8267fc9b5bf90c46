"""How picture and 3D view share the stage: plain geometry."""

from __future__ import annotations

import pytest

from app.arrangement import arrange

#: The stage in windows of 900 x 600, 1440 x 820, 1920 x 1080 and 3840 x 2160.
STAGES = [(528, 408), (1068, 628), (1548, 888), (3468, 1968)]
GAP = 10


def covered(pane: tuple[float, float], aspect: float) -> tuple[float, float]:
    """(width of the picture in ``pane``, share of the pane that it covers)."""
    width = min(pane[0], pane[1] * aspect)
    return width, width * width / aspect / (pane[0] * pane[1])


def even(width: int, height: int, aspect: float) -> tuple[float, float]:
    """As ``covered`` with two equal panes of the stage's whole extent, the better way round."""
    panes = (((width - GAP) / 2, height), (width, (height - GAP) / 2))
    return max(covered(pane, aspect) for pane in panes)


@pytest.mark.parametrize("aspect", [16 / 9, 4 / 3, 1.0, 9 / 16, 21 / 9])
@pytest.mark.parametrize("stage", STAGES)
def test_the_picture_fills_its_pane_and_is_no_smaller_than_in_half_the_stage(stage, aspect):
    made = arrange(*stage, aspect, GAP)
    pane = made.camera_pane(*stage, GAP)
    width, share = covered(pane, aspect)
    assert share > 0.98
    assert width >= 0.99 * even(*stage, aspect)[0]
    room = (stage[1] if made.stacked else stage[0]) - GAP
    scene = (1 - made.share) * room
    assert min(scene, made.across) > 0.25 * min(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_a_portrait_takes_the_whole_height_and_leaves_the_rest(stage):
    made = arrange(*stage, 9 / 16, GAP)
    assert not made.stacked
    width, height = made.camera_pane(*stage, GAP)
    assert height == stage[1]
    assert width == pytest.approx(9 / 16 * height, abs=1)


def test_a_share_that_was_chosen_is_kept_and_turns_nothing_round():
    for stage in STAGES:
        for aspect in (16 / 9, 4 / 3, 9 / 16):
            own = arrange(*stage, aspect, GAP)
            for share in (0.1, 0.3, 0.5, 0.9):
                made = arrange(*stage, aspect, GAP, share)
                assert made.share == share
                assert made.stacked == own.stacked
                assert 1 <= made.across <= max(stage)


def test_wide_pictures_are_stacked_where_the_stage_is_narrow():
    assert arrange(528, 408, 16 / 9, GAP).stacked
    assert not arrange(528, 408, 4 / 3, GAP).stacked
    assert arrange(600, 900, 4 / 3, GAP).stacked
    assert not arrange(1068, 628, 16 / 9, GAP).stacked


@pytest.mark.parametrize("stage", [(0, 0), (5, 5), (1, 900), (900, 1)])
def test_no_stage_is_too_small_to_be_divided(stage):
    made = arrange(*stage, 4 / 3, GAP)
    assert 0 < made.share <= 1 or min(stage) == 0
    assert made.across >= 1
