"""How each small format is read, and what must be true of whatever was read."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from hands3c_core.errors import UserError


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
    told = (found.heading(), *found.joint_errors(), *found.facts())
    assert all(isinstance(line, str) for line in told)
    assert all(math.isfinite(error) for error in found.joint_errors().values())


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
