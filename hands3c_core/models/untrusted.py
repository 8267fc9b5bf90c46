"""Reading weight files without trusting them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load
from torch import Tensor

from hands3c_core.errors import UserError, is_out_of_memory
from hands3c_core.reading import parse_json

#: Larger files are none of ours; a published checkpoint with its optimizer has 370 MB.
_MAX_BYTES = 4 << 30
_MAX_HEADER_BYTES = 100 << 20


def check_file(path: Path) -> None:
    """Raise ``UserError`` unless ``path`` is a file of a plausible size."""
    if not path.is_file():
        raise UserError(f"There is no file {path}; check the path of the weights.")
    size = path.stat().st_size
    if size == 0:
        raise UserError(f"{path} is empty; get the file again.")
    if size > _MAX_BYTES:
        raise UserError(f"{path} has {size >> 30} GB: these are no weights of this network.")


def read_torch_file(path: Path) -> Any:
    """What ``torch.save`` wrote, tensors and plain containers only; nothing in the file is run.

    Raises:
        UserError: the file is missing, truncated, no torch file, or wants to run code.
    """
    check_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged input can fail in any way inside torch and pickle
        raise UserError(_torch_complaint(path, error)) from None


def _torch_complaint(path: Path, error: Exception) -> str:
    if is_out_of_memory(error):
        return f"{path} needs more memory than there is, or is damaged: close other programs."
    text = str(error)
    wanted = re.search(r"GLOBAL (\S+)", text)
    if isinstance(error, pickle.UnpicklingError) and wanted:
        return (
            f"{path} is refused: it wants to run {wanted[1].rstrip('.,')}, which no weights need; "
            "do not use this file."
        )
    first_line = (text.splitlines() or [""])[0][:100]
    return (
        f"{path} is truncated or no torch checkpoint ({type(error).__name__}: {first_line}); "
        "get the file again."
    )


def read_safetensors(
    path: Path, *, header_only: bool = False
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors (none of them if ``header_only``) and header texts of a safetensors file.

    Raises:
        UserError: the file is missing, truncated or no safetensors file.
    """
    check_file(path)
    try:
        try:
            str(path).encode()
        except UnicodeEncodeError:  # the library takes text for a path
            return _from_bytes(path, header_only)
        with safe_open(str(path), framework="pt", device="cpu") as file:
            metadata = dict(file.metadata() or {})
            names = [] if header_only else list(file.keys())
            return {name: file.get_tensor(name) for name in names}, metadata
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError) as error:
        first_line = (str(error).splitlines() or [""])[0][:100]
        raise UserError(
            f"{path} is truncated or no safetensors file ({first_line}); get the file again."
        ) from None


def _from_bytes(path: Path, header_only: bool) -> tuple[dict[str, Tensor], dict[str, str]]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _MAX_HEADER_BYTES:
            raise ValueError("its header is too long")
        header = parse_json(file.read(length), str(path))
    texts = header.get("__metadata__", {}) if isinstance(header, dict) else {}
    tensors = {} if header_only else load(path.read_bytes())
    return tensors, {str(name): str(text) for name, text in texts.items()}


def header_number(text: str, path: Path, name: str, low: int, high: int) -> int:
    """A whole number in a header's text.

    Raises:
        UserError: it is none from ``low`` to ``high``.
    """
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    if not is_number or not low <= int(text) <= high:
        raise UserError(
            f"{path} says {text[:20]!r} for {name} in its header, not a number from {low} to "
            f"{high}; get the file again."
        )
    return int(text)


def check_state(
    state: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    source: str,
    *,
    extra: list[str] | None = None,
) -> None:
    """Check every name, shape and number of a network's tensors.

    Args:
        state: the tensors to load.
        expected: the state dict of the network they are meant for.
        source: what to call the file in errors.
        extra: further names found in the file that the network does not have.

    Raises:
        UserError: a tensor is missing, left over, of another shape or type, or not finite. The
            message counts them and names the first few.
    """
    missing = [name for name in expected if name not in state]
    left_over = [*(name for name in state if name not in expected), *(extra or [])]
    if missing or left_over:
        parts = [_listed("lacks", missing), _listed("has beyond it", left_over)]
        found = " and ".join(part for part in parts if part)
        raise UserError(
            f"{source} does not fit the network: it {found}; use weights of this network."
        )
    maps = [t for t in state.values() if t.is_floating_point() and t.ndim > 1]
    if maps and sum(not bool(t.any()) for t in maps) > len(maps) / 2:
        raise UserError(f"{source} is damaged: its weights are zero; get the file again.")
    for name, tensor in state.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape:
            raise UserError(
                f"{source} does not fit the network: {name} has shape {tuple(tensor.shape)}, "
                f"expected {tuple(wanted.shape)}; use weights of this network."
            )
        if tensor.is_floating_point() != wanted.is_floating_point():
            raise UserError(
                f"{source} does not fit the network: {name} holds {tensor.dtype}; "
                "use weights of this network."
            )
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise UserError(
                f"{source} is damaged: {name} holds numbers that are not finite; "
                "get the file again."
            )


def _listed(verb: str, names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{verb} {len(names)} tensors ({shown})"
