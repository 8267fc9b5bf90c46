"""Weights on disk: ours and the published format, whole and damaged."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData, load_hand_model
from hands3c_core.models import (
    HandS3C,
    build_model,
    load_weights,
    read_header,
    read_published,
    save_weights,
    write_published,
)
from hands3c_core.models.importing import export_checkpoint, import_checkpoint
from hands3c_core.models.published import published_state
from hands3c_core.runtime import make_runtime


def same_state(a: HandS3C, b: HandS3C) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


@pytest.fixture(scope="module")
def small_file(small_model: HandS3C, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(small_model, path, {"epoch": "12"})
    return path


def test_safetensors_round_trip(small_model: HandS3C, small_file: Path) -> None:
    loaded = load_weights(small_file)
    assert same_state(loaded, small_model)
    assert not loaded.training
    assert loaded.config == small_model.config
    header = read_header(small_file)
    assert header["model"] == "hands3c"
    assert header["input_size"] == "128"
    assert header["epoch"] == "12"
    assert [file.name for file in small_file.parent.iterdir()] == [small_file.name]


def test_half_precision_file(
    small_model: HandS3C, small_crops: np.ndarray, small_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "half.safetensors"
    save_weights(small_model, path, half=True)
    assert path.stat().st_size < 0.52 * small_file.stat().st_size
    loaded = load_weights(path)
    assert loaded.mano_head.pose.weight.dtype == torch.float32
    difference = loaded.predict(small_crops).vertices - small_model.predict(small_crops).vertices
    assert difference.abs().max() < 1e-3


def test_half_precision_keeps_what_float16_cannot_hold(
    small_model: HandS3C, tmp_path: Path
) -> None:
    model = copy.deepcopy(small_model)
    norm = next(part for part in model.modules() if isinstance(part, nn.BatchNorm2d))
    norm.running_var[0] = 3e5  # a young network's maps; float16 ends at 65,504
    save_weights(model, tmp_path / "half.safetensors", half=True)
    loaded = load_weights(tmp_path / "half.safetensors")
    theirs = next(part for part in loaded.modules() if isinstance(part, nn.BatchNorm2d))
    assert torch.equal(theirs.running_var, norm.running_var)


@pytest.mark.parametrize("name", ["ssa", "baseline"])
def test_relatives_are_told_from_the_header(name: str, hand: HandModelData, tmp_path: Path) -> None:
    model = build_model(name, input_size=160, hand=hand)
    save_weights(model, tmp_path / "w.safetensors")
    loaded = load_weights(tmp_path / "w.safetensors")
    assert loaded.config == model.config
    assert same_state(loaded, model)


def test_file_without_header(small_model: HandS3C, tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(small_model.state_dict(), path)
    loaded = load_weights(path)
    assert loaded.config == small_model.config


def test_header_cannot_lead_out_of_the_cache(
    small_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "sly.safetensors"
    save_file(load_file(small_file), path, {"hand": "cache:../../../secret"})
    assert load_weights(path).hand.name == "hand_mano778"
    assert "not at hand" in caplog.text


def test_hand_of_ones_choice(small_file: Path) -> None:
    assert load_weights(small_file, hand="hand_mid").hand.num_vertices == 1500


# -------------------------------------------------------------------------------- published format


def test_published_round_trip(
    full_model: HandS3C, small_crops: np.ndarray, hand: HandModelData, tmp_path: Path
) -> None:
    path = tmp_path / "snapshot_8.pth.tar"
    write_published(full_model, path, epoch=7, hand=hand)
    content = torch.load(path, weights_only=True)
    assert set(content) == {"epoch", "network", "optimizer"}
    assert len(content["network"]) == 715
    assert all(name.startswith("module.") for name in content["network"])
    checkpoint = read_published(path)
    assert (checkpoint.model_name, checkpoint.input_size, checkpoint.epoch) == ("hands3c", 256, 7)
    assert checkpoint.notes == ()
    loaded = load_weights(path)
    assert same_state(loaded, full_model)
    carried = loaded.hand
    assert carried.name == "MANO_from_checkpoint"
    for name in ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "faces"):
        assert np.array_equal(getattr(carried, name), getattr(hand, name)), name
    assert np.array_equal(carried.hands_mean, hand.hands_mean)


def test_older_names_and_no_prefix(
    published_tensors: dict[str, Tensor], write_snapshot, tmp_path: Path
) -> None:
    old = {name.replace("S3C.", "SSCA.", 1): t for name, t in published_tensors.items()}
    checkpoint = read_published(write_snapshot(tmp_path / "old.pth.tar", old))
    assert checkpoint.model_name == "hands3c"
    assert any("SSCA" in note for note in checkpoint.notes)


def test_bare_state_dict_without_hand_or_grids(
    published_tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    bare = {n: t for n, t in published_tensors.items() if "mano_layer" not in n}
    del bare["regressor.hand_regHead.uu"]
    torch.save(bare, tmp_path / "bare.pth")
    checkpoint = read_published(tmp_path / "bare.pth")
    assert checkpoint.hand is None
    assert checkpoint.epoch is None
    assert any("uu" in note for note in checkpoint.notes)


@pytest.mark.parametrize(("name", "size"), [("hands3c", 224), ("ssa", 256), ("baseline", 224)])
def test_forms_are_detected(
    name: str, size: int, hand: HandModelData, write_snapshot, tmp_path: Path
) -> None:
    model = build_model(name, input_size=size, hand=hand)
    path = write_snapshot(tmp_path / "s.pth.tar", published_state(model))
    checkpoint = read_published(path)
    assert (checkpoint.model_name, checkpoint.input_size) == (name, size)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("backbone.toplayer.bias"), r"lacks 1 tensors \(fpn.top.bias\)"),
        (lambda t: t.update(other=torch.zeros(1)), r"has beyond it 1 tensors \(other\)"),
        (
            lambda t: t.update({"backbone.toplayer.bias": torch.zeros(7)}),
            r"fpn.top.bias has shape \(7,\), expected \(256,\)",
        ),
        (
            lambda t: t.update({"backbone.toplayer.bias": torch.full((256,), torch.nan)}),
            "not finite",
        ),
        (
            lambda t: t.update({"backbone.toplayer.bias": torch.zeros(256, dtype=torch.int64)}),
            "holds torch.int64",
        ),
        (lambda t: t.update({"regressor.hand_regHead.uu": torch.zeros(32, 32)}), "unknown grid"),
        (lambda t: t.update({"regressor.hand_regHead.uu": torch.zeros(28, 28)}), "contradicts"),
        (lambda t: t.pop("regressor.mano_regHead.mano_layer.th_weights"), "part of a hand model"),
        (lambda t: t.update({"module.S3C.ln_1.bias": torch.zeros(256)}), "twice"),
        (lambda t: t.update({"backbone.toplayer.bias": "text"}), "no table of tensors"),
        (lambda t: t.clear(), "no table of tensors"),
        (lambda t: [t.pop(n) for n in list(t) if "foreign" not in n], "no table of tensors"),
    ],
)
def test_unfit_files_are_refused(
    change, message: str, published_tensors: dict[str, Tensor], write_snapshot, tmp_path: Path
) -> None:
    change(published_tensors)
    path = write_snapshot(tmp_path / "unfit.pth.tar", published_tensors)
    with pytest.raises(UserError, match=message) as caught:
        read_published(path)
    assert "\n" not in str(caught.value)


class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


def test_malicious_pickle_is_refused_without_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"epoch": 1, "network": {"a": Evil()}}, tmp_path / "zip.pth.tar")
    (tmp_path / "plain.pth.tar").write_bytes(pickle.dumps({"network": Evil()}, protocol=2))
    for name in ("zip.pth.tar", "plain.pth.tar"):
        with pytest.raises(UserError, match=r"refused|no torch checkpoint") as caught:
            load_weights(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "pwned").exists()


def test_damaged_and_foreign_files_are_refused(
    small_file: Path, full_model: HandS3C, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.pth.tar"
    write_published(full_model, whole)
    cases = {
        "short.pth.tar": whole.read_bytes()[:1_000_000],
        "short.safetensors": small_file.read_bytes()[:100_000],
        "text.pth.tar": b"hello, this is no checkpoint",
        "empty.pth.tar": b"",
        "zeros.safetensors": bytes(1000),
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
    torch.save({"weights": [1, 2, 3]}, tmp_path / "list.pt")
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "linear.pt")
    save_file({"a": torch.zeros(3)}, tmp_path / "other.safetensors")
    save_file({"a": torch.zeros(3)}, tmp_path / "named.safetensors", {"model": "gpt"})
    for name in (*cases, "list.pt", "linear.pt", "other.safetensors", "named.safetensors", "none"):
        with pytest.raises(UserError) as caught:
            load_weights(tmp_path / name)
        assert "\n" not in str(caught.value), name
        assert name in str(caught.value)


# ------------------------------------------------------------------------------- import and export


def test_import_then_export_gives_the_same_file(
    published_tensors: dict[str, Tensor], write_snapshot, tmp_path: Path, own_cache: Path
) -> None:
    lines: list[str] = []
    network = {f"module.{name}": tensor for name, tensor in published_tensors.items()}
    snapshot = write_snapshot(tmp_path / "snapshot_80.pth.tar", network)
    weights = import_checkpoint(snapshot, tmp_path / "w.safetensors", report=lines.append)
    assert any("MANO licence" in line for line in lines)
    assert list((own_cache / "hand_models").glob("checkpoint_*.npz"))
    header = read_header(weights)
    assert header["epoch"] == "79"
    assert header["source"] == "snapshot_80.pth.tar"
    model = load_weights(weights)
    assert model.hand.name == "MANO_from_checkpoint"

    export_checkpoint(weights, tmp_path / "back.pth.tar", hand=model.hand, report=lines.append)
    back = torch.load(tmp_path / "back.pth.tar", weights_only=True)
    assert back["epoch"] == 79
    assert back["network"].keys() == network.keys()
    for name, tensor in network.items():
        assert torch.equal(back["network"][name], tensor), name
        assert back["network"][name].dtype == tensor.dtype, name


def test_export_keeps_the_hand_of_a_published_file_only(
    published_tensors: dict[str, Tensor], small_file: Path, write_snapshot, tmp_path: Path
) -> None:
    lines: list[str] = []
    snapshot = write_snapshot(tmp_path / "s.pth.tar", published_tensors)
    export_checkpoint(snapshot, tmp_path / "a.pth.tar", report=lines.append)
    assert len(torch.load(tmp_path / "a.pth.tar", weights_only=True)["network"]) == 715
    export_checkpoint(small_file, tmp_path / "b.pth.tar", report=lines.append)
    assert len(torch.load(tmp_path / "b.pth.tar", weights_only=True)["network"]) == 715 - 9
    with pytest.raises(UserError, match="778"):
        export_checkpoint(small_file, tmp_path / "c.pth.tar", hand=load_hand_model("hand_mid"))
    assert not (tmp_path / "c.pth.tar").exists()


def test_import_refuses_our_own_file(small_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="already"):
        import_checkpoint(small_file, tmp_path / "x.safetensors")


def test_unwritable_output(small_model: HandS3C, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        save_weights(small_model, tmp_path / "file" / "w.safetensors")


def test_weights_say_whether_poses_are_brought_to_the_heatmaps(tmp_path, small_crops):
    network = build_model("baseline", input_size=128)
    save_weights(network, tmp_path / "usual.safetensors")
    assert not load_weights(tmp_path / "usual.safetensors").refines
    network.ask_to_refine()
    save_weights(network, tmp_path / "asking.safetensors")
    loaded = load_weights(tmp_path / "asking.safetensors")
    assert loaded.refines
    assert make_runtime(loaded, "folded").refines
    # Networks without poses have nothing to refine.
    points = build_model("sar_1stage", input_size=128)
    points.ask_to_refine()
    assert not points.refines


def test_weights_carry_their_crop_rule(small_model, small_file, tmp_path):
    """Published checkpoints get the published window, and so do files made from them, also those
    that an earlier version made; others keep the network's own."""
    assert load_weights(small_file).crop_rule == small_model.crop_rule == "box"
    published = tmp_path / "snapshot_1.pth.tar"
    write_published(small_model, published)
    assert load_weights(published).crop_rule == "published"
    import_checkpoint(published, tmp_path / "ours.safetensors", report=lambda _: None)
    assert read_header(tmp_path / "ours.safetensors")["crop"] == "published"
    assert load_weights(tmp_path / "ours.safetensors").crop_rule == "published"
    state = {name: tensor.clone() for name, tensor in small_model.state_dict().items()}
    old = {"format": "hands3c-live", "model": small_model.name, "hand": small_model.hand.name}
    old |= {"input_size": str(small_model.input_size), "source_sha256": "0" * 64}
    save_file(state, tmp_path / "old.safetensors", old)
    assert load_weights(tmp_path / "old.safetensors").crop_rule == "published"
    for odd in ({"crop": "sideways"}, {"crop": ""}, {"refines": "9" * 4000}):
        save_file(state, tmp_path / "odd.safetensors", old | odd)
        with pytest.raises(UserError, match="does not have") as error:
            load_weights(tmp_path / "odd.safetensors")
        assert len(str(error.value)) < 400
