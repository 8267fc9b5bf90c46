"""The renderer for GPUs, on CPU tensors: the same samples as the compiled renderer's."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402

from hands3c_core.data.synthetic import (  # noqa: E402
    SyntheticConfig,
    SyntheticRenderer,
    read_shard,
    render_shards,
    torch_device,
)
from hands3c_core.data.synthetic.batched import BatchRenderer  # noqa: E402
from hands3c_core.data.synthetic.batched.host import Try, draw_batch  # noqa: E402
from hands3c_core.data.synthetic.batched.jpeg import Jpeg  # noqa: E402
from hands3c_core.data.synthetic.batched.packing import upload  # noqa: E402
from hands3c_core.data.synthetic.batched.photography import Webcam  # noqa: E402
from hands3c_core.data.synthetic.batched.soup import MeshGroup, face_rings, stir  # noqa: E402
from hands3c_core.data.synthetic.batched.visibility import see  # noqa: E402
from hands3c_core.data.synthetic.camera_effects import compress, soften  # noqa: E402
from hands3c_core.data.synthetic.drawing import SceneSampler, sample_random  # noqa: E402
from hands3c_core.errors import UserError  # noqa: E402
from hands3c_core.render import MeshInstance, MeshRasterizer, MeshTemplate  # noqa: E402
from hands3c_core.render.raster_kernels import SUBPIXEL  # noqa: E402
from hands3c_core.render.rasterizer import SAMPLE_PATTERNS  # noqa: E402
from hands3c_core.types import Camera  # noqa: E402

#: Much of everything that can be in a picture.
CONFIG = SyntheticConfig(size=64, second_hand=0.5, occluders=0.7, motion_blur=0.5)
COUNT = 16
LABELS = ("joints_2d", "joints_3d", "pose", "shape", "translation", "camera_matrix")


@pytest.fixture(scope="module")
def compiled():
    renderer = SyntheticRenderer(CONFIG, seed=5)
    return [renderer.render(k) for k in range(COUNT)]


@pytest.fixture(scope="module")
def renderer():
    return BatchRenderer(CONFIG, seed=5, device="cpu", batch=10)


@pytest.fixture(scope="module")
def batched(renderer):
    hands = sorted(renderer.render(range(COUNT)), key=lambda hand: hand.index)
    assert [hand.index for hand in hands] == list(range(COUNT))
    return hands


def test_labels_are_the_same(compiled, batched):
    for one, other in zip(compiled, batched, strict=True):
        for name in LABELS:
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        assert (one.family, one.gesture, one.tone) == (other.family, other.gesture, other.tone)
        assert (one.visible != other.visible).sum() <= 1
        assert np.abs(one.mask - other.mask).mean() < 1e-3


def test_pictures_are_nearly_the_same(compiled, batched):
    for one, other in zip(compiled, batched, strict=True):
        off = np.abs(one.crop.astype(int) - other.crop)
        assert off.mean() < 0.6
        assert (off > 12).mean() < 0.002


def test_without_camera_faults_they_are_the_same_pixel_for_pixel():
    config = replace(CONFIG, clean=True, samples=8)
    one = SyntheticRenderer(config, seed=2)
    for hand in BatchRenderer(config, seed=2, device="cpu").render(range(4)):
        off = np.abs(one.render(hand.index).crop.astype(int) - hand.crop)
        assert (off > 1).mean() < 0.001


def test_samples_are_drawn_again_until_the_hand_shows(monkeypatch, compiled):
    seen = [int(hand.visible.sum()) for hand in compiled]
    # Asked for more, both renderers have to try again, and the same number of times.
    for module in ("renderer", "batched.renderer"):
        monkeypatch.setattr(f"hands3c_core.data.synthetic.{module}.LEAST_VISIBLE", max(seen))
    indices = sorted(range(COUNT), key=lambda k: seen[k])[:2]
    one = SyntheticRenderer(CONFIG, seed=5)
    hands = list(BatchRenderer(CONFIG, seed=5, device="cpu", batch=3).render(indices))
    assert len(hands) == 2
    for hand in hands:
        again = one.render(hand.index)
        assert np.array_equal(again.pose, hand.pose)
        assert not np.array_equal(again.pose, compiled[hand.index].pose)


def test_triangles_are_seen_as_the_rasteriser_sees_them():
    """Through the near plane, off the picture, touching, behind each other, from behind."""
    random = np.random.default_rng(8)
    middles = random.uniform((-0.3, -0.3, 0.3), (0.3, 0.3, 0.6), (40, 1, 3))
    points = middles + random.normal(0, 0.05, (40, 3, 3))
    points[:8] = random.normal((0.05, 0.05, 0.012), (0.015, 0.015, 0.02), (8, 3, 3))  # at the eye
    points = points.reshape(-1, 3).astype(np.float32)
    assert ((points[:24].reshape(8, 3, 3)[..., 2] < 0.01).sum(axis=1) % 3 > 0).sum() >= 3
    flat = random.integers(24, 54, (30, 3))  # share corners with each other and with the others
    faces = np.concatenate([np.arange(120).reshape(-1, 3), flat]).astype(np.int32)
    camera = Camera(50.0, 55.0, 31.3, 30.1, 64, 64)
    offsets = np.round(np.array(SAMPLE_PATTERNS[4]) * SUBPIXEL).astype(np.int64)
    for closed in (False, True):
        template = MeshTemplate(faces=faces, is_closed=closed)
        layer = MeshRasterizer(samples=4).render([MeshInstance(template, points)], camera)
        corners = torch.from_numpy(faces).long()
        mesh = MeshGroup(
            points=torch.from_numpy(points)[None],
            faces=corners,
            rings=face_rings(corners, len(points)),
            scene=torch.zeros(1, dtype=torch.int64),
            color=torch.ones(1, 3),
            gloss=torch.zeros(1, 3),
            closed=closed,
        )
        pinhole = torch.tensor([[camera.fx, camera.fy, camera.cx, camera.cy]], dtype=torch.float64)
        visible = see(stir([mesh]), pinhole, 64, torch.from_numpy(offsets))
        assert (layer.width, layer.face_ids.shape) == (64, (64, 64, 4))
        ids, depth = visible.face[0].numpy(), visible.inverse_depth[0].numpy()
        assert len(np.unique(ids)) > 20
        assert (ids != layer.face_ids).mean() < 1e-3
        same = ids == layer.face_ids
        assert np.allclose(depth[same], layer.inverse_depth[same], rtol=1e-4)


@pytest.mark.parametrize("size", [64, 50])
def test_jpeg_is_that_of_the_library(size):
    random = np.random.default_rng(1)
    noise = cv2.GaussianBlur(random.uniform(0, 255, (size, size, 3)).astype(np.float32), (0, 0), 2)
    picture = np.clip(128 + 5 * (noise - 128), 0, 255).astype(np.uint8)
    qualities = [0, 28, 60, 96]
    images = torch.from_numpy(picture).permute(2, 0, 1).float().expand(len(qualities), -1, -1, -1)
    results = Jpeg()(images, torch.tensor(qualities)).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(results[0], picture)
    for quality, result in zip(qualities[1:], results[1:], strict=True):
        true = compress(picture.astype(np.float32), quality).astype(int)
        assert np.abs(true - picture).mean() > 4 * np.abs(true - result).mean()
        assert np.abs(true - result).mean() < 0.8


def test_lens_and_resolution_are_those_of_the_library():
    random = np.random.default_rng(2)
    image = random.uniform(0, 255, (48, 48, 3)).astype(np.float32)
    lens = [(0.0, 200.0), (0.35, 48.0), (2.0, 31.0), (0.0, 24.0)]
    images = torch.from_numpy(image).permute(2, 0, 1).expand(len(lens), -1, -1, -1)
    results = Webcam(48)._soften(images, torch.tensor(lens)).permute(0, 2, 3, 1).numpy()
    for (blur, side), result in zip(lens, results, strict=True):
        assert np.abs(soften(image, blur, int(side)) - result).max() < 0.02


class _OnTheDevice(TorchFunctionMode):
    """Fails where a tensor is made on the default device or fetched from its own."""

    def __init__(self):
        super().__init__()
        self.waits = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        makers = ("arange", "zeros", "ones", "full", "empty", "tensor", "eye", "linspace")
        assert name not in makers or "device" in kwargs, f"torch.{name} without a device"
        assert name not in ("cpu", "numpy", "tolist", "item", "__bool__", "to_dense", "__array__")
        self.waits += name in ("__int__", "nonzero")
        return function(*args, **kwargs)


def test_rendering_stays_on_the_device(renderer):
    """What can be checked without a GPU: no tensor is made elsewhere, none is fetched, the host
    waits ten times, and every constant moves with the module."""
    sampler = SceneSampler(CONFIG, renderer._pool._sampler._layer.data)
    drawn = draw_batch(sampler, [Try(k, sample_random(1, k)) for k in range(3)])
    batch = upload(drawn.arrays, torch.device("cpu"))
    with _OnTheDevice() as mode:
        renderer.scenes(batch, drawn.sleeves_first)
    assert mode.waits == 10
    for module in renderer.scenes.modules():
        loose = [name for name, value in vars(module).items() if isinstance(value, torch.Tensor)]
        assert not loose, f"{type(module).__name__}: {loose}"
    assert isinstance(renderer.scenes, nn.Module)


def test_shards_are_the_same_on_a_device(tmp_path):
    config = SyntheticConfig(size=48, samples=1, shadows=False)
    one, other = tmp_path / "compiled", tmp_path / "batched"
    render_shards(one, 7, config, seed=3, shard_size=4)
    assert render_shards(other, 7, config, seed=3, shard_size=4, device="cpu", batch=6) == 7
    for path in sorted(one.iterdir()):
        rows, found = read_shard(path).rows, read_shard(other / path.name).rows
        assert all(np.array_equal(rows[name], found[name]) for name in ("index", *LABELS))
    # They have the same options, so either renderer continues the other's folder.
    assert render_shards(other, 7, config, seed=3, shard_size=4) == 0


def test_devices_by_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert torch_device("cpu") is None
    assert torch_device("auto") is None
    assert torch_device("torch-cpu") == "cpu"
    with pytest.raises(UserError, match="no CUDA"):
        torch_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert torch_device("auto") == torch_device("cuda") == "cuda"
