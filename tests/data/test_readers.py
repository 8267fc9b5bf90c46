"""Every official layout, read from disk and compared with the hands it was written from."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hands3c_core.data import open_data, project_sample
from hands3c_core.data.dexycb import selection
from hands3c_core.data.ho3d import HO3D_JOINTS, TO_OURS, TO_THEIRS
from hands3c_core.data.stb import to_camera
from hands3c_core.errors import UserError


def check_sample(sample, hand, *, pixels=0.01):
    """The sample is the hand: relative joints, mirrored where left, projecting where labelled."""
    sides = np.array([1.0 if hand.is_right else -1.0, 1.0, 1.0])
    np.testing.assert_allclose(sample.joints_3d, (hand.joints - hand.joints[0]) * sides, atol=2e-6)
    np.testing.assert_allclose(sample.root, hand.joints[0] * sides, atol=2e-6)
    np.testing.assert_allclose(project_sample(sample), sample.joints_2d, atol=pixels)
    assert sample.is_right == hand.is_right
    assert sample.valid.joints_2d.all()
    assert sample.valid.joints_3d.all()
    assert sample.valid.metric


def check_window(sample, size=256):
    """The published window: the joints' box, centred, 1/1.5 of the crop."""
    low, high = sample.joints_2d.min(axis=0), sample.joints_2d.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, (size - 1) / 2, atol=1e-2)
    assert (high - low).max() == pytest.approx(size / 1.5, rel=1e-3)


def check_parameters(sample, hand, family="hands3c"):
    np.testing.assert_allclose(sample.pose, hand.pose, atol=2e-5)
    np.testing.assert_allclose(sample.shape, hand.shape, atol=1e-5)
    assert sample.parameter_model == family
    assert sample.valid.pose
    assert sample.valid.shape


def check_vertices(sample, hand):
    sides = np.array([1.0 if hand.is_right else -1.0, 1.0, 1.0])
    wanted = (hand.vertices - hand.joints[0]) * sides
    np.testing.assert_allclose(sample.vertices, wanted, atol=2e-5)
    assert sample.valid.vertices


def test_freihand_training(freihand):
    root, hands = freihand
    dataset = open_data(f"freihand:{root}?vertices=yes", crop_size=224)
    assert len(dataset) == 8
    for index, sample in enumerate(dataset):
        hand = hands[index % 2]
        check_sample(sample, hand)
        check_parameters(sample, hand, "mano")
        check_vertices(sample, hand)
        np.testing.assert_allclose(sample.joints_2d, hand.joints_2d, atol=0.01)
    assert dataset.skipped == {}


def test_freihand_reads_the_versions_asked_for(freihand):
    root, hands = freihand
    dataset = open_data(f"freihand:{root}?versions=hom,auto", crop_size=224)
    assert len(dataset) == 4
    names = [dataset.image_path(index).name for index in range(4)]
    assert names == ["00000002.jpg", "00000003.jpg", "00000006.jpg", "00000007.jpg"]
    brighter = dataset[0].crop.astype(int) - hands[0].image
    assert 5 < np.median(brighter) < 15  # the fixture's second version is 10 grey levels brighter


def test_freihand_evaluation(freihand):
    root, hands = freihand
    dataset = open_data(f"freihand:{root}?split=eval&crop=joints")
    assert len(dataset) == 1
    check_sample(dataset[0], hands[0])
    check_window(dataset[0])
    check_vertices(dataset[0], hands[0])
    assert dataset[0].name == "evaluation/00000000.jpg"


def test_freihand_evaluation_without_published_labels(freihand):
    root, _ = freihand
    for name in ("xyz", "verts", "mano"):
        (root / f"evaluation_{name}.json").unlink()
    dataset = open_data(f"freihand:{root}?split=eval")
    sample = dataset[0]
    assert not sample.valid.joints_3d.any()
    assert not sample.valid.joints_2d.any()
    assert sample.intrinsics is not None
    assert "evaluation_xyz.json" in dataset.summary()


def test_ho3d_training(ho3d):
    root, hands = ho3d
    dataset = open_data(f"ho3d:{root}?mano=hand_mano778")
    assert len(dataset) == 2
    for sample, hand in zip(dataset, hands, strict=True):
        check_sample(sample, hand)
        check_window(sample)
        check_parameters(sample, hand)
        check_vertices(sample, hand)


def test_ho3d_without_a_hand_model_gives_joints_alone(ho3d):
    root, hands = ho3d
    dataset = open_data(f"ho3d:{root}")
    check_sample(dataset[0], hands[0])
    assert dataset[0].pose is None
    assert not dataset[0].valid.pose
    assert "mano=" in dataset.summary()


def test_ho3d_evaluation(ho3d):
    root, hands = ho3d
    dataset = open_data(f"ho3d:{root}?split=eval")
    sample = dataset[0]
    np.testing.assert_allclose(sample.root, hands[0].joints[0], atol=1e-6)
    assert not sample.valid.joints_3d.any()
    opengl = np.array([1.0, -1.0, -1.0])
    for name, points in (("xyz", hands[0].joints[TO_THEIRS]), ("verts", hands[0].vertices)):
        (root / f"evaluation_{name}.json").write_text(json.dumps([(points * opengl).tolist()]))
    sample = open_data(f"ho3d:{root}?split=eval")[0]
    check_sample(sample, hands[0])
    check_window(sample)
    check_vertices(sample, hands[0])


def test_ho3d_joint_order():
    assert HO3D_JOINTS[:7] == (
        "wrist", "index1", "index2", "index3", "middle1", "middle2", "middle3",
    )  # fmt: skip
    assert HO3D_JOINTS[7] == "little1"
    assert HO3D_JOINTS[16:] == ("thumb4", "index4", "middle4", "ring4", "little4")
    np.testing.assert_array_equal(TO_OURS[TO_THEIRS], np.arange(21))


def test_dexycb(dexycb):
    root, hands = dexycb
    train = open_data(f"dexycb:{root}?mano=hand_mano778")
    # Ten subjects, eight cameras, the one frame of sequence 0 that shows a hand.
    assert len(train) == 80
    for index in (0, 79):
        check_sample(train[index], hands["right"])
        check_window(train[index])
        check_parameters(train[index], hands["right"])
        check_vertices(train[index], hands["right"])
    assert train[0].name == "20200709-subject-01/20200709_100000/836212060125/color_000000.jpg"
    for split, subjects in (("val", 2), ("test", 8)):
        held_out = open_data(f"dexycb:{root}?split={split}&mano=hand_mano778")
        assert len(held_out) == subjects * 8
        check_sample(held_out[0], hands["left"])
        check_parameters(held_out[0], hands["left"])
        check_vertices(held_out[0], hands["left"])
    assert held_out[0].name.startswith("20200820")


def test_dexycb_hands_of_one_side(dexycb):
    """Sequence 0 is a right hand's, 4 a left one's; images count in the whole split."""
    root, _ = dexycb
    both = open_data(f"dexycb:{root}")
    assert both.is_whole
    # Two frames of each camera's recording, the second without a hand.
    assert both.image_ids[:3] == [0, 2, 4]
    assert open_data(f"dexycb:{root}?hand=right").image_ids == both.image_ids
    assert not open_data(f"dexycb:{root}?hand=right").is_whole
    with pytest.raises(UserError, match="left hand in s0 train"):
        open_data(f"dexycb:{root}?hand=left")
    assert len(open_data(f"dexycb:{root}?split=test&hand=left")) == 64
    with pytest.raises(UserError, match="hand=up"):
        open_data(f"dexycb:{root}?hand=up")


def test_dexycb_remembers_which_frames_show_hands(dexycb, own_cache, monkeypatch):
    root, _ = dexycb
    first = open_data(f"dexycb:{root}")
    assert list((own_cache / "datasets").glob("dexycb-*.npy"))
    opened = []
    monkeypatch.setattr("hands3c_core.data.dexycb._read_labels", lambda path: opened.append(path))
    second = open_data(f"dexycb:{root}")
    np.testing.assert_array_equal(first.frames, second.frames)
    assert opened == []


def test_dexycb_splits_do_not_overlap():
    for setup in ("s0", "s1", "s2", "s3"):
        parts = {}
        for split in ("train", "val", "test"):
            chosen = selection(setup, split)
            parts[split] = {
                (a, b, c) for a in chosen.subjects for b in chosen.cameras for c in chosen.sequences
            }
        assert sum(map(len, parts.values())) == 10 * 8 * 100
        assert len(set.union(*parts.values())) == 10 * 8 * 100
    assert selection("s0", "test").subjects == (2, 3, 4, 5, 6, 7, 8, 9)
    assert selection("s0", "train").sequences[:6] == (0, 1, 2, 3, 5, 6)


def test_rhd_takes_the_larger_hand(rhd):
    root, hands = rhd
    dataset = open_data(f"rhd:{root}?split=train")
    assert [sample.is_right for sample in dataset] == [True, False]
    for sample, hand in zip(dataset, hands, strict=True):
        check_sample(sample, hand, pixels=0.05)
        check_window(sample)


def test_stb(stb):
    root, hands = stb
    dataset = open_data(f"stb:{root}?split=test")
    assert len(dataset) == 4
    for index, sample in enumerate(dataset):
        check_sample(sample, hands[index % 2])
        check_window(sample)
    palm = open_data(f"stb:{root}?split=test&root=palm")
    middle = (hands[0].joints[0] + hands[0].joints[13]) / 2 * [-1, 1, 1]
    np.testing.assert_allclose(palm[0].root, middle, atol=1e-6)


def test_stb_cameras(stb):
    root, hands = stb
    right = open_data(f"stb:{root}?split=test&camera=right")
    # The right camera is 120 mm to the right, so it sees the hand 120 mm further left.
    wanted = (hands[0].joints[0] - [0.120054, 0, 0]) * [-1, 1, 1]
    np.testing.assert_allclose(right[0].root, wanted, atol=1e-6)
    color = open_data(f"stb:{root}?split=test&camera=color")
    assert (root / "B1Counting" / "SK_color_0.png") == color.paths[0]
    np.testing.assert_allclose(project_sample(color[0]), color[0].joints_2d, atol=0.01)
    points = np.random.default_rng(0).normal(size=(5, 3)) * 100
    moved = to_camera(points, "color")
    # A rigid motion: distances stay; the origins are 24 mm apart.
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(moved, axis=0), axis=1),
        np.linalg.norm(np.diff(points, axis=0), axis=1),
    )
    assert np.linalg.norm(to_camera(np.zeros(3), "color")) == pytest.approx(24.07, abs=0.01)
