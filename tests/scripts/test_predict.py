"""scripts/predict.py and scripts/import_checkpoint.py as a user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import build_model, save_weights
from hands3c_core.models.published import published_state
from hands3c_core.ops import build as kernels

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a script somewhere else, with a cache and home of its own but for compiled kernels."""
    home = tmp_path_factory.mktemp("home")
    environment = os.environ | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "OMP_NUM_THREADS": "1",
        "HANDS3C_KERNEL_CACHE": str(kernels.cache_folder()),
    }

    def call(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPTS / script), *map(str, arguments)]
        return subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True, timeout=300
        )

    return call


@pytest.fixture(scope="module")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(build_model("hands3c", input_size=128), path)
    return path


def test_predict_writes_every_output(run: Run, small_weights: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cv2.imwrite(str(tmp_path / "a.png"), rng.integers(0, 255, (200, 200, 3), dtype=np.uint8))
    np.savez(tmp_path / "b.npz", images=rng.integers(0, 255, (2, 128, 128, 3), dtype=np.uint8))
    out = tmp_path / "out.npz"
    crops = (tmp_path / "a.png", tmp_path / "b.npz")
    arguments = ("--weights", small_weights, "--runtime", "folded", "--crops", *crops)
    done = run("predict.py", *arguments, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "1 of 3 crops resized to 128 px" in done.stdout
    with np.load(out) as file:
        assert file["mesh_coord_cam"].shape == (3, 778, 3)
        assert file["mesh_coord_cam"].dtype == np.float32
        assert file["names"].tolist() == ["a.png", "b.npz[0]", "b.npz[1]"]


@pytest.mark.parametrize(
    ("weights", "crops", "extra", "message"),
    [
        (None, "bad.png", (), "no readable image"),
        (None, "bad.png", ("--device", "warp:7"), "device"),
    ],
)
def test_predict_explains_in_one_line(
    run: Run,
    small_weights: Path,
    tmp_path: Path,
    weights: str | None,
    crops: str,
    extra: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    out = tmp_path / "out.npz"
    file = small_weights if weights is None else tmp_path / weights
    arguments = ("--weights", file, "--crops", tmp_path / crops, "--out", out, *extra)
    done = run("predict.py", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()


def test_import_export_and_a_malicious_file(run: Run, tmp_path: Path) -> None:
    hand = load_hand_model("hand_mano778")
    torch.manual_seed(0)
    model = build_model("hands3c", hand=hand)
    network = {f"module.{name}": t for name, t in published_state(model, hand).items()}
    snapshot = tmp_path / "snapshot_1.pth.tar"
    torch.save({"epoch": 0, "network": network, "optimizer": {}}, snapshot)

    done = run("import_checkpoint.py", snapshot, "--out", tmp_path / "w.safetensors", "--half")
    assert done.returncode == 0, done.stderr
    assert "MANO licence" in done.stdout
    assert "hands3c for 256-px crops" in done.stdout
    done = run(
        "import_checkpoint.py",
        tmp_path / "w.safetensors",
        *("--out", tmp_path / "back.pth.tar", "--export-published"),
    )
    assert done.returncode == 0, done.stderr
    back = torch.load(tmp_path / "back.pth.tar", weights_only=True)["network"]
    assert set(network) - set(back) == {n for n in network if "mano_layer" in n}

    torch.save({"network": {"a": print}}, tmp_path / "evil.pth.tar")
    done = run("import_checkpoint.py", tmp_path / "evil.pth.tar", "--out", tmp_path / "no")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "refused" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "no").exists()


@pytest.mark.slow
def test_published_checkpoint_through_import_and_predict(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    """The published numbers come out of the commands, from a file as the authors release it."""
    parity = shared / "parity"
    sys.path.insert(0, str(parity))
    try:
        from procedural_weights import fill
    finally:
        sys.path.remove(str(parity))
    hand = load_hand_model(parity / "synthetic_MANO_RIGHT.pkl")
    own = published_state(build_model("hands3c", hand=hand), hand)
    network = {}
    for key, shape in json.loads((parity / "keys.json").read_text()).items():
        tensor = own[key]
        if "mano_layer" not in key and not key.endswith((".uu", ".vv")):
            tensor = torch.as_tensor(np.asarray(fill(key, tuple(shape)))).to(tensor.dtype)
        network[f"module.{key}"] = tensor
    snapshot = tmp_path / "snapshot_80.pth.tar"
    torch.save({"epoch": 79, "network": network, "optimizer": {}}, snapshot)
    weights, out = tmp_path / "w.safetensors", tmp_path / "out.npz"
    assert run("import_checkpoint.py", snapshot, "--out", weights).returncode == 0
    done = run(
        "predict.py",
        *("--weights", weights, "--crops", parity / "outputs_f64.npz", "--out", out),
        *("--dtype", "float64"),
    )
    assert done.returncode == 0, done.stderr
    assert "MANO_from_checkpoint" in done.stdout
    with np.load(out) as ours, np.load(parity / "outputs_f64.npz") as theirs:
        for name in theirs.files:
            tolerance = 1e-7 if name.endswith("_feat") else 1e-9
            scale = np.abs(theirs[name]).max()
            assert np.abs(ours[name] - theirs[name]).max() <= tolerance * scale, name
