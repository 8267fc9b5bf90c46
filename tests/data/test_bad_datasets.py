"""Missing, truncated and damaged files: named before training starts, or skipped and counted."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from hands3c_core.data import CorruptSample, open_data
from hands3c_core.errors import UserError


def message(spec: str) -> str:
    with pytest.raises(UserError) as caught:
        open_data(spec)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    "name", ["freihand", "ho3d", "dexycb", "rhd", "stb", "pseudo", "arrays", "handoccnet_json"]
)
def test_a_missing_path_is_named(tmp_path, name):
    text = message(f"{name}:{tmp_path}/nowhere")
    assert str(tmp_path / "nowhere") in text
    assert "docs/datasets.md" in text


@pytest.mark.parametrize("name", ["freihand", "ho3d", "dexycb", "rhd", "stb", "pseudo"])
def test_an_empty_folder_is_named(tmp_path, name):
    assert str(tmp_path) in message(f"{name}:{tmp_path}")


@pytest.mark.parametrize("name", ["freihand", "ho3d", "arrays"])
def test_a_path_is_needed(name):
    assert f"{name}:PATH" in message(name)


def test_freihand_truncated_json(freihand):
    root, _ = freihand
    path = root / "training_xyz.json"
    path.write_bytes(path.read_bytes()[:-20])
    assert str(path) in message(f"freihand:{root}")


def test_freihand_json_of_words(freihand):
    root, _ = freihand
    path = root / "training_xyz.json"
    path.write_text('[["one", "two"]]')
    assert str(path) in message(f"freihand:{root}")


def test_freihand_missing_label_file(freihand):
    root, _ = freihand
    (root / "training_mano.json").unlink()
    assert str(root / "training_mano.json") in message(f"freihand:{root}")


def test_freihand_files_of_different_releases(freihand):
    root, _ = freihand
    (root / "training_xyz.json").write_text(str([[[0.0] * 3] * 21]))
    text = message(f"freihand:{root}")
    assert "1 samples" in text
    assert "2" in text


@pytest.mark.parametrize(
    ("option", "part"),
    [
        ("split=tset", "split=tset"),
        ("versions=gs,red", "no version red"),
        ("colour=red", "no option 'colour'"),
        ("crop=tight", "crop=tight"),
        ("vertices=perhaps", "yes or no"),
    ],
)
def test_unknown_options(freihand, option, part):
    assert part in message(f"freihand:{freihand[0]}?{option}")


@pytest.mark.parametrize("damage", ["truncate", "empty", "remove", "text"])
def test_a_corrupt_image_is_skipped_counted_and_reported(freihand, damage):
    root, _ = freihand
    path = root / "training" / "rgb" / "00000000.jpg"
    if damage == "remove":
        path.unlink()
    else:
        content = {"truncate": path.read_bytes()[:30], "empty": b"", "text": b"no image"}[damage]
        path.write_bytes(content)
    dataset = open_data(f"freihand:{root}?versions=gs", crop_size=224)
    with pytest.raises(CorruptSample, match=r"00000000\.jpg"):
        dataset.read(0)
    sample = dataset[0]
    assert sample.name == "training/00000001.jpg"
    dataset[0]
    assert len(dataset.skipped) == 1
    assert "1 skipped" in dataset.summary()
    assert "00000000.jpg" in dataset.summary()
    assert [s.name for s in dataset] == ["training/00000001.jpg"]


def test_a_dataset_without_readable_images_says_so(freihand):
    root, _ = freihand
    for path in (root / "training" / "rgb").iterdir():
        path.unlink()
    dataset = open_data(f"freihand:{root}")
    with pytest.raises(UserError, match="in a row cannot be read"):
        dataset[0]


def test_indices_outside_the_dataset(freihand):
    dataset = open_data(f"freihand:{freihand[0]}")
    for index in (8, -9):
        with pytest.raises(IndexError):
            dataset[index]
    assert dataset[-1].name == dataset[7].name


def test_ho3d_damaged_label(ho3d):
    root, _ = ho3d
    path = root / "train" / "ABF10" / "meta" / "0000.pkl"
    path.write_bytes(path.read_bytes()[:100])
    dataset = open_data(f"ho3d:{root}")
    assert dataset[0].name == "train/ABF10/0001"
    assert str(path) in dataset.summary()


class _Attack:
    def __reduce__(self):
        return os.mkdir, ("attacked",)


def test_ho3d_malicious_pickle_is_refused(ho3d, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root, _ = ho3d
    path = root / "train" / "ABF10" / "meta" / "0000.pkl"
    path.write_bytes(pickle.dumps({"handJoints3D": _Attack()}))
    dataset = open_data(f"ho3d:{root}")
    with pytest.raises(CorruptSample):
        dataset.read(0)
    assert not (tmp_path / "attacked").exists()


def test_ho3d_frame_without_annotation(ho3d):
    """Frames that could not be annotated have None where others have joints."""
    root, _ = ho3d
    path = root / "train" / "ABF10" / "meta" / "0001.pkl"
    path.write_bytes(pickle.dumps({"handJoints3D": None, "camMat": np.eye(3)}))
    with pytest.raises(CorruptSample, match="0001"):
        open_data(f"ho3d:{root}").read(1)


def test_ho3d_listing_of_something_else(ho3d):
    root, _ = ho3d
    (root / "train.txt").write_text("hello world")
    assert "train.txt" in message(f"ho3d:{root}")


def test_rhd_malicious_pickle_is_refused(rhd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root, _ = rhd
    (root / "training" / "anno_training.pickle").write_bytes(pickle.dumps({0: _Attack()}))
    assert "anno_training.pickle" in message(f"rhd:{root}")
    assert not (tmp_path / "attacked").exists()


def test_rhd_damaged_mask(rhd):
    root, _ = rhd
    (root / "training" / "mask" / "00000.png").write_bytes(b"")
    dataset = open_data(f"rhd:{root}")
    assert not dataset[0].is_right
    assert "mask" in dataset.summary()


def test_stb_damaged_labels(stb):
    root, _ = stb
    path = root / "labels" / "B1Random_BB.mat"
    path.write_bytes(path.read_bytes()[:150])
    assert str(path) in message(f"stb:{root}?split=test")


def test_stb_training_needs_the_other_backgrounds(stb):
    assert "B2Counting" in message(f"stb:{stb[0]}")


def test_dexycb_damaged_label_and_image(dexycb, monkeypatch):
    from hands3c_core.data import dexycb as module

    root, _ = dexycb
    dataset = open_data(f"dexycb:{root}?split=val")
    good = module.read_arrays

    def broken(path, **options):
        if "836212060125" in str(path):
            raise UserError(f"{path} is damaged")
        return good(path, **options)

    monkeypatch.setattr(module, "read_arrays", broken)
    with pytest.raises(CorruptSample, match="836212060125"):
        dataset.read(0)
    assert "839512060362" in dataset[0].name
