"""Estimators by name: the fit to all witnesses, the landmark estimator, shipped weights, or a file
of weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from hands3c_core.detect.landmark_network import second_witness
from hands3c_core.device import Device, pick_device
from hands3c_core.errors import UserError
from hands3c_core.estimators.base import Estimator
from hands3c_core.estimators.fallback import FallbackEstimator
from hands3c_core.estimators.fused import NETWORK_ALONE, FusedEstimator
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.estimators.witnesses import DETECTOR, NETWORK, SECOND
from hands3c_core.geometry import default_camera, project
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.memory_limit import require_room_for_network
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

if TYPE_CHECKING:
    from hands3c_core.estimators.network import NetworkEstimator
    from hands3c_core.estimators.network_witness import NetworkWitness
    from hands3c_core.models import HandNetwork

#: Makes an estimator, for the hand that is wanted, the device and the precision.
Maker = Callable[[HandModelData, Device, Precision], Estimator]
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
    leave_out: Collection[str] = (),
    prepare: Callable[[HandNetwork], None] | None = None,
) -> Estimator:
    """The estimator that ``choice`` names; it brings its hand (``Estimator.hand``).

    'auto' fits the hand to everything that is seen of it (``fused``): the detector's landmarks,
    those of the second witness and what the shipped network for the device says, each where it is
    there. A small network by itself is fitted to its own evidence alone. Published networks and
    those that regress meshes are shown as they are, watched by the detector with the landmark
    estimator to fall back on. Networks run in the fastest runtime; their hand is ``hand`` if that
    has the mean pose which the weights were trained with, so that their poses mean the same on it,
    and the mesh of those that regress vertices; otherwise the weights' own.

    Args:
        choice: 'auto', 'landmarks', the name of shipped weights or of a plugin's estimator, or a
            file of weights, ours or published.
        hand: the hand that is wanted.
        device: where a network runs; 'auto' takes CUDA if it is there.
        precision: 'half' uses bfloat16 or float16 where the machine computes with it.
        leave_out: witnesses that 'auto' shall not listen to (``witnesses.WITNESSES``).
        prepare: changes the network before it is made fast, for experiments.

    Raises:
        UserError: there are no such weights, the file is damaged or of another network, or the
            device or precision is not to be had here; ``leave_out`` names no witness of 'auto'.
    """
    if leave_out and choice != AUTO:
        raise UserError(f"only {AUTO} has witnesses to leave out, not {choice}.")
    name = resolve(choice, device)
    if choice == AUTO:
        left = set(leave_out)
        second = None if SECOND in left else second_witness()
        if name == LANDMARKS or NETWORK in left:
            return FusedEstimator(hand, None, second, leave_out=left)
        network = _network(name, hand, device, precision, prepare)
        if network.refine:
            return FusedEstimator(network.hand, _witness(network), second, leave_out=left)
        return _watched(network)
    if name == LANDMARKS:
        return LandmarkEstimator(hand)
    if name not in NAMES and not Path(name).exists():
        load_plugins()
    if name in _MAKERS:
        return _alone(_MAKERS[name](hand, device, precision), name)
    network = _network(name, hand, device, precision, prepare)
    if network.refine:
        hand, witness = network.hand, _witness(network)
        return FusedEstimator(
            hand, witness, leave_out=(DETECTOR,), name=network.name, settings=NETWORK_ALONE
        )
    return _watched(network)


def _alone(made: Estimator | tuple[Estimator, HandModelData], name: str) -> Estimator:
    """What a maker gave, without the hand that those of version 0.2 give beside it."""
    if not isinstance(made, tuple):
        return made
    warnings.warn(
        f"what makes the estimator {name!r} returns a hand beside it; from version 0.4 on it must "
        "return the estimator alone, with an attribute 'hand'",
        DeprecationWarning,
        stacklevel=3,
    )
    estimator, hand = made
    if getattr(estimator, "hand", None) is None:
        estimator.hand = hand  # type: ignore[misc]
    return estimator


def _watched(network: NetworkEstimator) -> FallbackEstimator:
    return FallbackEstimator(network, LandmarkEstimator(network.hand))


def _network(
    name: str,
    hand: HandModelData,
    device: Device,
    precision: Precision,
    prepare: Callable[[HandNetwork], None] | None,
) -> NetworkEstimator:
    """The network of this name or file, made fast."""
    file = _weights_file(name)
    require_room_for_network()
    from hands3c_core.estimators.network import NetworkEstimator
    from hands3c_core.models import load_weights
    from hands3c_core.runtime import make_runtime

    kind = pick_device(device)
    network = load_weights(file, device=kind)
    if prepare is not None:
        prepare(network)
    same_mean = np.allclose(network.hand.hands_mean, hand.hands_mean, atol=1e-4)
    if same_mean and network.can_pose(hand):
        network.set_hand(hand)
    runtime = make_runtime(network, _runtime_name(kind, precision), take=True)
    return NetworkEstimator(runtime, heatmaps=False)


def make_network_witness(name: str, hand: HandModelData, device: Device = "auto") -> NetworkWitness:
    """Weights by name or file as a witness; raises like ``make_estimator``."""
    return _witness(_network(name, hand, device, "full", None))


def _witness(network: NetworkEstimator) -> NetworkWitness:
    from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
    from hands3c_core.estimators.network_witness import NetworkWitness

    return NetworkWitness(network, HandSkeleton(network.hand))


def warm_up(estimator: Estimator, hand: HandModelData | None = None) -> None:
    """Let an estimator see one made-up hand and then two: what it builds or compiles on first use
    would otherwise hold up the first frame, for seconds.

    Args:
        estimator: fresh, or of no further use for its tracks: it is reset.
        hand: what it sees; its own by default.
    """
    hand = hand or estimator.hand
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
    """Which weights 'auto' listens to on this machine, or 'landmarks' where there are none;
    anything else stays as it is."""
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
    on_hub = name.startswith("hf:/")  # whoever loads it fetches it
    if not file.exists() and not file.suffix and not on_hub:
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
