"""A take turned into every format and read back."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from sample_hands import make_hand, make_result

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.export import FORMATS, Cancelled, ResultLog, convert_take, target_of
from hands3c_core.export_formats import EXPORT_FORMATS
from hands3c_core.hand_model.joint_angles import ANGLE_NAMES, joint_angles


def write_take(path, session, hand_model="hand_mano778"):
    with ResultLog(path, hand_model=hand_model, estimator="landmarks", source="clip.mp4") as log:
        for result in session:
            log.write(result)
    return path


@pytest.fixture
def take(tmp_path, session):
    return write_take(tmp_path / "take.jsonl", session)


def test_every_format_appears_beside_the_take(tmp_path, take, session):
    shares: list[float] = []
    done = convert_take(take, list(FORMATS), progress=shares.append)
    assert [file.name for file in done.files][:9] == [
        "take.npz", "take.csv", "take.glb", "take.bvh", "take.mixamo.bvh", "take_obj", "take_ply",
        "take.openxr.jsonl", "take.openxr.npz",
    ]  # fmt: skip
    assert done.files == tuple(target_of(take, kind) for kind in FORMATS)
    assert done.frames == len(session)
    assert not done.truncated
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert {file.name for file in tmp_path.iterdir()} == {
        "take.jsonl", *(file.name for file in done.files)
    }  # fmt: skip


def test_arrays_hold_what_was_logged(take, session):
    (file,) = convert_take(take, ["npz"]).files
    with np.load(file, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        assert len(about.pop("skeleton")["rest_joints"]) == 16
        assert about == {
            "format": "hands3c-arrays", "version": 1, "hand_model": "hand_mano778",
            "estimator": "landmarks", "source": "clip.mp4",
        }  # fmt: skip
        hands = [(n, hand) for n, result in enumerate(session) for hand in result.hands]
        assert arrays["hand_frame"].tolist() == [n for n, _ in hands]
        assert arrays["is_right"].tolist() == [hand.is_right for _, hand in hands]
        for name, tolerance in (
            ("pose", 1e-5), ("shape", 1e-5), ("translation", 1e-6),
            ("joints_3d", 1e-6), ("joints_2d", 0.01),
        ):  # fmt: skip
            expected = np.stack([getattr(hand, name) for _, hand in hands])
            np.testing.assert_allclose(arrays[name], expected, atol=tolerance)
        np.testing.assert_allclose(arrays["time"], np.arange(len(session)) / 25.0, atol=1e-6)
        assert tuple(arrays["joint_names"]) == JOINT_NAMES
        assert arrays["camera"].shape == (len(session), 6)


def test_arrays_of_a_take_without_hands_keep_their_shapes(tmp_path):
    take = write_take(tmp_path / "none.jsonl", [make_result(0), make_result(1)])
    (file,) = convert_take(take, ["npz"]).files
    with np.load(file, allow_pickle=False) as arrays:
        assert arrays["pose"].shape == (0, 16, 3)
        assert arrays["hand_frame"].shape == (0,)
        assert arrays["frame_index"].tolist() == [0, 1]


def test_the_table_holds_degrees_under_anatomical_names(take, session, model):
    (file,) = convert_take(take, ["csv"]).files
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    hands = [(result, hand) for result in session for hand in result.hands]
    assert len(rows) == len(hands)
    for row, (result, hand) in zip(rows, hands, strict=True):
        assert int(row["frame"]) == result.frame.index
        assert float(row["time_s"]) == pytest.approx(result.frame.timestamp, abs=1e-6)
        assert row["hand"] == ("right" if hand.is_right else "left")
        angles = joint_angles(hand.pose, model).reshape(-1)
        told = [float(row[name]) for name in ANGLE_NAMES]
        np.testing.assert_allclose(told, angles, atol=0.02)
    closed = rows[next(n for n, (r, _) in enumerate(hands) if r.frame.index == 15)]
    assert float(closed["index_pip_flexion_deg"]) > 60


def test_a_bend_of_45_degrees_is_45_degrees_in_the_table(tmp_path, model, layer):
    pose = model.named_pose("flex45").astype(np.float64)
    hand = make_hand(layer, False, pose, np.zeros(10), np.ones(3))
    (file,) = convert_take(
        write_take(tmp_path / "bent.jsonl", [make_result(0, hand)]), ["csv"]
    ).files
    with file.open(newline="") as opened:
        (row,) = csv.DictReader(opened)
    for finger in ("index", "middle", "ring", "little"):
        assert float(row[f"{finger}_pip_flexion_deg"]) == pytest.approx(45.0, abs=1.0)


def test_mesh_sequences_show_the_logged_hands(take, session):
    obj, ply = convert_take(take, ["obj", "ply"]).files
    assert len(list(obj.glob("*.obj"))) == len(list(ply.glob("*.ply"))) == len(session)
    assert {file.name for file in obj.iterdir() if file.suffix != ".obj"} == {
        "hands.mtl", "hands_skin.jpg",
    }  # fmt: skip
    result = session[12]
    vertices = np.concatenate([hand.vertices for hand in result.hands]) * [1, -1, -1]
    mesh = trimesh.load(ply / "frame_000012.ply", process=False)
    np.testing.assert_allclose(mesh.vertices, vertices, atol=2e-5)
    lines = (obj / "frame_000012.obj").read_text().splitlines()
    assert "mtllib hands.mtl" in lines
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    np.testing.assert_allclose(points, vertices, atol=2e-5)


def test_a_sequence_leaves_frames_without_hands_out(tmp_path, session):
    take = write_take(tmp_path / "gap.jsonl", [session[0], make_result(1), session[2]])
    (folder,) = convert_take(take, ["ply"]).files
    assert sorted(file.name for file in folder.iterdir()) == [
        "frame_000000.ply", "frame_000002.ply",
    ]  # fmt: skip


def test_every_format_of_the_table_has_a_writer_and_a_place_in_the_app():
    from app.config import RECORD_KINDS, RecordChoice
    from hands3c_core.export import take_writers

    assert all(callable(getattr(take_writers, kind)) for kind in EXPORT_FORMATS)
    chosen = RecordChoice().writing(**dict.fromkeys(EXPORT_FORMATS, True))
    available = {kind for kind, made in EXPORT_FORMATS.items() if made.is_available}
    assert available <= set(chosen.kinds) == {kind for kind, _, _ in RECORD_KINDS} - {"raw"}
    endings = [made.ending for made in EXPORT_FORMATS.values()]
    assert len(set(endings)) == len(endings)


def test_a_format_whose_package_is_missing_is_one_line(take, monkeypatch):
    missing = replace(EXPORT_FORMATS["npz"], module="no_such_module", package="no-such-package")
    monkeypatch.setitem(EXPORT_FORMATS, "npz", missing)
    with pytest.raises(UserError, match="pip install no-such-package"):
        convert_take(take, ["csv", "npz"])
    assert not take.with_suffix(".csv").exists()


@pytest.mark.parametrize("after", [0, 7, 30])
def test_cancel_leaves_nothing(tmp_path, take, after):
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > after

    with pytest.raises(Cancelled):
        convert_take(take, list(FORMATS), cancelled=cancelled)
    assert [file.name for file in tmp_path.iterdir()] == ["take.jsonl"]


def test_an_older_export_is_replaced_and_another_folder_made(tmp_path, take, session):
    (folder,) = convert_take(take, ["ply"]).files
    (folder / "frame_999999.ply").write_text("old")
    (again,) = convert_take(take, ["ply"]).files
    assert not (again / "frame_999999.ply").exists()
    (elsewhere,) = convert_take(take, ["csv"], out=tmp_path / "new" / "folder").files
    assert elsewhere == tmp_path / "new" / "folder" / "take.csv"


def test_a_cut_off_take_is_converted_and_told(take, session):
    take.write_bytes(take.read_bytes()[:-20])
    done = convert_take(take, ["npz"])
    assert done.truncated
    assert done.frames == len(session) - 1


def test_what_is_wrong_is_told(tmp_path, take, session):
    with pytest.raises(UserError, match="no format"):
        convert_take(take, ["fbx"])
    with pytest.raises(UserError, match="no format was asked"):
        convert_take(take, [])
    with pytest.raises(UserError, match="cannot read"):
        convert_take(tmp_path / "missing.jsonl", ["csv"])
    mine = write_take(tmp_path / "mine.jsonl", session, hand_model="MANO_RIGHT")
    with pytest.raises(UserError, match="MANO_RIGHT"):
        convert_take(mine, ["glb"])
    assert convert_take(mine, ["csv"], hand_model="hand_mano778").frames == len(session)
    log = write_take(tmp_path / "path.jsonl", session, hand_model=str(tmp_path / "evil.pkl"))
    with pytest.raises(UserError, match="not one of ours"):
        convert_take(log, ["glb"])


def test_a_hand_model_that_does_not_fit_is_refused(tmp_path, take, model):
    other = replace(model, hands_mean=model.hands_mean + 0.3)
    with pytest.raises(UserError, match="not made with"):
        convert_take(take, ["glb"], hand_model=other)
    assert [file.name for file in tmp_path.iterdir()] == ["take.jsonl"]
