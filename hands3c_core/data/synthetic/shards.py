"""Rendered samples on disk: files of a few hundred samples, written by any number of workers.

A shard is an uncompressed npz. Its images lie in one array of JPEG bytes, so that a reader can map
the file and decode single images; everything else is a small array with one row for each sample.
Which samples a shard holds follows from its number alone (shard k holds samples k n to k n + n - 1
of its seed), so workers and machines need not talk to each other, and a missing shard is simply
rendered again.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.data.synthetic.backgrounds import list_backgrounds
from hands3c_core.data.synthetic.config import SyntheticConfig
from hands3c_core.data.synthetic.renderer import RenderedHand, SyntheticRenderer
from hands3c_core.errors import UserError
from hands3c_core.hand_model import load_hand_model
from hands3c_core.reading import parse_json, read_arrays
from hands3c_core.reading.text import first_line
from hands3c_core.types import UInt8

FORMAT: Final = "hands3c-synthetic-1"
#: Quality of the stored JPEGs: the camera's own artefacts are in the picture already.
_QUALITY: Final = 95
#: Of a shard without its images.
_MOST_BYTES: Final = 1 << 30
#: Array -> shape of one sample's row and type.
_ROWS: Final[dict[str, tuple[tuple[int, ...], Any]]] = {
    "index": ((), np.int64),
    "joints_2d": ((21, 2), np.float32),
    "joints_3d": ((21, 3), np.float32),
    "pose": ((16, 3), np.float32),
    "shape": ((10,), np.float32),
    "translation": ((3,), np.float32),
    "camera_matrix": ((3, 3), np.float32),
    "visible": ((21,), np.bool_),
    "tone": ((), np.float32),
    "jpeg_start": ((), np.int64),
    "jpeg_size": ((), np.int64),
}


@dataclass(frozen=True, eq=False)
class Shard:
    """An open shard."""

    path: Path
    meta: dict[str, Any]
    """'format', 'seed', 'config' (a dict), 'shard', 'families' and 'gestures' (a name a sample)."""
    rows: dict[str, NDArray[Any]]
    """See ``docs/synthetic.md``; (N, ...) each."""
    jpeg: NDArray[np.uint8]
    """All JPEGs one after the other, mapped from the file."""

    def __len__(self) -> int:
        return len(self.rows["index"])

    def image_bytes(self, row: int) -> NDArray[np.uint8]:
        """The JPEG of a sample."""
        start = int(self.rows["jpeg_start"][row])
        return np.array(self.jpeg[start : start + int(self.rows["jpeg_size"][row])])

    def image(self, row: int) -> UInt8 | None:
        """(S, S, 3) RGB of a sample; None if its bytes are damaged."""
        code = self.image_bytes(row)
        image = cv2.imdecode(code, cv2.IMREAD_COLOR) if code.size else None
        return None if image is None else np.ascontiguousarray(image[..., ::-1])


def shard_path(folder: Path, seed: int, number: int) -> Path:
    """File of shard ``number``."""
    return folder / f"seed{seed:04d}_{number:06d}.npz"


def shard_paths(folder: Path) -> list[Path]:
    """The finished shards of a folder, in order."""
    return sorted(folder.glob("seed*_*.npz"))


def write_shard(
    path: Path,
    hands: list[RenderedHand],
    config: SyntheticConfig,
    seed: int,
    number: int,
    threads: int = 1,
) -> None:
    """Write samples to ``path``: to a temporary file beside it first, so that it is whole or not
    there.

    Raises:
        UserError: it cannot be written (no room, no permission).
    """
    # OpenCV lets other threads run while it encodes.
    with ThreadPoolExecutor(threads) as pool:
        codes = list(pool.map(_encode, [hand.crop for hand in hands]))
    sizes = np.array([len(code) for code in codes], np.int64)
    rows: dict[str, Any] = {
        name: np.array([getattr(hand, name) for hand in hands], kind).reshape(-1, *shape)
        for name, (shape, kind) in _ROWS.items()
        if not name.startswith("jpeg")
    }
    rows["jpeg_size"] = sizes
    rows["jpeg_start"] = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    meta = {
        "format": FORMAT,
        "seed": seed,
        "shard": number,
        "config": json.loads(config.to_json()),
        "families": [hand.family for hand in hands],
        "gestures": [hand.gesture for hand in hands],
    }

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, jpeg=np.concatenate(codes), meta=np.array(json.dumps(meta)), **rows)

    write_atomically(path, write)


def read_shard(path: Path) -> Shard:
    """Open a shard; its images stay on disk until they are asked for.

    Raises:
        UserError: the file is missing, damaged or no shard.
    """
    try:
        rows = read_arrays(path, _MOST_BYTES, ("meta", *_ROWS))
        meta = parse_json(str(rows.pop("meta", "")), f"{path}: meta")
        jpeg = _map_array(path, "jpeg.npy")
    except Exception as error:  # zipfile has many words for what is damaged
        raise UserError(
            f"{path} is damaged or no shard of synthetic data ({first_line(error)}); delete it "
            "and run render_dataset.py again."
        ) from None
    if not isinstance(meta, dict) or meta.get("format") != FORMAT or not _is_whole(rows, jpeg):
        raise UserError(f"{path} is no shard of the format {FORMAT}; render it again.")
    return Shard(path, meta, rows, jpeg)


def _is_whole(rows: dict[str, np.ndarray], jpeg: UInt8) -> bool:
    """Whether all columns are there, of their shapes and kinds, and every image is in the file."""
    if rows.keys() != _ROWS.keys() or rows["index"].ndim != 1:
        return False
    count = len(rows["index"])
    for name, (shape, kind) in _ROWS.items():
        column, wanted = rows[name], np.dtype(kind)
        if column.shape != (count, *shape) or column.dtype.kind != wanted.kind:
            return False
        if wanted.kind == "f" and not np.isfinite(column).all():
            return False
    starts, sizes = rows["jpeg_start"].astype(object), rows["jpeg_size"].astype(object)
    ends = starts + sizes  # Python's whole numbers do not overflow
    return all(0 <= start <= end <= len(jpeg) for start, end in zip(starts, ends, strict=True))


def _encode(crop: UInt8) -> UInt8:
    _, code = cv2.imencode(".jpg", crop[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return np.asarray(code, np.uint8).reshape(-1)


def _map_array(path: Path, member: str) -> NDArray[np.uint8]:
    """A one-dimensional uint8 array inside an uncompressed npz, mapped into memory."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError("compressed")
        with archive.open(info) as inside:
            version = np.lib.format.read_magic(inside)
            if version != (1, 0):
                raise ValueError(f"npy format {version}")
            shape, _, kind = np.lib.format.read_array_header_1_0(inside)
            header = inside.tell()
    if kind != np.uint8 or len(shape) != 1:
        raise ValueError("jpeg is not a row of bytes")
    with path.open("rb") as file:
        # A zip entry: 30 bytes, of which the last four are the lengths of name and extra field.
        file.seek(info.header_offset + 26)
        name_size, extra_size = np.frombuffer(file.read(4), "<u2")
    offset = info.header_offset + 30 + int(name_size) + int(extra_size) + header
    return np.memmap(path, np.uint8, "r", offset, shape)


@dataclass(frozen=True)
class ShardTask:
    """A shard to be rendered."""

    folder: Path
    config: SyntheticConfig
    seed: int
    number: int
    first: int
    count: int


_renderers: dict[tuple[str, str | None, int], SyntheticRenderer] = {}


def render_shard(task: ShardTask) -> int:
    """Render one shard, in whatever process; returns its number of samples."""
    key = (task.config.fingerprint(), task.config.backgrounds, task.seed)
    if key not in _renderers:
        _renderers.clear()
        _renderers[key] = SyntheticRenderer(task.config, task.seed)
    hands = [_renderers[key].render(task.first + k) for k in range(task.count)]
    path = shard_path(task.folder, task.seed, task.number)
    write_shard(path, hands, task.config, task.seed, task.number)
    return task.count


def render_shards(
    folder: Path,
    count: int,
    config: SyntheticConfig | None = None,
    *,
    seed: int = 0,
    shard_size: int = 500,
    workers: int = 1,
    part: tuple[int, int] = (0, 1),
    device: str | None = None,
    batch: int | None = None,
    progress: Callable[[int], None] | None = None,
    run: Callable[[list[ShardTask]], Iterator[int]] | None = None,
) -> int:
    """Render samples 0 to ``count`` - 1 of a seed into shards; finished shards are kept.

    Args:
        folder: where to; made if it is not there.
        count: number of samples in all parts together.
        config: what to render.
        seed: which samples.
        shard_size: samples in a shard; must stay the same when a folder is continued.
        workers: processes on this machine; with a device they draw its scenes.
        part: (i, n): do shards i, i + n, i + 2 n, ... only; n machines with parts 0 to n - 1 make
            the whole.
        device: of torch, for ``batched.BatchRenderer``; None renders on the CPU.
        batch: scenes that the device renders at once; None for its default.
        progress: called with the number of samples finished now (kept ones too).
        run: has the tasks done by ``render_shard`` elsewhere and gives the number of samples of
            each as it ends, instead of ``workers`` processes here.

    Returns:
        Number of samples rendered now.

    Raises:
        UserError: an option is out of range, the folder holds shards of this seed rendered with
            other options, or it cannot be written to.
    """
    config = (config or SyntheticConfig()).check()
    index, parts = part
    if count < 1 or shard_size < 1 or workers < 1:
        raise UserError("the numbers of samples, samples per shard and workers must be at least 1.")
    if not 0 <= index < parts:
        raise UserError(
            f"part {index}/{parts} does not exist: use 0/{parts} to {parts - 1}/{parts}."
        )
    if seed < 0 or seed > 9999:
        raise UserError("the seed must be 0 to 9999.")
    # What is missing is found before any process starts.
    load_hand_model(config.hand_model)
    if config.backgrounds:
        list_backgrounds(Path(config.backgrounds))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder} ({error.strerror}).") from None
    tasks = []
    for number in range(index, -(-count // shard_size), parts):
        first = number * shard_size
        size = min(shard_size, count - first)
        if _is_finished(shard_path(folder, seed, number), size, config):
            if progress:
                progress(size)
        else:
            tasks.append(ShardTask(folder, config, seed, number, first, size))
    rendered = 0
    if run is not None and device is None:
        sizes = run(tasks)
    else:
        sizes = _run(tasks, workers) if device is None else _run_on(device, tasks, workers, batch)
    for size in sizes:
        rendered += size
        if progress:
            progress(size)
    return rendered


def _run(tasks: list[ShardTask], workers: int) -> Iterator[int]:
    if workers == 1 or len(tasks) < 2:
        yield from map(render_shard, tasks)
        return
    # Not forked: the parent may hold threads (numba's, OpenCV's) that a fork would lose.
    # A Ctrl+C reaches all processes: this one alone answers, and ends the others.
    ignore = (signal.SIGINT, signal.SIG_IGN)
    processes = min(workers, len(tasks))
    with multiprocessing.get_context("spawn").Pool(processes, signal.signal, ignore) as pool:
        yield from pool.imap_unordered(render_shard, tasks)


def _run_on(device: str, tasks: list[ShardTask], workers: int, batch: int | None) -> Iterator[int]:
    """Render all tasks in one stream of batches; a shard is written when its last sample is
    there."""
    if not tasks:
        return
    # torch takes seconds to import.
    from hands3c_core.data.synthetic.batched import BatchRenderer

    owner = {t.first + k: t for t in tasks for k in range(t.count)}
    finished: dict[int, list[RenderedHand]] = {task.number: [] for task in tasks}
    first = tasks[0]
    with BatchRenderer(first.config, first.seed, device, batch, workers) as renderer:
        for hand in renderer.render(owner):
            task = owner[hand.index]
            hands = finished[task.number]
            hands.append(hand)
            if len(hands) == task.count:
                hands.sort(key=lambda hand: hand.index)
                path = shard_path(task.folder, task.seed, task.number)
                write_shard(path, hands, task.config, task.seed, task.number, workers)
                del finished[task.number]
                yield task.count


def _is_finished(path: Path, size: int, config: SyntheticConfig) -> bool:
    """Whether a shard is there, whole and made with these options; a damaged or shorter one is
    rendered again.

    Raises:
        UserError: it was made with other options.
    """
    if not path.exists():
        return False
    try:
        shard = read_shard(path)
    except UserError:
        return False
    if shard.meta["config"] != json.loads(config.to_json()):
        raise UserError(
            f"{path} was rendered with other options; choose another folder or another --seed."
        )
    return len(shard) >= size
