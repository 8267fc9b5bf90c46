"""Damaged files of every small format: read, or refused with a UserError; nothing else.

Valid files are changed byte by byte, value by value and piece by piece. The quick suite does a few
of each; with ``-m stress`` thousands.
"""

from __future__ import annotations

import codecs
import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_readers import (
    read_a_card,
    read_a_shard,
    read_a_submission,
    read_calibration,
    read_crop_file,
    read_dexycb_labels,
    read_labels,
    read_log,
    read_own_arrays,
    read_progress,
    read_published_rows,
    read_run_settings,
    read_settings,
    read_take_arrays,
    read_weights,
)
from valid_files import (
    as_ini,
    as_json,
    as_lines,
    as_npz,
    as_plain_npz,
    as_submission,
    calibration,
    card,
    crops,
    dexycb_labels,
    label_lines,
    log_lines,
    own_arrays,
    progress,
    published_rows,
    run_settings,
    safetensors_file,
    settings_entries,
    shard_rows,
    submission,
    take_arrays,
    weights_header,
    yaml_text,
)

from hands3c_core.errors import UserError

QUICK, MANY = 60, 2000

#: What a value may be replaced by.
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**400, 2**70, 1e300, -1e300, float("nan"), float("inf"), 1e-300),
    *("", "abc", "9" * 5000, "\ud800", "a\0b", "../../x", [], {}, [[]], [None], {"a": 1}),
    *([1, [2]], ["1", "2"], [[1e400]], [10**400] * 3, "x" * 100_000),
)


def mutated_bytes(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        if not data:
            break
        at, kind = chance.randrange(len(data)), chance.randrange(6)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del data[at : at + chance.choice((1, 4, 100, len(data)))]
        elif kind == 3:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 4, 60))))
        elif kind == 4:
            data[at:at] = data[at : at + chance.choice((1, 20, 200))]
        else:
            data[at:at] = chance.choice((b"[" * 3000, b'{"a":' * 2000, b"9" * 5000, b"\xff\xfe"))
    return bytes(data)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested tables and lists."""
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, entry in entries:
        yield (*at, key)
        yield from places(entry, (*at, key))


def mutated_value(value: Any, chance: random.Random) -> Any:
    """A copy in which some values are odd, missing or beside others."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2))):
        found = list(places(value))
        if not found:
            break
        *path, last = chance.choice(found)
        target = value
        for key in path:
            target = target[key]
        odd = copy.deepcopy(chance.choice(ODD_VALUES))
        kind = chance.randrange(4)
        if kind == 0 and isinstance(target, dict):
            del target[last]
        elif kind == 1 and isinstance(target, dict):
            target["unknown"] = odd
        else:
            target[last] = odd
    return value


Form = tuple[str, Callable[[], Any], Callable[[Any], bytes], Callable[[Path], None]]

FORMATS: dict[str, Form] = {
    "calibration json": ("c.json", calibration, as_json, read_calibration),
    "calibration npz": ("c.npz", calibration, as_npz, read_calibration),
    "calibration yaml": ("c.yaml", yaml_text, bytes, read_calibration),
    "results jsonl": ("r.jsonl", log_lines, as_lines, read_log),
    "labels jsonl": ("labels.jsonl", label_lines, as_lines, read_labels),
    "card": ("net.json", card, as_json, read_a_card),
    "crops npz": ("i.npz", crops, as_npz, read_crop_file),
    "weights": ("w.safetensors", weights_header, safetensors_file, read_weights),
    "take npz": ("take.npz", take_arrays, as_npz, read_take_arrays),
    "submission": ("pred.json", submission, as_submission, read_a_submission),
    "shard": ("shard.npz", shard_rows, as_plain_npz, read_a_shard),
    "own arrays": ("own.npz", own_arrays, as_npz, read_own_arrays),
    "dexycb labels": ("labels.npz", dexycb_labels, as_npz, read_dexycb_labels),
    "labelling progress": ("progress.json", progress, as_json, read_progress),
    "run settings": ("config.json", run_settings, as_json, read_run_settings),
    "published rows": ("rows.json", published_rows, as_json, read_published_rows),
    "app settings": ("settings.ini", settings_entries, as_ini, read_settings),
}

#: Files of arrays: their bytes alone are changed, and whole arrays replaced.
ARRAYS = ("crops npz", "take npz", "shard", "own arrays", "dexycb labels")
#: What falls back instead of refusing.
NEVER_REFUSED = ("card", "app settings")


def mutated_arrays(values: dict[str, np.ndarray], chance: random.Random) -> dict[str, np.ndarray]:
    """A copy in which an array is missing, of another shape or type, or holds an odd number."""
    values = {name: np.array(value) for name, value in values.items()}
    name = chance.choice(list(values))
    array, kind = values[name], chance.randrange(6)
    if kind == 0:
        del values[name]
    elif kind == 1:
        values[name] = array[:-1] if array.ndim and len(array) else array[None]
    elif kind == 2:
        values[name] = array.astype("U5") if array.dtype.kind != "U" else np.zeros(3)
    elif kind == 3:
        values[name] = array[..., None]
    elif array.dtype.kind == "f" and array.size:
        array.reshape(-1)[chance.randrange(array.size)] = chance.choice(
            (np.nan, np.inf, -np.inf, 1e38, -1.0, 0.0)
        )
    elif array.dtype.kind in "iu" and array.size:
        limits = np.iinfo(array.dtype)
        array.reshape(-1)[chance.randrange(array.size)] = chance.choice((limits.min, limits.max))
    return values


def check(name: str, folder: Path, count: int) -> dict[str, int]:
    """Read ``count`` mutations; returns how many were read and refused."""
    file_name, make, write, read = FORMATS[name]
    path = folder / file_name
    chance = random.Random(name)
    value = make()
    path.write_bytes(write(value))
    read(path)  # the valid file is read
    outcomes = {"read": 0, "refused": 0}
    for number in range(count):
        structured = number % 2 and not isinstance(value, bytes)
        change: Any = mutated_arrays if name in ARRAYS else mutated_value
        content = write(change(value, chance)) if structured else write(value)
        if not structured:
            content = mutated_bytes(content, chance)
        path.write_bytes(content)
        try:
            read(path)
            outcomes["read"] += 1
        except UserError:
            outcomes["refused"] += 1
        except Exception as error:
            kept = folder / f"failed_{number}_{file_name}"
            kept.write_bytes(content)
            raise AssertionError(f"mutation {number} of {name} (kept as {kept})") from error
    return outcomes


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    outcomes = check(name, tmp_path, QUICK)
    assert sum(outcomes.values()) == QUICK
    assert outcomes["refused"] or name in NEVER_REFUSED


@pytest.mark.stress
@pytest.mark.parametrize("name", FORMATS)
def test_thousands_of_mutated_files(name: str, tmp_path: Path, capsys) -> None:
    outcomes = check(name, tmp_path, MANY)
    with capsys.disabled():
        print(f"\n{name}: {outcomes}")


@pytest.mark.parametrize("name", ["calibration json", "results jsonl", "labels jsonl", "card"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_read_in_every_encoding_editors_write(name, encoding, tmp_path: Path) -> None:
    file_name, make, write, read = FORMATS[name]
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    (tmp_path / file_name).write_bytes(mark + write(make()).decode().encode(encoding))
    read(tmp_path / file_name)
    if name == "card":
        from hands3c_core.weights import read_card

        assert read_card(tmp_path / "net.safetensors").input_size == 256


def test_a_text_that_stands_for_an_endless_one_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join([*lines, "K: *a11", ""]))
    with pytest.raises(UserError):
        read_calibration(path)


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, K=np.zeros((3000, 3000)))
    with pytest.raises(UserError, match="unpacks to more"):
        read_calibration(path)
