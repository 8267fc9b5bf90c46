"""MANO-like files made from our own hand: the originals may not be redistributed."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.sparse

from hands3c_core.hand_model import HandModelData, load_hand_model


class _Python2Pickler(pickle._Pickler):
    """Writes bytes and text as Python 2's ``str``, as in the original files."""

    dispatch: ClassVar[dict] = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)

    def save_text(self, value: str) -> None:
        self.save_bytes(value.encode("latin1"))

    dispatch[bytes] = save_bytes
    dispatch[str] = save_text


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the developer's own cache."""
    cache = tmp_path / "cache"
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(cache))


@pytest.fixture
def chumpy_classes() -> Iterator[tuple[type, type]]:
    """Classes that pickle under chumpy's names (``Ch``, ``Select``)."""
    made = []
    sys.modules["chumpy"] = types.ModuleType("chumpy")
    for module, name in (("chumpy.ch", "Ch"), ("chumpy.reordering", "Select")):
        kind = type(name, (), {"__module__": module})
        sys.modules[module] = types.ModuleType(module)
        setattr(sys.modules[module], name, kind)
        made.append(kind)
    yield made[0], made[1]
    for module in ("chumpy", "chumpy.ch", "chumpy.reordering"):
        del sys.modules[module]


def mano_table(data: HandModelData) -> dict[str, Any]:
    """The table in a MANO file, filled with a hand model of ours."""
    parents = np.array([2**32 - 1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14], np.uint32)
    coefficients = np.random.default_rng(1).normal(size=(100, 45))
    return {
        "bs_style": "lbs",
        "bs_type": "lrotmin",
        "v_template": data.v_template.astype(np.float64),
        "shapedirs": data.shapedirs.astype(np.float64),
        "posedirs": data.posedirs.astype(np.float64),
        "J_regressor": scipy.sparse.csc_matrix(data.J_regressor.astype(np.float64)),
        "J": data.rest_joints.astype(np.float64),
        "weights": data.weights.astype(np.float64),
        "f": data.faces.astype(np.uint32),
        "kintree_table": np.stack([parents, np.arange(16, dtype=np.uint32)]),
        "hands_mean": data.hands_mean.astype(np.float64),
        "hands_components": data.hands_components.astype(np.float64),
        "hands_coeffs": coefficients,
    }


@pytest.fixture
def own_hand() -> HandModelData:
    return load_hand_model("hand_mano778")


@pytest.fixture
def write_mano(
    tmp_path: Path, chumpy_classes: tuple[type, type]
) -> Callable[[HandModelData, str], Path]:
    """Writes a hand as the original files are: by Python 2, old module names, chumpy arrays."""

    def write(data: HandModelData, name: str) -> Path:
        table = mano_table(data)
        array, select = chumpy_classes
        # The originals hold 20 shape directions and select the first ten of them.
        twenty = array()
        twenty._dirty_vars, twenty._itr, twenty._depends_on_deps = {"x"}, None, {}
        twenty.x = np.concatenate((table["shapedirs"], 0 * table["shapedirs"]), axis=2)
        chosen = select()
        chosen.a = twenty
        chosen.idxs = np.arange(twenty.x.size).reshape(-1, 20)[:, :10].ravel()
        chosen.preferred_shape = table["shapedirs"].shape
        table["shapedirs"] = chosen
        posedirs = array()
        posedirs.x = table["posedirs"]
        table["posedirs"] = posedirs
        stream = io.BytesIO()
        _Python2Pickler(stream, protocol=2, fix_imports=True).dump(table)
        content = stream.getvalue().replace(b"numpy._core.", b"numpy.core.")
        content = content.replace(b"scipy.sparse._csc\n", b"scipy.sparse.csc\n")
        path = tmp_path / f"{name}.pkl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write
