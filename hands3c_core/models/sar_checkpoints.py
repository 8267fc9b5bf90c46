"""SAR's own checkpoints (zxz267/SAR): ``{'net', 'optimizer', 'schedule', 'last_epoch'}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData
from hands3c_core.models.registry import DEFAULT_HAND, build_model
from hands3c_core.models.resnet_weights import from_torchvision
from hands3c_core.models.sar import Sar
from hands3c_core.models.untrusted import check_state

#: Places in ``nn.Sequential`` of the released code -> torchvision's names.
_LOWER: Final = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2"}
_UPPER: Final = {"0": "layer3", "1": "layer4"}
#: Layers of a graph branch there -> ours.
_BRANCH: Final = {
    "0.adj": "first.adjacency",
    "0.fc.weight": "first.linear.weight",
    "0.fc.bias": "first.linear.bias",
    "3.adj": "second.adjacency",
    "3.fc.weight": "second.linear.weight",
    "3.fc.bias": "second.linear.bias",
}
_MAPS: Final = {
    "reg_xy": "heat",
    "reg_z": "depth",
    "mesh2pose_hm": "joint_heat",
    "mesh2pose_dm": "joint_depth",
}
#: Grids of cell places, which ours computes.
_GRID: Final = re.compile(r"gbbmr\.\d+\.soft_heatmap\.w[xy]")


def is_sar(content: Any) -> bool:
    """Whether the contents of a torch file are a checkpoint of SAR's."""
    net = content.get("net") if isinstance(content, Mapping) else None
    return isinstance(net, Mapping) and any("gbbmr." in str(name) for name in net)


def read_sar(content: Mapping[str, Any], path: Path, hand: str | HandModelData | None) -> Sar:
    """The network of a checkpoint, with one or two stages.

    The released network's graphs start from MANO's template, which its file does not hold: name
    your MANO model as the hand, or vertices start from another hand's.

    Args:
        content: of the file; see ``is_sar``.
        path: its name, for errors.
        hand: the hand model whose template is used; the shipped one by default.

    Raises:
        UserError: a tensor is missing, left over, misshapen or not finite.
    """
    net = {str(name).removeprefix("module."): value for name, value in content["net"].items()}
    state: dict[str, Tensor] = {}
    extra = []
    for name, tensor in net.items():
        own = our_name(name)
        if _GRID.fullmatch(name):
            continue
        if own is None or not isinstance(tensor, Tensor):
            extra.append(name)
        else:
            temperature = own.endswith(".temperature")
            state[own] = tensor.reshape(-1, 1) if temperature else tensor
    numbers = [int(name.split(".")[1]) for name in state if name.startswith("stages.")]
    stages = 1 + max(numbers, default=0)
    if stages not in (1, 2):
        raise UserError(f"{path} has {stages} stages; SAR has one or two.")
    with torch.random.fork_rng():
        model = build_model("sar" if stages == 2 else "sar_1stage", hand=hand or DEFAULT_HAND)
    assert isinstance(model, Sar)
    expected = model.state_dict()
    for name, value in expected.items():
        if name.endswith("num_batches_tracked") or "normalise" in name:
            state.setdefault(name, value)
    check_state(state, expected, str(path), extra=extra)
    model.load_state_dict(state)
    return model


def our_name(name: str) -> str | None:
    """Our name of a tensor of the released SAR, None if it has no such tensor."""
    part, _, rest = name.partition(".")
    place, _, last = rest.partition(".")
    if not (place.isascii() and place.isdecimal()):
        return None
    if part == "extract_mid":
        return _trunk("encoder", _LOWER, place, last)
    if part == "extract_high":
        inner, _, last = last.partition(".")
        return _trunk(f"stages.{place}.encoder", _UPPER, inner, last)
    if part == "saigb" and last.startswith("group.0."):
        return f"stages.{place}.initial_graph.conv.{last.removeprefix('group.0.')}"
    if part == "fuse":
        return f"stages.{int(place) + 1}.refine.conv.{last}"
    if part != "gbbmr":
        return None
    belief = f"stages.{place}.belief"
    if last == "soft_heatmap.beta.weight":
        return f"{belief}.temperature"
    branch, _, layer = last.partition(".")
    if branch not in _MAPS:
        return None
    if branch.startswith("mesh2pose"):
        return f"{belief}.{_MAPS[branch]}.{layer}"
    return f"{belief}.{_MAPS[branch]}.{_BRANCH[layer]}" if layer in _BRANCH else None


def _trunk(prefix: str, places: Mapping[str, str], place: str, rest: str) -> str | None:
    if place not in places:
        return None
    theirs = f"{places[place]}.{rest}"
    return next((f"{prefix}.{own}" for own in from_torchvision({theirs: torch.empty(0)})), None)
