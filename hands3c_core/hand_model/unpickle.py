"""Reading MANO's pickles without trusting them, and without chumpy.

A pickle is a program: it names functions and calls them. This reader knows the few names that the
MANO files need and maps each to an inert class of ours; any other name stops it before anything has
been called.
"""

from __future__ import annotations

import io
import pickle
import re
from typing import Any

import numpy as np

from hands3c_core.errors import UserError

#: Tables within tables that ``read_table_npy`` follows.
_MOST_DEPTH = 8


class _Sealed(type):
    """Classes whose attributes a pickle cannot set."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise pickle.UnpicklingError(f"a pickle may not set {cls.__name__}.{name}")


class _NewArray(metaclass=_Sealed):
    """numpy's ``_reconstruct``: an empty array that the pickle then fills."""

    def __new__(cls, kind: object, *_: object) -> Any:
        if kind is not np.ndarray:
            raise pickle.UnpicklingError("only plain numpy arrays are read")
        return np.ndarray.__new__(np.ndarray, (0,), "b")


class _NumberType(metaclass=_Sealed):
    """``numpy.dtype`` for numbers and text. Arrays of Python objects are not read."""

    def __new__(cls, code: Any, *_: object) -> Any:
        if not (isinstance(code, str) and re.fullmatch(r"[<>|=]?([biuf][1248]|[SU]\d+)", code)):
            raise pickle.UnpicklingError(f"arrays of type {code!r} are not read")
        return np.dtype(code, copy=True)


class _Scalar(metaclass=_Sealed):
    """numpy's ``scalar``: one number from its bytes."""

    def __new__(cls, dtype: np.dtype, data: Any = b"") -> Any:
        if not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError("only numeric scalars are read")
        if isinstance(data, str):
            data = data.encode("latin1")
        return np.frombuffer(data, dtype=dtype, count=1)[0]


class _FromBuffer(metaclass=_Sealed):
    """numpy's ``_frombuffer``: a whole array from its bytes (pickle protocol 5)."""

    def __new__(cls, data: Any, dtype: np.dtype, shape: tuple[int, ...], order: str) -> Any:
        if not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError("only numeric arrays are read")
        return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if order == "F" else "C")


class _Encode(metaclass=_Sealed):
    """``_codecs.encode`` as Python 3 uses it to put bytes into old pickles."""

    def __new__(cls, text: str, encoding: str = "latin1") -> Any:
        if encoding not in ("latin1", "latin-1"):
            raise pickle.UnpicklingError(f"text encoding {encoding!r} is not read")
        return text.encode("latin1")


class _Plain(metaclass=_Sealed):
    """``copyreg._reconstructor``: an instance of one of our stand-ins, without its state."""

    def __new__(cls, kind: type, *_: object) -> Any:
        if not (isinstance(kind, type) and issubclass(kind, StandIn)):
            raise pickle.UnpicklingError(f"{kind!r} is not read")
        return kind()


class StandIn(metaclass=_Sealed):
    """An object of a foreign class, of which only the state is kept."""

    def __init__(self, *_: object) -> None:
        object.__setattr__(self, "state", {})

    state: dict[str, Any]

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("state is set as a whole")

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) == 2:  # (dictionary, slots)
            state = {**(state[0] or {}), **(state[1] or {})}
        if not isinstance(state, dict):
            raise pickle.UnpicklingError(f"state of {type(self).__name__} is no dictionary")
        object.__setattr__(self, "state", state)


class ChumpyArray(StandIn):
    """``chumpy.ch.Ch``: an array, in its state as ``x``."""


class ChumpySelect(StandIn):
    """``chumpy.reordering.Select``: entries ``idxs`` of the flattened ``a``, reshaped."""


class SparseMatrix(StandIn):
    """A scipy matrix in compressed-column form."""

    by_column = True


class SparseRowMatrix(SparseMatrix):
    """A scipy matrix in compressed-row form."""

    by_column = False


_NUMPY = {"_reconstruct": _NewArray, "scalar": _Scalar}
_BUFFERS = {"_frombuffer": _FromBuffer}
_SCIPY = {"csc_matrix": SparseMatrix, "csr_matrix": SparseRowMatrix}

#: What a pickle may name: module -> name -> what stands for it here. numpy and scipy renamed their
#: modules over the years; Python 2 wrote ``copy_reg`` and ``__builtin__``.
_KNOWN: dict[str, dict[str, Any]] = {
    "numpy": {"ndarray": np.ndarray, "dtype": _NumberType},
    "numpy.core.multiarray": _NUMPY,
    "numpy._core.multiarray": _NUMPY,
    "numpy.core.numeric": _BUFFERS,
    "numpy._core.numeric": _BUFFERS,
    "_codecs": {"encode": _Encode},
    "copy_reg": {"_reconstructor": _Plain},
    "copyreg": {"_reconstructor": _Plain},
    # chumpy keeps the names of its changed variables in a set.
    "__builtin__": {"object": StandIn, "set": set},
    "builtins": {"object": StandIn, "set": set},
    "chumpy.ch": {"Ch": ChumpyArray},
    "chumpy": {"Ch": ChumpyArray},
    "chumpy.reordering": {"Select": ChumpySelect},
    **{
        f"scipy.sparse.{mark}{kind}": {f"{kind}_matrix": _SCIPY[f"{kind}_matrix"]}
        for kind in ("csc", "csr")
        for mark in ("", "_")
    },
}


class _Refused(pickle.UnpicklingError):
    pass


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = _KNOWN.get(module, {}).get(name)
        if known is None:
            raise _Refused(f"{module}.{name}")
        return known

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("references to objects outside the file are not read")


def read_pickle(content: bytes, name: str) -> dict[str, Any]:
    """The dictionary in a MANO pickle (Python 2 or 3); arrays stay as ``to_array`` takes them.

    Args:
        content: the file.
        name: what to call it in errors.

    Raises:
        UserError: the file is truncated, is no pickle of a dictionary, or names anything that no
            hand model needs. In the last case nothing of it has been run.
    """
    try:
        value = _Reader(io.BytesIO(content), encoding="latin1").load()
    except _Refused as error:
        raise UserError(
            f"{name} is refused: it wants to run {error}, which no MANO file needs; "
            "get the file again from mano.is.tue.mpg.de."
        ) from None
    except Exception as error:  # damaged input can fail in any way inside pickle and numpy
        raise UserError(
            f"{name} cannot be read as a MANO file ({type(error).__name__}: {_first_line(error)}); "
            "get it again from mano.is.tue.mpg.de."
        ) from error
    if not isinstance(value, dict):
        raise UserError(f"{name} is no MANO file: it holds a {type(value).__name__}, not a table.")
    return {str(key): entry for key, entry in value.items()}


class _ObjectType(metaclass=_Sealed):
    """``numpy.dtype`` of Python objects."""

    def __setstate__(self, state: object) -> None:
        pass


class _HeldArray(metaclass=_Sealed):
    """numpy's ``_reconstruct`` where arrays may hold one object: its state, looked at later."""

    __slots__ = ("state",)
    state: Any

    def __new__(cls, kind: object, *_: object) -> Any:
        if kind is not np.ndarray:
            raise pickle.UnpicklingError("only plain numpy arrays are read")
        return object.__new__(cls)

    def __setstate__(self, state: Any) -> None:
        object.__setattr__(self, "state", state)


def _number_or_object(code: Any, *_: object) -> Any:
    return _ObjectType() if code == "O8" else _NumberType(code)


class _TableReader(_Reader):
    def find_class(self, module: str, name: str) -> Any:
        known = super().find_class(module, name)
        return {_NewArray: _HeldArray, _NumberType: _number_or_object}.get(known, known)


def read_table_npy(content: bytes, name: str) -> dict[str, Any]:
    """The dictionary that ``numpy.save`` has put into a file as an array of one object; what it
    holds are numbers, text, lists, dictionaries and numeric arrays.

    Args:
        content: the file.
        name: what to call it in errors.

    Raises:
        UserError: it is damaged or holds anything else; nothing of it has been run.
    """
    try:
        file = io.BytesIO(content)
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
            version, np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
        if shape != () or dtype.kind != "O":
            raise pickle.UnpicklingError(f"an array {shape} of {dtype} instead of one table")
        value = _let_go(_TableReader(file, encoding="latin1").load(), 0)
    except Exception as error:  # damaged input can fail in any way inside pickle and numpy
        raise UserError(
            f"{name} cannot be read as a table of numpy arrays "
            f"({type(error).__name__}: {_first_line(error)})."
        ) from error
    if not isinstance(value, dict):
        raise UserError(f"{name} holds a {type(value).__name__}, not a table.")
    return {str(key): entry for key, entry in value.items()}


def _let_go(value: Any, depth: int) -> Any:
    """``value`` with arrays in place of what held them."""
    if depth > _MOST_DEPTH:
        raise pickle.UnpicklingError("tables are nested too deeply")
    if isinstance(value, _HeldArray):
        *_, dtype, _, data = value.state
        if isinstance(dtype, _ObjectType):
            (inner,) = data
            return _let_go(inner, depth + 1)
        array = np.ndarray.__new__(np.ndarray, (0,), "b")
        array.__setstate__(value.state)  # type: ignore[attr-defined]
        return array
    if isinstance(value, dict):
        return {key: _let_go(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, list):
        return [_let_go(entry, depth + 1) for entry in value]
    return value


def to_array(value: Any) -> np.ndarray:
    """A numeric numpy array from what ``read_pickle`` returns for an array of any kind.

    Raises:
        ValueError: it is no numeric array.
    """
    if isinstance(value, ChumpyArray):
        return to_array(value.state["x"])
    if isinstance(value, ChumpySelect):
        picked = to_array(value.state["a"]).ravel()[to_array(value.state["idxs"]).astype(np.int64)]
        wanted = value.state.get("preferred_shape")
        return picked if wanted is None else picked.reshape(tuple(int(n) for n in wanted))
    if isinstance(value, SparseMatrix):
        return _from_compressed(value)
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{array.dtype} instead of numbers")
    return array


def _from_compressed(matrix: SparseMatrix) -> np.ndarray:
    dense = np.zeros(_shape(matrix))
    starts = to_array(matrix.state["indptr"])
    minor = to_array(matrix.state["indices"])
    major = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    place = (minor, major) if matrix.by_column else (major, minor)
    np.add.at(dense, place, to_array(matrix.state["data"]))
    return dense


def _shape(matrix: StandIn) -> tuple[int, int]:
    rows, columns = matrix.state.get("_shape") or matrix.state["shape"]
    if not (0 < rows <= 100_000 and 0 < columns <= 100_000):
        raise ValueError(f"a {rows} x {columns} matrix")
    return int(rows), int(columns)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120]
