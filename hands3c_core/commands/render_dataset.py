"""Render synthetic hands with exact labels to disk, or measure how real they look."""

from __future__ import annotations

import dataclasses
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

# Each worker process renders on one thread.
os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "1")

from rich.progress import Progress, track

from hands3c_core.batch.engine import EngineName, Outcome, Task, Tell, make_engine
from hands3c_core.data.synthetic import (
    RenderDevice,
    SyntheticConfig,
    SyntheticRenderer,
    render_shards,
    torch_device,
)
from hands3c_core.data.synthetic.shards import ShardTask, render_shard
from hands3c_core.errors import UserError

STOPPED = "Stopped. Finished shards are kept: the same command goes on."


@dataclass(frozen=True)
class Options:
    """Render synthetic hands with exact labels to disk, or measure how real they look."""

    out: Path | None = None
    """Folder for the shards; finished ones in it are kept, so a stopped run goes on."""
    count: int = 20_000
    """Samples in the whole dataset (all parts together)."""
    seed: int = 0
    """Which samples; different seeds have none in common."""
    device: RenderDevice = "cpu"
    """'cuda' renders in torch on the GPU while the workers draw the scenes, 'auto' where there is
    one; 'torch-cpu' runs that renderer on the CPU, slowly. The samples are the same, the pictures
    nearly (docs/synthetic.md)."""
    batch: int | None = None
    """Scenes that the GPU renders at once."""
    workers: int = os.cpu_count() or 1
    """Processes on this machine, or actors of the cluster."""
    engine: EngineName = "local"
    """'ray' renders on a Ray cluster whose nodes share OUT (docs/many-clips.md)."""
    ray_address: str | None = None
    """Of a cluster that runs: 'auto', HOST:PORT, ray://HOST:PORT; one on this machine unless
    given."""
    part: str = "0/1"
    """'i/n': render every n-th shard from the i-th on; n machines with parts 0/n to n-1/n share
    the work without talking to each other."""
    shard_size: int = 500
    """Samples in a file."""
    realism: int = 0
    """Write nothing; render this many samples (at 256 px unless --render.size says more) and print
    in how many of them the hand detector finds the hand, by skin tone and pose."""
    benchmark: int = 0
    """Write nothing; render this many samples and print samples/s: of one process on the CPU, of
    the GPU with all --workers otherwise."""
    render: SyntheticConfig = field(default_factory=SyntheticConfig)
    """What is rendered."""


def run(options: Options) -> None:
    """Render, measure or time."""
    if options.batch is not None and options.batch < 1:
        raise UserError("--batch must be at least 1.")
    if options.workers < 1:
        raise UserError("--workers must be at least 1.")
    device = torch_device(options.device)
    if options.realism > 0:
        print_realism(options, device)
    elif options.benchmark > 0:
        print_speed(options) if device is None else print_split(options, device)
    elif options.out is None:
        raise UserError("name the folder to write to: --out FOLDER.")
    else:
        write_shards(options, options.out, device)


def write_shards(options: Options, out: Path, device: str | None) -> None:
    """Render the shards that are missing."""
    match = re.fullmatch(r"(\d+)/(\d+)", options.part)
    if match is None or int(match[2]) < 1:
        raise UserError(f"--part {options.part}: write i/n, for example 0/4.")
    part = int(match[1]), int(match[2])
    shards = range(part[0], -(-options.count // options.shard_size), part[1])
    mine = sum(
        min(options.shard_size, options.count - number * options.shard_size) for number in shards
    )
    start = time.perf_counter()
    with Progress() as progress:
        task = progress.add_task("rendering", total=mine)
        done = render_shards(
            out,
            options.count,
            options.render,
            seed=options.seed,
            shard_size=options.shard_size,
            workers=options.workers,
            part=part,
            device=device,
            batch=options.batch,
            progress=lambda samples: progress.advance(task, samples),
            run=on_engine(options) if device is None else None,
        )
    seconds = time.perf_counter() - start
    print(f"{out}: rendered {done} samples, kept {mine - done}", end="")
    print(f" ({done / seconds:.0f} samples/s)." if done else ".")


def on_engine(options: Options) -> Callable[[list[ShardTask]], Iterator[int]]:
    """What has shards rendered by the engine that was asked for."""
    engine = make_engine(options.engine, workers=options.workers, address=options.ray_address)

    def run(shards: list[ShardTask]) -> Iterator[int]:
        queue = deque(Task(f"shard {shard.number}", shard) for shard in shards)
        with closing(engine.run(queue, render_work)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, Outcome):
                    if event.problem:
                        raise UserError(f"{event.task.key}: {event.problem}")
                    yield event.result

    return run


def render_work(shard: ShardTask, tell: Tell) -> int:
    """See ``engine.Work``."""
    return render_shard(shard)


def print_realism(options: Options, device: str | None) -> None:
    """The detector's success by group."""
    # The detector loads slowly, and only this needs it.
    from hands3c_core.data.synthetic.realism import measure_realism, realism_table

    config = dataclasses.replace(options.render, size=max(options.render.size, 256))
    indices = track(range(options.realism), "rendering")
    if device is None:
        renderer = SyntheticRenderer(config, options.seed)
        rows = measure_realism(renderer.render(k) for k in indices)
    else:
        from hands3c_core.data.synthetic.batched import BatchRenderer

        with BatchRenderer(config, options.seed, device, options.batch) as batches:
            rows = measure_realism(batches.render(indices))
    print(realism_table(rows))


def print_speed(options: Options) -> None:
    """Samples per second of one process, wall clock and processor time."""
    renderer = SyntheticRenderer(options.render, options.seed)
    for index in range(5):
        renderer.render(index)  # compiles, or loads what is compiled
    wall, busy = time.perf_counter(), time.process_time()
    for index in range(options.benchmark):
        renderer.render(index)
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    count = options.benchmark
    print(
        f"{count / wall:.0f} samples/s by the clock, {count / busy:.0f} by processor time", end=""
    )
    print(f" ({1000 * busy / count:.2f} ms a sample, {options.render.size} px, one process).")


def print_split(options: Options, device: str) -> None:
    """Samples per second of a device, and what it waited for."""
    from hands3c_core.data.synthetic.batched import BatchRenderer

    config, count = options.render, options.benchmark
    with BatchRenderer(config, options.seed, device, options.batch, options.workers) as renderer:
        # The first batches start the workers and fill the device's memory pool.
        for _ in renderer.render(range(count, count + min(count, 2 * renderer.batch))):
            pass
        renderer.split = type(renderer.split)()
        start = time.perf_counter()
        rendered = sum(1 for _ in renderer.render(range(count)))
        wall, split = time.perf_counter() - start, renderer.split
    print(
        f"{rendered / wall:.0f} samples/s by the clock on {renderer.device}, "
        f"{config.size} px, batches of {renderer.batch}, {options.workers} processes drawing."
    )
    print(
        f"A sample: {1000 * wall / count:.2f} ms, of these {1000 * split.waiting / count:.2f} ms "
        f"waiting for its scene, {1000 * split.device / count:.2f} ms rendering and fetching."
    )
