"""Every runtime answers as the network itself does."""

from __future__ import annotations

import copy
import functools
import importlib.util
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.benchmark.precision import read_folder
from hands3c_core.errors import UserError
from hands3c_core.models import HandS3C, build_model, load_weights
from hands3c_core.ops import active_kernel
from hands3c_core.runtime import make_runtime, openvino_part, runtime_choices, selection
from hands3c_core.runtime.folding import fold_network
from hands3c_core.runtime.torch_runtimes import FoldedRuntime
from hands3c_core.weights import find_weights

ROOT = Path(selection.__file__).resolve().parents[2]
EXACT = [c.name for c in runtime_choices("cpu") if c.exact and not c.problem]
needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed"
)


def lively(model: HandS3C) -> HandS3C:
    """Weights under which batch norms differ from the identity and hands from each other."""
    torch.manual_seed(3)
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            fan_in = module.weight[0].numel()
            torch.nn.init.normal_(module.weight, std=0.9 * (2 / fan_in) ** 0.5)
        elif isinstance(module, torch.nn.BatchNorm2d):
            last = name.startswith("backbone") and name.endswith("norm3")
            torch.nn.init.uniform_(module.weight, *((0.15, 0.45) if last else (0.6, 1.4)))
            torch.nn.init.normal_(module.bias, std=0.1)
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.75, 1.25)
    with torch.no_grad():
        model.mano_head.hidden1.weight.mul_(0.05)
        model.mano_head.pose.weight.mul_(0.1)
        model.mano_head.shape.weight.mul_(0.1)
    return model.eval()


@pytest.fixture(scope="module")
def model() -> HandS3C:
    return lively(build_model("hands3c", input_size=128))


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (3, 128, 128, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", [name for name in EXACT if name != "compiled"])
def test_taken_weights_answer_the_same(model: HandS3C, crops: np.ndarray, name: str) -> None:
    expected = model.predict(crops).vertices
    taken = copy.deepcopy(model)
    runtime = make_runtime(taken, name, take=True)
    assert float((runtime.predict(crops).vertices - expected).norm(dim=-1).max()) < 0.05e-3
    assert runtime.hand is taken.hand
    if name == "openvino":  # it has its own copy
        assert sum(parameter.numel() for parameter in taken.parameters()) == 0


@pytest.mark.parametrize("name", [name for name in EXACT if name != "compiled"])
def test_within_a_twentieth_of_a_millimetre(model: HandS3C, crops: np.ndarray, name: str) -> None:
    expected = model.predict(crops, attention=True)
    assert float((expected.vertices[0] - expected.vertices[1]).abs().max()) > 1e-4  # not constant
    answer = make_runtime(model, name).predict(crops, attention=True)
    distance = (answer.vertices - expected.vertices).norm(dim=-1).max()
    assert float(distance) < 0.05e-3
    for field in ("backbone_features", "features", "heatmaps", "joints_2d", "encoding", "shape"):
        torch.testing.assert_close(
            getattr(answer, field), getattr(expected, field), rtol=2e-3, atol=2e-3
        )
    assert answer.attention is not None
    for field in ("before", "after", "spatial", "channel"):
        torch.testing.assert_close(
            getattr(answer.attention, field),
            getattr(expected.attention, field),
            rtol=2e-3,
            atol=2e-3,
        )


@pytest.mark.parametrize("name", [name for name in EXACT if name != "compiled"])
@pytest.mark.parametrize("network", ["ssa", "baseline"])
def test_relatives_of_the_network(crops: np.ndarray, name: str, network: str) -> None:
    model = lively(build_model(network, input_size=128))
    answer = make_runtime(model, name).predict(crops[:1])
    expected = model.predict(crops[:1])
    assert float((answer.vertices - expected.vertices).norm(dim=-1).max()) < 0.05e-3


@pytest.mark.usefixtures("small_networks")
@pytest.mark.parametrize("name", [name for name in EXACT if name != "compiled"])
@pytest.mark.parametrize("network", ["self_attention", "sar", "smr"])
def test_networks_of_another_build(crops: np.ndarray, name: str, network: str) -> None:
    torch.manual_seed(3)
    model = build_model(network, input_size=128)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear) and module.weight.std() < 0.015:
            torch.nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.75, 1.25)
    answer = make_runtime(model.eval(), name).predict(crops, attention=True)
    expected = model.predict(crops, attention=True)
    assert not torch.allclose(expected.joints_2d[0], expected.joints_2d[1], atol=1e-6)
    torch.testing.assert_close(answer.joints_2d, expected.joints_2d, rtol=0, atol=1e-4)
    torch.testing.assert_close(answer.heatmaps, expected.heatmaps, rtol=2e-3, atol=1e-5)
    scale = float(expected.vertices.abs().max())
    torch.testing.assert_close(answer.vertices, expected.vertices, rtol=0, atol=1e-3 * scale)
    assert (answer.pose is None) == (expected.pose is None)
    assert (answer.attention is None) == (network != "self_attention")


def test_folding_is_exact_in_double(model: HandS3C) -> None:
    folded = fold_network(model).double()
    images = torch.rand(1, 3, 128, 128, dtype=torch.float64)
    reference = build_model("hands3c", input_size=128)
    reference.load_state_dict(model.state_dict())
    reference = reference.double().eval()
    refolded = fold_network(reference)
    with torch.no_grad():
        expected = reference.regress(images)
        for network, tolerance in ((refolded, 1e-9), (folded, 1e-4)):
            torch.testing.assert_close(
                network.regress(images).encoding, expected.encoding, rtol=tolerance, atol=tolerance
            )
    kept = [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(kept) < 20  # only those that no convolution precedes
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in model.modules())


def test_sensitive_parts_stay_in_float32() -> None:
    model = build_model("hands3c_lite", input_size=128).eval()
    assert {"backbone", "witness_head", "point_head", "mano_head"} == set(model.full_precision)
    runtime = FoldedRuntime(model, torch.bfloat16)
    kinds = {
        name.replace(".part", ""): parameter.dtype
        for name, parameter in runtime._network.named_parameters()
        if name.endswith("conv.weight") or ".hidden" in name
    }
    half = {name for name, kind in kinds.items() if kind == torch.bfloat16}
    assert not any(name.startswith("backbone") for name in half)
    assert any(name.startswith("heatmap_head") for name in half)
    assert not any(name.startswith(model.full_precision) for name in half)
    answer = runtime.predict(np.full((1, 128, 128, 3), 128, np.uint8))
    assert answer.vertices.dtype == torch.float32


HALF = [c.name for c in runtime_choices("cpu") if not c.exact and not c.problem]


@pytest.mark.parametrize("name", HALF)
def test_shipped_weights_in_half_precision(shared: Path, name: str) -> None:
    weights = find_weights("hands3c_lite")
    folder = shared / "real_hands" / "crops"
    if weights is None or not folder.is_dir():
        pytest.skip("needs shipped weights and the developers' crops of real hands")
    model = load_weights(weights)
    crops = read_folder(folder, 10, model.input_size)
    expected = model.predict(crops).vertices
    distances = (make_runtime(model, name).predict(crops).vertices - expected).norm(dim=-1)
    # The pose head alone; the lite network of 0.1 stayed below half of that.
    assert 0 < float(distances.max()) < 1e-3


@pytest.mark.skipif("compiled" not in EXACT, reason="no C++ compiler")
def test_torch_compile_traces_the_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole network is one graph with the scans in it; making machine code of it, which takes a
    minute, is left out."""
    model = lively(build_model("hands3c_tiny", input_size=128))
    crops = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    expected = model.predict(crops).vertices
    graphs = []

    def eager(graph: torch.fx.GraphModule, _: list[torch.Tensor]) -> object:
        graphs.append([str(node.target) for node in graph.graph.nodes])
        return graph.forward

    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=eager))
    answer = make_runtime(model, "compiled").predict(crops)
    assert float((answer.vertices - expected).norm(dim=-1).max()) < 0.05e-3
    (graph,) = graphs
    if active_kernel("cpu") == "cpu":
        assert sum("hands3c.cross_scan" in node for node in graph) == 2


@needs_openvino
@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="no way to let pages go")
def test_openvino_lets_go_of_the_weights_it_has_packed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(openvino_part.platformdirs, "user_cache_dir", lambda *_, **__: tmp_path)
    layer = torch.nn.Conv2d(3, 64, 9, padding=4)
    example = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        expected = layer(example)
    converted = openvino_part.ConvertedPart(layer, (example,), fewer=True)
    assert converted._weights is not None
    assert layer.weight.detach().numpy().tobytes() in converted._weights[:]
    assert not list(tmp_path.iterdir())  # the file has no name any more
    part = converted.compile(torch.float32)
    for count in (1, 2, 1):
        (answer,) = part(example[:count])
        torch.testing.assert_close(answer, expected[:count], rtol=1e-4, atol=1e-4)


@needs_openvino
def test_openvino_without_a_folder_for_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(openvino_part, "_with_mapped_weights", full)
    layer = torch.nn.Linear(4, 3)
    example = torch.randn(1, 4)
    part = openvino_part.ConvertedPart(layer, (example,), fewer=True).compile(torch.float32)
    with torch.no_grad():
        torch.testing.assert_close(part(example)[0], layer(example), rtol=1e-4, atol=1e-4)


def test_the_hand_can_be_changed(crops: np.ndarray) -> None:
    model = lively(build_model("hands3c", input_size=128))
    runtime = make_runtime(model, "folded")
    assert runtime.predict(crops[:1]).vertices.shape[1] == 778
    model.set_hand(build_model("baseline", input_size=128, hand="hand_mid").hand)
    assert runtime.predict(crops[:1]).vertices.shape[1] == 1500


@pytest.mark.parametrize(
    "bad", [np.zeros((1, 64, 64, 3), np.uint8), np.zeros((1, 128, 128, 3), np.float32)]
)
def test_wrong_crops(model: HandS3C, bad: np.ndarray) -> None:
    with pytest.raises(UserError):
        make_runtime(model, "folded").predict(bad)


def test_unknown_and_impossible_runtimes(model: HandS3C) -> None:
    with pytest.raises(UserError, match="unknown"):
        make_runtime(model, "warp")
    with pytest.raises(UserError, match="CUDA"):
        make_runtime(model, "cuda_graph")


def test_auto_measures_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_model("hands3c_tiny", input_size=128).eval()
    monkeypatch.setattr(selection, "record_file", lambda: tmp_path / "cache" / "runtimes.json")
    monkeypatch.setattr(selection.Bystanders, "disturb", lambda _: False)
    times = {"eager": 3.0, "folded": 2.0}
    monkeypatch.setattr(selection, "_problem", lambda name, _: "" if name in times else "not here")
    measured = []

    def measure(runtime: selection.Runtime) -> list[float]:
        measured.append(runtime.runtime_name)
        return [times[runtime.runtime_name]] * 7

    monkeypatch.setattr(selection, "measure", measure)
    assert make_runtime(model, "auto").runtime_name == "folded"
    assert "eager" in measured
    count = len(measured)
    assert make_runtime(model, "auto").runtime_name == "folded"
    assert len(measured) == count  # remembered
    (tmp_path / "cache" / "runtimes.json").write_text("{not json", encoding="utf-8")
    assert make_runtime(model, "auto").runtime_name == "folded"
    assert len(measured) == 2 * count


def test_auto_is_not_misled_by_a_busy_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model("hands3c_tiny", input_size=128).eval()
    file = tmp_path / "runtimes.json"
    monkeypatch.setattr(selection, "record_file", lambda: file)
    busy = False
    monkeypatch.setattr(selection.Bystanders, "disturb", lambda _: busy)
    passes = {"eager": [2.2, 2.3, 2.2], "folded": [2.0, 9.0, 9.0]}
    monkeypatch.setattr(selection, "_problem", lambda name, _: "" if name in passes else "no")
    monkeypatch.setattr(selection, "measure", lambda runtime: passes[runtime.runtime_name])
    assert make_runtime(model, "auto").runtime_name == "folded"
    assert not file.exists()  # nobody knows what a quiet machine would have said
    passes["folded"] = [4.0, 4.1, 4.0]
    busy = True  # all of them were held up alike
    assert make_runtime(model, "auto").runtime_name == "eager"
    assert not file.exists()
    busy = False
    assert make_runtime(model, "auto").runtime_name == "eager"
    assert file.exists()


def test_nothing_that_a_busy_machine_said_is_certain() -> None:
    shortest = {"eager": 24.0, "folded": 22.0, "openvino": 12.0}
    assert selection._is_certain(shortest, {"eager": 25.0, "folded": 24.0, "openvino": 13.0})
    assert not selection._is_certain(shortest, {"eager": 60.0, "folded": 24.0, "openvino": 13.0})
    assert not selection._is_certain(shortest, {"eager": 60.0, "folded": 50.0, "openvino": 30.0})
    assert selection._is_certain({"eager": 24.0}, {"eager": 90.0})  # there was no choice


def test_auto_survives_a_runtime_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model("hands3c_tiny", input_size=128).eval()

    def fail(*_: object) -> None:
        raise RuntimeError("driver")

    monkeypatch.setattr(selection, "record_file", lambda: tmp_path / "runtimes.json")
    monkeypatch.setattr(selection, "measure", lambda runtime: [1.0])
    monkeypatch.setitem(selection._FACTORIES, "folded", fail)
    monkeypatch.setitem(selection._FACTORIES, "openvino", fail)
    assert make_runtime(model, "auto").runtime_name == "eager"


@needs_openvino
def test_openvino_reports_to_nobody() -> None:
    code = (
        "import sys, time\n"
        "def hook(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):\n"
        "        print('NETWORK', event, args, flush=True)\n"
        "sys.addaudithook(hook)\n"
        "import numpy as np\n"
        "from hands3c_core.models import build_model\n"
        "from hands3c_core.runtime import make_runtime\n"
        "runtime = make_runtime(build_model('hands3c_tiny', input_size=128), 'openvino')\n"
        "runtime.predict(np.zeros((1, 128, 128, 3), np.uint8))\n"
        "time.sleep(1)\n"
        "print('done')\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert answer.stdout.split() == ["done"], answer.stdout + answer.stderr


@needs_openvino
def test_signals_are_safe_after_networks_have_come_and_gone() -> None:
    """OpenVINO gives the thread a signal stack for each of its cores; of two that end, the second
    put back the first one's, which was gone, and the next signal crashed the process."""
    code = (
        "import faulthandler, gc, os, signal, sys\n"
        "faulthandler.enable()\n"
        "import numpy as np\n"
        "from hands3c_core.models import build_model\n"
        "from hands3c_core.runtime import make_runtime\n"
        "crops = np.zeros((1, 128, 128, 3), np.uint8)\n"
        "runtimes = []\n"
        "for _ in range(2):\n"
        "    model = build_model('hands3c_tiny', input_size=128)\n"
        "    runtimes.append(make_runtime(model, 'openvino'))\n"
        "    runtimes[-1].predict(crops)\n"
        "for _ in range(2):\n"
        "    del runtimes[0]\n"
        "    gc.collect()\n"
        "faulthandler.register(signal.SIGUSR1)\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
