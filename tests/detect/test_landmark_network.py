"""The second witness on real hands and on turned, mirrored and absent ones."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time

import cv2
import numpy as np
import pytest

from hands3c_core.assets import asset_path
from hands3c_core.commands import build_second_witness
from hands3c_core.detect import batched_network, landmark_network
from hands3c_core.detect.landmark_network import LandmarkNetwork, second_witness
from hands3c_core.errors import UserError

pytest.importorskip("openvino")


@pytest.fixture(scope="module")
def network():
    return LandmarkNetwork()


@pytest.fixture(scope="module")
def crops(shared):
    """Some real crops of right hands, with wide borders, and their joints."""
    labels = np.load(shared / "real_hands_more" / "labels.npz")
    found = []
    for row in range(0, len(labels["name"]), len(labels["name"]) // 8):
        file = shared / "real_hands_more" / "crops" / str(labels["name"][row])
        image = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        wide = cv2.copyMakeBorder(image, 60, 60, 60, 60, cv2.BORDER_REPLICATE)
        found.append((wide, labels["joints_2d"][row] + 60))
    return found


def _share(points, joints):
    side = np.ptp(joints, axis=0).max()
    return np.linalg.norm(points[..., :2] - joints, axis=-1).mean() / side


def test_the_file_is_the_known_one():
    data = asset_path(landmark_network.FILE).read_bytes()
    assert hashlib.sha256(data).hexdigest() == build_second_witness.SHA256
    assert len(data) == build_second_witness.END_BYTE - build_second_witness.FIRST_BYTE


def test_both_looks_see_real_hands(network, crops):
    shares = []
    for image, joints in crops:
        (looks,) = network.look(image, [joints])
        assert looks.points.shape == (2, 21, 3)
        shares.append([_share(look, joints) for look in looks.points])
        assert looks.presence.min() > 0.5
    assert np.median(shares) < 0.04
    assert np.max(shares) < 0.15


def test_sides_are_told_apart(network, crops):
    for flip in (False, True):
        sides = []
        for image, joints in crops:
            seen = np.ascontiguousarray(image[:, ::-1]) if flip else image
            places = joints.copy()
            if flip:
                places[:, 0] = image.shape[1] - 1 - places[:, 0]
            sides.append(network.look(seen, [places])[0].is_right)
        assert (np.median(sides, axis=0) < 0.5).all() == flip


def test_a_turned_image_gives_turned_points(network, crops):
    image, joints = crops[0]
    (straight,) = network.look(image, [joints])
    turned = np.ascontiguousarray(np.rot90(image))  # u, v -> v, width - 1 - u
    places = np.stack([joints[:, 1], image.shape[1] - 1 - joints[:, 0]], axis=1)
    (looks,) = network.look(turned, [places])
    back = np.stack([image.shape[1] - 1 - looks.points[..., 1], looks.points[..., 0]], axis=-1)
    np.testing.assert_allclose(back, straight.points[..., :2], atol=2.5)
    np.testing.assert_allclose(looks.points[..., 2], straight.points[..., 2], atol=6)


def test_two_hands_are_one_pass_and_the_same_as_alone(network, crops):
    (image, joints), (other, places) = crops[:2]
    both = np.concatenate([image, other], axis=1)
    moved = places + np.array([image.shape[1], 0])
    together = network.look(both, [joints, moved])
    for looks, alone in zip(
        together, [network.look(both, [p])[0] for p in (joints, moved)], strict=True
    ):
        np.testing.assert_allclose(looks.points, alone.points, atol=0.05)


def test_without_openvino_it_is_absent_and_that_is_said_once(monkeypatch, caplog):
    def missing():
        raise UserError("OpenVINO is not installed")

    monkeypatch.setattr(batched_network, "openvino_core", missing)
    monkeypatch.setattr(landmark_network, "_told", False)
    with caplog.at_level(logging.WARNING):
        assert second_witness() is None
        assert second_witness() is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x00" * 4000])
def test_damaged_files_are_refused(tmp_path, content):
    file = tmp_path / "hand.tflite"
    file.write_bytes(content)
    with pytest.raises(UserError, match="cannot be loaded"):
        LandmarkNetwork(file)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="affinities are Linux's")
def test_a_thread_that_looks_may_do_so_on_every_core():
    # Pinned to a core, as OpenVINO would have it, two networks side by side wait for each other.
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("needs two cores")
    network, stop, seen = LandmarkNetwork(), threading.Event(), set()
    image = np.zeros((240, 320, 3), np.uint8)
    points = np.random.default_rng(0).uniform(60, 180, (21, 2)).astype(np.float32)

    def look() -> None:
        while not stop.is_set():
            network.look(image, [points])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(300):
            seen.add(frozenset(os.sched_getaffinity(thread.native_id)))
            time.sleep(0.003)
    finally:
        stop.set()
        thread.join()
    assert seen == {frozenset(cores)}
