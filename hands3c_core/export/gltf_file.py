"""A minimal writer of binary glTF 2.0 (Khronos specification, sections 3.6 and 4.4)."""

from __future__ import annotations

import json
import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ARRAY_BUFFER: Final = 34962
ELEMENT_ARRAY_BUFFER: Final = 34963

_COMPONENT_TYPES: Final = {"float32": 5126, "uint32": 5125, "uint16": 5123, "uint8": 5121}
_ELEMENT_TYPES: Final = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class GltfFile:
    """Collects a glTF document and its binary chunk.

    Lists of the document (``nodes``, ``meshes``, ...) are reached by ``add``, which returns the new
    item's index.
    """

    def __init__(self, generator: str) -> None:
        self.document: dict[str, Any] = {"asset": {"version": "2.0", "generator": generator}}
        self._binary = bytearray()

    def add(self, kind: str, item: dict[str, Any]) -> int:
        """Append ``item`` to the document's list ``kind``; its index there."""
        items = self.document.setdefault(kind, [])
        items.append(item)
        return len(items) - 1

    def view(self, content: bytes, target: int | None = None) -> int:
        """Store bytes, 4-byte aligned; the index of their buffer view."""
        self._binary += b"\0" * (-len(self._binary) % 4)
        view: dict[str, Any] = {
            "buffer": 0,
            "byteOffset": len(self._binary),
            "byteLength": len(content),
        }
        if target is not None:
            view["target"] = target
        self._binary += content
        return self.add("bufferViews", view)

    def accessor(self, values: NDArray, target: int | None = None, bounds: bool = False) -> int:
        """Store an array (N,), (N, 2..4) or (N, 4, 4); the index of its accessor.

        Matrices are given row-major as numpy has them and stored column-major as glTF wants.
        ``bounds`` writes min and max, which the specification demands of positions and times.
        """
        shape = values.shape[1:]
        if shape == (4, 4):
            values = values.transpose(0, 2, 1)
        values = np.ascontiguousarray(values)
        item: dict[str, Any] = {
            "bufferView": self.view(values.tobytes(), target),
            "componentType": _COMPONENT_TYPES[values.dtype.name],
            "count": len(values),
            "type": _ELEMENT_TYPES[shape],
        }
        if bounds:
            item["min"] = values.min(axis=0).reshape(-1).tolist()
            item["max"] = values.max(axis=0).reshape(-1).tolist()
        return self.add("accessors", item)

    def to_bytes(self) -> bytes:
        """The whole GLB: header, JSON chunk, binary chunk."""
        document = dict(self.document)
        binary = bytes(self._binary) + b"\0" * (-len(self._binary) % 4)
        if binary:
            document["buffers"] = [{"byteLength": len(binary)}]
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        if binary:
            chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
