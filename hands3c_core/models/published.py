"""Checkpoints of the published code: ``snapshot_*.pth.tar``, read and written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import CROP_SIZE
from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.mano_files import from_mano_arrays
from hands3c_core.models.fpn import FEATURE_STRIDE
from hands3c_core.models.heatmap_head import cell_centers
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.published_names import (
    ATTENTION_NAME,
    GRID_NAMES,
    HAND_PREFIX,
    OLD_ATTENTION_NAME,
    PARALLEL_PREFIX,
    bare_name,
    our_name,
    published_name,
)
from hands3c_core.models.registry import build_model, network_entry, published_names
from hands3c_core.models.untrusted import check_state, read_torch_file

#: Name of a hand model that came out of a checkpoint.
HAND_NAME = "MANO_from_checkpoint"
#: The only vertex count for which the published format has room.
PUBLISHED_VERTICES = 778
_CHANNEL_WEIGHT = f"{ATTENTION_NAME}.self_attention.x_proj_weight_ch"


@dataclass(frozen=True)
class PublishedCheckpoint:
    """A published checkpoint, checked and with our names."""

    model_name: str
    """Which network it is: 'hands3c', 'ssa' or 'baseline'."""
    input_size: int
    """Side of the crop it was trained for, px: 256, or 224 for FreiHAND."""
    state: dict[str, Tensor]
    """Every tensor of the network by our name."""
    epoch: int | None
    """Epochs it was trained for, counted from 0, if the file says so."""
    hand: HandModelData | None
    """The MANO hand the file carries, if it does."""
    notes: tuple[str, ...] = field(default=())
    """What is unusual about the file, one sentence each."""


def read_published(path: str | os.PathLike[str], content: Any = None) -> PublishedCheckpoint:
    """Read ``{'epoch', 'network', 'optimizer'}`` as the published training saves it.

    Names may have ``module.`` before them or not, and ``SSCA`` for ``S3C`` as in the first version;
    a bare state dict is taken too. The optimizer's state is ignored.

    Args:
        path: the file.
        content: what ``read_torch_file`` said of it, where it was read already.

    Raises:
        UserError: the file is missing, truncated, malicious, not a checkpoint of this network, or a
            tensor is missing, left over, misshapen or not finite.
    """
    path = Path(path)
    content = read_torch_file(path) if content is None else content
    network = _network_of(content, path)
    names = {bare_name(name): name for name in network}
    if len(names) != len(network):
        raise UserError(f"{path} names some tensors twice; use a file as the published code saves.")
    tensors = {bare: network[name] for bare, name in names.items()}
    if not any(our_name(name) for name in tensors):
        raise UserError(f"{path} is no HandS3C checkpoint: none of its tensors has a known name.")

    model_name, input_size = _detect(tensors, path)
    notes = [
        f"The file has no {name}; it was computed." for name in GRID_NAMES if name not in tensors
    ]
    if any(name.startswith(f"{PARALLEL_PREFIX}{OLD_ATTENTION_NAME}.") for name in network) or any(
        name.startswith(f"{OLD_ATTENTION_NAME}.") for name in network
    ):
        notes.append(f"An older file: its attention module is named {OLD_ATTENTION_NAME}.")
    hand_arrays = {
        name.removeprefix(HAND_PREFIX): tensor
        for name, tensor in tensors.items()
        if name.startswith(HAND_PREFIX)
    }
    hand = _read_hand(hand_arrays, path) if hand_arrays else None
    state, extra = _translate(tensors)
    with torch.device("meta"):  # names and shapes only
        expected = build_model(model_name, input_size=input_size).state_dict()
    check_state(state, expected, str(path), extra=extra)
    epoch = content.get("epoch") if isinstance(content, Mapping) else None
    return PublishedCheckpoint(
        model_name=model_name,
        input_size=input_size,
        state={name: state[name].contiguous() for name in expected},
        epoch=epoch if isinstance(epoch, int) else None,
        hand=hand,
        notes=tuple(notes),
    )


def published_state(model: HandNetwork, hand: HandModelData | None = None) -> dict[str, Tensor]:
    """The network's tensors under the published names, without ``module.``.

    Args:
        model: the network, of any input size.
        hand: the hand model whose arrays are added, 778 vertices; None leaves them out (the
            published code then keeps the ones it has read from the user's MANO file).

    Raises:
        UserError: the hand has another number of vertices, or the published code has no such
            network.
    """
    if not network_entry(model.name).published:
        known = ", ".join(published_names())
        raise UserError(f"{model.name} cannot be exported: the published code has only {known}.")
    state = {}
    for name, tensor in model.state_dict().items():
        published = published_name(name)
        if published is None:
            raise UserError(f"{model.name} has {name}, for which the published format has no name.")
        state[published] = tensor.detach().cpu().contiguous()
    state |= _grids(model.input_size // FEATURE_STRIDE)
    if hand is not None:
        state |= _hand_buffers(hand)
    return state


def write_published(
    model: HandNetwork,
    path: str | os.PathLike[str],
    *,
    epoch: int = 0,
    hand: HandModelData | None = None,
) -> None:
    """Write a checkpoint that the published code loads; the file appears whole or not at all.

    Args:
        model, hand: as in ``published_state``.
        path: the file, by custom ``snapshot_<epoch + 1>.pth.tar``.
        epoch: epochs trained, counted from 0.

    Raises:
        UserError: the hand has another number of vertices, or the file cannot be written.
    """
    network = {
        PARALLEL_PREFIX + name: tensor for name, tensor in published_state(model, hand).items()
    }
    content = {
        "epoch": epoch,
        "network": network,
        "optimizer": {"state": {}, "param_groups": []},
    }
    write_atomically(path, lambda temporary: torch.save(content, temporary))


def _network_of(content: object, path: Path) -> dict[str, Tensor]:
    """The table of tensors in what the file holds."""
    table = content
    if isinstance(content, Mapping):
        table = content.get("network", content.get("state_dict", content))
    if (
        not isinstance(table, Mapping)
        or not table
        or not all(isinstance(name, str) and isinstance(t, Tensor) for name, t in table.items())
    ):
        raise UserError(
            f"{path} is no HandS3C checkpoint: it holds no table of tensors named 'network'."
        )
    return dict(table)


def _detect(tensors: Mapping[str, Tensor], path: Path) -> tuple[str, int]:
    """Which network of the family the tensors are of, and its input size."""
    sides = {int(tensors[name].shape[-1]) for name in GRID_NAMES if _is_grid(tensors.get(name))}
    channel = tensors.get(_CHANNEL_WEIGHT)
    if channel is not None and channel.dim() == 3:
        sides.add(int(channel.shape[-1]))
    if len(sides) > 1:
        raise UserError(
            f"{path} contradicts itself: its tensors are for feature maps {sorted(sides)} wide."
        )
    size = FEATURE_STRIDE * sides.pop() if sides else CROP_SIZE
    for name in GRID_NAMES:
        if name in tensors:
            _check_grid(name, tensors[name], size, path)
    attention = any(name.startswith(f"{ATTENTION_NAME}.") for name in tensors)
    if not attention:
        return "baseline", size
    return ("hands3c" if channel is not None else "ssa"), size


def _is_grid(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.dim() == 2


def _check_grid(name: str, tensor: Tensor, size: int, path: Path) -> None:
    wanted = _grids(size // FEATURE_STRIDE)[name]
    if tensor.shape != wanted.shape or not torch.allclose(tensor.float(), wanted, atol=1e-6):
        raise UserError(f"{path} has an unknown grid {name}; its heatmaps cannot be read.")


def _grids(side: int) -> dict[str, Tensor]:
    """The published grids of cell centres: u grows along columns, v along rows."""
    centers = cell_centers(side, torch.empty(0))
    v, u = torch.meshgrid(centers, centers, indexing="ij")
    return {GRID_NAMES[0]: u.contiguous(), GRID_NAMES[1]: v.contiguous()}


def _translate(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The network's tensors by our names (numbers as float32), and the names we do not know."""
    state, unknown = {}, []
    for name, tensor in tensors.items():
        ours = our_name(name)
        if ours is not None:
            state[ours] = tensor.float() if tensor.is_floating_point() else tensor
        elif name not in GRID_NAMES and not name.startswith(HAND_PREFIX):
            unknown.append(name)
    return state, unknown


def _read_hand(buffers: Mapping[str, Tensor], path: Path) -> HandModelData:
    """The hand model in a checkpoint's buffers; it has only the first few pose components (6)."""
    wanted = (
        *("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "faces"),
        *("hands_mean", "selected_comps"),
    )
    missing = [f"th_{name}" for name in wanted if name not in buffers]
    if missing:
        raise UserError(f"{path} holds only a part of a hand model: it lacks {', '.join(missing)}.")
    arrays = {name: buffers[name].double().numpy() for name in wanted}
    arrays["v_template"] = arrays["v_template"].reshape(-1, 3)
    arrays["hands_mean"] = arrays["hands_mean"].reshape(-1)
    arrays["f"] = arrays.pop("faces")
    arrays["hands_components"] = arrays.pop("selected_comps")
    return from_mano_arrays(arrays, HAND_NAME)


def _hand_buffers(hand: HandModelData) -> dict[str, Tensor]:
    """A hand model's arrays as the published network stores them."""
    if hand.num_vertices != PUBLISHED_VERTICES:
        raise UserError(
            f"The published format has room for a hand of {PUBLISHED_VERTICES} vertices; "
            f"{hand.name} has {hand.num_vertices}."
        )
    arrays = {
        "betas": np.zeros((1, 10), np.float32),
        "shapedirs": hand.shapedirs,
        "posedirs": hand.posedirs,
        "v_template": hand.v_template[None],
        "J_regressor": hand.J_regressor,
        "weights": hand.weights,
        "hands_mean": hand.hands_mean[None],
        "selected_comps": hand.hands_components[:6],
    }
    buffers = {HAND_PREFIX + name: torch.tensor(array).float() for name, array in arrays.items()}
    buffers[HAND_PREFIX + "faces"] = torch.tensor(hand.faces).long()
    return buffers
