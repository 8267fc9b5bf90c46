"""A folder of short clips, and an engine without processes."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from short_clips import Here, cut

from hands3c_core.assets import asset_path
from hands3c_core.sources import open_source


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> Path:
    """A folder: two sound clips, one cut off, one that is none, a photograph in a folder."""
    folder = tmp_path_factory.mktemp("clips")
    cut(folder / "one.mp4", 0.0)
    cut(folder / "more" / "two.mp4", 4.0)
    whole = (folder / "one.mp4").read_bytes()
    (folder / "cut off.mp4").write_bytes(whole[: len(whole) // 3])
    (folder / "text.mp4").write_text("no video")
    with open_source(asset_path("demo.mp4")) as source:
        image = source.read().image
    (folder / "photos").mkdir()
    cv2.imwrite(str(folder / "photos" / "a.jpg"), image[..., ::-1])
    return folder
