"""Random changes to training samples, with the labels kept true.

Geometry changes image, 2D and 3D labels, pose and camera alike: turning the image about its middle
turns the hand about the camera's axis. Appearance changes the image alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import HandDataset
from hands3c_core.data.sample import HandSample
from hands3c_core.geometry import crop_affine, turn_global, upright_box
from hands3c_core.types import UInt8

#: Crops read with this much more around them than the network sees leave nothing black after any
#: usual change of the published recipe: 1.25 (scale) times about 1.4 (a turned square), rounded.
CONTEXT: Final = 1.6
#: The same where upright windows are cut from the crops: 1.9 times the joints' box, which is what
#: folders of ready crops hold.
UPRIGHT_CONTEXT: Final = 1.27


@dataclass(frozen=True)
class AugmentOptions:
    """What may happen to a sample. The defaults are the published recipe of HandS3C, which is
    HandOccNet's; everything else is off."""

    scale: float = 0.25
    """The window's side is multiplied by 1 + scale * clip(normal, -1, 1)."""
    rotation_deg: float = 30.0
    """The crop is turned by rotation * clip(normal, -2, 2) degrees ..."""
    rotation_probability: float = 0.6
    """... with this probability."""
    uniform: bool = False
    """Scale and rotation are drawn evenly between their limits instead of from a normal: from
    1 - scale to 1 + scale, and from -rotation to rotation."""
    color: float = 0.2
    """Each colour channel is multiplied by 1 - color to 1 + color."""
    shift: float = 0.0
    """The window moves by up to this share of its side."""
    shift_in_source: bool = False
    """The shift is of the unchanged window's side and along the picture's axes, before scale and
    rotation."""
    context: float = CONTEXT
    """How much more of the picture these changes may show (see ``HandDataset.context``)."""
    gamma: float = 0.0
    """Grey levels are raised to exp(gamma * normal)."""
    contrast: float = 0.0
    """Contrast about the mean is multiplied by 1 - contrast to 1 + contrast."""
    gray_probability: float = 0.0
    """Probability of a grey image."""
    blur_probability: float = 0.0
    """Probability of motion blur or defocus."""
    noise: float = 0.0
    """Greatest standard deviation of sensor noise, grey levels of 255."""
    jpeg_probability: float = 0.0
    """Probability of being stored as JPEG of quality 20 to 90."""
    downscale_probability: float = 0.0
    """Probability of losing resolution, by a factor of up to 4."""
    occlusion_probability: float = 0.0
    """Probability of one to three opaque shapes over the crop."""
    occlusion_size: float = 0.4
    """Greatest side of such a shape, as a share of the crop's."""
    upright: bool = False
    """The window is first laid around the labelled joints by the 'upright' rule; scale, rotation
    and shift change that one."""
    border: bool = False
    """What lies outside the picture is continued from its border, in most samples, not black."""
    relight_probability: float = 0.0
    """Probability of light that changes across the picture, and of colours that clip."""


#: Presets by name. 'strong' is for networks that must work on any webcam; 'sar' is SAR's recipe,
#: which does not mirror, and moves its window of 130 px by up to 10.
PRESETS: Final = {
    "none": AugmentOptions(scale=0.0, rotation_deg=0.0, color=0.0),
    "published": AugmentOptions(),
    "mild": AugmentOptions(
        scale=0.15,
        rotation_deg=40.0,
        color=0.12,
        shift=0.05,
        gamma=0.15,
        contrast=0.2,
        gray_probability=0.03,
        blur_probability=0.06,
        noise=5.0,
        jpeg_probability=0.15,
        downscale_probability=0.08,
        occlusion_probability=0.2,
    ),
    "strong": AugmentOptions(
        rotation_deg=45.0,
        shift=0.08,
        gamma=0.25,
        contrast=0.3,
        gray_probability=0.05,
        blur_probability=0.15,
        noise=10.0,
        jpeg_probability=0.3,
        downscale_probability=0.15,
        occlusion_probability=0.4,
    ),
    # For networks that see upright windows: few turns, and what webcams and phones do to pictures.
    "upright": AugmentOptions(
        scale=0.13,
        rotation_deg=14.0,
        rotation_probability=0.9,
        color=0.15,
        shift=0.05,
        gamma=0.22,
        contrast=0.25,
        gray_probability=0.05,
        blur_probability=0.12,
        noise=7.0,
        jpeg_probability=0.2,
        downscale_probability=0.12,
        occlusion_probability=0.25,
        upright=True,
        border=True,
        relight_probability=0.25,
    ),
    "sar": AugmentOptions(
        scale=0.1,
        rotation_deg=180.0,
        rotation_probability=1.0,
        uniform=True,
        shift=10 / 130,
        shift_in_source=True,
        context=1.75,
    ),
}


class Augmenter:
    """Changes samples at random.

    Samples may come with more of the image around the crop than ``size`` (see ``CONTEXT``); the
    middle of them is what an unchanged sample would show.

    Args:
        options: what may happen.
        size: side of the resulting crops, px.
    """

    def __init__(self, options: AugmentOptions | None = None, size: int = CROP_SIZE) -> None:
        self.options = options or AugmentOptions()
        self.size = size

    def __call__(self, sample: HandSample, rng: np.random.Generator) -> HandSample:
        """A changed copy of ``sample``; the same for the same state of ``rng``."""
        options = self.options
        if options.uniform:
            stretch, turn = rng.uniform(-1, 1, 2).tolist()
        else:
            stretch = float(np.clip(rng.normal(), -1, 1))
            turn = float(np.clip(rng.normal(), -2, 2))
        side = 1.0 + options.scale * stretch
        angle = np.deg2rad(options.rotation_deg) * turn
        angle = angle if rng.random() < options.rotation_probability else 0.0
        shift = rng.uniform(-options.shift, options.shift, 2) * self.size
        if options.shift_in_source:
            # The window moves, so the contents go the other way; zoomed and turned as they are.
            turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            shift = -(turned @ shift) / side
        border = cv2.BORDER_CONSTANT
        if options.border and rng.random() < 0.75:
            border = cv2.BORDER_REPLICATE if rng.random() < 0.6 else cv2.BORDER_REFLECT_101
        if options.upright and sample.valid.joints_2d.all():
            changed = upright_sample(sample, self.size, 1.0 / side, angle, shift, border)
        else:
            changed = warp_sample(sample, 1.0 / side, angle, shift, self.size, border)
        return replace(changed, crop=self.change_appearance(changed.crop, rng))

    def change_appearance(self, image: UInt8, rng: np.random.Generator) -> UInt8:
        """The image (H, W, 3) with everything but geometry changed."""
        options = self.options
        if rng.random() < options.occlusion_probability:
            image = add_occluders(image, rng, options.occlusion_size)
        if rng.random() < options.downscale_probability:
            image = _lose_resolution(image, rng)
        if rng.random() < options.blur_probability:
            image = _blur(image, rng)
        if options.relight_probability and rng.random() < options.relight_probability:
            image = _relight(image, rng)
        image = self._change_colors(image, rng)
        if rng.random() < options.jpeg_probability:
            image = _store_as_jpeg(image, int(rng.integers(20, 91)))
        return image

    def _change_colors(self, image: UInt8, rng: np.random.Generator) -> UInt8:
        options = self.options
        if rng.random() < options.gray_probability:
            gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            image = np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)
        # Gamma, contrast and colour act on each grey level alone: one table for each channel.
        levels = np.arange(256.0)
        middle = float(np.mean(cv2.mean(image)[:3]))
        if options.gamma:
            power = np.exp(options.gamma * rng.normal())
            levels, middle = (255 * (value / 255) ** power for value in (levels, middle))
        if options.contrast:
            levels = middle + (levels - middle) * (1 + options.contrast * rng.uniform(-1, 1))
        tables = levels[:, None] * rng.uniform(1 - options.color, 1 + options.color, 3)
        tables = np.clip(np.round(tables), 0, 255).astype(np.uint8)
        image = np.asarray(cv2.LUT(image, tables[None]), np.uint8)
        if options.noise:
            noise = _noise(image.shape, rng) * np.float32(rng.uniform(0, options.noise))
            image = np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)
        return image


def warp_sample(
    sample: HandSample,
    zoom: float = 1.0,
    angle: float = 0.0,
    shift: ArrayLike = (0.0, 0.0),
    size: int | None = None,
    border: int = cv2.BORDER_CONSTANT,
) -> HandSample:
    """The sample zoomed, turned about its middle and shifted, with all its labels.

    3D labels turn about the camera's axis (as in the published recipe); ``intrinsics`` change so
    that they still project onto the 2D labels exactly.

    Args:
        sample: the sample.
        zoom: factor of the hand's size in the crop.
        angle: rad, clockwise as seen.
        shift: (2,) px in the new crop by which the contents move.
        size: side of the new crop, px; by default that of the old one.
        border: what OpenCV shows outside the old crop, black by default.
    """
    old = sample.crop.shape[0]
    new = size or old
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    matrix = zoom * turn[:2, :2]
    offset = (new - 1) / 2 + np.asarray(shift, np.float64) - matrix @ np.full(2, (old - 1) / 2)
    affine = np.column_stack([matrix, offset])
    full = np.vstack([affine, [0.0, 0.0, 1.0]])
    source = sample.crop
    if zoom < 0.6:  # fine texture would alias
        source = np.asarray(cv2.blur(source, (2, 2)), np.uint8)
    crop = cv2.warpAffine(source, affine, (new, new), flags=cv2.INTER_LINEAR, borderMode=border)

    def turned(points: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
        return None if points is None else (points @ turn.T).astype(np.float32)

    joints_2d = sample.joints_2d @ matrix.T + offset
    return replace(
        sample,
        crop=np.asarray(crop, np.uint8),
        joints_2d=np.where(sample.valid.joints_2d[:, None], joints_2d, 0.0).astype(np.float32),
        joints_3d=(sample.joints_3d @ turn.T).astype(np.float32),
        vertices=turned(sample.vertices),
        root=turned(sample.root),
        pose=None
        if sample.pose is None
        else turn_global(sample.pose.astype(np.float64), turn).astype(np.float32),
        intrinsics=None
        if sample.intrinsics is None
        else (full @ sample.intrinsics @ turn.T).astype(np.float32),
        affine=None
        if sample.affine is None
        else (full @ np.vstack([sample.affine, [0.0, 0.0, 1.0]]))[:2],
    )


def upright_sample(
    sample: HandSample,
    size: int,
    zoom: float = 1.0,
    angle: float = 0.0,
    shift: ArrayLike = (0.0, 0.0),
    border: int = cv2.BORDER_CONSTANT,
) -> HandSample:
    """The sample in the upright window around its labelled joints (``geometry.upright_box``), which
    is zoomed, turned and moved besides; arguments as in ``warp_sample``."""
    box = upright_box(sample.joints_2d)
    box = replace(box, side=box.side / zoom, angle=box.angle - angle)
    matrix = crop_affine(box, size)[:, :2]
    middle = (sample.crop.shape[0] - 1) / 2
    moved = np.asarray(shift, np.float64) - matrix @ (box.center_x - middle, box.center_y - middle)
    return warp_sample(sample, size / box.side, -box.angle, moved, size, border)


def add_occluders(image: UInt8, rng: np.random.Generator, largest: float = 0.4) -> UInt8:
    """One to three opaque bars, boxes or ellipses of one colour or of noise over a copy of the
    image; none with a side over ``largest`` of the image's."""
    result = image.copy()
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        sides = rng.uniform(0.05, largest, 2) * (width, height)
        center = rng.uniform(0, 1, 2) * (width, height)
        corners = cv2.boxPoints((center.tolist(), sides.tolist(), float(rng.uniform(0, 180))))
        low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, (width - 1, height - 1))
        high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 2, low + 1, (width, height))
        wide, tall = (high - low).tolist()
        mask = np.zeros((tall, wide), np.uint8)
        shape = corners - low.astype(np.float32)
        if rng.random() < 0.5:
            cv2.fillConvexPoly(mask, np.round(shape).astype(np.int32), (255,), cv2.LINE_AA)
        else:
            cv2.ellipse(mask, cv2.minAreaRect(shape), (255,), -1, cv2.LINE_AA)
        spread = 40.0 if rng.random() < 0.5 else 0.0
        coarse = rng.normal(rng.uniform(0, 255, 3), spread, (4, 4, 3)).astype(np.float32)
        fill = cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_CUBIC)
        share = mask[..., None].astype(np.float32) / 255
        part = result[low[1] : high[1], low[0] : high[0]]
        part[:] = np.clip(part * (1 - share) + fill * share, 0, 255).astype(np.uint8)
    return result


#: Normal noise is drawn once: each picture begins to read it elsewhere. Drawing it anew was a third
#: of all the time that a sample takes.
_NOISE: Final = np.random.default_rng(0).standard_normal(1 << 20, np.float32)


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    count = int(np.prod(shape))
    if count >= len(_NOISE):
        return rng.standard_normal(shape, np.float32)
    start = int(rng.integers(len(_NOISE) - count))
    return _NOISE[start : start + count].reshape(shape)


def _blur(image: UInt8, rng: np.random.Generator) -> UInt8:
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 2.0))), np.uint8)
    length = int(rng.integers(3, 12))
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    reach = middle * np.array([np.cos(a := rng.uniform(0, np.pi)), np.sin(a)])
    start, end = np.round(middle - reach).astype(int), np.round(middle + reach).astype(int)
    cv2.line(kernel, tuple(start.tolist()), tuple(end.tolist()), (1.0,))
    blurred = cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.uint8)


def _relight(image: UInt8, rng: np.random.Generator) -> UInt8:
    """Brighter on one side than on the other, by up to three times, in the light's own colour."""
    height, width = image.shape[:2]
    slope = rng.normal(0, 0.5, 2)
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(slope[0])
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(slope[1])
    light = np.exp(np.clip(rows + columns + np.float32(rng.normal(0, 0.25)), -1.1, 1.1))
    tint = rng.uniform(0.88, 1.12, 3).astype(np.float32)
    return np.asarray(np.clip(image * light[..., None] * tint, 0, 255), np.uint8)


def _lose_resolution(image: UInt8, rng: np.random.Generator) -> UInt8:
    height, width = image.shape[:2]
    factor = rng.uniform(1.5, 4.0)
    small = cv2.resize(
        image, (round(width / factor), round(height / factor)), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _store_as_jpeg(image: UInt8, quality: int) -> UInt8:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


class AugmentedDataset(HandDataset):
    """A dataset whose samples are changed at random, each epoch anew.

    The change of a sample depends on the seed, the epoch and its index alone, so any number of
    worker processes gives the same samples.

    Args:
        dataset: the samples, best with ``CONTEXT`` around their crops.
        change: the change, for example an ``Augmenter``.
        seed: of the random numbers.
        crop_size: side of the changed crops, px.
    """

    kind: ClassVar[str] = "augmented"

    def __init__(
        self,
        dataset: HandDataset,
        change: Callable[[HandSample, np.random.Generator], HandSample],
        seed: int = 0,
        crop_size: int = CROP_SIZE,
    ) -> None:
        super().__init__(crop_size)
        self.dataset = dataset
        self.change = change
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Other changes from now on."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.dataset)

    def read(self, index: int) -> HandSample:
        """See ``HandDataset.read``."""
        rng = np.random.default_rng((self.seed, self.epoch, index))
        return self.change(self.dataset.read(index), rng)
