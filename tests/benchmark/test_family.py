"""The networks side by side, and the command that lists them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hands3c_core.benchmark.family import as_markdown, as_report, describe_networks
from hands3c_core.errors import UserError
from hands3c_core.models import build_model, save_weights

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("small_networks")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_figures_of_a_network(tmp_path, monkeypatch):
    monkeypatch.setenv("HANDS3C_WEIGHTS", str(tmp_path))
    save_weights(build_model("smr", input_size=128), tmp_path / "smr.safetensors", half=True)
    card = {"name": "smr", "model": "smr", "licence": "Apache-2.0", "samples_seen": 5}
    (tmp_path / "smr.json").write_text(json.dumps(card))
    smr, sar = describe_networks(["smr", "SAR"], runtimes=["eager"], rounds=1)
    assert (smr.name, sar.name) == ("smr", "sar")
    assert smr.parameters == sum(smr.parts.values())
    assert list(smr.parts) == ["encoder", "stages.0", "stages.1"]
    assert smr.weights["samples_seen"] == 5
    assert smr.weights["file"] == "smr.safetensors"
    assert smr.milliseconds["eager"] > 0
    assert smr.flops > 0
    assert smr.scan_flops == 0
    report = as_report([smr, sar])
    assert json.loads(json.dumps(report))["networks"][1]["name"] == "sar"
    assert report["machine"]["threads"] == 1
    head, _, *rows = as_markdown([smr, sar]).splitlines()
    assert head.endswith("| eager, ms |")
    assert len(rows) == 2
    with pytest.raises(UserError, match="use 1 or more"):
        describe_networks(["smr"], runtimes=["eager"], rounds=0)


def test_the_command_prints_json_and_refuses_what_is_not_there():
    words = [sys.executable, str(ROOT / "scripts" / "models.py")]
    done = subprocess.run(
        [*words, "hands3c_tiny", "--json"], capture_output=True, text=True, check=True
    )
    (network,) = json.loads(done.stdout)["networks"]
    assert network["name"] == "hands3c_tiny"
    assert network["parts"]["s3c"] > 0
    assert network["scan_flops"] > 0
    done = subprocess.run([*words, "nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: No network is called 'nothing'")
