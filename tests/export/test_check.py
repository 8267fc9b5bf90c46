"""Exports are right in the eyes of other programs, and what is wrong is found."""

from __future__ import annotations

import shutil

import pytest

from hands3c_core.export import FORMATS, ResultLog, convert_take
from hands3c_core.export.check import _CHECKS, check_export
from hands3c_core.export_formats import EXPORT_FORMATS


@pytest.fixture(scope="module")
def exported(tmp_path_factory, session, model):
    folder = tmp_path_factory.mktemp("checked")
    with ResultLog(folder / "take.jsonl", hand_model=model, estimator="landmarks") as log:
        for result in session[6:12]:
            log.write(result)
    return dict(zip(FORMATS, convert_take(log.path, list(FORMATS)).files, strict=True))


def test_every_format_has_a_check():
    assert set(_CHECKS) == set(EXPORT_FORMATS)


@pytest.mark.parametrize("kind", list(EXPORT_FORMATS))
def test_other_programs_find_nothing(exported, kind):
    if kind not in exported:
        pytest.skip(f"{EXPORT_FORMATS[kind].package} is not installed")
    found = check_export(exported[kind], kind)
    if found.outcome == "skipped":
        pytest.skip(f"{found.reader}: {found.about}")
    assert found.outcome == "ok", found.about


@pytest.mark.parametrize("kind", list(EXPORT_FORMATS))
def test_a_damaged_file_is_found(exported, kind, tmp_path):
    if kind not in exported:
        pytest.skip(f"{EXPORT_FORMATS[kind].package} is not installed")
    damaged = tmp_path / exported[kind].name
    if exported[kind].is_dir():
        shutil.copytree(exported[kind], damaged)
        victim = next(
            entry for entry in sorted(damaged.iterdir()) if entry.suffix in (".obj", ".ply")
        )
        victim.write_bytes(victim.read_bytes()[: 2 * victim.stat().st_size // 3])
    else:
        content = exported[kind].read_bytes()
        damaged.write_bytes(content[: 2 * len(content) // 3])
    found = check_export(damaged, kind)
    if found.outcome == "skipped":
        pytest.skip(f"{found.reader}: {found.about}")
    assert found.outcome == "wrong"
    assert found.about


def test_a_reader_that_lacks_a_part_is_skipped(exported, monkeypatch):
    def lacking(_):
        raise ModuleNotFoundError("No module named 'SpatialTransform'", name="SpatialTransform")

    monkeypatch.setitem(_CHECKS, "bvh", ("bvhio", lacking))
    found = check_export(exported["bvh"], "bvh")
    assert found.outcome == "skipped"
    assert "SpatialTransform is missing" in found.about
