"""MANO's files: read as they are distributed, and refused where they are not what they claim."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch

from hands3c_core.conventions import MANO_TIP_VERTICES
from hands3c_core.errors import UserError
from hands3c_core.hand_model import (
    HandLayer,
    HandModelData,
    from_mano_arrays,
    load_hand_model,
    mirror_model,
)
from hands3c_core.hand_model.mano_files import cache_folder
from hands3c_core.hand_model.unpickle import read_pickle, to_array

Write = Callable[[HandModelData, str], Path]


def with_fault(left: HandModelData) -> HandModelData:
    """The released left hand's fault: x offsets of the shape as in the right hand."""
    return replace(left, shapedirs=left.shapedirs * np.array([[-1.0], [1.0], [1.0]], np.float32))


def test_python2_pickle_with_chumpy_arrays(write_mano: Write, own_hand: HandModelData) -> None:
    path = write_mano(own_hand, "MANO_RIGHT")
    content = path.read_bytes()
    for name in (
        b"chumpy.ch\nCh",
        b"chumpy.reordering\nSelect",
        b"numpy.core.multiarray",
        b"__builtin__\nset",
    ):
        assert name in content
    assert b"scipy.sparse.csc\ncsc_matrix" in content
    data = load_hand_model(path)
    for key in ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "faces"):
        np.testing.assert_array_equal(getattr(data, key), getattr(own_hand, key))
    assert data.is_right
    assert data.name == "MANO_RIGHT"
    assert "MANO" in data.licence
    assert tuple(data.fingertip_ids) == MANO_TIP_VERTICES
    assert data.hands_components_std is not None


def test_python3_pickle_of_the_reference(shared: Path) -> None:
    data = load_hand_model(shared / "parity" / "synthetic_MANO_RIGHT.pkl")
    assert data.num_vertices == 778
    assert data.is_right


def test_axes_and_named_poses_are_fitted_to_mano(
    write_mano: Write, own_hand: HandModelData
) -> None:
    """Our own hand as a MANO file gets (nearly) its own axes, named poses and cap back."""
    data = load_hand_model(write_mano(own_hand, "MANO_RIGHT"))
    angle = np.degrees(np.arccos(np.clip((data.joint_axes * own_hand.joint_axes).sum(-1), -1, 1)))
    last_bone = np.arange(15) % 3 == 2
    assert angle[~last_bone].max() < 0.2
    # MANO's fingertip vertices are others of the same tips: the last bones point elsewhere a bit.
    assert angle[last_bone].max() < 10
    np.testing.assert_array_equal(data.joint_rom_deg, own_hand.joint_rom_deg)
    for key, pose in own_hand.named_poses.items():
        np.testing.assert_allclose(data.named_poses[key], pose, atol=0.2)
    assert len(data.cap_faces) == len(own_hand.cap_faces)


def test_cache(write_mano: Write, own_hand: HandModelData, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mano(own_hand, "MANO_RIGHT")
    first = load_hand_model(path)
    (cached,) = cache_folder().iterdir()

    def refuse(*_: object) -> None:
        raise AssertionError("the pickle was read again")

    with monkeypatch.context() as patch:
        patch.setattr("hands3c_core.hand_model.mano_files.read_pickle", refuse)
        second = load_hand_model(path)
    assert (second.name, second.licence, second.is_right) == (
        first.name,
        first.licence,
        first.is_right,
    )
    for key in ("v_template", "posedirs", "joint_axes", "cap_faces", "hands_components_std"):
        np.testing.assert_array_equal(getattr(second, key), getattr(first, key))
    assert second.named_poses.keys() == first.named_poses.keys()

    cached.write_bytes(b"damaged")
    np.testing.assert_array_equal(load_hand_model(path).posedirs, first.posedirs)
    assert cached.stat().st_size > 1000  # made anew

    other = replace(own_hand, v_template=own_hand.v_template * np.float32(1.1))
    write_mano(other, "MANO_RIGHT")  # another file of the same name
    np.testing.assert_array_equal(load_hand_model(path).v_template, other.v_template)


def test_read_only_cache_is_no_obstacle(
    write_mano: Write, own_hand: HandModelData, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where the cache folder should be")
    assert load_hand_model(write_mano(own_hand, "MANO_RIGHT")).num_vertices == 778


@pytest.mark.parametrize("form", ["folder", "zip", "nested zip"])
def test_both_sides_from_folder_or_zip(
    form: str, write_mano: Write, own_hand: HandModelData, tmp_path: Path
) -> None:
    left = mirror_model(own_hand)
    files = [write_mano(own_hand, "models/MANO_RIGHT"), write_mano(left, "models/MANO_LEFT")]
    path = files[0].parent
    (path / "SMPLH_female.pkl").write_bytes(b"another model that must not be opened")
    if form != "folder":
        path = tmp_path / "mano_v1_2.zip"
        prefix = "mano_v1_2/models/" if form == "nested zip" else ""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, prefix + file.name)
    for side, expected in (("right", own_hand), ("left", left), (None, own_hand)):
        data = load_hand_model(path, side)
        assert data.is_right == expected.is_right
        np.testing.assert_array_equal(data.v_template, expected.v_template)
        np.testing.assert_array_equal(data.shapedirs, expected.shapedirs)


def test_side_of_a_single_file(write_mano: Write, own_hand: HandModelData) -> None:
    left = mirror_model(own_hand)
    path = write_mano(left, "MANO_LEFT")
    assert not load_hand_model(path, None).is_right
    assert not load_hand_model(path, "left").is_right
    right = load_hand_model(path)
    assert right.is_right
    np.testing.assert_array_equal(right.v_template, own_hand.v_template)


@pytest.mark.parametrize("beside_right", [True, False])
@pytest.mark.parametrize("faulty", [True, False])
def test_left_hand_sign_fault(
    beside_right: bool, faulty: bool, write_mano: Write, own_hand: HandModelData
) -> None:
    left = mirror_model(own_hand)
    if beside_right:
        write_mano(own_hand, "MANO_RIGHT")
    path = write_mano(with_fault(left) if faulty else left, "MANO_LEFT")
    data = load_hand_model(path, "left")
    np.testing.assert_array_equal(data.shapedirs, left.shapedirs)
    # A larger hand is larger in every direction.
    layer = HandLayer(data)
    shape = torch.zeros(2, 10)
    shape[1, 0] = 2
    vertices = layer(torch.zeros(2, 48), shape).vertices
    extent = vertices.amax(1) - vertices.amin(1)
    growth = torch.sign(extent[1] - extent[0])
    assert (growth == growth[0]).all()


class _Attack:
    def __init__(self, command: tuple) -> None:
        self.command = command

    def __reduce__(self) -> tuple:
        return self.command


def _attacks(marker: Path) -> dict[str, bytes]:
    shell = f"touch {marker}"
    system = pickle.dumps({"v_template": _Attack((os.system, (shell,)))}, protocol=2)
    code = f"open({str(marker)!r}, 'w')"
    return {
        "os.system": system,
        "protocol 4": pickle.dumps({"f": _Attack((os.system, (shell,)))}, protocol=4),
        "eval": pickle.dumps(_Attack((eval, (code,))), protocol=2),
        "text protocol": f"cos\nsystem\n(S'{shell}'\ntR.".encode(),
        # A dotted name that starts in an allowed module.
        "dotted": b"\x80\x04\x8c\x05numpy\x8c\x0fndarray.__new__\x93.",
        "numpy.load": b"cnumpy\nload\n(S'" + str(marker).encode() + b"'\ntR.",
        "subprocess": b"csubprocess\nPopen\n((S'touch'\nS'" + str(marker).encode() + b"'\nttR.",
    }


@pytest.mark.parametrize("kind", list(_attacks(Path("x"))))
def test_malicious_pickle_runs_nothing(kind: str, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    content = _attacks(marker)[kind]
    if kind == "os.system":  # the attack is real: the ordinary reader runs it
        pickle.loads(content)
        assert marker.exists()
        marker.unlink()
    path = tmp_path / "MANO_RIGHT.pkl"
    path.write_bytes(content)
    with pytest.raises(UserError, match="refused: it wants to run") as error:
        load_hand_model(path)
    assert not marker.exists()
    assert "\n" not in str(error.value)
    if kind == "os.system":
        assert f"{os.system.__module__}.system" in str(error.value)


def test_malicious_pickle_cannot_change_the_reader(tmp_path: Path, own_hand: HandModelData) -> None:
    """BUILD on a class would set its attributes, were the stand-ins not sealed."""
    setting = b"(dS'x'\nI1\ns"
    path = tmp_path / "MANO_RIGHT.pkl"
    path.write_bytes(b"cchumpy.ch\nCh\n(N" + setting + b"tb.")
    with pytest.raises(UserError, match="cannot be read"):
        load_hand_model(path)
    # Arrays of objects could hold anything; none is made.
    array = np.array([{"a": 1}], dtype=object)
    path.write_bytes(pickle.dumps({"v_template": array}, protocol=2))
    with pytest.raises(UserError, match="not read"):
        load_hand_model(path)


def test_truncated_file(write_mano: Write, own_hand: HandModelData) -> None:
    path = write_mano(own_hand, "MANO_RIGHT")
    content = path.read_bytes()
    for length in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match="MANO_RIGHT") as error:
            load_hand_model(path)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 no real archive",
        b"\x00" * 5000,
        b"<html>Please log in</html>",
        pickle.dumps([1, 2, 3]),
        pickle.dumps({"v_template": np.zeros((778, 3))}),
        pickle.dumps(np.zeros(5)),
    ],
)
def test_foreign_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "MANO_RIGHT.pkl"
    path.write_bytes(content)
    with pytest.raises(UserError, match="MANO"):
        load_hand_model(path)


def test_zip_without_a_hand_and_damaged_zip(
    tmp_path: Path, write_mano: Write, own_hand: HandModelData
) -> None:
    path = tmp_path / "mano.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("models/LICENSE.txt", "text")
    with pytest.raises(UserError, match=r"holds no MANO_RIGHT"):
        load_hand_model(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(write_mano(own_hand, "MANO_RIGHT"), "MANO_RIGHT.pkl")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(UserError):
        load_hand_model(path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"holds no MANO_RIGHT"):
        load_hand_model(tmp_path / "empty")


def test_other_shapes_are_refused(own_hand: HandModelData) -> None:
    arrays = {
        "v_template": own_hand.v_template,
        "shapedirs": own_hand.shapedirs,
        "posedirs": own_hand.posedirs,
        "J_regressor": own_hand.J_regressor,
        "weights": own_hand.weights,
        "f": own_hand.faces,
        "hands_mean": own_hand.hands_mean,
        "hands_components": own_hand.hands_components,
    }
    assert from_mano_arrays(arrays, "hand").is_right
    few = from_mano_arrays({**arrays, "hands_components": own_hand.hands_components[:6]}, "hand")
    assert few.hands_components.shape == (6, 45)
    for key, wrong in (
        ("v_template", own_hand.v_template[:100]),
        ("J_regressor", np.zeros((24, 778))),
        ("shapedirs", own_hand.shapedirs[..., :5]),
        ("weights", np.full((778, 16), np.nan)),
        ("f", own_hand.faces + 5),
        ("hands_mean", np.zeros(48)),
        ("hands_components", np.zeros((46, 45))),
    ):
        with pytest.raises(UserError, match="hand"):
            from_mano_arrays({**arrays, key: wrong}, "hand")


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_pickle_protocols_and_sparse_forms(protocol: int, own_hand: HandModelData) -> None:
    dense = own_hand.J_regressor.astype(np.float64)
    table = {
        "csc": scipy.sparse.csc_matrix(dense),
        "csr": scipy.sparse.csr_matrix(dense),
        "plain": dense,
        "columns first": np.asfortranarray(dense),
        "number": np.float64(2.5),
    }
    read = read_pickle(pickle.dumps(table, protocol=protocol), "file")
    for key in ("csc", "csr", "plain", "columns first"):
        np.testing.assert_array_equal(to_array(read[key]), dense)
    assert read["number"] == 2.5
