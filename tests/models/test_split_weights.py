"""Weights in several files."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from hands3c_core.errors import UserError
from hands3c_core.models import build_model, load_weights, read_header, save_weights
from hands3c_core.models.split_weights import part_paths, split_weights

MOST = 200_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small network's weights in one file."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("whole") / "run" / "weights.safetensors"
    path.parent.mkdir()
    save_weights(build_model("hands3c_tiny"), path, {"licence": "ours"}, half=True)
    assert path.stat().st_size > 3 * MOST
    return path


@pytest.fixture
def split(whole, tmp_path):
    return split_weights(whole, tmp_path / "big.safetensors", MOST)


def test_parts_hold_the_whole_and_none_is_too_large(whole, split):
    assert split == part_paths(split[0], len(split))
    assert split[1].name == "big.part2.safetensors"
    sizes = [path.stat().st_size for path in split]
    # One matrix of the network alone is larger than that.
    largest = max(t.numel() * 2 for t in load_file(whole).values())
    assert max(sizes) < max(MOST, largest) * 1.3
    assert sum(sizes) < 1.2 * whole.stat().st_size
    expected, loaded = load_weights(whole).state_dict(), load_weights(split[0]).state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in expected.items())
    header = read_header(split[0])
    assert (header["model"], header["licence"]) == ("hands3c_tiny", "ours")


def test_small_weights_stay_as_they_are(whole, tmp_path):
    target = tmp_path / "small.safetensors"
    assert split_weights(whole, target) == [target]
    assert target.read_bytes() == whole.read_bytes()


def test_a_missing_part_is_named(split):
    split[1].unlink()
    with pytest.raises(UserError, match=r"lacks its part big.part2.safetensors"):
        load_weights(split[0])


def test_parts_of_different_weights_are_refused(split, tmp_path):
    torch.manual_seed(1)
    save_weights(build_model("hands3c_tiny"), tmp_path / "other.safetensors", half=True)
    others = split_weights(tmp_path / "other.safetensors", tmp_path / "o.safetensors", MOST)
    split[1].write_bytes(others[1].read_bytes())
    with pytest.raises(UserError, match="part of other weights"):
        load_weights(split[0])


def test_a_further_part_alone_is_refused(split):
    with pytest.raises(UserError, match="name their first file"):
        load_weights(split[1])


@pytest.mark.parametrize("count", ["0", "-1", "1e9", "many", 5000 * "9"])
def test_an_unreadable_number_of_parts_is_refused(count, tmp_path):
    path = tmp_path / "odd.safetensors"
    save_weights(build_model("hands3c_tiny"), path, {"parts": count})
    with pytest.raises(UserError, match="number of parts"):
        load_weights(path)
