"""Every export is read back and compared with what went in."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from sample_hands import CAMERA, make_result

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.export import (
    GlbRecorder,
    MeshSequence,
    ResultLog,
    read_results,
    write_obj,
    write_ply,
)
from hands3c_core.export.hand_names import HandPlaces, hand_name
from hands3c_core.hand_model import load_hand_model
from hands3c_core.types import Camera

SKIN = Path(__file__).resolve().parents[2] / "assets" / "hand" / "hand_skin_512.jpg"


# -- GLB ----------------------------------------------------------------------------------------
class Glb:
    """A GLB parsed by the letter of the specification, enough to pose its hands."""

    def __init__(self, content: bytes) -> None:
        magic, version, length = struct.unpack_from("<III", content)
        assert (magic, version, length) == (0x46546C67, 2, len(content))
        size, kind = struct.unpack_from("<II", content, 12)
        assert kind == 0x4E4F534A
        assert size % 4 == 0
        self.doc = json.loads(content[20 : 20 + size])
        self.binary = b""
        if 20 + size < len(content):
            binary_size, kind = struct.unpack_from("<II", content, 20 + size)
            assert kind == 0x004E4942
            assert binary_size % 4 == 0
            self.binary = content[28 + size : 28 + size + binary_size]
            assert self.doc["buffers"][0]["byteLength"] == len(self.binary)

    def array(self, index: int) -> np.ndarray:
        item = self.doc["accessors"][index]
        view = self.doc["bufferViews"][item["bufferView"]]
        dtype = {5126: "<f4", 5125: "<u4", 5123: "<u2", 5121: "u1"}[item["componentType"]]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[item["type"]]
        assert view["byteOffset"] % np.dtype(dtype).itemsize == 0
        assert view["byteOffset"] + view["byteLength"] <= len(self.binary)
        values = np.frombuffer(self.binary, dtype, item["count"] * width, view["byteOffset"])
        assert values.nbytes == view["byteLength"]
        values = values.reshape(item["count"], width)
        if "min" in item:
            np.testing.assert_allclose(values.min(axis=0), item["min"], rtol=1e-6)
            np.testing.assert_allclose(values.max(axis=0), item["max"], rtol=1e-6)
        return values

    def sample(self, node: int, path: str, time: float):
        """Value of an animated property (nearest key frame, held; steps as steps)."""
        for animation in self.doc.get("animations", []):
            for channel in animation["channels"]:
                if channel["target"] == {"node": node, "path": path}:
                    sampler = animation["samplers"][channel["sampler"]]
                    times = self.array(sampler["input"])[:, 0]
                    assert (np.diff(times) > 0).all()
                    values = self.array(sampler["output"]).reshape(len(times), -1)
                    if sampler["interpolation"] == "STEP":
                        return values[np.searchsorted(times, time + 1e-6, side="right") - 1]
                    return values[np.abs(times - time).argmin()]
        return None

    def local(self, node: int, time: float) -> np.ndarray:
        item = self.doc["nodes"][node]

        def value(path: str, default: list[float]) -> np.ndarray:
            animated = self.sample(node, path, time)
            return np.array(item.get(path, default)) if animated is None else animated

        x, y, z, w = value("rotation", [0, 0, 0, 1])
        turn = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        matrix = np.eye(4)
        matrix[:3, :3] = turn * value("scale", [1, 1, 1])
        matrix[:3, 3] = value("translation", [0, 0, 0])
        return matrix

    def world(self, node: int, time: float) -> np.ndarray:
        matrix = self.local(node, time)
        for parent, item in enumerate(self.doc["nodes"]):
            if node in item.get("children", []):
                return self.world(parent, time) @ matrix
        return matrix

    def posed(self, node: int, primitive: int, time: float) -> np.ndarray:
        """(V, 3) skinned vertices of a mesh node, in the file's world."""
        item = self.doc["nodes"][node]
        part = self.doc["meshes"][item["mesh"]]["primitives"][primitive]
        points = self.array(part["attributes"]["POSITION"]).astype(float)
        morph = self.sample(node, "weights", time)
        for k, target in enumerate(part.get("targets", [])):
            assert morph is not None
            points = points + morph[k] * self.array(target["POSITION"])
        skin = self.doc["skins"][item["skin"]]
        inverse = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        joints = np.stack([self.world(j, time) @ inverse[k] for k, j in enumerate(skin["joints"])])
        index = self.array(part["attributes"]["JOINTS_0"])
        weights = self.array(part["attributes"]["WEIGHTS_0"])
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
        homogeneous = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        blended = np.einsum("vk,vkij->vij", weights, joints[index])
        return np.einsum("vij,vj->vi", blended, homogeneous)[:, :3]


@pytest.fixture(scope="module")
def glb(session, model, tmp_path_factory):
    recorder = GlbRecorder(model, SKIN)
    for result in session:
        recorder.add(result)
    summary = recorder.save(tmp_path_factory.mktemp("glb") / "session.glb")
    assert (summary.frames, summary.hands) == (30, 2)
    assert summary.bytes == summary.path.stat().st_size
    return Glb(summary.path.read_bytes())


def mesh_nodes(glb: Glb) -> list[int]:
    return [k for k, node in enumerate(glb.doc["nodes"]) if "mesh" in node]


@pytest.mark.parametrize(("hand", "frames"), [(0, [0, 7, 15, 29]), (1, [8, 13, 19])])
def test_reposed_glb_matches_the_hand_layer(glb, session, model, hand, frames):
    node = mesh_nodes(glb)[hand]
    seam = np.zeros(len(model.vt), int)
    seam[model.ft.reshape(-1)] = model.faces.reshape(-1)
    for frame in frames:
        posed = glb.posed(node, 0, frame / 25.0) * [1, -1, -1]
        expected = session[frame].hands[hand].vertices
        deviation = np.linalg.norm(posed - expected[seam], axis=1)
        used = np.unique(model.ft)
        assert deviation[used].max() < 0.0006  # metres; the tolerance of the morph targets


def test_without_morph_targets_the_fist_would_be_off(session, model):
    """The deviation that skinning alone has, so that the docs' figure stays true."""
    from hands3c_core.export.hand_rig import build_rig, pose_rig

    hands = [result.hands[0] for result in session]
    arguments = (
        model,
        True,
        np.stack([hand.pose for hand in hands]),
        hands[0].shape,
        np.stack([hand.translation for hand in hands]),
    )
    worst = {}
    for name, limit in (("plain", 0), ("morphs", 16)):
        rig, motion = build_rig(*arguments, max_morphs=limit)
        worst[name] = max(
            np.linalg.norm(pose_rig(rig, motion, n) - hands[n].vertices, axis=1).max()
            for n in range(0, 30, 3)
        )
    assert 0.0015 < worst["plain"] < 0.006
    assert worst["morphs"] < 0.0006


def test_a_hand_that_is_away_is_scaled_to_nothing(glb):
    right, left = mesh_nodes(glb)
    for frame in (0, 7, 20, 29):
        extent = np.ptp(glb.posed(left, 0, frame / 25.0), axis=0)
        assert extent.max() < 1e-6
        assert np.ptp(glb.posed(right, 0, frame / 25.0), axis=0).max() > 0.05
    assert np.ptp(glb.posed(left, 0, 8 / 25.0), axis=0).max() > 0.05


def test_glb_triangles_face_outward_and_close_the_wrist(glb):
    for node in mesh_nodes(glb):
        volume = 0.0
        for k in (0, 1):
            part = glb.doc["meshes"][glb.doc["nodes"][node]["mesh"]]["primitives"][k]
            points = glb.posed(node, k, 10 / 25.0)
            index = glb.array(part["indices"]).reshape(-1, 3)
            assert index.max() < len(points)
            a, b, c = (points[index[:, n]].astype(float) for n in range(3))
            volume += np.einsum("ij,ij->", a, np.cross(b, c)) / 6
        assert 1e-4 < volume < 1e-3  # cubic metres: a hand


def test_glb_opens_in_trimesh_with_its_skin(glb, session, model, tmp_path):
    recorder = GlbRecorder(model, SKIN)
    recorder.add(session[10])
    scene = trimesh.load(recorder.save(tmp_path / "one.glb").path)
    assert len(scene.geometry) == 4  # two hands, skin and cap each
    textures = [g.visual.material.baseColorTexture for g in scene.geometry.values()]
    assert sum(t is not None and t.size == (512, 512) for t in textures) == 2


def test_node_names_and_camera(glb):
    names = [node["name"] for node in glb.doc["nodes"]]
    assert len(names) == len(set(names))
    assert sum("index2" in name for name in names) == 2
    lens = glb.doc["cameras"][0]["perspective"]
    assert lens["yfov"] == pytest.approx(2 * np.arctan(240 / 556.0))
    assert lens["aspectRatio"] == pytest.approx(640 / 480 * 556 / 554)
    assert all(len(skin["joints"]) == 16 for skin in glb.doc["skins"])


def test_glb_without_hands_without_skin_and_with_bad_numbers(model, session, tmp_path):
    recorder = GlbRecorder(model)
    summary = recorder.save(tmp_path / "nothing.glb")
    assert (summary.frames, summary.hands) == (0, 0)
    assert "animations" not in Glb(summary.path.read_bytes()).doc
    hand = session[0].hands[0]
    recorder.add(make_result(0, replace(hand, pose=np.full((16, 3), np.nan, np.float32))))
    recorder.add(make_result(1, hand))
    recorder.add(make_result(1, hand))  # not later: left out
    recorder.add(make_result(3, hand, replace(hand, track_id=9)))
    summary = recorder.save(tmp_path / "plain.glb")
    assert (summary.frames, summary.hands) == (3, 2)
    document = Glb(summary.path.read_bytes()).doc
    assert "images" not in document


def test_a_skin_that_cannot_be_embedded_is_a_clear_error(model, session, tmp_path):
    for skin in (tmp_path / "none.jpg", tmp_path / "skin.webp"):
        recorder = GlbRecorder(model, skin)
        recorder.add(session[0])
        with pytest.raises(UserError):
            recorder.save(tmp_path / "x.glb")
    assert list(tmp_path.iterdir()) == []


# -- OBJ, PLY -----------------------------------------------------------------------------------
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


# -- JSON lines ---------------------------------------------------------------------------------
def write_log(path, results, **options) -> Path:
    with ResultLog(path, hand_model="hand_mano778", estimator="landmarks", **options) as log:
        for result in results:
            log.write(result)
    return path


def test_log_reads_back(session, tmp_path):
    log = read_results(write_log(tmp_path / "log.jsonl", session, source="clip.mp4", vertices=True))
    assert log.header["version"] == 1
    assert log.header["joint_names"] == list(JOINT_NAMES)
    assert log.header["source"] == "clip.mp4"
    assert not log.truncated
    assert [frame.index for frame in log.frames] == list(range(30))
    for logged, result in zip(log.frames, session, strict=True):
        assert logged.camera == CAMERA
        assert logged.timestamp == pytest.approx(result.frame.timestamp)
        assert logged.timings_ms["total"] == pytest.approx(12.346)
        for a, b in zip(logged.hands, result.hands, strict=True):
            assert (a.track_id, a.is_right, a.estimator) == (b.track_id, b.is_right, b.estimator)
            np.testing.assert_allclose(a.vertices, b.vertices, atol=1e-6)
            np.testing.assert_allclose(a.joints_3d, b.joints_3d, atol=1e-6)
            np.testing.assert_allclose(a.joints_2d, b.joints_2d, atol=0.01)
            np.testing.assert_allclose(a.pose, b.pose, atol=1e-5)
            assert a.crop == b.crop


def test_each_line_is_on_disk_at_once(session, tmp_path):
    log = ResultLog(tmp_path / "log.jsonl", hand_model="m", estimator="e")
    assert not log.path.exists()
    for n, result in enumerate(session[:3], start=1):
        log.write(result)
        assert len(read_results(log.path).frames) == n
    log.close()
    log.close()
    with pytest.raises(ValueError, match="closed"):
        log.write(session[3])


@pytest.mark.parametrize("cut", [1, 2, 100, 700])
def test_a_log_cut_off_in_its_last_line(session, tmp_path, cut):
    path = write_log(tmp_path / "log.jsonl", session)
    path.write_bytes(path.read_bytes()[:-cut])
    log = read_results(path)
    assert len(log.frames) == (30 if cut == 1 else 29)  # without its line end it is still whole
    assert log.truncated == (cut > 1)


def test_a_new_camera_is_logged(session, tmp_path):
    wide = Camera(300.0, 300.0, 319.5, 239.5, 640, 480)
    results = [session[0], make_result(1, camera=wide), make_result(2, camera=wide)]
    frames = read_results(write_log(tmp_path / "log.jsonl", results)).frames
    assert [frame.camera for frame in frames] == [CAMERA, wide, wide]


def test_numbers_that_are_not_finite_survive(session, tmp_path):
    hand = session[0].hands[0]
    joints = hand.joints_2d.copy()
    joints[3] = np.nan, np.inf
    odd = replace(hand, joints_2d=joints, reprojection_error_px=float("nan"))
    path = write_log(tmp_path / "log.jsonl", [make_result(0, odd)])
    assert "NaN" not in path.read_text()
    back = read_results(path).frames[0].hands[0]
    assert np.isnan(back.joints_2d[3]).all()
    assert np.isnan(back.reprojection_error_px)
    np.testing.assert_allclose(back.joints_2d[:3], joints[:3], atol=0.01)


def test_files_that_are_no_logs_are_clear_errors(session, tmp_path):
    def refused(content: str, words: str) -> None:
        path = tmp_path / "bad.jsonl"
        path.write_text(content)
        with pytest.raises(UserError, match=words):
            read_results(path)

    lines = write_log(tmp_path / "log.jsonl", session).read_text().splitlines()
    refused("", "no hands3c-results header")
    refused('{"format": "other"}\n', "no hands3c-results header")
    refused("[1, 2]\n", "no hands3c-results header")
    refused("not json\n", "line 1: not JSON")
    refused(lines[0].replace('"version": 1', '"version": 99'), "version 99")
    refused("\n".join([lines[0], "{broken", lines[1]]) + "\n", "line 2: not JSON")
    refused(lines[0] + '\n{"type":"frame"}\n', "line 2: index is missing")
    short = json.loads(lines[1])
    short["hands"][0]["pose"] = [[0, 0, 0]]
    refused("\n".join([lines[0], json.dumps(short), ""]), "pose has shape")
    with pytest.raises(UserError, match="cannot read"):
        read_results(tmp_path / "none.jsonl")


def test_a_log_where_nothing_can_be_written(session, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    log = ResultLog(blocked / "log.jsonl", hand_model="m", estimator="e")
    with pytest.raises(UserError, match="cannot write"):
        log.write(session[0])
