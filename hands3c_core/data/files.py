"""Reading the files of datasets, with errors that say what was expected where."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core import reading
from hands3c_core.errors import UserError
from hands3c_core.hand_model.unpickle import read_pickle, read_table_npy

#: Where the layouts are described.
LAYOUTS = "docs/datasets.md"
_CHUNK = 16 << 20
#: No dataset's JSON file that is read at once is larger.
_MOST_BYTES = 4 << 30


def require_folder(path: Path, dataset: str) -> Path:
    """``path`` if it is a folder.

    Raises:
        UserError: it is not; says which dataset expects it and where that is documented.
    """
    if path.is_dir():
        return path
    what = "is not a folder" if path.exists() else "does not exist"
    raise UserError(f"{dataset}: {path} {what}; the expected layout is described in {LAYOUTS}.")


def require_file(path: Path, dataset: str) -> Path:
    """``path`` if it is a file; raises like ``require_folder``."""
    if path.is_file():
        return path
    raise UserError(f"{dataset}: there is no file {path}; the layout is described in {LAYOUTS}.")


def read_json(path: Path, dataset: str) -> Any:
    """The contents of a JSON file.

    Raises:
        UserError: it is missing, truncated or no JSON.
    """
    require_file(path, dataset)
    try:
        return reading.read_json(path, _MOST_BYTES)
    except UserError as error:
        raise UserError(
            f"{dataset}: {error} Is it truncated? Get the file again (layout: {LAYOUTS})."
        ) from None


def read_number_table(path: Path, row_shape: tuple[int, ...], dataset: str) -> NDArray[np.float32]:
    """A JSON file of nested lists of numbers, as (N, *row_shape) float32.

    The file is read in pieces: FreiHAND's 1.6 GB of vertices take 0.6 GB of memory and a minute,
    where a general reader would need several GB.

    Raises:
        UserError: the file is missing, truncated, holds anything but numbers or another shape.
    """
    require_file(path, dataset)
    depth = 0
    parts: list[NDArray[np.float32]] = []
    try:
        for piece in _pieces(path):
            depth += piece.count(b"[") - piece.count(b"]")
            parts.append(_numbers(piece))
    except ValueError as error:
        raise UserError(f"{dataset}: {path} is damaged ({error}); get the file again.") from None
    table = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    width = int(np.prod(row_shape))
    if depth != 0 or table.size == 0 or table.size % width:
        raise UserError(
            f"{dataset}: {path} is truncated or not a list of {' x '.join(map(str, row_shape))} "
            f"numbers; get the file again (layout: {LAYOUTS})."
        )
    return table.reshape(-1, *row_shape)


def _pieces(path: Path) -> Iterator[bytes]:
    """The file in pieces that end between two numbers."""
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            cut = text.rfind(b",") + 1
            yield text[:cut]
            rest = text[cut:]
    yield rest


def _numbers(piece: bytes) -> NDArray[np.float32]:
    text = piece.translate(None, b"[] \t\r\n").strip(b",")
    if not text:
        return np.zeros(0, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return np.fromstring(text.decode("ascii"), np.float64, sep=",").astype(np.float32)
        except (DeprecationWarning, UnicodeDecodeError):
            raise ValueError("it holds something that is no number") from None


def read_pickle_table(path: Path, dataset: str) -> dict[str, Any]:
    """The dictionary in a pickle file, through the restricted unpickler: numbers, text and plain
    numpy arrays only; nothing in the file is run. Keys become strings.

    Raises:
        UserError: the file is missing, truncated, or holds anything else.
    """
    require_file(path, dataset)
    try:
        return read_pickle(path.read_bytes(), str(path))
    except (UserError, OSError) as error:
        reason = str(error).split("(", 1)[-1].split(")")[0] if "(" in str(error) else "refused"
        raise UserError(
            f"{dataset}: {path} is damaged or not this dataset's pickle ({reason}); "
            f"get the file again (layout: {LAYOUTS})."
        ) from None


def read_npy_table(path: Path, dataset: str) -> dict[str, Any]:
    """The dictionary in a ``.npy`` file, as safely as ``read_pickle_table`` reads one.

    Raises:
        UserError: the file is missing, damaged, or holds anything else.
    """
    require_file(path, dataset)
    try:
        return read_table_npy(path.read_bytes(), str(path))
    except (UserError, OSError) as error:
        raise UserError(f"{dataset}: {error} Get it again (layout: {LAYOUTS}).") from None


def read_yaml(path: Path, dataset: str) -> dict[str, Any]:
    """The table in a YAML file.

    Raises:
        UserError: the file is missing or no YAML table, or PyYAML is not installed.
    """
    require_file(path, dataset)
    try:
        table = reading.parse_yaml(reading.read_bytes(path), str(path))
    except UserError as error:
        raise UserError(f"{dataset}: {error} Get it again (layout: {LAYOUTS}).") from None
    if not isinstance(table, dict):
        raise UserError(f"{dataset}: {path} holds no table; get it again (layout: {LAYOUTS}).")
    return table
