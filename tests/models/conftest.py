"""Networks and checkpoints that several tests look at; made once, since they are large."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hands3c_core.hand_model import HandModelData, load_hand_model
from hands3c_core.models import HandS3C, build_model
from hands3c_core.models.published import published_state
from hands3c_core.ops import build as kernels

#: The smallest input: a quarter of the work of the published size.
SMALL = 128


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the developer's own hand models; compiled kernels are shared."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDS3C_KERNEL_CACHE", str(kernels.cache_folder()))
        patch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(cache))
        yield cache


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Two threads that spin while they wait for each other are slow on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def enliven(model: nn.Module, seed: int = 0) -> None:
    """Weights and statistics under which every part of the network matters to its output."""
    generator = torch.Generator().manual_seed(seed)

    def normal(tensor: Tensor, deviation: float) -> Tensor:
        return deviation * torch.randn(tensor.shape, generator=generator)

    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.copy_(normal(module.running_mean, 0.1))
                module.running_var.copy_(1 + normal(module.running_var, 0.05).abs())
                module.weight.copy_(0.8 + normal(module.weight, 0.1))
                if name.endswith("norm3") and name.startswith("backbone"):
                    module.weight.mul_(0.3)
            elif isinstance(module, nn.Conv2d | nn.Linear):
                fan_in = module.weight[0].numel()
                module.weight.copy_(normal(module.weight, (1.5 / fan_in) ** 0.5))
        head = model.mano_head
        head.hidden1.weight.mul_(0.05)
        head.pose.weight.mul_(0.2)
        head.shape.weight.mul_(0.2)


@pytest.fixture(scope="session")
def hand() -> HandModelData:
    return load_hand_model("hand_mano778")


@pytest.fixture(scope="session")
def small_model(hand: HandModelData) -> HandS3C:
    """A lively network for 128-px crops, in evaluation mode. Do not change it."""
    torch.manual_seed(0)
    model = build_model("hands3c", input_size=SMALL, hand=hand)
    enliven(model)
    return model.eval()


@pytest.fixture(scope="session")
def small_crops() -> np.ndarray:
    """(3, 128, 128, 3) uint8: smooth random pictures."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.uniform(0, 255, (3, 3, 9, 9)))
    fine = nn.functional.interpolate(coarse, size=SMALL, mode="bicubic").clamp(0, 255)
    return fine.permute(0, 2, 3, 1).byte().numpy()


@pytest.fixture(scope="session")
def full_model(hand: HandModelData) -> HandS3C:
    """A lively network of the published size, in evaluation mode. Do not change it."""
    torch.manual_seed(1)
    model = build_model("hands3c", hand=hand)
    enliven(model, seed=1)
    return model.eval()


@pytest.fixture
def published_tensors(full_model: HandS3C, hand: HandModelData) -> dict[str, Tensor]:
    """A published network's state dict, without ``module.``; change the table as you like."""
    return published_state(full_model, hand)


def _write_snapshot(path: Path, network: dict[str, Tensor]) -> Path:
    optimizer = {
        "state": {0: {"step": 5, "exp_avg": torch.ones(3)}},
        "param_groups": [{"lr": 1e-4}],
    }
    torch.save({"epoch": 79, "network": network, "optimizer": optimizer}, path)
    return path


@pytest.fixture(scope="session")
def write_snapshot() -> Callable[[Path, dict[str, Tensor]], Path]:
    """Writes a checkpoint as the published training does."""
    return _write_snapshot


# ------------------------------------------------------------------- the developers' reference data


@pytest.fixture(scope="session")
def parity(shared: Path) -> Path:
    """Outputs of the published network with fixed weights."""
    return shared / "parity"


@pytest.fixture(scope="session")
def reference_tensors(parity: Path) -> dict[str, Tensor]:
    """The published network's tensors as the reference outputs were computed with."""
    spec = importlib.util.spec_from_file_location("procedural", parity / "procedural_weights.py")
    procedural = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(procedural)
    model_hand = load_hand_model(parity / "synthetic_MANO_RIGHT.pkl")
    own = published_state(build_model("hands3c", hand=model_hand), model_hand)
    tensors = {}
    for key, shape in json.loads((parity / "keys.json").read_text()).items():
        if "mano_layer" in key or key.endswith((".uu", ".vv")):
            tensors[key] = own[key]
            continue
        values = torch.as_tensor(np.asarray(procedural.fill(key, tuple(shape))))
        tensors[key] = values.float() if values.is_floating_point() else values
    return tensors


@pytest.fixture(scope="session")
def reference_file(
    reference_tensors: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A published-format checkpoint of the reference network."""
    path = tmp_path_factory.mktemp("published") / "snapshot_80.pth.tar"
    return _write_snapshot(path, {f"module.{key}": t for key, t in reference_tensors.items()})


@pytest.fixture(scope="session")
def reference_outputs(parity: Path) -> dict[str, np.ndarray]:
    """The images and the published network's float64 outputs for them."""
    with np.load(parity / "outputs_f64.npz") as file:
        return {name: file[name] for name in file.files}
