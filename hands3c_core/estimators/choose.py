"""Estimators by name: the landmark estimator, shipped weights, or a file of weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from hands3c_core.device import Device, pick_device
from hands3c_core.errors import UserError
from hands3c_core.estimators.base import Estimator
from hands3c_core.estimators.fallback import FallbackEstimator
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.geometry import default_camera, project
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.plugins import load_plugins
from hands3c_core.types import Detection, TrackedHand
from hands3c_core.weights import (
    AUTO,
    LANDMARKS,
    NAMES,
    Precision,
    default_estimator,
    find_weights,
    wants_cuda,
)

#: Makes an estimator, for the hand to show, the device and the precision; returns it and the hand
#: that it poses.
Maker = Callable[[HandModelData, Device, Precision], tuple[Estimator, HandModelData]]
_MAKERS: Final[dict[str, Maker]] = {}


def register_estimator(name: str, make: Maker) -> None:
    """Add an estimator: ``make`` is called when it is chosen by its name.

    Raises:
        ValueError: the name is taken.
    """
    if name in _MAKERS or name in (AUTO, LANDMARKS, *NAMES):
        raise ValueError(f"an estimator {name!r} is registered already")
    _MAKERS[name] = make


def estimator_names() -> tuple[str, ...]:
    """The names that ``make_estimator`` knows, those of plugins included."""
    load_plugins()
    return (AUTO, LANDMARKS, *NAMES, *_MAKERS)


def make_estimator(
    choice: str,
    hand: HandModelData,
    *,
    device: Device = "auto",
    precision: Precision = "full",
) -> tuple[Estimator, HandModelData]:
    """The estimator that ``choice`` names, and the hand that it poses.

    A network runs in the fastest runtime, watched by the detector with the landmark estimator to
    fall back on. Its hand is ``hand`` if that has the mean pose which the weights were trained
    with, so that their poses mean the same on it, and the mesh of those that regress vertices;
    otherwise the weights' own.

    Args:
        choice: 'auto' (the shipped weights meant for the device, else the landmark estimator),
            'landmarks', the name of shipped weights or of a plugin's estimator, or a file of
            weights, ours or published.
        hand: the hand to show.
        device: where a network runs; 'auto' takes CUDA if it is there.
        precision: 'half' uses bfloat16 or float16 where the machine computes with it.

    Raises:
        UserError: there are no such weights, the file is damaged or of another network, or the
            device or precision is not to be had here.
    """
    name = resolve(choice, device)
    if name == LANDMARKS:
        return LandmarkEstimator(hand), hand
    if name not in NAMES and not Path(name).exists():
        load_plugins()
    if name in _MAKERS:
        return _MAKERS[name](hand, device, precision)
    file = _weights_file(name)
    from hands3c_core.estimators.network import NetworkEstimator
    from hands3c_core.models import load_weights
    from hands3c_core.runtime import make_runtime

    kind = pick_device(device)
    network = load_weights(file, device=kind)
    same_mean = np.allclose(network.hand.hands_mean, hand.hands_mean, atol=1e-4)
    if same_mean and network.can_pose(hand):
        network.set_hand(hand)
    runtime = make_runtime(network, _runtime_name(kind, precision), take=True)
    estimator = NetworkEstimator(runtime, heatmaps=False)
    return FallbackEstimator(estimator, LandmarkEstimator(network.hand), network.hand), network.hand


def warm_up(estimator: Estimator, hand: HandModelData) -> None:
    """Let an estimator see one made-up hand and then two: what it builds or compiles on first use
    would otherwise hold up the first frame, for seconds.

    Args:
        estimator: fresh, or of no further use for its tracks: it is reset.
        hand: the hand that it poses.
    """
    camera = default_camera(640, 480)
    place = np.array([0.0, 0.0, 0.5]) - hand.rest_joints.mean(axis=0)
    joints = FastHandLayer(hand).joints(np.zeros((16, 3)), np.zeros(10), place)
    seen = Detection(True, 1.0, project(joints, camera), joints - joints.mean(axis=0))
    hands = [TrackedHand(number, True, seen, 0) for number in (1, 2)]
    blank = np.zeros((480, 640, 3), np.uint8)
    for count in (1, 2):
        estimator.estimate(blank, hands[:count], camera, 0.0)
    estimator.reset()


def resolve(choice: str, device: Device = "auto") -> str:
    """What 'auto' means on this machine; anything else stays as it is."""
    if choice != AUTO:
        return choice
    # torch takes seconds to import: it is asked for CUDA only where that would change anything.
    on_cuda = device != "cpu" and wants_cuda() and pick_device(device) == "cuda"
    return default_estimator("cuda" if on_cuda else "cpu")


def _weights_file(name: str) -> Path:
    if name in NAMES:
        shipped = find_weights(name)
        if shipped is None:
            raise UserError(f"The weights {name} do not come with this version: use landmarks.")
        return shipped
    file = Path(name)
    if not file.exists() and not file.suffix:
        known = ", ".join(estimator_names())
        raise UserError(f"There is no estimator {name!r}: give {known}, or a file of weights.")
    return file


def _runtime_name(kind: str, precision: Precision) -> str:
    if precision == "full":
        return "auto"
    from hands3c_core.runtime import runtime_choices

    wanted = ("cuda_graph-fp16",) if kind == "cuda" else ("openvino-bf16", "folded-bf16")
    problems = {choice.name: choice.problem for choice in runtime_choices(kind)}
    for name in wanted:
        if not problems[name]:
            return name
    raise UserError(f"Half precision cannot be used: {problems[wanted[-1]]}. Choose full.")
