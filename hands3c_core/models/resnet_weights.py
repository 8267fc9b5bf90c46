"""ResNets that start from state dicts in torchvision's layout, such as its ImageNet weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from torch import Tensor, nn

from hands3c_core.errors import UserError
from hands3c_core.models.backbone import ResNet50
from hands3c_core.models.lite import BasicResNet
from hands3c_core.models.resnet34 import LowerEncoder, UpperEncoder
from hands3c_core.models.untrusted import check_state, read_safetensors, read_torch_file

#: torchvision's name of a part -> ours.
_STEM: Final = {"conv1": "stem.conv", "bn1": "stem.norm"}
_BLOCK: Final = re.compile(r"layer([1-4])\.(\d+)\.(conv[123]|bn[123]|downsample\.[01])\.(\w+)")
_PARTS: Final = {"downsample.0": "downsample.conv", "downsample.1": "downsample.norm"}
#: Tables in which training programs keep the state dict.
_TABLES: Final = ("state_dict", "model", "net", "network")


def resnet_parts(network: nn.Module) -> list[nn.Module]:
    """The parts of a network that are (pieces of) a ResNet; empty where its trunk is another.

    SAR and SMR have one lower half, and an upper half for each stage: all start from the same
    weights, as SAR's do.
    """
    backbone = getattr(network, "backbone", None)
    if isinstance(backbone, (ResNet50, BasicResNet)):
        return [backbone]
    return [part for part in network.modules() if isinstance(part, (LowerEncoder, UpperEncoder))]


def load_resnet(parts: list[nn.Module], path: Path) -> None:
    """Give the parts the weights of a state dict in torchvision's layout (``conv1.weight``,
    ``layer1.0.bn1.running_mean``, ...; the classifier ``fc`` is left out).

    Args:
        parts: of ``resnet_parts``.
        path: a torch file or safetensors; a table within it named state_dict, model, net or network
            is taken, and ``module.`` or ``backbone.`` before names is dropped.

    Raises:
        UserError: the file is missing, damaged, or of another network.
    """
    ours = from_torchvision(_read(path))
    if not ours:
        raise UserError(
            f"{path} is no ResNet in torchvision's layout: none of its tensors is called "
            "layer1.0.conv1.weight or the like."
        )
    for part in parts:
        expected = part.state_dict()
        places = {name.split(".")[0] for name in expected}
        state = {name: t for name, t in ours.items() if name.split(".")[0] in places}
        # What the file need not have: counters of batch norms, and constants of ours.
        for name, value in expected.items():
            if name not in state and (name.endswith("num_batches_tracked") or "normalise" in name):
                state[name] = value
        check_state(state, expected, str(path))
        part.load_state_dict(state)


def from_torchvision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by our names; those that are no part of the trunk are left out."""
    named = {}
    for name, tensor in state.items():
        bare = name.removeprefix("module.").removeprefix("backbone.")
        first, _, rest = bare.partition(".")
        block = _BLOCK.fullmatch(bare)
        if first in _STEM:
            named[f"{_STEM[first]}.{rest}"] = tensor
        elif block:
            stage, unit, part, last = block.groups()
            own = _PARTS.get(part, part.replace("bn", "norm"))
            named[f"stage{stage}.{unit}.{own}.{last}"] = tensor
    return named


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix.lower() == ".safetensors":
        return read_safetensors(path)[0]
    content = read_torch_file(path)
    for table in _TABLES:
        if isinstance(content, Mapping) and isinstance(content.get(table), Mapping):
            content = content[table]
    if not isinstance(content, Mapping):
        raise UserError(f"{path} holds no state dict; use one as torchvision saves it.")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
