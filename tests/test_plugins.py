"""One part of each kind from a folder of plugins, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from hands3c_core.estimators.choose import register_estimator
from hands3c_core.export_formats import EXPORT_FORMATS, register_format
from hands3c_core.models.registry import network_entry, register_model
from hands3c_core.sources.open import register_source

ROOT = Path(__file__).resolve().parents[1]

PLUGIN = """
import numpy as np

from hands3c_core.data.registry import register_dataset
from hands3c_core.estimators import LandmarkEstimator
from hands3c_core.export_formats import ExportFormat, register_format
from hands3c_core.estimators.choose import register_estimator
from hands3c_core.models.lite import HandS3CLite, LiteConfig, ResNetShape
from hands3c_core.models.registry import NetworkEntry, register_model
from hands3c_core.sources.base import Source
from hands3c_core.sources.open import register_source
from hands3c_core.types import Frame


def build(hand, size):
    shape = ResNetShape((16, 24, 32, 48))
    return HandS3CLite(hand, LiteConfig("plugged", size, backbone=shape, channels=32))


class Grey(Source):
    def __init__(self, address):
        self.name = address
        self._left = 2

    def read(self):
        self._left -= 1
        image = np.full((64, 64, 3), 128, np.uint8)
        return Frame(image, 1.0 - self._left, 1 - self._left, 0.0) if self._left >= 0 else None

    def close(self):
        pass


def open_data(spec, crop_size):
    raise SystemExit(f"asked for {spec.name} at {crop_size} px")


register_model(NetworkEntry("plugged", build, "of a plugin", size=128, aliases=("plug",)))
register_estimator("plugged", lambda hand, device, precision: LandmarkEstimator(hand))
register_estimator("older", lambda hand, device, precision: (LandmarkEstimator(hand), hand))
register_source("grey", Grey)
register_dataset("plugged", open_data)


class Count:
    def __init__(self, take):
        self.frames = 0

    def add(self, frame):
        self.frames += 1

    def save(self, path):
        path.write_text(str(self.frames))


register_format(ExportFormat("count", ".count", "Count", "How many frames", writer=Count))
"""

PROGRAM = """
import pytest
from hands3c_core.data import open_data
from hands3c_core.data.registry import dataset_names
from hands3c_core.errors import UserError
from hands3c_core.estimators.choose import make_estimator
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import build_model, load_weights, model_names, save_weights
from hands3c_core.sources import open_source

hand = load_hand_model("hand_mano778")
network = build_model("plug", hand=hand)
assert (network.name, network.input_size) == ("plugged", 128)
save_weights(network, "w.safetensors")
assert load_weights("w.safetensors").name == "plugged"
assert "plugged" in model_names() and "plugged" in dataset_names()
assert make_estimator("plugged", hand).hand is hand
with pytest.warns(DeprecationWarning, match="returns a hand beside it"):
    assert make_estimator("older", hand).hand is hand
with open_source("grey://x") as source:
    assert [frame.index for frame in source] == [0, 1]
for wrong in (lambda: build_model("nothing"), lambda: open_source("none://x"),
              lambda: make_estimator("nothing", hand), lambda: open_data("nothing")):
    with pytest.raises(UserError):
        wrong()
with pytest.raises(SystemExit, match="asked for plugged at 256 px"):
    open_data("plugged:somewhere")

from hands3c_core.export import ResultLog, convert_take
from hands3c_core.pipeline import HandMeshPipeline

with open_source("grey://x") as source, HandMeshPipeline("landmarks") as pipeline:
    with ResultLog("take.jsonl", hand_model=pipeline.hand_model) as log:
        for frame in source:
            log.write(pipeline.process(frame))
assert convert_take("take.jsonl", ["count"]).files[0].read_text() == "2"
from app.config import RECORD_KINDS, RecordChoice
assert ("count", "Count", "How many frames") in RECORD_KINDS
assert "count" in RecordChoice().writing(count=True).kinds
print("all there")
"""


def test_a_folder_of_plugins_brings_one_of_each(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "good.py").write_text(PLUGIN)
    (folder / "broken.py").write_text("raise RuntimeError('not today')")
    (folder / "_helper.py").write_text("raise RuntimeError('never imported')")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=os.environ | {"HANDS3C_PLUGINS": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all there\n"
    assert "broken.py cannot be used: RuntimeError('not today')" in done.stderr
    assert "_helper" not in done.stderr


def test_scripts_write_a_plugins_format(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "good.py").write_text(PLUGIN)
    pictures = tmp_path / "photos"
    pictures.mkdir()
    Image.new("RGB", (64, 64), "grey").save(pictures / "one.png")
    command = [str(pictures), "--out", "hands", "--to", "count", "--estimator", "plugged"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "process.py"), *command, "--workers", "1"],
        cwd=tmp_path,
        env=os.environ | {"HANDS3C_PLUGINS": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (counted,) = (tmp_path / "hands" / "clips").rglob("*.count")
    assert counted.read_text() == "1"


def test_names_that_are_taken_are_refused():
    with pytest.raises(ValueError, match="'hands3c' is registered already"):
        register_model(network_entry("hands3c"))
    with pytest.raises(ValueError, match="'landmarks' is registered already"):
        register_estimator("landmarks", lambda hand, device, precision: None)
    with pytest.raises(ValueError, match="'glb' is registered already"):
        register_format(EXPORT_FORMATS["glb"])
    with pytest.raises(ValueError, match="rtsp:// are opened already"):
        register_source("rtsp", lambda address: None)
