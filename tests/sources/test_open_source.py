"""What ``open_source`` makes of a text."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.sources import CameraInfo, ImageFolder, VideoSource, open_source
from hands3c_core.sources import open as open_module


class FakeCamera:
    def __init__(self, camera: int | str, size: object, fps: object) -> None:
        self.arguments = (camera, size, fps)


@pytest.fixture
def camera_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_module, "CameraSource", FakeCamera)
    monkeypatch.setattr(open_module, "list_cameras", lambda: [CameraInfo(3, "My Cam")])


@pytest.mark.usefixtures("camera_made")
@pytest.mark.parametrize(
    ("spec", "camera"),
    [
        (0, 0),
        ("0", 0),
        (" 12 ", 12),
        ("camera:1", 1),
        ("camera:My Cam", "My Cam"),
        ("Camera: integrated", "integrated"),
        ("my cam", "my cam"),
    ],
)
def test_cameras(spec: str | int, camera: int | str) -> None:
    source = open_source(spec, (1280, 720), 30)
    assert isinstance(source, FakeCamera)
    assert source.arguments == (camera, (1280, 720), 30)


def test_files_by_content_not_by_name(tmp_path: Path, make_video) -> None:
    video = make_video("movie.mp4").rename(tmp_path / "movie.png")
    image = tmp_path / "image.mp4"
    image.write_bytes(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    folder = tmp_path / "12"
    folder.mkdir()
    (folder / "a.png").write_bytes(image.read_bytes())
    for spec, kind in (
        (video, VideoSource),
        (str(video), VideoSource),
        (video.as_uri(), VideoSource),
        (image, ImageFolder),
        (folder, ImageFolder),
        (f"{folder}/", ImageFolder),
    ):
        with open_source(spec) as source:
            assert isinstance(source, kind)
            assert source.read() is not None


def test_an_animated_gif_is_a_video(make_video) -> None:
    with open_source(make_video("a.gif", codec="gif", pix_fmt="rgb8", frames=5)) as source:
        assert isinstance(source, VideoSource)
        assert len(list(source)) == 5


@pytest.mark.usefixtures("camera_made")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "does not exist"),
        (-1, "cameras count from 0"),
        ("camera:", "name is missing"),
        ("no/such/file.mp4", "does not exist"),
        ("ftp://user:secret@host/x", "http://"),
        ("http://", "stream address"),
        ("http://[broken", "not valid"),
    ],
)
def test_nonsense_is_a_user_error(spec: str | int, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        open_source(spec)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("size", "fps"), [((0, 480), None), (None, -1.0), (None, float("nan"))])
def test_wrong_requests(size: tuple[int, int] | None, fps: float | None) -> None:
    with pytest.raises(UserError, match="not valid"):
        open_source("0", size, fps)
