"""Every program in examples/, as it stands."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from hands3c_core import HandMeshPipeline
from hands3c_core.assets import asset_path
from hands3c_core.live import LiveOut, parse_targets
from hands3c_core.sources import open_source

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
CLIP = str(asset_path("demo.mp4"))


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> str:
    with open_source(CLIP) as source:
        image = source.read().image
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    cv2.imwrite(str(path), image[..., ::-1])
    return str(path)


def run(example: str, *arguments: object, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example), *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_are_listed_and_tested():
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    tested = Path(__file__).read_text(encoding="utf-8")
    for file in [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*.ipynb")]:
        assert f"({file.name})" in listed
        assert f'"{file.name}"' in tested


def test_image_to_mesh(photo, tmp_path):
    assert "vertices" in run("image_to_mesh.py", photo, "hands.obj", cwd=tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert {"hands.obj", "hands.mtl", "hands.png"} <= names


def test_video_to_csv(tmp_path):
    run("video_to_csv.py", CLIP, "angles.csv", 5, cwd=tmp_path)
    lines = (tmp_path / "angles.csv").read_text().splitlines()
    assert lines[0].startswith("frame")
    assert len(lines) >= 6


def test_own_estimator(tmp_path):
    assert "frame 4: hand 1 is" in run("own_estimator.py", CLIP, 5, cwd=tmp_path)


def test_own_source(photo, tmp_path):
    lines = run("own_source.py", photo, 5, cwd=tmp_path).splitlines()
    assert len(lines) == 5
    assert " m" in lines[-1]


def test_live_receiver(photo, tmp_path):
    with open_source(photo) as source, HandMeshPipeline() as pipeline:
        result = pipeline.process(source.read())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with LiveOut(parse_targets([f"ws:{port}"])) as out:
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / "live_receiver.py"), f"ws://127.0.0.1:{port}/", "1"],
            stdout=subprocess.PIPE,
            text=True,
        )
        while process.poll() is None:
            out.send(result)
            time.sleep(0.02)
        assert "mm)" in process.stdout.read()


def test_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = json.loads((EXAMPLES / "quickstart.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    space: dict[str, object] = {}
    exec(compile(code, "quickstart.ipynb", "exec"), space)
    assert (tmp_path / "overlay.png").exists()
    assert (tmp_path / "hands.obj").exists()
    assert len(space["depths"]) == 10
