"""Valid files of every small format: what stands in each, and how it is written."""

from __future__ import annotations

import copy
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from hands3c_core.conventions import NUM_JOINTS


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
