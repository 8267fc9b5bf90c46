"""Tiny copies of HInt and InterHand2.6M, read from disk and measured."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from written_files import dump, save

from hands3c_core.data import open_data, project_sample
from hands3c_core.errors import UserError
from hands3c_core.evaluation import evaluate
from hands3c_core.evaluation.predictors import PredictedHand


@pytest.fixture
def hint(tmp_path, make_hand):
    """A right and a left hand, the fingertips occluded, as the published pairs."""
    root = tmp_path / "HInt_annotation_partial"
    hands = [make_hand(seed, is_right=seed == 1) for seed in (1, 2)]
    occluded = [float(joint in (4, 8, 12, 16, 20)) for joint in range(21)]
    for hand, letter in zip(hands, "rl", strict=True):
        stem = root / "TEST_newdays_img" / f"ND_x_frame000001_{letter}"
        save(stem.with_suffix(".jpg"), hand.image)
        low, high = hand.joints_2d.min(axis=0), hand.joints_2d.max(axis=0)
        labels = {
            "keypoints": hand.joints_2d.tolist(),
            "occlusion": occluded,
            "bbox": [[*(low - 5).tolist(), *(high + 5).tolist()]],
        }
        dump(stem.with_suffix(".json"), [labels])
    dump(root / "TEST_ego4d_img" / "without_r.json", [labels])
    return root, dict(zip("rl", hands, strict=True))


def test_hint_gives_joints_and_sides_and_which_are_seen(hint):
    root, hands = hint
    dataset = open_data(f"hint:{root}?part=newdays")
    assert len(dataset) == 2
    for sample in dataset:
        hand = hands["r" if sample.is_right else "l"]
        back = np.linalg.inv(np.vstack([sample.affine, [0, 0, 1]]))[:2]
        seen = np.c_[sample.joints_2d, np.ones(21)] @ back.T
        np.testing.assert_allclose(seen, hand.joints_2d, atol=0.02)
        assert sample.valid.joints_2d.all()
        assert not sample.valid.joints_3d.any()
        scale = np.linalg.norm(sample.affine[:, 0])
        side = np.ptp(hand.joints_2d, axis=0).max() + 10
        assert sample.box_side == pytest.approx(side * scale, rel=1e-4)
    tips = open_data(f"hint:{root}?joints=occluded")
    assert "1 labels without their image" in tips.summary()
    assert [sample.valid.joints_2d.sum() for sample in tips] == [5, 5]
    assert [s.valid.joints_2d.sum() for s in open_data(f"hint:{root}?joints=visible")] == [16, 16]


def test_hint_is_measured_in_shares_of_the_box(hint):
    """Every joint is off by 0.08 of the box's longer side; one hand is missed."""

    class Shifted:
        name, input_size = "shifted", 256

        def predict(self, samples):
            return [
                PredictedHand(np.zeros((21, 3)), s.joints_2d + np.array([0.08 * s.box_side, 0]))
                if s.is_right
                else None
                for s in samples
            ]

        def cost(self):
            return {}

    report = evaluate(open_data(f"hint:{hint[0]}"), Shifted()).report()
    assert report["joints_2d_box"] == pytest.approx(0.08, rel=1e-4)
    assert report["pck_box"] == {"0.05": 0.0, "0.1": 1.0, "0.15": 1.0}
    assert (report["n"], report["n_failed"], report["pa_mpjpe_mm"]) == (1, 1, None)


def test_damaged_hint_labels_are_passed_over(hint):
    root, _ = hint
    path = next((root / "TEST_newdays_img").glob("*_r.json"))
    path.write_text('[{"keypoints": [[1, 2]], "occlusion": []}]')
    dataset = open_data(f"hint:{root}?joints=visible")
    assert len(list(dataset)) == 1
    assert len(dataset.skipped) == 1
    with pytest.raises(UserError, match="no folder VAL_"):
        open_data(f"hint:{root}?split=val")


#: Tip to root of each finger, then the wrist, written out by hand.
INTERHAND_ORDER = [4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17, 0]


@pytest.fixture
def interhand(tmp_path, make_hand):
    """One image of both hands, one of a right hand, seen by a turned camera elsewhere."""
    root = tmp_path / "InterHand"
    turn = cv2.Rodrigues(np.array([0.2, -0.5, 0.1]))[0]
    place = np.array([400.0, -120.0, 900.0])
    pair = [make_hand(seed, is_right=seed == 1) for seed in (1, 2)]

    def world(hand):
        return (1000 * hand.joints @ turn + place)[INTERHAND_ORDER]

    both = np.concatenate([world(hand) for hand in pair])
    folder = root / "annotations" / "test"
    images = [
        {
            "id": 10 + number,
            "file_name": f"Capture0/seq/cam400/image{number}.jpg",
            "width": 640,
            "height": 480,
            "capture": 0,
            "seq_name": "seq",
            "camera": "400",
            "frame_idx": 7 + number,
        }
        for number in range(2)
    ]
    for image in images:
        save(root / "images" / "test" / image["file_name"], pair[0].image)
    alone = [1] * 21 + [0] * 21
    hidden_tip = [0] + [1] * 41
    annotations = [
        {"image_id": 10, "hand_type": "interacting", "joint_valid": hidden_tip},
        {"image_id": 11, "hand_type": "right", "joint_valid": alone},
    ]
    dump(folder / "InterHand2.6M_test_data.json", {"images": images, "annotations": annotations})
    camera = pair[0].camera
    dump(
        folder / "InterHand2.6M_test_camera.json",
        {
            "0": {
                "campos": {"400": place.tolist()},
                "camrot": {"400": turn.tolist()},
                "focal": {"400": [camera[0, 0], camera[1, 1]]},
                "princpt": {"400": [camera[0, 2], camera[1, 2]]},
            }
        },
    )
    coordinates = {"world_coord": both.tolist(), "joint_valid": [[1]] * 42}
    dump(
        folder / "InterHand2.6M_test_joint_3d.json",
        {"0": {"7": coordinates, "8": coordinates}},
    )
    return root, pair


def test_interhand_gives_each_hand_in_the_cameras_frame(interhand):
    root, pair = interhand
    dataset = open_data(f"interhand:{root}")
    samples = list(dataset)
    assert [sample.is_right for sample in samples] == [True, False, True]
    assert dataset.sessions() == ["0/seq"] * 3
    for sample in samples:
        hand = pair[0] if sample.is_right else pair[1]
        sides = np.array([1.0 if hand.is_right else -1.0, 1.0, 1.0])
        np.testing.assert_allclose(
            sample.joints_3d, (hand.joints - hand.joints[0]) * sides, atol=5e-6
        )
        seen = sample.valid.joints_2d
        np.testing.assert_allclose(project_sample(sample)[seen], sample.joints_2d[seen], atol=0.05)
    assert not samples[0].valid.joints_3d[4]  # the thumb's tip
    assert samples[1].valid.joints_3d.all()


def test_interhand_options(interhand):
    root, _ = interhand
    assert len(open_data(f"interhand:{root}?hand=left")) == 1
    assert len(open_data(f"interhand:{root}?scene=single")) == 1
    assert len(open_data(f"interhand:{root}?scene=interacting&hand=right")) == 1
    with pytest.raises(UserError, match="no hand of test is left and single"):
        open_data(f"interhand:{root}?scene=single&hand=left")
    (root / "annotations" / "test" / "InterHand2.6M_test_data.json").write_text('{"images": 3}')
    with pytest.raises(UserError, match="published form"):
        open_data(f"interhand:{root}")


class Offset:
    """Knows the truth, but takes every left hand for 10 mm farther to the right of the (mirrored)
    image, and every third joint for 3 mm deeper."""

    name, input_size = "offset", 256

    def predict(self, samples):
        hands = []
        for sample in samples:
            joints = (sample.joints_3d + sample.root).astype(np.float64)
            joints[:, 0] += 0.0 if sample.is_right else 0.010
            joints[3::3, 2] += 0.003
            hands.append(PredictedHand(joints, is_placed=True, says_right=sample.is_right))
        return hands

    def cost(self):
        return {}


def test_two_hands_of_an_image_are_measured_against_each_other(interhand):
    root, _ = interhand
    report = evaluate(open_data(f"interhand:{root}"), Offset()).report()
    assert report["mrrpe_mm"] == pytest.approx(10.0, abs=1e-3)
    assert report["n_pairs"] == 1  # the other image has one hand
    assert report["handedness"] == pytest.approx(2 / 3)
    expected = 3.0 * 6 / 21
    assert report["mpjpe_mm_by"] == {
        "interacting": pytest.approx(expected, rel=0.06),  # a tip of the pair is not labelled
        "single": pytest.approx(expected, rel=1e-3),
    }
    single = evaluate(open_data(f"interhand:{root}?scene=single"), Offset()).report()
    assert (single["mrrpe_mm"], single["n_pairs"]) == (None, 0)


# ------------------------------------------------------------------------------------------- ARCTIC

#: MANO's order, tips last, as our joints; written out by hand.
MANO_ORDER = [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20]
FRAMES, OFFSET = 24, 1
SEQUENCE = "s05/box_use_01"


@pytest.fixture
def arctic(tmp_path, make_hand):
    """A sequence of both hands; in frame 12 the left one does not count, frame 13 is not valid."""
    root = tmp_path / "arctic_data" / "data"
    pair = {
        name: make_hand(seed, is_right=name == "right")
        for seed, name in ((1, "right"), (2, "left"))
    }
    camera = pair["right"].camera
    known, parameters = {}, {}
    for name, hand in pair.items():
        joints = np.broadcast_to(hand.joints[MANO_ORDER], (FRAMES, 10, 21, 3))
        known[f"joints.{name}"] = joints.astype(np.float32)
        turn = np.broadcast_to(hand.own_pose[0], (FRAMES, 10, 3)).copy()
        known[f"rot_{name[0]}_cam"] = turn
        known[f"{name}_valid"] = np.ones((FRAMES, 10))
        parameters[f"rot_{name[0]}"] = turn[:, 0]
        parameters[f"pose_{name[0]}"] = np.tile(hand.own_pose[1:].ravel(), (FRAMES, 1))
        parameters[f"shape_{name[0]}"] = np.tile(hand.shape, (FRAMES, 1))
    known["is_valid"] = np.ones((FRAMES, 10))
    known["is_valid"][13 - OFFSET] = 0
    known["left_valid"][12 - OFFSET] = 0
    parameters["K_ego"] = np.tile(camera, (FRAMES, 1, 1))
    boxes = np.tile([300.0, 220.0, 1.2], (FRAMES, 10, 1))
    table = {"cam_coord": known, "params": parameters, "bbox": boxes, "2d": {}}
    misc = {
        "s05": {
            "ioi_offset": OFFSET,
            "intris_mat": [(camera * np.array([[f], [f], [1]])).tolist() for f in [1.0] * 8],
            "image_size": [[640, 480]] * 9,
        }
    }
    dump(root / "meta" / "misc.json", misc)
    dump(root / "splits_json" / "protocol_p1.json", {"train": [], "val": [SEQUENCE], "test": []})
    dump(root / "splits_json" / "protocol_p2.json", {"train": [], "val": [SEQUENCE], "test": []})
    (root / "processed_seqs" / "s05").mkdir(parents=True)
    np.save(root / "processed_seqs" / f"{SEQUENCE}.npy", table)
    for view in range(9):
        for number in range(10, FRAMES - 10):
            name = f"{SEQUENCE}/{view}/{number:05d}.jpg"
            save(root / "images" / name, pair["right"].image)
    return root, pair, table


def test_arctic_gives_both_hands_in_each_cameras_frame(arctic):
    root, pair, _ = arctic
    dataset = open_data(f"arctic:{root}?setup=p2&mano=hand_mano778")
    # Four frames: one without its left hand, one not valid.
    assert [sample.is_right for sample in dataset] == [True, False, True, False, True]
    assert len(open_data(f"arctic:{root}?hand=left")) == 2 * 8
    assert len(open_data(f"arctic:{root}?step=8")) == 5
    assert dataset.sessions() == [SEQUENCE] * 5
    for sample in dataset:
        hand = pair["right" if sample.is_right else "left"]
        sides = np.array([1.0 if hand.is_right else -1.0, 1.0, 1.0])
        own = (hand.joints - hand.joints[0]) * sides
        np.testing.assert_allclose(sample.joints_3d, own, atol=5e-6)
        np.testing.assert_allclose(sample.pose, hand.pose, atol=1e-5)
        np.testing.assert_allclose(sample.shape, hand.shape, atol=1e-5)
        mesh = (hand.vertices - hand.joints[0]) * sides
        np.testing.assert_allclose(sample.vertices, mesh, atol=1e-5)
        np.testing.assert_allclose(project_sample(sample), sample.joints_2d, atol=0.05)


def test_arctics_tables_of_splits_say_the_same(arctic):
    root, _, table = arctic
    names = [f"./arctic_data/data/images/{SEQUENCE}/3/{number:05d}.jpg" for number in (10, 11)]
    (root / "splits").mkdir()
    np.save(root / "splits" / "p1_val.npy", {"data_dict": {SEQUENCE: table}, "imgnames": names})
    dataset = open_data(f"arctic:{root}")
    assert [sample.name.rsplit("/", 2)[1] for sample in dataset] == ["3"] * 4
    report = evaluate(dataset, Offset()).report()
    assert report["mrrpe_mm"] == pytest.approx(10.0, abs=1e-3)
    assert report["n_pairs"] == 2
    assert report["mpjpe_mm_by"].keys() == {"left", "right"}
    assert report["mpjpe_mm"] == pytest.approx(3.0 * 6 / 21, rel=1e-3)


def test_arctics_cropped_images_have_their_own_cameras(arctic):
    """A joint lies where the published crop puts its pixel."""
    root, pair, _ = arctic
    (root / "images").rename(root / "cropped_images")
    joint = pair["right"].joints_2d[8]
    side = 1.5 * 200 * 1.2
    standing = (joint - (np.array([300, 220]) - side / 2)) * 1000 / side
    for setup, wanted in (("p1", standing), ("p2", 0.3 * joint)):
        annotation = open_data(f"arctic:{root}?setup={setup}&hand=right").annotation(0)
        seen = annotation.camera_matrix @ annotation.joints_3d[8]
        np.testing.assert_allclose(seen[:2] / seen[2], wanted, atol=1e-3)


class Bomb:
    def __reduce__(self):
        return (print, ("a file was run",))


def test_damaged_and_hostile_arctic_tables_are_one_line(arctic, capsys):
    root, _, table = arctic
    path = root / "processed_seqs" / f"{SEQUENCE}.npy"
    whole = path.read_bytes()
    for content in (whole[:-200], whole[:40], b"", b"\x80\x04."):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"box_use_01\.npy"):
            open_data(f"arctic:{root}")
    for value in ({"cam_coord": Bomb()}, Bomb(), [1, 2], np.zeros(3)):
        np.save(path, value, allow_pickle=True)
        with pytest.raises(UserError, match=r"box_use_01\.npy"):
            open_data(f"arctic:{root}")
    assert "a file was run" not in capsys.readouterr().out
    del table["cam_coord"]
    np.save(path, table)
    with pytest.raises(UserError, match="published form"):
        open_data(f"arctic:{root}")
    dump(root / "splits_json" / "protocol_p1.json", {"test": [SEQUENCE]})
    with pytest.raises(UserError, match="keeps its test labels"):
        open_data(f"arctic:{root}?split=test")
