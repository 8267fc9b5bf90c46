"""The benchmark of networks and scans: its figures and its tables."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from hands3c_core.benchmark import network, precision
from hands3c_core.benchmark.memory import resident_memory
from hands3c_core.benchmark.network import ScanCase
from hands3c_core.benchmark.network_tables import as_markdown
from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork, build_model
from hands3c_core.runtime import RuntimeChoice


@pytest.fixture
def tiny() -> HandNetwork:
    torch.manual_seed(0)
    return build_model("hands3c_tiny", input_size=128).eval()


def choices(*names: str) -> list[RuntimeChoice]:
    return [RuntimeChoice(name, "", "-" not in name, automatic=True) for name in names]


def test_every_variant_is_in_the_tables(tiny: HandNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CASES", (ScanCase("spatial", 16, 4, 4),))
    monkeypatch.setattr(network, "runtime_choices", lambda _: choices("eager", "folded"))
    asked = []

    def memory(name: str, runtime: str) -> dict[str, float]:
        asked.append((name, runtime))
        return {"resident": 301.4, "peak": 402.3}

    monkeypatch.setattr(network, "resident_memory", memory)
    report = network.benchmark_network(rounds=1, baseline_rounds=1, model=tiny)
    assert len(asked) == 4
    json.dumps(report)
    (scan,) = report["scans"]
    assert scan["state_updates"] == 4 * 16 * 16 * 16
    times = report["network"]["one_hand_ms"]
    assert list(times) == ["published style", "eager", "folded"]
    assert report["network"]["vertex_difference_mm"]["folded"] < 0.05
    text = as_markdown(report)
    assert "| folded | 301 / 402 | 301 / 402 |" in text
    assert "| runtime | hands3c_tiny | hands3c_lite |" in text
    assert "four directions with projections" in text
    for line in text.splitlines():  # no cell too many in any table
        if line.startswith("| folded") and "/" not in line:
            assert line.count("|") == 7


def test_memory_is_that_of_a_whole_process() -> None:
    found = resident_memory("hands3c_tiny", "eager")
    assert 50 < found["resident"] <= found["peak"] < 2000


def test_precision_is_measured_on_a_folder(
    tiny: HandNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    for number in range(5):
        image = generator.integers(0, 256, (150, 150, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"crop{number}.png"), image)
    (tmp_path / "labels.txt").write_text("no crop")
    crops = precision.read_folder(tmp_path, 3, 128)
    assert crops.shape == (3, 128, 128, 3)
    available = choices("eager", "folded", "folded-bf16", "compiled")
    monkeypatch.setattr(precision, "runtime_choices", lambda _: available)
    make, moved = precision.make_runtime, []

    def shifting(model: HandNetwork, name: str) -> HandNetwork:
        """One vertex of one crop is 2 mm off in half precision."""
        runtime = make(model, "folded" if "bf16" in name else name)
        if "bf16" in name:
            complete = model.complete

            def shifted(*arguments: object, **options: object) -> object:
                answer = complete(*arguments, **options)
                if not moved:
                    answer.vertices[0, 7, 1] += 2e-3
                    moved.append(True)
                return answer

            monkeypatch.setattr(model, "complete", shifted)
        return runtime

    monkeypatch.setattr(precision, "make_runtime", shifting)
    folded, half = precision.check_precision(tiny, crops)
    assert (folded.runtime, folded.limit, folded.within) == ("folded", 0.05, 1.0)
    assert (half.runtime, half.limit) == ("folded-bf16", 0.5)
    assert half.within == pytest.approx(2 / 3)
    assert half.largest == pytest.approx(2, abs=0.01)
    assert half.mean == pytest.approx(2 / (3 * 778), rel=0.2)
    text = precision.as_markdown([folded, half], tiny.name)
    assert "66.7 % (0.5 mm)" in text
    with pytest.raises(UserError, match="no crops"):
        precision.check_precision(tiny, crops[:0])


def test_folders_without_crops_are_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        precision.crop_files(tmp_path / "none", 3)
    with pytest.raises(UserError, match="no images"):
        precision.crop_files(tmp_path, 3)
