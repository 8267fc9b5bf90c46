"""Recordings: true times, odd sizes, and what a crash or a full disk leaves behind."""

from __future__ import annotations

import errno
import subprocess
import sys
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.export import (
    VideoWriter,
    is_own_video,
    is_unfinished,
    recover_video,
    video_seconds,
)
from hands3c_core.export import video as video_module
from hands3c_core.sources import VideoSource

ROOT = Path(__file__).resolve().parents[2]


def picture(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """A smooth random picture, which H.264 keeps well."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 215, (4, 5, 3), dtype=np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("size", [(320, 240), (321, 241), (64, 63), (1, 1)])
def test_round_trip_keeps_times_and_pixels(tmp_path: Path, size: tuple[int, int]) -> None:
    """Variable frame rate: times to 1/90000 s, pixels in place, odd sides padded by repetition."""
    rng = np.random.default_rng(1)
    times = 5.0 + np.cumsum(rng.uniform(0.005, 0.2, 25))
    path = tmp_path / "take.mp4"
    with VideoWriter(path, size) as writer:
        for k, time in enumerate(times):
            writer.write(picture(size, k), float(time))
    with VideoSource(path) as source:
        frames = list(source)
    width, height = size
    assert source.size == (width + width % 2, height + height % 2)
    assert len(frames) == len(times) == writer.frames
    np.testing.assert_allclose([f.timestamp for f in frames], times - times[0], atol=2e-5)
    for k in (0, 7, 24):
        got = frames[k].image.astype(int)
        assert np.abs(got[:height, :width] - picture(size, k)).mean() < 4
        if width % 2:
            assert np.abs(got[:, -1] - got[:, -2]).mean() < 6
    assert list(tmp_path.iterdir()) == [path]


def test_colours_are_kept(tmp_path: Path) -> None:
    colours = [(230, 30, 30), (30, 200, 30), (40, 40, 220), (128, 128, 128), (250, 240, 10)]
    path = tmp_path / "colours.mp4"
    with VideoWriter(path, (64, 48), fps=10) as writer:
        for colour in colours:
            writer.write(np.full((48, 64, 3), colour, np.uint8))
    with VideoSource(path) as source:
        for frame, colour in zip(source, colours, strict=True):
            assert np.abs(frame.image[24, 32].astype(int) - colour).max() <= 6


def test_without_times_frames_are_evenly_spaced(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "even.mp4", (64, 48), fps=12.5) as writer:
        for k in range(5):
            writer.write(picture((64, 48), k))
    assert writer.duration == pytest.approx(5 / 12.5)
    with VideoSource(tmp_path / "even.mp4") as source:
        times = [f.timestamp for f in source]
        assert source.fps == pytest.approx(12.5)
        assert source.duration == pytest.approx(0.4, abs=1e-3)
    np.testing.assert_allclose(times, np.arange(5) / 12.5, atol=2e-5)


def test_a_clip_that_starts_again_goes_on_in_the_recording(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "loop.mp4", (64, 48), fps=10) as writer:
        for time in (0.0, 0.1, 0.25, 0.0, 0.1, 0.25, 0.05):
            writer.write(picture((64, 48)), time)
    with VideoSource(tmp_path / "loop.mp4") as source:
        times = [f.timestamp for f in source]
    np.testing.assert_allclose(times, [0, 0.1, 0.25, 0.35, 0.45, 0.6, 0.7], atol=2e-5)


def test_an_image_of_another_size_is_letterboxed(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "fit.mp4", (96, 48), fps=10) as writer:
        writer.write(np.full((96, 96, 3), 200, np.uint8))
    with VideoSource(tmp_path / "fit.mp4") as source:
        image = next(iter(source)).image
    assert image.shape == (48, 96, 3)
    assert image[:, 28:68].min() > 180
    assert image[:, :20].max() < 30
    assert image[:, 76:].max() < 30


def test_a_crash_keeps_all_but_the_last_second(tmp_path: Path) -> None:
    """A writer killed without warning after 4 s of video leaves a .part that plays at least 3 s."""
    path = tmp_path / "crash.mp4"
    script = f"""
        import os, signal, sys
        sys.path.insert(0, {str(ROOT)!r})
        import numpy as np
        from hands3c_core.export.video import VideoWriter
        writer = VideoWriter({str(path)!r}, (160, 120), 25)
        for k in range(100):
            writer.write(np.full((120, 160, 3), 2 * k, np.uint8), k / 25)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], timeout=120)
    assert ended.returncode != 0
    assert not path.exists()
    part = path.with_name("crash.mp4.part")
    with VideoSource(part) as source:
        frames = list(source)
    assert 75 <= len(frames) <= 100
    assert source.duration == pytest.approx(len(frames) / 25, abs=0.05)
    for k in (0, 40, len(frames) - 1):
        assert frames[k].timestamp == pytest.approx(k / 25, abs=1e-4)
        assert abs(int(frames[k].image[60, 80, 1]) - 2 * k) <= 3
    # A new recording of the same name does not destroy what can still be recovered.
    with VideoWriter(path, (160, 120), 25) as writer:
        writer.write(np.zeros((120, 160, 3), np.uint8))
    assert part.exists()
    assert path.exists()
    recovered = recover_video(part)
    assert recovered == path.with_name("crash-2.mp4")
    assert is_own_video(recovered)
    with VideoSource(recovered) as source:
        assert len(list(source)) == len(frames)


def test_a_video_still_being_written_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "busy.mp4"
    with VideoWriter(path, (64, 48), 10) as writer:
        for k in range(12):
            writer.write(picture((64, 48), k), k / 10)
        assert is_unfinished(writer.part_path)
        assert recover_video(writer.part_path) is None
        assert writer.part_path.exists()
    assert is_own_video(path)
    assert not is_unfinished(path)
    assert video_seconds(path) == pytest.approx(1.2, abs=0.02)


def test_remains_without_a_frame_are_removed(tmp_path: Path) -> None:
    part = tmp_path / "empty.mp4.part"
    part.write_bytes(b"")
    assert recover_video(part) is None
    assert list(tmp_path.iterdir()) == []
    other = tmp_path / "other.mp4"
    other.write_bytes(b"no video")
    assert not is_own_video(other)
    assert video_seconds(other) is None


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_real_write_failure_keeps_what_was_written(tmp_path: Path) -> None:
    """The system refuses to let the file grow: one error, and the recording so far plays."""
    path = tmp_path / "full.mp4"
    script = f"""
        import resource, sys
        sys.path.insert(0, {str(ROOT)!r})
        import numpy as np
        from hands3c_core.errors import UserError
        from hands3c_core.export.video import VideoWriter
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
        rng = np.random.default_rng(0)
        with VideoWriter({str(path)!r}, (96, 64), 25) as writer:
            try:
                for k in range(200):
                    writer.write(rng.integers(0, 255, (64, 96, 3), dtype=np.uint8), k / 25)
            except UserError as error:
                print(k, error)
                sys.exit(2)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 2, ended.stderr
    assert "recording stopped" in ended.stdout
    assert "Traceback" not in ended.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["full.mp4"]
    failed_at = int(ended.stdout.split()[0])
    with VideoSource(path) as source:
        played = len(list(source))
    assert failed_at - 26 <= played <= failed_at


@pytest.mark.parametrize("when", ["while writing", "while closing"])
def test_a_full_disk_is_one_error_and_a_playable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    full = False
    write = video_module._PartFile.write

    def write_until_full(self: video_module._PartFile, data: bytes) -> int:
        if full and not self.sealed:
            self.sealed = True
            self.error = OSError(errno.ENOSPC, "No space left on device")
            raise self.error
        return write(self, data)

    monkeypatch.setattr(video_module._PartFile, "write", write_until_full)
    path = tmp_path / "disk.mp4"
    writer = VideoWriter(path, (96, 64), 10)
    for k in range(30):
        writer.write(picture((96, 64), k), k / 10)
    full = True

    def go_on() -> None:
        for k in range(30, 60 if when == "while writing" else 30):
            writer.write(picture((96, 64), k), k / 10)
        writer.close()

    with pytest.raises(UserError, match="No space left"):
        go_on()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.write(picture((96, 64)))
    with VideoSource(path) as source:
        assert len(list(source)) >= 20
    assert [p.name for p in tmp_path.iterdir()] == ["disk.mp4"]


def test_nothing_written_leaves_nothing(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "none.mp4", (64, 48)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_exception_in_between_keeps_the_recording(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with VideoWriter(tmp_path / "kept.mp4", (64, 48)) as writer:
            writer.write(picture((64, 48)))
            raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        fail_half_way()
    with VideoSource(tmp_path / "kept.mp4") as source:
        assert len(list(source)) == 1


def test_places_that_cannot_be_written_are_user_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UserError, match="cannot be written"):
        VideoWriter(tmp_path / "file" / "a.mp4", (64, 48))
    with pytest.raises(UserError, match=r"\.mp4"):
        VideoWriter(tmp_path / "a.avi", (64, 48))
    with pytest.raises(UserError, match="not possible"):
        VideoWriter(tmp_path / "a.mp4", (0, 48))
    with pytest.raises(UserError, match="not possible"):
        VideoWriter(tmp_path / "a.mp4", (64, 48), -5.0)


def test_wrong_images_are_refused(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", (64, 48)) as writer:
        with pytest.raises(ValueError, match="uint8"):
            writer.write(np.zeros((48, 64, 3), np.float32))
        with pytest.raises(ValueError, match="uint8"):
            writer.write(np.zeros((48, 64), np.uint8))
        with pytest.raises(ValueError, match="finite"):
            writer.write(np.zeros((48, 64, 3), np.uint8), float("nan"))


def test_what_is_cut_off_anywhere_decodes_without_an_error(tmp_path: Path) -> None:
    """A crash may end the file in the middle of a fragment: what is recovered is clean."""
    with VideoWriter(tmp_path / "whole.mp4", (64, 48), 10) as writer:
        for k in range(40):
            writer.write(picture((64, 48), k), k / 10)
        content = writer.part_path.read_bytes()
    least = 0
    for share in (0.3, 0.5, 0.77, 0.9, 1.0):
        part = tmp_path / "cut.mp4.part"
        part.write_bytes(content[: int(share * len(content))])
        recovered = recover_video(part)
        with VideoSource(recovered) as source:
            played = len(list(source))
        assert played >= max(least, int(40 * share) - 15)
        least = played
        recovered.unlink()
