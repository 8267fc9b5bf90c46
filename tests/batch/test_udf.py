"""Hands of a column of pictures."""

from __future__ import annotations

import numpy as np
import pytest
from test_process import QUICK

from hands3c_core.assets import asset_path
from hands3c_core.batch.udf import HandsOfPictures
from hands3c_core.errors import UserError
from hands3c_core.sources import open_source


def test_a_column_of_hands_is_added(clips):
    with open_source(asset_path("demo.mp4")) as source:
        image = source.read().image
    find = HandsOfPictures(config=QUICK)
    batch = {"image": np.stack([image, np.zeros_like(image)]), "name": np.array(["a", "b"])}
    found = find(batch)
    assert found["name"].tolist() == ["a", "b"]
    assert [len(hands) for hands in found["hands"]] == [2, 0]
    assert np.shape(found["hands"][0][0]["joints_3d"]) == (21, 3)
    content = (clips / "photos" / "a.jpg").read_bytes()
    assert len(find.of(content)) == 2


@pytest.mark.parametrize("wrong", [{"other": []}, {"image": [b"no picture"]}])
def test_what_is_no_picture_is_told(wrong):
    with pytest.raises(UserError):
        HandsOfPictures(config=QUICK)(wrong)
