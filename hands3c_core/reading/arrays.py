"""Arrays in NPY and NPZ files, checked before their numbers are read."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.reading.text import first_line, read_bytes, require_plain

#: Numbers and text; an array of Python objects is a pickle, which would be run.
_KINDS: Final = "biufSU"
_MOST_ARRAYS: Final = 1000


def read_arrays(
    path: Path, most: int = 1 << 28, names: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file by name, or of an NPY file as ``""``.

    Args:
        path: the file; which of the two it is is told by its content.
        most: bytes of all arrays together, unpacked, at most.
        names: read these of an NPZ file and leave the others; one that is missing is left out.

    Raises:
        UserError: it is missing, damaged, neither of them, or too large.
    """
    require_plain(path)
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                return _unzipped(file, most, names)
        return {"": _array(read_bytes(path, most))}
    except UserError:
        raise
    except MemoryError:
        raise UserError(f"{path} needs more memory than there is: give another file.") from None
    except Exception as error:  # damaged input fails in many ways inside zlib, zipfile and numpy
        raise UserError(
            f"{path} is damaged or no NPZ or NPY file ({first_line(error)}): get it again."
        ) from None


def _unzipped(content: BinaryIO, most: int, names: Collection[str] | None) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(content) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_ARRAYS:
            raise ValueError(f"{len(entries)} arrays")
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename or (names is not None and name not in names):
                continue
            with archive.open(entry) as file:
                # What the entry says of its length may be a lie.
                data = file.read(most + 1)
            most -= len(data)
            if most < 0:
                raise ValueError("it unpacks to more than such a file ever holds")
            arrays[name] = _array(data)
    return arrays


def _array(data: bytes) -> np.ndarray:
    """The array of an NPY file; its header and its length must agree."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, by_column, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"NPY of version {version}")
    kind: Any = dtype
    if kind.kind not in _KINDS or kind.subdtype is not None or kind.names is not None:
        raise ValueError(f"an array of {kind}")
    start, count = file.tell(), math.prod(shape)
    fits = all(size >= 0 for size in shape) and count * kind.itemsize == len(data) - start
    if not fits or count > len(data):  # text of no length fits any shape
        raise ValueError(f"shape {shape} does not fit the file's length")
    flat = np.frombuffer(data, kind, offset=start) if count else np.zeros(0, kind)
    return np.array(flat.reshape(shape, order="F" if by_column else "C"), order="C")
