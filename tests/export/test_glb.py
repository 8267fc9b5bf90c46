"""GLB, read by the letter of the specification and by trimesh, and compared with what went in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from glb_reader import Glb, mesh_nodes
from sample_hands import make_result

from hands3c_core.errors import UserError
from hands3c_core.export import (
    GlbRecorder,
)

SKIN = Path(__file__).resolve().parents[2] / "assets" / "hand" / "hand_skin_512.jpg"


@pytest.fixture(scope="module")
def glb(session, model, tmp_path_factory):
    recorder = GlbRecorder(model, SKIN)
    for result in session:
        recorder.add(result)
    summary = recorder.save(tmp_path_factory.mktemp("glb") / "session.glb")
    assert (summary.frames, summary.hands) == (30, 2)
    assert summary.bytes == summary.path.stat().st_size
    return Glb(summary.path.read_bytes())


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
