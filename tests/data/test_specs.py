"""Naming datasets and mixing them."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.data import MixtureDataset, open_data, parse_specs, register_dataset
from hands3c_core.data import registry as registry_module
from hands3c_core.data.dataset import HandDataset
from hands3c_core.data.sample import HandSample, ValidLabels
from hands3c_core.errors import UserError

NAMES = ("freihand", "synthetic", "pseudo", "arrays")


class Numbers(HandDataset):
    """Samples that say which they are."""

    kind = "numbers"

    def __init__(self, count: int, tag: str = "n") -> None:
        super().__init__(8)
        self.count = count
        self.tag = tag

    def __len__(self) -> int:
        return self.count

    def read(self, index: int) -> HandSample:
        zeros = np.zeros((21, 3), np.float32)
        return HandSample(
            crop=np.zeros((8, 8, 3), np.uint8),
            joints_2d=zeros[:, :2],
            joints_3d=zeros,
            is_right=True,
            valid=ValidLabels(),
            name=f"{self.tag}{index}",
        )


def parse(text):
    specs = parse_specs(text, NAMES)
    return [(spec.name, spec.path, spec.options, spec.weight) for spec in specs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("synthetic", [("synthetic", None, {}, 1.0)]),
        ("pseudo:my_hands", [("pseudo", "my_hands", {}, 1.0)]),
        ("synthetic:0.8,pseudo:0.2", [("synthetic", None, {}, 0.8), ("pseudo", None, {}, 0.2)]),
        (
            "freihand:/d/a,b?split=train&versions=gs,hom:3,pseudo:x:.5",
            [
                ("freihand", "/d/a,b", {"split": "train", "versions": "gs,hom"}, 3.0),
                ("pseudo", "x", {}, 0.5),
            ],
        ),
        ("arrays:C:\\data\\x.npz", [("arrays", "C:\\data\\x.npz", {}, 1.0)]),
        ("synthetic?seed=3:2", [("synthetic", None, {"seed": "3"}, 2.0)]),
    ],
)
def test_parsing(text, expected):
    assert parse(text) == expected


def test_a_folder_with_a_number_for_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2").mkdir()
    assert parse("pseudo:2") == [("pseudo", "2", {}, 1.0)]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no dataset was named"),
        ("mnist", "mnist"),
        ("freihand:/x,mnist:/y?split", "split"),
        ("pseudo:x?split", "split"),
        ("synthetic:0", "above 0"),
        ("freihand-x", "not understood"),
    ],
)
def test_mistakes(text, part):
    with pytest.raises(UserError, match=part):
        parse(text)


def test_registered_datasets_open_by_name(monkeypatch):
    monkeypatch.setattr(registry_module, "_OPENERS", dict(registry_module._OPENERS))
    register_dataset("numbers", lambda spec, size: Numbers(spec.number("count", 5)))
    assert len(open_data("numbers")) == 5
    assert len(open_data("numbers?count=7")) == 7
    mixed = open_data("numbers?count=30:2,numbers?count=10:1")
    assert isinstance(mixed, MixtureDataset)
    with pytest.raises(ValueError, match="already"):
        register_dataset("numbers", lambda spec, size: Numbers(1))
    with pytest.raises(UserError, match="whole number"):
        open_data("numbers?count=-1")


@pytest.mark.parametrize(
    ("sizes", "weights"),
    [((100, 100), (0.8, 0.2)), ((10, 1000), (1, 1)), ((7, 13, 5), (1, 2, 3)), ((3,), (1,))],
)
def test_mixtures_keep_their_shares_everywhere(sizes, weights):
    mixed = MixtureDataset([Numbers(n, f"{i}:") for i, n in enumerate(sizes)], weights)
    parts = np.array([mixed.locate(index)[0] for index in range(len(mixed))])
    shares = np.array(weights) / sum(weights)
    for number, share in enumerate(shares):
        assert (parts == number).mean() == pytest.approx(share, abs=2 / len(mixed))
        # In every stretch of 20 samples too.
        for start in range(0, len(mixed) - 20, 20):
            count = (parts[start : start + 20] == number).sum()
            assert abs(count - 20 * share) <= 2


def test_mixtures_show_the_largest_part_once():
    mixed = MixtureDataset([Numbers(50, "a"), Numbers(10, "b")], (1, 1))
    names = [sample.name for sample in mixed]
    assert len(mixed) == 100
    assert sorted(name for name in names if name[0] == "a") == sorted(f"a{i}" for i in range(50))
    for number in range(10):
        assert names.count(f"b{number}") == 5


def test_mixtures_thin_a_part_with_a_small_share_evenly():
    mixed = MixtureDataset([Numbers(100, "a"), Numbers(1000, "b")], (9, 1))
    seen = [int(sample.name[1:]) for sample in mixed if sample.name[0] == "b"]
    assert len(set(seen)) == len(seen)
    assert max(np.diff(sorted(seen))) <= 1.2 * 1000 / len(seen)


def test_an_empty_part_is_named():
    with pytest.raises(UserError, match="numbers has no samples"):
        MixtureDataset([Numbers(3), Numbers(0)], (1, 1))


def test_windows_follow_the_network_unless_told(ho3d):
    root, _ = ho3d
    assert open_data(f"ho3d:{root}").crop_rule == "box"
    assert open_data(f"ho3d:{root}", crop_rule="published").crop_rule == "published"
    assert open_data(f"ho3d:{root}", crop_rule="upright").crop_rule == "box"
    assert open_data(f"ho3d:{root}?crop=box", crop_rule="published").crop_rule == "box"
    assert open_data(f"ho3d:{root}?crop=published").crop_rule == "published"
    one = open_data(f"ho3d:{root}?crop=published")[0]
    other = open_data(f"ho3d:{root}")[0]
    assert not np.array_equal(one.joints_2d, other.joints_2d)
    assert np.array_equal(one.joints_3d, other.joints_3d)


def test_ready_crops_have_no_windows(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((1, 64, 64, 3), np.uint8))
    with pytest.raises(UserError, match="ready crops"):
        open_data(f"arrays:{tmp_path / 'a.npz'}?crop=published")


def test_specs_as_text():
    for text in ("ho3d:/a b/c?split=eval&mano=/m.pkl:0.5", "synthetic:1", "stb:/x:2"):
        (spec,) = parse_specs(text, ["ho3d", "synthetic", "stb"])
        assert spec.text() == text
