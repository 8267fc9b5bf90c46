"""Arrays, HandOccNet's annotation files and pseudo-labels."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from hands3c_core.data import CorruptSample, PseudoWriter, open_data, project_sample
from hands3c_core.data.pseudo import LABELS
from hands3c_core.errors import UserError
from hands3c_core.types import Camera

MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.fixture
def hands(make_hand):
    return [
        make_hand(30, width=256, height=256, focal=500.0),
        make_hand(31, width=256, height=256, focal=500.0, is_right=False),
    ]


def message(spec):
    with pytest.raises(UserError) as caught:
        open_data(spec)
    return str(caught.value)


# --- arrays ------------------------------------------------------------------------------------


def write_arrays(path, hands, **changed):
    arrays = {
        "images": np.stack([hand.image for hand in hands]),
        "joints_3d": np.stack([hand.joints for hand in hands]),
        "joints_2d": np.stack([hand.joints_2d for hand in hands]),
        "vertices": np.stack([hand.vertices for hand in hands]),
        "is_right": np.array([hand.is_right for hand in hands]),
        "K": np.stack([hand.camera for hand in hands]),
        **changed,
    }
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return f"arrays:{path}"


def test_arrays(tmp_path, hands):
    dataset = open_data(write_arrays(tmp_path / "mine.npz", hands))
    assert len(dataset) == 2
    for sample, hand in zip(dataset, hands, strict=True):
        sides = 1 if hand.is_right else MIRROR
        relative = (hand.joints - hand.joints[0]) * sides
        np.testing.assert_allclose(sample.joints_3d, relative, atol=1e-6)
        np.testing.assert_allclose(
            sample.vertices, (hand.vertices - hand.joints[0]) * sides, atol=1e-6
        )
        np.testing.assert_allclose(project_sample(sample), sample.joints_2d, atol=0.01)
    right, left = dataset[0], dataset[1]
    np.testing.assert_array_equal(right.crop, hands[0].image)
    np.testing.assert_array_equal(left.crop, hands[1].image[:, ::-1])
    np.testing.assert_allclose(left.joints_2d[:, 0], 255 - hands[1].joints_2d[:, 0], atol=1e-3)


def test_arrays_of_images_alone(tmp_path, hands):
    names = ("joints_3d", "joints_2d", "vertices", "is_right", "K")
    spec = write_arrays(tmp_path / "mine.npz", hands, **dict.fromkeys(names))
    sample = open_data(spec, crop_size=128)[1]
    assert sample.crop.shape == (128, 128, 3)
    assert sample.is_right
    assert not sample.valid.joints_2d.any()
    assert not sample.valid.joints_3d.any()
    assert sample.name == "mine/000001"


def test_arrays_with_missing_joints(tmp_path, hands):
    joints = np.stack([hand.joints for hand in hands])
    joints[0, 4] = np.nan
    sample = open_data(write_arrays(tmp_path / "a.npz", hands, joints_3d=joints, joints_2d=None))[0]
    assert not sample.valid.joints_3d[4]
    assert sample.valid.joints_3d.sum() == 20
    assert np.isfinite(sample.joints_3d).all()


def test_arrays_relative_joints_have_no_root(tmp_path, hands):
    relative = np.stack([hand.joints - hand.joints[9] for hand in hands])
    spec = write_arrays(tmp_path / "a.npz", hands, joints_3d=relative, vertices=None)
    sample = open_data(spec)[0]
    assert sample.root is None
    np.testing.assert_allclose(sample.joints_3d, hands[0].joints - hands[0].joints[0], atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"images": None}, "needs 'images'"),
        ({"images": np.zeros((2, 256, 256, 3), np.float32)}, "float32"),
        ({"images": np.zeros((0, 256, 256, 3), np.uint8)}, "no images"),
        ({"images": np.zeros((2, 256, 128, 3), np.uint8)}, "square"),
        ({"joints_3d": np.zeros((2, 20, 3))}, "'joints_3d'"),
        ({"is_right": np.zeros(3)}, "'is_right'"),
        ({"joints_2d": np.full((2, 21, 2), "x")}, "'joints_2d'"),
    ],
)
def test_arrays_of_another_form(tmp_path, hands, changed, part):
    assert part in message(write_arrays(tmp_path / "bad.npz", hands, **changed))


def test_arrays_with_objects_are_refused(tmp_path, hands):
    objects = np.array([{"a": 1}, {"b": 2}], dtype=object)
    spec = write_arrays(tmp_path / "bad.npz", hands, name=objects)
    assert "bad.npz" in message(spec)


def test_truncated_arrays(tmp_path, hands):
    spec = write_arrays(tmp_path / "bad.npz", hands)
    path = tmp_path / "bad.npz"
    path.write_bytes(path.read_bytes()[:1000])
    assert str(path) in message(spec)


# --- HandOccNet's json -------------------------------------------------------------------------


def write_handoccnet(root, hands, name="DEX_YCB_s0_train_data.json", drop=()):
    images, annotations = [], []
    for number, hand in enumerate(hands):
        file_name = f"subject/{number}.png"
        path = root / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), cv2.cvtColor(hand.image, cv2.COLOR_RGB2BGR))
        images.append({"id": number, "file_name": file_name, "width": 256, "height": 256})
        label = {
            "id": number,
            "image_id": number,
            "joints_coord_cam": hand.joints.tolist(),
            "joints_img": hand.joints_2d.tolist(),
            "cam_param": {
                "focal": [hand.camera[0, 0], hand.camera[1, 1]],
                "princpt": [hand.camera[0, 2], hand.camera[1, 2]],
            },
            "mano_param": {"pose": hand.own_pose.ravel().tolist(), "shape": hand.shape.tolist()},
            "hand_type": "right" if hand.is_right else "left",
            "root_joint_cam": hand.joints[0].tolist(),
            "bbox": [50.0, 60.0, 100.0, 80.0],
        }
        annotations.append({key: value for key, value in label.items() if key not in drop})
    path = root / "annotations" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


def test_handoccnet_training(tmp_path, hands):
    dataset = open_data(f"handoccnet_json:{write_handoccnet(tmp_path, hands)}")
    assert dataset.protocol == "dexycb"
    for sample, hand in zip(dataset, hands, strict=True):
        sides = 1 if hand.is_right else MIRROR
        np.testing.assert_allclose(
            sample.joints_3d, (hand.joints - hand.joints[0]) * sides, atol=1e-6
        )
        np.testing.assert_allclose(sample.pose, hand.pose, atol=1e-6)
        np.testing.assert_allclose(project_sample(sample), sample.joints_2d, atol=0.01)
        assert sample.parameter_model == "mano"


def test_handoccnet_evaluation(tmp_path, hands):
    drop = ("joints_coord_cam", "joints_img", "mano_param", "hand_type")
    path = write_handoccnet(tmp_path, hands[:1], "HO3D_evaluation_data.json", drop)
    dataset = open_data(f"handoccnet_json:{path}?images={tmp_path}")
    assert dataset.protocol == "ho3d"
    sample = dataset[0]
    np.testing.assert_allclose(sample.root, hands[0].joints[0], atol=1e-6)
    # The window is 1.5 x 100 px around (100, 100).
    np.testing.assert_allclose(sample.affine[0, 0], 256 / 150)
    np.testing.assert_allclose(sample.affine @ [100, 100, 1], [127.5, 127.5])


def test_handoccnet_finds_jpegs_of_version_3_in_their_split(tmp_path, hands):
    path = write_handoccnet(tmp_path, hands[:1], "HO3D_train_data.json")
    moved = tmp_path / "train" / "subject" / "0.jpg"
    moved.parent.mkdir(parents=True)
    cv2.imwrite(str(moved), cv2.imread(str(tmp_path / "subject" / "0.png")))
    (tmp_path / "subject" / "0.png").unlink()
    assert open_data(f"handoccnet_json:{path}").image_path(0) == moved


def test_handoccnet_truncated(tmp_path, hands):
    path = write_handoccnet(tmp_path, hands)
    path.write_text(path.read_text()[:-30])
    assert str(path) in message(f"handoccnet_json:{path}")
    path.write_text('{"pictures": []}')
    assert str(path) in message(f"handoccnet_json:{path}")


def test_handoccnet_damaged_annotation_is_skipped(tmp_path, hands):
    path = write_handoccnet(tmp_path, hands)
    table = json.loads(path.read_text())
    table["annotations"][0]["joints_coord_cam"] = [[1.0, 2.0]]
    path.write_text(json.dumps(table))
    dataset = open_data(f"handoccnet_json:{path}")
    with pytest.raises(CorruptSample):
        dataset.read(0)
    assert dataset[0].name == "subject/1.png"


# --- pseudo-labels -----------------------------------------------------------------------------


def write_pseudo(folder, hands, **options):
    with PseudoWriter(folder, hand_model="hand_mano778", source="clip.mp4") as writer:
        for number, hand in enumerate(hands):
            k = hand.camera
            writer.add(
                writer.add_image(hand.image, f"{number:06d}"),
                hand.is_right,
                hand.joints_2d,
                world_landmarks=hand.joints - hand.joints.mean(axis=0),
                pose=hand.pose,
                shape=hand.shape,
                translation=model_translation(hand),
                camera=Camera(k[0, 0], k[1, 1], k[0, 2], k[1, 2], 256, 256),
                confidence=0.5 + 0.4 * number,
                split="val" if number else "train",
                **options,
            )
    return f"pseudo:{folder}"


def model_translation(hand):
    from hands3c_core.hand_model import FastHandLayer, load_hand_model

    _, joints = FastHandLayer(load_hand_model("hand_mano778"))(hand.pose, hand.shape)
    return hand.joints[0] * (1 if hand.is_right else MIRROR) - joints[0]


def test_pseudo_labels_come_back(tmp_path, hands):
    dataset = open_data(write_pseudo(tmp_path / "mine", hands))
    assert len(dataset) == 2
    for sample, hand in zip(dataset, hands, strict=True):
        sides = 1 if hand.is_right else MIRROR
        np.testing.assert_allclose(
            sample.joints_3d, (hand.joints - hand.joints[0]) * sides, atol=2e-4
        )
        np.testing.assert_allclose(sample.pose, hand.pose, atol=1e-4)
        np.testing.assert_allclose(project_sample(sample), sample.joints_2d, atol=0.5)
        assert not sample.valid.metric
        assert sample.valid.vertices
        assert sample.parameter_model == "hands3c"


def test_pseudo_splits_and_confidence(tmp_path, hands):
    spec = write_pseudo(tmp_path / "mine", hands)
    assert [s.name for s in open_data(f"{spec}?split=train")] == ["images/000000.jpg"]
    assert [s.name for s in open_data(f"{spec}?split=val")] == ["images/000001.jpg"]
    assert len(open_data(f"{spec}?confidence=0.6")) == 1
    assert "none of split all" in message(f"{spec}?confidence=0.99")


def test_pseudo_without_parameters_keeps_bone_directions(tmp_path, hands):
    with PseudoWriter(tmp_path / "mine") as writer:
        image = writer.add_image(hands[1].image, "x")
        writer.add(image, False, hands[1].joints_2d, world_landmarks=hands[1].joints * 0.7)
    sample = open_data(f"pseudo:{tmp_path / 'mine'}")[0]
    wanted = 0.7 * (hands[1].joints - hands[1].joints[0]) * MIRROR
    np.testing.assert_allclose(sample.joints_3d, wanted, atol=2e-5)
    assert sample.pose is None
    assert not sample.valid.metric


def test_pseudo_run_that_was_killed(tmp_path, hands):
    spec = write_pseudo(tmp_path / "mine", hands)
    path = tmp_path / "mine" / LABELS
    path.write_text(path.read_text()[:-40])
    dataset = open_data(spec)
    assert len(dataset) == 1
    assert "damaged" in dataset.summary()


def test_pseudo_of_another_kind(tmp_path, hands):
    spec = write_pseudo(tmp_path / "mine", hands)
    path = tmp_path / "mine" / LABELS
    lines = path.read_text().splitlines()
    path.write_text("\n".join(['{"format": "coco"}', *lines[1:]]))
    assert "hands3c-pseudo" in message(spec)
    path.write_text("\n".join([lines[0].replace('"version": 1', '"version": 9'), *lines[1:]]))
    assert "version 9" in message(spec)
    path.write_bytes(b"\xff\xfe\x00")
    assert str(path) in message(spec)


def test_pseudo_labels_cannot_point_outside_their_folder(tmp_path, hands):
    spec = write_pseudo(tmp_path / "mine", hands)
    path = tmp_path / "mine" / LABELS
    path.write_text(path.read_text().replace("images/000000.jpg", "../secret.jpg"))
    with pytest.raises(CorruptSample, match="outside"):
        open_data(spec).read(0)


def test_pseudo_writer_leaves_nothing_half_done(tmp_path, hands):
    with pytest.raises(ValueError, match="joints_2d"), PseudoWriter(tmp_path / "mine") as writer:
        writer.add("images/x.jpg", True, np.zeros((5, 2)))
    assert not list((tmp_path / "mine").glob("*labels*"))
    assert not list((tmp_path / "mine").glob(".*"))
    write_pseudo(tmp_path / "mine", hands)
    with pytest.raises(UserError, match="holds labels already"):
        PseudoWriter(tmp_path / "mine")


def test_pseudo_labels_as_arrays(tmp_path, hands):
    cv2.imwrite(str(tmp_path / "a.jpg"), cv2.cvtColor(hands[0].image, cv2.COLOR_RGB2BGR))
    np.savez(
        tmp_path / "labels.npz",
        name=np.array(["a"]),
        joints_2d=hands[0].joints_2d[None],
        world_landmarks=hands[0].joints[None],
    )
    sample = open_data(f"pseudo:{tmp_path}")[0]
    np.testing.assert_allclose(sample.joints_3d, hands[0].joints - hands[0].joints[0], atol=1e-6)
    assert sample.name == "a.jpg"


def test_developers_real_hands(shared):
    dataset = open_data(f"pseudo:{shared / 'real_hands'}")
    sample = dataset.read(0)
    assert len(dataset) > 3000
    assert ((sample.joints_2d > 0) & (sample.joints_2d < 255)).all()


def test_pseudo_sessions(tmp_path, hands):
    spec = write_pseudo(tmp_path / "mine", hands, session="monday", frame=3)
    assert open_data(spec).sessions() == ["monday", "monday"]
    assert open_data(write_pseudo(tmp_path / "plain", hands)).sessions() is None
    for name in ("a/1.jpg", "b/1.jpg"):
        (tmp_path / "npz" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "npz" / name), hands[0].image)
    arrays = {
        "name": np.array(["a/1.jpg", "b/1.jpg"]),
        "joints_2d": np.stack([hands[0].joints_2d] * 2),
    }
    np.savez(tmp_path / "npz" / "labels.npz", **arrays)
    assert open_data(f"pseudo:{tmp_path / 'npz'}").sessions() == ["a", "b"]
    np.savez(tmp_path / "npz" / "labels.npz", **arrays, session=np.array(["x", "y"]))
    assert open_data(f"pseudo:{tmp_path / 'npz'}").sessions() == ["x", "y"]
    np.savez(tmp_path / "npz" / "labels.npz", **arrays, session=np.array(["x"]))
    assert "session" in message(f"pseudo:{tmp_path / 'npz'}")


def test_pseudo_writer_goes_on_with_what_is_there(tmp_path, hands):
    def write(number, **options):
        with PseudoWriter(tmp_path / "mine", **options) as writer:
            image = writer.add_image(hands[0].image, f"{number}")
            writer.add(image, True, hands[0].joints_2d, frame=number)
            if number == 2:
                raise KeyboardInterrupt

    write(1)
    with pytest.raises(KeyboardInterrupt):
        write(2, keep=lambda label: True)  # kept although it was interrupted
    write(3, keep=lambda label: label["frame"] != 1)
    dataset = open_data(f"pseudo:{tmp_path / 'mine'}")
    assert [label["frame"] for label in dataset.labels] == [2, 3]
    with pytest.raises(UserError, match="hand_model"):
        PseudoWriter(tmp_path / "mine", hand_model="hand_high", keep=lambda label: True)
