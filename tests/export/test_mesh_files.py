"""OBJ and PLY are read back and compared with what went in; names of the hands in all files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from glb_reader import Glb
from sample_hands import make_result

from hands3c_core.errors import UserError
from hands3c_core.export import (
    GlbRecorder,
    MeshSequence,
    write_obj,
    write_ply,
)
from hands3c_core.export.hand_names import HandPlaces, hand_name
from hands3c_core.hand_model import load_hand_model

SKIN = Path(__file__).resolve().parents[2] / "assets" / "hand" / "hand_skin_512.jpg"


def test_obj_reads_back(session, model, tmp_path):
    hands = session[10].hands
    obj, mtl, skin = write_obj(tmp_path / "frame.obj", hands, model, SKIN)
    assert skin.read_bytes() == SKIN.read_bytes()
    assert f"map_Kd {skin.name}" in mtl.read_text()
    text = obj.read_text().splitlines()
    vertices = np.array([line.split()[1:] for line in text if line.startswith("v ")], float)
    expected = np.concatenate([hand.vertices for hand in hands]) * [1, -1, -1]
    np.testing.assert_allclose(vertices, expected, atol=1e-6)
    uv = np.array([line.split()[1:] for line in text if line.startswith("vt ")], float)
    own = np.delete(uv, [len(model.vt), 2 * len(model.vt) + 1], axis=0)  # the caps' spots
    np.testing.assert_allclose(own, np.tile(model.vt, (2, 1)), atol=1e-6)
    scene = trimesh.load(obj, process=False, split_object=True, group_material=False)
    meshes = scene.geometry.values() if hasattr(scene, "geometry") else [scene]
    assert sum(len(mesh.faces) for mesh in meshes) == 2 * (len(model.faces) + len(model.cap_faces))


def test_obj_keeps_texture_coordinates_and_normals_in_open3d(session, model, tmp_path):
    """Open3D drops all of them if a single face, the wrist's cap, has none."""
    open3d = pytest.importorskip("open3d")
    hands = session[10].hands
    obj, *_ = write_obj(tmp_path / "frame.obj", hands, model, SKIN)
    mesh = open3d.io.read_triangle_mesh(str(obj), enable_post_processing=True)
    assert mesh.has_triangle_uvs()
    assert len(mesh.triangles) == 2 * (len(model.faces) + len(model.cap_faces))
    uv = np.asarray(mesh.triangle_uvs).reshape(-1, 3, 2)
    assert len(uv) == len(mesh.triangles)
    skin = np.asarray(mesh.triangle_material_ids) == 0
    told = np.concatenate([model.vt[model.ft], model.vt[model.ft[:, ::-1]]])
    spots = uv[~skin]
    assert skin.sum() in (len(told), len(uv))  # whether it tells materials apart
    if skin.sum() == len(told):
        centre = uv[skin].mean(axis=1)
        np.testing.assert_allclose(
            np.sort(centre, axis=0), np.sort(told.mean(1), axis=0), atol=1e-5
        )
        assert len(np.unique(spots.reshape(-1, 2), axis=0)) <= 2


def test_every_obj_face_has_all_kinds_of_corners(session, model, tmp_path):
    for texture, corner in ((SKIN, r"\d+/\d+/\d+"), (None, r"\d+//\d+")):
        obj, *_ = write_obj(tmp_path / "frame.obj", session[10].hands, model, texture)
        lines = obj.read_text().splitlines()
        faces = [line for line in lines if line.startswith("f ")]
        assert len(faces) == 2 * (len(model.faces) + len(model.cap_faces))
        assert all(re.fullmatch(f"f({' ' + corner}){{3}}", face) for face in faces)
        counts = [sum(line.startswith(f"{kind} ") for line in lines) for kind in ("v", "vt", "vn")]
        used = [
            max(
                int(part or 0)
                for face in faces
                for part in [c.split("/")[k] for c in face[2:].split()]
            )
            for k in range(3)
        ]
        assert used[0] == counts[0]
        assert used[1] == counts[1]
        assert used[2] == counts[2]


def test_names_do_not_depend_on_the_take(session, model, tmp_path):
    """'right_hand', 'left_hand', whatever the tracks' numbers and whoever came first."""
    left_first = [
        make_result(n, *reversed([replace(h, track_id=17 - h.track_id) for h in result.hands]))
        for n, result in enumerate(session[9:12])
    ]
    recorder = GlbRecorder(model, SKIN)
    for result in left_first:
        recorder.add(result)
    names = {
        node["name"]
        for node in Glb(recorder.save(tmp_path / "a.glb").path.read_bytes()).doc["nodes"]
    }
    assert {"right_hand", "left_hand", "right_hand_wrist", "left_hand_little3"} <= names
    assert not {name for name in names if re.search(r"_\d", name)}
    obj, *_ = write_obj(tmp_path / "a.obj", left_first[0].hands, model)
    objects = [line[2:] for line in obj.read_text().splitlines() if line.startswith("o ")]
    assert objects == ["left_hand", "right_hand"]


def test_a_second_hand_of_a_side_is_numbered_and_keeps_its_number(session, model, tmp_path):
    hand = session[0].hands[0]
    second, third = replace(hand, track_id=5), replace(hand, track_id=9)
    frames = [[hand, second], [second], [second, third], [hand]]
    places = HandPlaces()
    names = [[hand_name(*place) for place in places.of(hands)] for hands in frames]
    assert names == [
        ["right_hand", "right_hand_2"],
        ["right_hand_2"],
        ["right_hand_2", "right_hand"],
        ["right_hand"],
    ]
    for kind, told in (("obj", "o right_hand_2"), ("ply", "comment hand 2 right_hand_2 track 5")):
        sequence = MeshSequence(tmp_path / kind, kind, model)
        for hands in frames:
            sequence.add(hands)
        text = (sequence.finish() / f"frame_000001.{kind}").read_bytes().decode("latin-1")
        assert told in text.splitlines()


def test_ply_tells_the_hands_apart(session, model, tmp_path):
    hands = session[12].hands
    path = write_ply(tmp_path / "frame.ply", hands, model)
    raw = trimesh.load(path, process=False).metadata["_ply_raw"]["vertex"]["data"]
    expected = np.repeat([0 if hand.is_right else 1 for hand in hands], model.num_vertices)
    np.testing.assert_array_equal(raw["hand"].reshape(-1), expected)
    meshio = pytest.importorskip("meshio")
    mesh = meshio.read(path)
    np.testing.assert_array_equal(mesh.point_data["hand"], expected)
    assert len(mesh.cells_dict["triangle"]) == 2 * (len(model.faces) + len(model.cap_faces))


def test_obj_in_the_camera_frame_without_skin(session, model, tmp_path):
    hands = session[0].hands
    written = write_obj(tmp_path / "deep" / "frame.obj", hands, model, y_up=False)
    assert [path.suffix for path in written] == [".obj", ".mtl"]
    mesh = trimesh.load(written[0], process=False, force="mesh")
    np.testing.assert_allclose(mesh.vertices.min(0), hands[0].vertices.min(0), atol=1e-5)
    assert mesh.volume > 1e-4  # outward and closed


@pytest.mark.parametrize("y_up", [True, False])
def test_ply_reads_back(session, model, tmp_path, y_up):
    hands = session[12].hands
    mesh = trimesh.load(write_ply(tmp_path / "frame.ply", hands, model, y_up), process=False)
    expected = np.concatenate([hand.vertices for hand in hands])
    np.testing.assert_allclose(mesh.vertices, expected * ([1, -1, -1] if y_up else 1), atol=1e-6)
    assert mesh.is_watertight
    assert mesh.volume > 2e-4
    np.testing.assert_array_equal(
        mesh.visual.vertex_colors[:, :3], np.tile(model.vertex_colors, (2, 1))
    )


def test_a_model_that_does_not_fit_is_refused(session, tmp_path):
    other = load_hand_model("hand_mid")
    with pytest.raises(UserError, match="778 vertices"):
        write_obj(tmp_path / "x.obj", session[0].hands, other)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UserError, match="cannot write"):
        write_ply(blocked / "x.ply", [], other)
