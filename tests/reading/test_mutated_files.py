"""Damaged files of every small format: read, or refused with a UserError; nothing else.

Valid files are changed byte by byte, value by value and piece by piece. The quick suite does a few
of each; with ``-m stress`` thousands.
"""

from __future__ import annotations

import codecs
import copy
import io
import json
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.errors import UserError

QUICK, MANY = 60, 2000

#: What a value may be replaced by.
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**400, 2**70, 1e300, -1e300, float("nan"), float("inf"), 1e-300),
    *("", "abc", "9" * 5000, "\ud800", "a\0b", "../../x", [], {}, [[]], [None], {"a": 1}),
    *([1, [2]], ["1", "2"], [[1e400]], [10**400] * 3, "x" * 100_000),
)


def number_matrix(rows: int, columns: int, scale: float = 0.1) -> list[list[float]]:
    return [[round(scale * (r + 1) / (c + 2), 4) for c in range(columns)] for r in range(rows)]


def calibration() -> dict[str, Any]:
    return {
        "K": [[600.0, 0, 320], [0, 600, 240], [0, 0, 1]],
        "width": 640,
        "height": 480,
        "distortion": [0.1, 0.2],
    }


def log_lines() -> list[dict[str, Any]]:
    camera = {"fx": 600.0, "fy": 600.0, "cx": 320.0, "cy": 240.0, "width": 640, "height": 480}
    hand = {
        "track_id": 1,
        "is_right": True,
        "confidence": 0.9,
        "estimator": "landmarks",
        "pose": number_matrix(16, 3),
        "shape": [0.1] * 10,
        "translation": [0.0, 0.0, 0.5],
        "joints_3d": number_matrix(NUM_JOINTS, 3),
        "joints_2d": number_matrix(NUM_JOINTS, 2, 100.0),
        "landmarks_2d": number_matrix(NUM_JOINTS, 2, 100.0),
        "crop": [100.0, 100.0, 50.0],
        "reprojection_error_px": 1.0,
    }
    header = {
        "type": "header",
        "format": "hands3c-results",
        "version": 1,
        "camera": camera,
        "hand_model": "hand_mid",
        "estimator": "landmarks",
        "source": "a",
    }
    frame = {
        "type": "frame",
        "index": 0,
        "time": 0.0,
        "timings_ms": {"total": 1.0},
        "hands": [hand],
    }
    return [header, frame, {"type": "camera", "camera": camera}, {**frame, "index": 1, "time": 0.1}]


def label_lines() -> list[dict[str, Any]]:
    header = {"format": "hands3c-pseudo", "version": 1, "hand_model": None, "source": "clip.mp4"}
    label = {
        "image": "a.png",
        "is_right": True,
        "split": "train",
        "confidence": 0.9,
        "joints_2d": number_matrix(NUM_JOINTS, 2, 30.0),
        "world_landmarks": number_matrix(NUM_JOINTS, 3),
        "camera": [600, 600, 32, 24],
        "session": "clip",
    }
    return [header, label, copy.deepcopy(label)]


def card() -> dict[str, Any]:
    return {
        "name": "net",
        "model": "hands3c_tiny",
        "input_size": 256,
        "licence": "CC0",
        "data": [{"name": "synthetic", "licence": "CC0"}],
        "samples_seen": 1000,
        "metrics": {"freihand": {"pa_mpjpe_mm": 7.9}},
        "limits": ["none"],
        "default_on": ["cpu"],
        "better_than": [],
        "further_parts": {"a.safetensors": "00"},
    }


# ------------------------------------------------------------------------------------- mutations


def mutated_bytes(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        if not data:
            break
        at, kind = chance.randrange(len(data)), chance.randrange(6)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del data[at : at + chance.choice((1, 4, 100, len(data)))]
        elif kind == 3:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 4, 60))))
        elif kind == 4:
            data[at:at] = data[at : at + chance.choice((1, 20, 200))]
        else:
            data[at:at] = chance.choice((b"[" * 3000, b'{"a":' * 2000, b"9" * 5000, b"\xff\xfe"))
    return bytes(data)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested tables and lists."""
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, entry in entries:
        yield (*at, key)
        yield from places(entry, (*at, key))


def mutated_value(value: Any, chance: random.Random) -> Any:
    """A copy in which some values are odd, missing or beside others."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2))):
        found = list(places(value))
        if not found:
            break
        *path, last = chance.choice(found)
        target = value
        for key in path:
            target = target[key]
        odd = copy.deepcopy(chance.choice(ODD_VALUES))
        kind = chance.randrange(4)
        if kind == 0 and isinstance(target, dict):
            del target[last]
        elif kind == 1 and isinstance(target, dict):
            target["unknown"] = odd
        else:
            target[last] = odd
    return value


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_lines(values: Any) -> bytes:
    values = values if isinstance(values, list) else [values]
    return b"".join(as_json(value) + b"\n" for value in values)


def as_npz(values: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    arrays = {}
    for name, value in values.items():
        try:
            array = np.asarray(value)
        except (ValueError, OverflowError):
            continue
        if array.dtype.kind != "O":
            arrays[name] = array
    np.savez_compressed(file, **arrays)
    return file.getvalue()


# -------------------------------------------------------------------------------------- readers


def read_calibration(path: Path) -> None:
    from hands3c_core.geometry import load_camera

    camera = load_camera(path, 640, 480)
    assert np.isfinite([camera.fx, camera.fy, camera.cx, camera.cy]).all()
    assert 1 < camera.fx < 1e6
    assert 0 <= camera.cx <= 640


def read_log(path: Path) -> None:
    from hands3c_core.export import read_results

    for frame in read_results(path).frames:
        assert np.isfinite(frame.timestamp)
        for hand in frame.hands:
            assert hand.pose.shape == (16, 3)


def read_labels(path: Path) -> None:
    from hands3c_core.data.dataset import CorruptSample
    from hands3c_core.data.pseudo import Pseudo

    dataset = Pseudo(path.parent)
    dataset.sessions()
    for index in range(len(dataset)):
        try:
            dataset.annotation(index)
        except CorruptSample:
            continue


def read_a_card(path: Path) -> None:
    from hands3c_core.weights import read_card

    found = read_card(path.with_suffix(".safetensors"))
    assert all(isinstance(line, str) for line in (*found.summary(), *found.facts()))


def read_hand(path: Path) -> None:
    from hands3c_core.hand_model import load_hand_model

    load_hand_model(path)


def read_crop_file(path: Path) -> None:
    from hands3c_core.models.crop_files import read_crops

    read_crops([path], 64)


def read_weights(path: Path) -> None:
    from hands3c_core.models import read_header
    from hands3c_core.models.untrusted import header_number, read_safetensors

    header = read_header(path)
    header_number(header.get("input_size", "256"), path, "input_size", 4, 2048)
    read_safetensors(path)


def read_take_arrays(path: Path) -> None:
    from app.replay import TakeReplay

    with TakeReplay(path) as take:
        assert take.read() is not None


def read_a_submission(path: Path) -> None:
    from hands3c_core.evaluation.submissions import read_submission

    joints, vertices = read_submission(path)
    assert np.isfinite(joints).all()
    assert np.isfinite(vertices).all()


def read_a_shard(path: Path) -> None:
    from hands3c_core.data.synthetic.shards import read_shard

    shard = read_shard(path)
    assert len(shard.rows["index"]) == len(shard)


def read_own_arrays(path: Path) -> None:
    from hands3c_core.data.arrays import Arrays

    for sample in (Arrays(path).annotation(index) for index in range(2)):
        assert sample.image.dtype == np.uint8


def read_dexycb_labels(path: Path) -> None:
    from hands3c_core.data.dataset import CorruptSample
    from hands3c_core.data.dexycb import _read_labels

    try:
        _read_labels(path)
    except CorruptSample as error:
        raise UserError(str(error)) from None


def read_progress(path: Path) -> None:
    from hands3c_core.labelling.progress import Progress

    Progress(path.parent).total().lines()


def read_run_settings(path: Path) -> None:
    from hands3c_core.training.config import read_config

    read_config(path.parent)


def read_published_rows(path: Path) -> None:
    from hands3c_core.evaluation.tables import with_rows

    with_rows(path)


def read_settings(path: Path) -> None:
    """The app's own settings, which never refuse: what cannot be read falls back."""
    qt = pytest.importorskip("PyQt6.QtCore", reason="the window is not installed")
    from app.config import ModelConfig, RecordChoice
    from app.settings import Settings

    kept = Settings(qt.QSettings(str(path), qt.QSettings.Format.IniFormat))
    assert isinstance(kept.load_model(), ModelConfig)
    assert 1 <= kept.load_live().websocket_port <= 65535
    kept.load_view()
    kept.load_record(RecordChoice())
    kept.recent()
    kept.camera_modes()


def take_arrays() -> dict[str, np.ndarray]:
    hand = log_lines()[1]["hands"][0]
    arrays = {
        name: np.array([hand[name]] * 2)
        for name in ("track_id", "is_right", "confidence", "pose", "shape", "translation", "crop")
    }
    arrays |= {
        name: np.array([hand[name]] * 2)
        for name in ("joints_3d", "joints_2d", "landmarks_2d", "reprojection_error_px")
    }
    about = {"format": "hands3c-arrays", "version": 1, "hand_model": "hand_mano778"}
    return arrays | {
        "about": np.array(json.dumps({**about, "estimator": "landmarks", "source": "a"})),
        "frame_index": np.arange(2),
        "time": np.array([0.0, 0.1]),
        "camera": np.array([[600.0, 600, 320, 240, 640, 480]] * 2),
        "hand_frame": np.array([0, 1]),
    }


def submission() -> list[Any]:
    return [number_matrix(21, 3), number_matrix(778, 3)]


def as_submission(value: Any) -> bytes:
    return as_json([[part] for part in value] if isinstance(value, list) else value)


def shard_rows() -> dict[str, np.ndarray]:
    from hands3c_core.data.synthetic.shards import _ROWS, FORMAT

    rows = {name: np.zeros((2, *shape), kind) for name, (shape, kind) in _ROWS.items()}
    rows["jpeg_size"][:] = 4
    rows["jpeg_start"][:] = 0, 4
    meta = {"format": FORMAT, "seed": 0, "shard": 0, "config": {}, "families": [], "gestures": []}
    return {**rows, "jpeg": np.zeros(8, np.uint8), "meta": np.array(json.dumps(meta))}


def as_plain_npz(values: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **values)
    return file.getvalue()


def own_arrays() -> dict[str, np.ndarray]:
    return {
        "images": np.zeros((2, 32, 32, 3), np.uint8),
        "joints_3d": np.full((2, 21, 3), 0.1),
        "joints_2d": np.full((2, 21, 2), 9.0),
        "is_right": np.ones(2, bool),
        "name": np.array(["a", "b"]),
    }


def dexycb_labels() -> dict[str, np.ndarray]:
    from hands3c_core.data.dexycb import _LABEL_SIZES

    return {name: np.full(size, 0.1, np.float32) for name, size in _LABEL_SIZES.items()}


def progress() -> dict[str, Any]:
    counts = {"frames": 5, "with_hand": 4, "labels": 4}
    clip = {"session": "clip", "size": 99, "next_frame": 5, "finished": False, "counts": counts}
    return {"version": 1, "clips": {"clip.mp4": clip}}


def run_settings() -> dict[str, Any]:
    import tempfile

    from hands3c_core.training.config import CONFIG, TrainConfig, write_config

    with tempfile.TemporaryDirectory() as folder:
        write_config(TrainConfig(model="hands3c_tiny", data="synthetic:x"), Path(folder))
        return json.loads((Path(folder) / CONFIG).read_text())


def published_rows() -> list[dict[str, Any]]:
    return [{"benchmark": "ho3d", "method": "X", "figures": {"f5": 0.5}, "source": "Y"}]


def settings_entries() -> dict[str, Any]:
    return {
        "view": {"labels": True, "overlay_opacity": 0.5},
        "model": {"estimator": "landmarks", "smoothing": 0.5, "fov_deg": 60.0},
        "record": {"folder": "takes", "video": True},
        "live": {"websocket": False, "websocket_port": 8765},
        "recent": ["a.mp4", "b.mp4"],
        "camera_modes": {"Cam": [640, 480, 30]},
    }


def as_ini(entries: Any) -> bytes:
    lines = ["[General]"]
    for key, value in entries.items() if isinstance(entries, dict) else ():
        text = json.dumps(value).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{key}="{text}"')
    return "\n".join([*lines, ""]).encode()


def yaml_text() -> bytes:
    return (
        b"%YAML:1.0\n---\nimage_width: 640\nimage_height: 480\ncamera_matrix: !!opencv-matrix\n"
        b"   rows: 3\n   cols: 3\n   dt: d\n   data: [600., 0., 320., 0., 600., 240., 0., 0., 1.]\n"
    )


def safetensors_file(header: dict[str, Any]) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(16)


def weights_header() -> dict[str, Any]:
    return {
        "__metadata__": {"format": "hands3c-live", "model": "hands3c_tiny", "input_size": "256"},
        "a.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
    }


def crops() -> dict[str, np.ndarray]:
    return {"images": np.zeros((2, 8, 8, 3), np.uint8)}


Form = tuple[str, Callable[[], Any], Callable[[Any], bytes], Callable[[Path], None]]

FORMATS: dict[str, Form] = {
    "calibration json": ("c.json", calibration, as_json, read_calibration),
    "calibration npz": ("c.npz", calibration, as_npz, read_calibration),
    "calibration yaml": ("c.yaml", yaml_text, bytes, read_calibration),
    "results jsonl": ("r.jsonl", log_lines, as_lines, read_log),
    "labels jsonl": ("labels.jsonl", label_lines, as_lines, read_labels),
    "card": ("net.json", card, as_json, read_a_card),
    "crops npz": (
        "i.npz",
        lambda: {"images": np.zeros((2, 8, 8, 3), np.uint8)},
        as_npz,
        read_crop_file,
    ),
    "weights": ("w.safetensors", weights_header, safetensors_file, read_weights),
    "take npz": ("take.npz", take_arrays, as_npz, read_take_arrays),
    "submission": ("pred.json", submission, as_submission, read_a_submission),
    "shard": ("shard.npz", shard_rows, as_plain_npz, read_a_shard),
    "own arrays": ("own.npz", own_arrays, as_npz, read_own_arrays),
    "dexycb labels": ("labels.npz", dexycb_labels, as_npz, read_dexycb_labels),
    "labelling progress": ("progress.json", progress, as_json, read_progress),
    "run settings": ("config.json", run_settings, as_json, read_run_settings),
    "published rows": ("rows.json", published_rows, as_json, read_published_rows),
    "app settings": ("settings.ini", settings_entries, as_ini, read_settings),
}

#: Files of arrays: their bytes alone are changed, and whole arrays replaced.
ARRAYS = ("crops npz", "take npz", "shard", "own arrays", "dexycb labels")
#: What falls back instead of refusing.
NEVER_REFUSED = ("card", "app settings")


def mutated_arrays(values: dict[str, np.ndarray], chance: random.Random) -> dict[str, np.ndarray]:
    """A copy in which an array is missing, of another shape or type, or holds an odd number."""
    values = {name: np.array(value) for name, value in values.items()}
    name = chance.choice(list(values))
    array, kind = values[name], chance.randrange(6)
    if kind == 0:
        del values[name]
    elif kind == 1:
        values[name] = array[:-1] if array.ndim and len(array) else array[None]
    elif kind == 2:
        values[name] = array.astype("U5") if array.dtype.kind != "U" else np.zeros(3)
    elif kind == 3:
        values[name] = array[..., None]
    elif array.dtype.kind == "f" and array.size:
        array.reshape(-1)[chance.randrange(array.size)] = chance.choice(
            (np.nan, np.inf, -np.inf, 1e38, -1.0, 0.0)
        )
    elif array.dtype.kind in "iu" and array.size:
        limits = np.iinfo(array.dtype)
        array.reshape(-1)[chance.randrange(array.size)] = chance.choice((limits.min, limits.max))
    return values


def check(name: str, folder: Path, count: int) -> dict[str, int]:
    """Read ``count`` mutations; returns how many were read and refused."""
    file_name, make, write, read = FORMATS[name]
    path = folder / file_name
    chance = random.Random(name)
    value = make()
    path.write_bytes(write(value))
    read(path)  # the valid file is read
    outcomes = {"read": 0, "refused": 0}
    for number in range(count):
        structured = number % 2 and not isinstance(value, bytes)
        change: Any = mutated_arrays if name in ARRAYS else mutated_value
        content = write(change(value, chance)) if structured else write(value)
        if not structured:
            content = mutated_bytes(content, chance)
        path.write_bytes(content)
        try:
            read(path)
            outcomes["read"] += 1
        except UserError:
            outcomes["refused"] += 1
        except Exception as error:
            kept = folder / f"failed_{number}_{file_name}"
            kept.write_bytes(content)
            raise AssertionError(f"mutation {number} of {name} (kept as {kept})") from error
    return outcomes


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    outcomes = check(name, tmp_path, QUICK)
    assert sum(outcomes.values()) == QUICK
    assert outcomes["refused"] or name in NEVER_REFUSED


@pytest.mark.stress
@pytest.mark.parametrize("name", FORMATS)
def test_thousands_of_mutated_files(name: str, tmp_path: Path, capsys) -> None:
    outcomes = check(name, tmp_path, MANY)
    with capsys.disabled():
        print(f"\n{name}: {outcomes}")


@pytest.mark.parametrize("name", ["calibration json", "results jsonl", "labels jsonl", "card"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_read_in_every_encoding_editors_write(name, encoding, tmp_path: Path) -> None:
    file_name, make, write, read = FORMATS[name]
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    (tmp_path / file_name).write_bytes(mark + write(make()).decode().encode(encoding))
    read(tmp_path / file_name)
    if name == "card":
        from hands3c_core.weights import read_card

        assert read_card(tmp_path / "net.safetensors").input_size == 256


def test_a_text_that_stands_for_an_endless_one_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join([*lines, "K: *a11", ""]))
    with pytest.raises(UserError):
        read_calibration(path)


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, K=np.zeros((3000, 3000)))
    with pytest.raises(UserError, match="unpacks to more"):
        read_calibration(path)
