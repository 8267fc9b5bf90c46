"""What a run without a window refuses before it loads anything."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

import app.headless
from app.headless import run_headless
from app.options import parse
from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError


@pytest.fixture(autouse=True)
def _no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded for nothing")

    monkeypatch.setattr(app.headless, "Session", started)


def refusal_of(*arguments: str | Path, out: Path) -> str:
    options = parse([*map(str, arguments), "--headless", "--out", str(out / "out")])
    with pytest.raises(UserError) as error:
        run_headless(options)
    return str(error.value)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(os.urandom(5000))
    (tmp_path / "empty.mp4").touch()
    for name, told in (
        ("nosuch.mp4", "does not exist"),
        ("noise.mp4", "not a video"),
        ("empty.mp4", "is empty"),
        ("x" * 300, "does not exist"),
        ("~nouser/x.mp4", "does not exist"),
    ):
        source = name if name.startswith("~") else tmp_path / name
        assert told in refusal_of(source, out=tmp_path), name
    assert "does not exist" in refusal_of("", out=tmp_path)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refusal_of(asset_path("demo.mp4"), "--live", f"ws:{port}", out=tmp_path)
    assert f"port {port}" in told
    assert "choose another port" in told
    assert "cannot listen" in refusal_of(
        asset_path("demo.mp4"), "--live", "ws:192.0.2.1", out=tmp_path
    )


def test_what_is_fine_goes_on_to_the_run(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "a.png"), np.zeros((8, 8, 3), np.uint8))
    for source in (asset_path("demo.mp4"), tmp_path / "photos", "0", "rtsp://localhost:1/x"):
        options = parse(
            [str(source), "--headless", "--out", str(tmp_path / "out"), "--live", "osc"]
        )
        with pytest.raises(AssertionError, match="for nothing"):
            run_headless(options)
