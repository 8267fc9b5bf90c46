"""The bundle's assembly."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hands3c_core.assets import asset_path
from hands3c_core.commands import build_detector
from hands3c_core.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


def _data_offset(raw: bytes, entry: zipfile.ZipInfo) -> int:
    name, extra = struct.unpack_from("<HH", raw, entry.header_offset + 26)
    return entry.header_offset + 30 + name + extra


def test_committed_bundle_is_the_known_one_and_aligned():
    raw = asset_path("hand_landmarker.task").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == build_detector.BUNDLE_SHA256
    with zipfile.ZipFile(asset_path("hand_landmarker.task")) as bundle:
        assert bundle.testzip() is None
        assert bundle.namelist() == list(build_detector.NETWORKS)
        for entry in bundle.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            assert _data_offset(raw, entry) % build_detector.ALIGNMENT == 0


def test_the_bundle_is_made_again_from_its_own_networks():
    """Assembling is deterministic, so the entries of the bundle give the bundle."""
    with zipfile.ZipFile(asset_path("hand_landmarker.task")) as bundle:
        networks = {name: bundle.read(name) for name in bundle.namelist()}
    made = build_detector.assemble(networks)
    assert hashlib.sha256(made).hexdigest() == build_detector.BUNDLE_SHA256


@pytest.mark.parametrize("lengths", [(1, 1), (63, 64), (65, 5), (1000, 3), (29, 61)])
def test_every_entry_is_aligned(tmp_path, lengths):
    entries = {f"part{i}.tflite": bytes([i]) * n for i, n in enumerate(lengths)}
    raw = build_detector.assemble(entries)
    (tmp_path / "made.zip").write_bytes(raw)
    with zipfile.ZipFile(tmp_path / "made.zip") as bundle:
        for entry in bundle.infolist():
            assert _data_offset(raw, entry) % build_detector.ALIGNMENT == 0
            assert bundle.read(entry) == entries[entry.filename]


def _wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_another_versions_networks_are_refused(tmp_path):
    members = dict.fromkeys(build_detector.NETWORKS.values(), b"other weights")
    wheel = _wheel(tmp_path / "mediapipe-0.0.0.whl", members)
    with pytest.raises(UserError, match="SHA-256"):
        build_detector.build(wheel, tmp_path / "out.task")
    assert not (tmp_path / "out.task").exists()


@pytest.mark.parametrize("kind", ["missing", "no zip", "no networks"])
def test_wrong_wheels_exit_with_code_two_and_one_line(tmp_path, kind):
    wheel = tmp_path / "mediapipe.whl"
    if kind == "no zip":
        wheel.write_bytes(b"nothing")
    if kind == "no networks":
        _wheel(wheel, {"README": b""})
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build_detector.py", "--wheel", wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
