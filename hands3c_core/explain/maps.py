"""Attention maps of a network, and colours for them that hold still from frame to frame.

The maps are a by-product of the forward pass, not of hooks: every runtime (eager, folded, compiled,
CUDA graph) returns the feature map before and after the attention module and the outputs of its
branches, and OpenVINO too, because its network is cut in two around the scans. Asking for the maps
therefore costs one norm over the channels for each, nothing else.

In the live path set ``map_source(estimator).attention = True`` (and ``.heatmaps = True``): each
``types.Hand`` then carries ``attention`` (an ``AttentionMaps``) and ``heatmaps``. For a crop
outside of a stream there is ``attention_maps``. Neither needs an import of torch here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.estimators.base import GivesMaps
from hands3c_core.render.attention import KIND_TITLES, attention_map
from hands3c_core.types import AttentionMaps, UInt8

if TYPE_CHECKING:
    from hands3c_core.estimators.base import Estimator
    from hands3c_core.models.outputs import HandPrediction

__all__ = [
    "KIND_TITLES",
    "AttentionMaps",
    "ColorScale",
    "attention_maps",
    "available_kinds",
    "fit_crop",
]

#: Maps that are compared with each other share a scale: F before and after. The branches differ by
#: orders of magnitude in a trained network, so that the weaker one would be all dark.
_GROUPS: Final = {
    "before": "features",
    "after": "features",
    "spatial": "spatial",
    "channel": "channel",
}
#: Shares of a map's cells at which its scale begins and ends, so that a few cells cannot set it.
_LOW, _HIGH = 0.01, 0.98
#: The level that a group's middle value has at least: a few large ones leave all others one colour
#: otherwise.
_MIDDLE_LEVEL = 0.3
_LEAST_POWER = 0.12
_UNKNOWN: Final = (0.0, 0.5, 1.0)


@runtime_checkable
class AttentionModel(Protocol):
    """A network, or a runtime that runs one: what both say of their attention module."""

    @property
    def name(self) -> str: ...
    @property
    def input_size(self) -> int: ...
    @property
    def attention_kinds(self) -> tuple[str, ...]:
        """The attention maps that it can give; () without an attention module."""
        ...

    def predict(self, crops: np.ndarray, *, attention: bool = False) -> HandPrediction: ...


def _model_of(source: object) -> AttentionModel | None:
    """The network or runtime itself, or that of an estimator; None where no network runs."""
    if isinstance(source, GivesMaps) and source.map_source is not None:
        source = source.map_source.model
    return source if isinstance(source, AttentionModel) else None


def available_kinds(source: object) -> tuple[str, ...]:
    """Names of the attention maps that a network, runtime or estimator can give, without a pass.

    () for the landmark estimator and for networks without an attention module; otherwise a part of
    ``render.attention.ATTENTION_KINDS``, in its order.
    """
    model = _model_of(source)
    return () if model is None else model.attention_kinds


def attention_maps(source: AttentionModel | Estimator, crop: UInt8) -> AttentionMaps:
    """The activation maps around the attention module for one crop.

    Args:
        source: a network of ``models``, a runtime of ``runtime``, or an estimator that runs one.
        crop: (S, S, 3) uint8 RGB of a right hand (a left one mirrored by the caller); resampled if
            S is not the network's input size.

    Returns:
        Maps (h, w) that cover the crop edge to edge, h = w = input size / 8, root mean square over
        the channels, not normalised; 'spatial' and 'channel' are None if there is no such branch.
        ``render.attention.draw_hand_map`` puts those of a stream's hands on the frame.

    Raises:
        UserError: the source has no network or no attention module, or the crop is not a square
            RGB image.
    """
    model = _model_of(source)
    if model is None:
        raise UserError(
            f"The estimator {source.name!r} runs no network, so it has no attention maps: choose "
            "a network."
        )
    prediction = model.predict(fit_crop(crop, model.input_size)[None], attention=True)
    maps = prediction.attention_maps(0)
    if maps is None:
        raise UserError(
            f"The network {source.name!r} has no attention module: choose hands3c, hands3c_lite "
            "or ssa."
        )
    return maps


class ColorScale:
    """Where colours begin and end, for maps of successive frames.

    A map scaled to its own extremes flickers and hides that a hand's activation fades. This scale
    takes in larger values at once and forgets them slowly. 'before' and 'after' share one scale,
    'spatial' and 'channel' have their own, and all hands share them: equal colours are equal
    numbers.

        scale = ColorScale()
        scale.update((hand.attention for hand in result.hands), result.frame.timestamp)
        level = scale("after", hand.attention.after)    # (h, w) in [0, 1]

    An object serves one stream of frames and one thread.
    """

    def __init__(self, half_life_s: float = 2.0) -> None:
        """Args:
        half_life_s: after how long half of a no longer used range is given up, seconds.
        """
        if half_life_s <= 0:
            raise ValueError(f"half life {half_life_s:g} s must be positive")
        self.half_life_s = half_life_s
        self._ranges: dict[str, tuple[float, float, float]] = {}
        self._time: float | None = None

    def reset(self) -> None:
        """Forget all frames, before another source or network."""
        self._ranges.clear()
        self._time = None

    def update(self, maps: Iterable[AttentionMaps | None], timestamp: float) -> None:
        """Take in the maps of all hands of a frame.

        Args:
            maps: the hands' maps; None is passed over.
            timestamp: of the frame, seconds. A time before the last one starts anew.
        """
        if self._time is not None and timestamp < self._time:
            self.reset()
        elapsed = 0.0 if self._time is None else timestamp - self._time
        self._time = timestamp
        kept = 0.5 ** (elapsed / self.half_life_s)
        for group, (low, middle, high) in _ranges_of([m for m in maps if m is not None]).items():
            if group in self._ranges:
                old_low, old_middle, old_high = self._ranges[group]
                low = min(low, low + (old_low - low) * kept)
                middle += (old_middle - middle) * kept
                high = max(high, high + (old_high - high) * kept)
            self._ranges[group] = (low, middle, high)

    def limits(self, kind: str) -> tuple[float, float]:
        """The values shown darkest and brightest; (0, 1) before the first map of this kind."""
        if kind not in _GROUPS:
            raise ValueError(f"unknown attention map {kind!r}; use one of {', '.join(_GROUPS)}")
        low, _, high = self._ranges.get(_GROUPS[kind], _UNKNOWN)
        return low, high

    def power(self, kind: str) -> float:
        """The exponent from a value's share of the range to its level: 1 where values are spread
        evenly; smaller where few are large, so that the middle one keeps a visible colour."""
        low, middle, high = self._ranges.get(_GROUPS[kind], _UNKNOWN)
        share = (middle - low) / max(high - low, 1e-12)
        if share >= _MIDDLE_LEVEL:
            return 1.0
        return float(np.clip(np.log(_MIDDLE_LEVEL) / np.log(max(share, 1e-9)), _LEAST_POWER, 1.0))

    def value_at(self, kind: str, level: float) -> float:
        """The value that is shown at ``level`` in [0, 1]."""
        low, high = self.limits(kind)
        return low + (high - low) * level ** (1.0 / self.power(kind))

    def __call__(self, kind: str, values: NDArray) -> NDArray[np.float32]:
        """A map of a kind as levels in [0, 1]; numbers that are not finite become 0."""
        low, high = self.limits(kind)
        level = (np.asarray(values, np.float32) - low) / np.float32(max(high - low, 1e-12))
        level = np.nan_to_num(level, nan=0.0, posinf=0.0, neginf=0.0).clip(0.0, 1.0)
        return level ** np.float32(self.power(kind))


def fit_crop(crop: UInt8, size: int) -> UInt8:
    """A crop (S, S, 3) at the side that a network takes, px.

    Raises:
        UserError: it is not a square RGB image of type uint8.
    """
    if not isinstance(crop, np.ndarray) or crop.dtype != np.uint8:
        raise UserError("A crop is an RGB image of type uint8.")
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.shape[0] != crop.shape[1] or not crop.size:
        raise UserError(f"A crop is square, (S, S, 3) RGB, not {crop.shape}: cut it first.")
    if len(crop) == size:
        return crop
    interpolation = cv2.INTER_AREA if len(crop) > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (size, size), interpolation=interpolation), np.uint8)


def _ranges_of(frame: list[AttentionMaps]) -> dict[str, tuple[float, float, float]]:
    """Low, middle and high value of each group of maps in one frame."""
    values: dict[str, list[NDArray]] = {}
    for maps in frame:
        for kind, group in _GROUPS.items():
            cells = attention_map(maps, kind)
            if cells is not None:
                values.setdefault(group, []).append(cells[np.isfinite(cells)])
    joined = {group: np.concatenate(parts) for group, parts in values.items()}
    ranges = {}
    for group, cells in joined.items():
        if cells.size:
            low, middle, high = np.quantile(cells, (_LOW, 0.5, _HIGH))
            ranges[group] = (float(low), float(middle), float(high))
    return ranges
