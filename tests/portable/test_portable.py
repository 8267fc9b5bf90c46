"""Networks in other formats answer as torch does."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork, build_model, load_weights
from hands3c_core.ops import active_kernel, selective_scan, use_kernel
from hands3c_core.portable import OUTPUTS, PortableNetwork, convert_network
from hands3c_core.weights import find_weights


@pytest.fixture(scope="module")
def tiny() -> HandNetwork:
    torch.manual_seed(0)
    return build_model("hands3c_tiny").eval()


def test_the_function_is_the_networks_prediction(tiny):
    portable = PortableNetwork(tiny)
    assert portable.names == OUTPUTS
    assert not tiny.training
    crops = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    wanted = tiny.predict(crops)
    with torch.inference_mode():
        images = torch.from_numpy(crops).permute(0, 3, 1, 2) / 255
        said = dict(zip(portable.names, portable(images), strict=True))
    relative = wanted.vertices - wanted.joints_3d[:, :1]
    torch.testing.assert_close(said["vertices"], relative, atol=1e-5, rtol=0)
    torch.testing.assert_close(said["joints_2d"], wanted.joints_2d, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("side", "cells"), [(7, 2), (8, 4), (5, (3, 1))])
def test_pooling_in_two_products(side, cells):
    from hands3c_core.portable.graph import _averaged

    maps = torch.rand(2, 3, side, side)
    wanted = torch.nn.functional.adaptive_avg_pool2d(maps, cells)
    torch.testing.assert_close(_averaged(maps, cells), wanted)


def test_a_kernel_may_be_chosen_for_a_while(monkeypatch):
    monkeypatch.setenv("HANDS3C_SCAN", "reference")
    with use_kernel("chunked"):
        assert active_kernel("cpu") == "chunked"
    assert active_kernel("cpu") == "reference"


def test_torchscript_and_what_is_said_of_it(tiny, tmp_path):
    done = convert_network(tiny, "torchscript", tmp_path / "hand")
    assert [file.name for file in done.files] == ["hand.pt", "hand.json"]
    assert done.difference is not None
    assert done.difference < 1e-4
    facts = json.loads((tmp_path / "hand.json").read_text())
    assert facts["input"]["shape"] == [1, 3, 128, 128]
    assert facts["crop"] == "box"
    assert len(facts["joints"]) == 21
    assert len(facts["faces"][0]) == 3
    loaded = torch.jit.load(str(tmp_path / "hand.pt"))
    said = loaded(torch.rand(1, 3, 128, 128))
    assert [list(out.shape) for out in said] == list(facts["outputs"].values())


def test_a_scan_of_any_length_is_traced_without_whole_number_division():
    """ONNX rounds it towards zero, so that 112 steps in chunks of 11 came out one chunk short."""

    def scan(u, dt, A, B, C):
        with use_kernel("chunked"):
            return selective_scan(u, dt, A, B, C)

    rows, states, length = 4, 2, 112
    example = [torch.rand(*shape) for shape in ((1, rows, length),) * 2]
    example += [-torch.rand(rows, states), *(torch.rand(1, 1, states, length) for _ in "BC")]
    graph = str(torch.jit.trace(scan, tuple(example), check_trace=False).inlined_graph)
    assert "aten::exp" in graph
    assert "floor_divide" not in graph
    assert "aten::floordiv" not in graph


@pytest.mark.stress
@pytest.mark.parametrize(("kind", "package"), [("onnx", "onnxruntime"), ("openvino", "openvino")])
@pytest.mark.parametrize("name", ["hands3c_tiny", "hands3c_tiny_self_attention", "shipped"])
def test_other_runtimes_agree(tmp_path, kind, package, name):
    pytest.importorskip(package)
    if kind == "onnx":
        pytest.importorskip("onnx")
    torch.manual_seed(1)
    network = load_weights(find_weights("hands3c_lite")) if name == "shipped" else build_model(name)
    done = convert_network(network, kind, tmp_path / "hand")
    assert done.difference is not None
    assert done.difference < 1e-4


def test_what_cannot_be_had_is_said(tiny, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="there is no format 'gguf'"):
        convert_network(tiny, "gguf", tmp_path / "a")
    with pytest.raises(UserError, match="at least 1"):
        convert_network(tiny, "onnx", tmp_path / "a", batch=0)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for kind in ("onnx", "coreml"):
        with pytest.raises(UserError, match="needs"):
            convert_network(tiny, kind, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_an_answer_that_differs_is_not_written(tiny, tmp_path, monkeypatch):
    from hands3c_core.portable import convert

    def lie(portable, path, example):
        path.write_bytes(b"x")

        def run(images):
            with torch.inference_mode():
                return [said.numpy() + 0.01 for said in portable(torch.from_numpy(images))]

        return convert._Made((path,), run)

    formats = dict(convert.PORTABLE_FORMATS) | {"torchscript": (".pt", lie)}
    monkeypatch.setattr(convert, "PORTABLE_FORMATS", formats)
    with pytest.raises(UserError, match=r"otherwise than torch by 0\.01"):
        convert_network(tiny, "torchscript", tmp_path / "a")
    assert not list(tmp_path.iterdir())
