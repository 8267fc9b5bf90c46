"""Weights in several files, for places that take no large ones.

The first part has the name of the whole, ``hands3c.safetensors``, the others stand beside it as
``hands3c.part2.safetensors`` and so on. Each has the whole's header, with three more texts: 'part',
its number, 'parts', how many there are, and 'whole', the sha256 of the file that they were.
"""

from __future__ import annotations

import hashlib
import math
from functools import partial
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.models.untrusted import check_file, read_safetensors

#: Most bytes of a file that is kept in one piece.
MOST_BYTES = 50_000_000
_NUMBER, _COUNT, _WHOLE = "part", "parts", "whole"
#: Weights in more parts than these are none of ours.
_MOST_PARTS = 100


def part_paths(path: Path, count: int) -> list[Path]:
    """The files of weights in ``count`` parts, the first of which is ``path``."""
    return [path, *(path.with_suffix(f".part{n}{path.suffix}") for n in range(2, count + 1))]


def split_weights(source: Path, target: Path, most: int = MOST_BYTES) -> list[Path]:
    """Copy a safetensors file to ``target``, in as few parts of at most ``most`` bytes as hold it
    (unless a single tensor is larger).

    Returns:
        The files written, ``target`` first.

    Raises:
        UserError: the source is no safetensors file, or the files cannot be written.
    """
    check_file(source)
    content = source.read_bytes()
    if len(content) <= most:
        write_atomically(target, content)
        return [target]
    tensors, header = read_safetensors(source)
    parts = _packed(tensors, most)
    header |= {_COUNT: str(len(parts)), _WHOLE: hashlib.sha256(content).hexdigest()}
    paths = part_paths(target, len(parts))
    # The first part names the others, so it comes last.
    for number in range(len(parts), 0, -1):
        texts = header | {_NUMBER: str(number)}
        write = partial(save_file, parts[number - 1], metadata=texts)
        write_atomically(paths[number - 1], write)
    return paths


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """All tensors and the header texts of a safetensors file and the parts beside it, if any.

    Raises:
        UserError: a part is missing, damaged, or of other weights.
    """
    state, header = read_safetensors(path)
    if header.get(_NUMBER, "1") != "1":
        raise UserError(f"{path} is a further part of weights; name their first file instead.")
    count = header.get(_COUNT, "1")
    if count not in map(str, range(1, _MOST_PARTS + 1)):
        raise UserError(f"{path} has an unreadable number of parts {count[:9]!r} in its header.")
    for part in part_paths(path, int(count))[1:]:
        if not part.is_file():
            raise UserError(f"{path} lacks its part {part.name}; put it into the same folder.")
        tensors, other = read_safetensors(part)
        if other.get(_WHOLE) != header.get(_WHOLE):
            raise UserError(f"{part} is a part of other weights than {path.name}; get both again.")
        state |= tensors
    return state, header


def _packed(tensors: dict[str, Tensor], most: int) -> list[dict[str, Tensor]]:
    """Tensors in their order, in parts of about the same size."""
    total = sum(map(_cost, tensors.values()))
    share = total / math.ceil(total / most)
    parts: list[dict[str, Tensor]] = [{}]
    filled = 0
    for name, tensor in tensors.items():
        if parts[-1] and filled + _cost(tensor) / 2 > share * len(parts):
            parts.append({})
        parts[-1][name] = tensor
        filled += _cost(tensor)
    return parts


def _cost(tensor: Tensor) -> int:
    """Bytes that a tensor takes in a file, its entry in the header included."""
    return tensor.numel() * tensor.element_size() + 200
