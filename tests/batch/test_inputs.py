"""What a run is of."""

from __future__ import annotations

import pytest

from hands3c_core.batch.inputs import find_clips
from hands3c_core.errors import UserError


@pytest.fixture
def folder(tmp_path):
    for name in ("a.mp4", "sub/a.mp4", "sub/deep/b.mov", "notes.txt", ".hidden.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(*inputs, known=None):
    return [clip.name for clip in find_clips([str(given) for given in inputs], known)]


def test_a_folder_is_every_video_in_it_and_below(folder):
    assert names(folder) == ["a", "sub__a", "sub__deep__b"]


def test_files_patterns_and_lists(folder):
    assert names(folder / "a.mp4") == ["a"]
    assert names(folder / "**" / "*.m*") == ["a", "sub__a", "sub__deep__b"]
    (folder / "list.txt").write_text("# some\nsub/a.mp4\n\nsub/deep\n")
    assert names(f"@{folder / 'list.txt'}") == ["a", "b"]


def test_what_is_named_twice_is_there_once(folder):
    assert names(folder, folder / "a.mp4") == ["a", "sub__a", "sub__deep__b"]


def test_clips_of_one_name_keep_apart_whatever_else_is_named(folder):
    two = names(folder / "a.mp4", folder / "sub" / "a.mp4")
    assert len(set(two)) == 2
    assert "a" in two
    clips = find_clips([folder / "a.mp4", folder / "sub" / "a.mp4"])
    known = {clip.path: clip.name for clip in clips}
    again = find_clips([folder / "sub" / "a.mp4", folder / "a.mp4"], known)
    assert {clip.path: clip.name for clip in again} == known


def test_photographs_stand_alone(clips):
    found = {clip.name: clip.kind for clip in find_clips([clips])}
    assert found.pop("photos") == "images"
    assert set(found.values()) == {"video"}
    assert find_clips([clips / "photos" / "a.jpg"])[0].kind == "images"


@pytest.mark.parametrize("wrong", ["missing.mp4", "*.nothing", "@missing.txt", "empty"])
def test_what_is_not_there_is_told_in_one_line(tmp_path, wrong):
    (tmp_path / "empty").mkdir()
    prefix = "@" if wrong.startswith("@") else ""
    with pytest.raises(UserError) as told:
        find_clips([prefix + str(tmp_path / wrong.lstrip("@"))])
    assert "\n" not in str(told.value)
