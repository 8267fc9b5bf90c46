"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hands3c_core.atomic import check_place, write_atomically
from hands3c_core.errors import UserError


def test_a_file_is_written_and_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.bin"
    assert write_atomically(path, b"first") == path
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_a_function_writes_to_the_temporary_name(tmp_path: Path) -> None:
    path = tmp_path / "c.bin"

    def write(temporary: Path) -> None:
        assert temporary != path
        assert temporary.parent == tmp_path
        temporary.write_bytes(b"content")

    write_atomically(path, write)
    assert path.read_bytes() == b"content"


@pytest.mark.parametrize("error", [OSError(28, "No space left"), RuntimeError("write failed")])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, error: Exception
) -> None:
    path = tmp_path / "d.bin"
    path.write_bytes(b"old")

    def write(temporary: Path) -> None:
        temporary.write_bytes(b"ha")
        raise error

    with pytest.raises(UserError, match=r"cannot write .*d\.bin"):
        write_atomically(path, write)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_passes_through(tmp_path: Path) -> None:
    def write(temporary: Path) -> None:
        temporary.write_bytes(b"ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "e.bin", write)
    assert not list(tmp_path.iterdir())


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        write_atomically(tmp_path / "file" / "x", b"")


def test_a_place_is_checked_before_the_work(tmp_path: Path) -> None:
    check_place(None)
    check_place(tmp_path / "new" / "a.json")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    for bad in (tmp_path, tmp_path / "file" / "a.json", Path("/proc/a.json")):
        with pytest.raises(UserError, match="cannot write"):
            check_place(bad)


def test_a_name_that_just_fits_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".npz")
    assert write_atomically(path, b"x").read_bytes() == b"x"
    with pytest.raises(UserError, match="shorter name"):
        write_atomically(tmp_path / ("a" * 256), b"x")
