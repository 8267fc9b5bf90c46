"""Pictures as phones write them (HEIC): one picture, or tiles that make one.

The layout is read from the file's item tables (ISO/IEC 23008-12, "HEIF", and ISO/IEC 14496-12);
FFmpeg decodes the tiles, each of which it gives as a stream with the item's number.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final, NamedTuple

import av
import numpy as np

from hands3c_core.sources.decode import RgbConverter, apply_flips
from hands3c_core.types import UInt8

#: No picture has more pixels, and no table more entries.
_MOST_PIXELS: Final = 1 << 28
_MOST_ENTRIES: Final = 10_000


#: Kinds of items that are pictures: coded, or made of others.
_PICTURES: Final = (b"hvc1", b"av01", b"avc1", b"jpeg", b"grid", b"iovl", b"iden")


class _Box(NamedTuple):
    kind: bytes
    content: memoryview


class _Grid(NamedTuple):
    rows: int
    columns: int
    width: int
    height: int
    tiles: tuple[int, ...]
    """Items, row by row."""
    turns: tuple[tuple[bytes, int], ...]
    """Rotations and mirrorings to apply, in order."""


def decode(content: bytes, item: int | None = None) -> UInt8:
    """The main picture of a HEIC file, or the one with the number ``item`` of ``pictures``, as
    upright (H, W, 3) RGB.

    Raises:
        ValueError: it is damaged, or put together in a way that is not read.
    """
    try:
        grid, primary = _layout(memoryview(content), item)
        with av.open(io.BytesIO(content), options={"protocol_whitelist": "none"}) as container:
            streams = {stream.id: stream for stream in container.streams.video}
            if grid is None:
                if item is not None and item not in streams:
                    raise ValueError("a picture is missing")
                stream = streams.get(primary) or next(iter(streams.values()))
                return _picture(content, stream.index)
            if not set(grid.tiles) <= streams.keys():
                raise ValueError("tiles are missing")
            numbers = [streams[item].index for item in grid.tiles]
        return _composed(grid, [_picture(content, number) for number in numbers])
    except ValueError:
        raise
    except Exception as error:  # damaged tables and pictures fail in many ways
        raise ValueError(str(error)) from None


def _picture(content: bytes, index: int) -> UInt8:
    """The first frame of stream ``index``."""
    with av.open(io.BytesIO(content), options={"protocol_whitelist": "none"}) as container:
        stream = container.streams[index]
        for frame in container.decode(stream):  # type: ignore[union-attr]
            return RgbConverter()(frame)  # type: ignore[arg-type]
    raise ValueError("a tile cannot be decoded")


def _composed(grid: _Grid, tiles: list[UInt8]) -> UInt8:
    height, width = tiles[0].shape[:2]
    if any(tile.shape != tiles[0].shape for tile in tiles):
        raise ValueError("the tiles differ in size")
    rows = [
        np.concatenate(tiles[row * grid.columns : (row + 1) * grid.columns], axis=1)
        for row in range(grid.rows)
    ]
    if grid.width > width * grid.columns or grid.height > height * grid.rows:
        raise ValueError("the tiles do not cover the picture")
    picture = np.concatenate(rows)[: grid.height, : grid.width]
    for kind, value in grid.turns:
        if kind == b"irot":
            picture = np.rot90(picture, value & 3)
        elif value & 1:
            picture = apply_flips(picture, (False, True, False))
        else:
            picture = apply_flips(picture, (False, False, True))
    return np.ascontiguousarray(picture)


def pictures(content: bytes) -> list[int]:
    """The items of a HEIF file (or of its beginning, up to the tables) that are pictures of their
    own, the main one first: no tiles, thumbnails, depth or gain maps.

    Raises:
        ValueError, LookupError: the tables are damaged.
    """
    tables = _tables_of(memoryview(content))
    primary = _primary_of(tables)
    parts: set[int] = set()
    for kind, source, to in _references(tables[b"iref"]) if b"iref" in tables else ():
        if kind == b"dimg":
            parts.update(to)
        elif kind in (b"thmb", b"auxl"):
            parts.add(source)
    others = [
        item
        for item, kind, is_hidden in _items(tables[b"iinf"])
        if kind in _PICTURES and not is_hidden and item != primary and item not in parts
    ]
    return [primary, *others]


def _tables_of(content: memoryview) -> dict[bytes, memoryview]:
    meta = next(box.content for box in _boxes(content) if box.kind == b"meta")[4:]
    return {box.kind: box.content for box in _boxes(meta)}


def _primary_of(tables: dict[bytes, memoryview]) -> int:
    return _number(tables[b"pitm"], 4, 2 if tables[b"pitm"][0] == 0 else 4)


def _layout(content: memoryview, item: int | None) -> tuple[_Grid | None, int]:
    """The tiles of a picture (the main one unless named), None if it is one; and its item."""
    tables = _tables_of(content)
    primary = _primary_of(tables) if item is None else item
    kind = {item: kind for item, kind, _ in _items(tables[b"iinf"])}.get(primary)
    if kind in (b"iovl", b"iden"):
        raise ValueError("it is put together from layers")
    if kind != b"grid":
        return None, primary
    rows, columns, width, height = _grid_of(_item_data(content, tables, primary))
    tiles = next(
        to
        for box, source, to in _references(tables[b"iref"])
        if (box, source) == (b"dimg", primary)
    )
    if len(tiles) != rows * columns or not 0 < width * height <= _MOST_PIXELS:
        raise ValueError("the grid is damaged")
    return _Grid(rows, columns, width, height, tiles, _turns(tables[b"iprp"], primary)), primary


def _boxes(content: memoryview) -> Iterator[_Box]:
    at = 0
    while at + 8 <= len(content):
        length, kind, head = _number(content, at, 4), bytes(content[at + 4 : at + 8]), 8
        if length == 1:
            length, head = _number(content, at + 8, 8), 16
        elif length == 0:
            length = len(content) - at
        if length < head:
            raise ValueError("a box is damaged")
        yield _Box(kind, content[at + head : at + length])
        at += length


def _number(content: memoryview, at: int, length: int) -> int:
    if at + length > len(content):
        raise ValueError("a table is cut off")
    return int.from_bytes(content[at : at + length], "big")


def _items(table: memoryview) -> Iterator[tuple[int, bytes, bool]]:
    """Number and kind of each item, and whether it is not to be shown by itself."""
    for box in _boxes(table[6 if table[0] == 0 else 8 :]):
        if box.kind == b"infe" and box.content[0] >= 2:
            size = 2 if box.content[0] == 2 else 4
            kind = bytes(box.content[6 + size : 10 + size])
            yield _number(box.content, 4, size), kind, bool(box.content[3] & 1)


def _references(table: memoryview) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    size = 2 if table[0] == 0 else 4
    for box in _boxes(table[4:]):
        count = _number(box.content, size, 2)
        ends = range(2 + size, 2 + size + count * size, size)
        yield (
            box.kind,
            _number(box.content, 0, size),
            tuple(_number(box.content, k, size) for k in ends),
        )


def _item_data(content: memoryview, tables: dict[bytes, memoryview], wanted: int) -> memoryview:
    """The bytes of an item that has one extent, in the file or in the table of small items."""
    table = tables[b"iloc"]
    version = table[0]
    offset_size, length_size, base_size = table[4] >> 4, table[4] & 15, table[5] >> 4
    index_size = table[5] & 15 if version else 0
    id_size = 4 if version == 2 else 2
    count = _number(table, 6, id_size)
    at = 6 + id_size
    for _ in range(min(count, _MOST_ENTRIES)):
        item = _number(table, at, id_size)
        at += id_size
        method = _number(table, at, 2) & 15 if version else 0
        at += 2 * bool(version) + 2
        base = _number(table, at, base_size)
        at += base_size
        extents = _number(table, at, 2)
        at += 2
        if item == wanted:
            offset = base + _number(table, at + index_size, offset_size)
            length = _number(table, at + index_size + offset_size, length_size)
            return (tables[b"idat"] if method == 1 else content)[offset : offset + length]
        at += extents * (index_size + offset_size + length_size)
    raise ValueError("the grid is not there")


def _grid_of(data: memoryview) -> tuple[int, int, int, int]:
    """Rows, columns, width and height (px)."""
    size = 4 if data[1] & 1 else 2
    return data[2] + 1, data[3] + 1, _number(data, 4, size), _number(data, 4 + size, size)


def _turns(properties: memoryview, wanted: int) -> tuple[tuple[bytes, int], ...]:
    tables = {box.kind: box.content for box in _boxes(properties)}
    known = list(_boxes(tables[b"ipco"]))
    table = tables[b"ipma"]
    id_size, wide = 2 if table[0] == 0 else 4, table[3] & 1
    at = 8
    for _ in range(min(_number(table, 4, 4), _MOST_ENTRIES)):
        item = _number(table, at, id_size)
        count = _number(table, at + id_size, 1)
        at += id_size + 1
        size = 2 if wide else 1
        numbers = [
            _number(table, at + size * k, size) & (0x7FFF if wide else 0x7F) for k in range(count)
        ]
        at += size * count
        if item == wanted:
            chosen = [known[number - 1] for number in numbers if 0 < number <= len(known)]
            return tuple(
                (box.kind, box.content[0]) for box in chosen if box.kind in (b"irot", b"imir")
            )
    return ()
