"""Raises processes, kills each at a random moment and reads what it left.

``python nursery.py KIND FOLDER COUNT SEED`` prints a JSON line for each kill: what was found, and
how many seconds (or saves) of what had been done are missing. It loads everything once and forks,
so that a hundred kills take minutes. KIND is a key of ``WORK``.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import shutil
import signal
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

FPS = 30.0
EXPORTS = ("csv", "npz", "glb", "bvh", "obj")
TAKE_FRAMES = 40


class Done:
    """A number that outlives the process which counts it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)
        self.value = 0

    @property
    def value(self) -> int:
        return struct.unpack("<q", self._memory[:8])[0]

    @value.setter
    def value(self, number: int) -> None:
        self._memory[:8] = struct.pack("<q", number)


def hand_results(count: int, size: tuple[int, int] = (320, 240)) -> list[Any]:
    """Results of a hand that moves, on a picture that changes."""
    from hands3c_core.hand_model import FastHandLayer, load_hand_model
    from hands3c_core.types import Camera, CropBox, Frame, FrameResult, Hand

    model = load_hand_model("hand_mano778")
    layer, camera = FastHandLayer(model), Camera(320.0, 320.0, 160.0, 120.0, *size)
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    pose, shape = np.zeros((16, 3), np.float32), np.zeros(10, np.float32)
    results = []
    for number in range(count):
        move = np.array([0.002 * (number % 30), 0.0, 0.5], np.float32)
        vertices, joints = layer(pose, shape, move)
        flat = np.ascontiguousarray(320 * joints[:, :2] / joints[:, 2:] + (160, 120)).astype(
            np.float32
        )
        box = CropBox(160.0, 120.0, 100.0)
        hand = Hand(
            1, True, 0.9, vertices, joints, flat, flat, pose, shape, move, box, 0.5, "landmarks"
        )
        frame = Frame(np.roll(noise, 3 * number, axis=1), number / FPS, number, 0.0)
        results.append(FrameResult(frame, camera, (hand,)))
    return results


# ------------------------------------------------------------------------------------- recording


def prepare_recording() -> Any:
    from app.session_types import Shown
    from hands3c_core.hand_model import load_hand_model
    from hands3c_core.render import hand_meshes

    hand = load_hand_model("hand_mano778")
    pipeline = SimpleNamespace(estimator=SimpleNamespace(name="landmarks"))
    model: Any = SimpleNamespace(
        hand=hand, meshes=hand_meshes(hand), texture=None, pipeline=pipeline
    )
    return [Shown(result, model, 0.0) for result in hand_results(60)]


def record(shown: Any, folder: Path, done: Done) -> None:
    """Three writers at once, at a camera's pace, for ever."""
    from dataclasses import replace

    from app.config import ViewState
    from app.observe import Observable
    from app.recording import RecordFiles, Recording

    recording = Recording(
        RecordFiles.named(folder / "take", ("video", "raw", "jsonl")),
        view=Observable(ViewState()),
        fps=FPS,
        source="nursery",
        on_finished=lambda _: None,
    )
    number, due = 0, time.monotonic()
    while True:
        one = shown[number % len(shown)]
        frame = replace(one.result.frame, timestamp=number / FPS, index=number)
        one = replace(one, result=replace(one.result, frame=frame))
        recording.add(one, jumped=False, wait=True)
        number += 1
        done.value = number
        due += 1 / FPS
        time.sleep(max(0.0, due - time.monotonic()))


def check_recording(folder: Path, done: int) -> dict[str, Any]:
    import av

    from app.take_files import scan
    from hands3c_core.export import read_results

    takes = scan(folder)
    last = {".mp4": 0.0, ".raw.mp4": 0.0, ".jsonl": 0.0}
    for file in takes[0].files if takes else ():
        end = file.name.removeprefix("take")
        if end == ".jsonl":
            frames = read_results(file).frames
            last[end] = frames[-1].timestamp if frames else 0.0
        else:
            with av.open(str(file)) as container:
                times = [frame.time for frame in container.decode(video=0)]
            last[end] = float(times[-1]) if times else 0.0
    assert not list(folder.glob("*.part")), "a file was not recovered"
    return {f"lost{end}": max(0.0, (done - 1) / FPS - at) for end, at in last.items()}


# ------------------------------------------------------------------------------------- exporting


def prepare_export() -> Any:
    import av
    import trimesh  # what reads the files is loaded once too

    from hands3c_core.export import ResultLog, convert_take
    from hands3c_core.hand_model import load_hand_model

    del av, trimesh, convert_take
    path = Path(sys.argv[2]) / "source.jsonl"
    with ResultLog(path, hand_model=load_hand_model("hand_mano778"), estimator="landmarks") as log:
        for result in hand_results(TAKE_FRAMES):
            log.write(result)
    return path.read_bytes()


def export(content: Any, folder: Path, done: Done) -> None:
    from hands3c_core.export import convert_take

    take = folder / "take.jsonl"
    take.write_bytes(content)
    while True:
        convert_take(take, list(EXPORTS))
        done.value += 1


def check_export(folder: Path, done: int) -> dict[str, Any]:
    import trimesh

    from hands3c_core.export import convert_take, read_results

    take, found = folder / "take.jsonl", []
    if done:
        assert len(read_results(take).frames) == TAKE_FRAMES
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue  # half-written, and named so
        found.append(entry.name)
        if entry.suffix == ".npz":
            with np.load(entry, allow_pickle=False) as arrays:
                assert len(arrays["time"]) == TAKE_FRAMES
        elif entry.suffix == ".csv":
            assert len(entry.read_text().splitlines()) == TAKE_FRAMES + 1
        elif entry.suffix == ".glb":
            assert trimesh.load(entry).geometry
        elif entry.suffix == ".bvh":
            assert f"Frames: {TAKE_FRAMES}" in entry.read_text()
        elif entry.is_dir():
            assert len(list(entry.glob("*.obj"))) == TAKE_FRAMES
    if done:  # what was left half-written is in nobody's way
        convert_take(take, ["csv", "npz"])
    return {"files": len(found)}


# -------------------------------------------------------------------------------------- settings


def prepare_settings() -> Any:
    from app import settings

    return settings


def settle(module: Any, folder: Path, done: Done) -> None:
    from PyQt6.QtCore import QSettings

    from app.config import ViewState

    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    settings = module.Settings(store)
    while True:
        number = done.value + 1
        settings.save_view(ViewState())
        settings.set("recent", [f"clip {number}"] * 40)
        settings.set("counter", number)
        settings.sync()
        done.value = number


def check_settings(folder: Path, done: int) -> dict[str, Any]:
    from PyQt6.QtCore import QSettings

    from app.config import ViewState
    from app.settings import Settings

    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    kept = settings.get("counter", 0)
    assert store.status() is QSettings.Status.NoError
    assert settings.load_view() == ViewState()
    assert kept == 0 or settings.get("recent", []) == [f"clip {kept}"] * 40
    settings.set("after", 1)  # a lock that the dead process left keeps nobody out
    settings.sync()
    assert store.status() is QSettings.Status.NoError
    return {"lost": max(0, done - kept)}


# --------------------------------------------------------------------------------------- training


def prepare_checkpoints() -> Any:
    import torch

    from hands3c_core.training.checkpointing import WholeCheckpoints

    return WholeCheckpoints(), {"weights": torch.arange(200_000, dtype=torch.float32)}


def save_checkpoints(prepared: Any, folder: Path, done: Done) -> None:
    from hands3c_core.training.checkpointing import FOLDER, checkpoints_of

    writer, values = prepared
    places = folder / FOLDER
    while True:
        number = done.value + 1
        writer.save_checkpoint({**values, "number": number}, places / f"step_{number:08d}.ckpt")
        done.value = number
        for old in checkpoints_of(places)[2:]:
            old.unlink()


def check_checkpoints(folder: Path, done: int) -> dict[str, Any]:
    from hands3c_core.training.checkpointing import WholeCheckpoints, newest_checkpoint

    if not done:
        return {"lost": 0}
    kept = WholeCheckpoints().load_checkpoint(newest_checkpoint(folder))
    assert len(kept["weights"]) == 200_000
    return {"lost": max(0, done - int(kept["number"]))}


# ------------------------------------------------------------------------------------- the kills

Check = Callable[[Path, int], dict[str, Any]]
Work = Callable[[Any, Path, Done], None]
#: Kind -> what is loaded, what is killed, how it is checked, and from when it may be killed: after
#: so many frames, conversions or saves, least and most.
WORK: dict[str, tuple[Callable[[], Any], Work, Check, tuple[int, int]]] = {
    "recording": (prepare_recording, record, check_recording, (20, 150)),
    "export": (prepare_export, export, check_export, (0, 1)),
    "settings": (prepare_settings, settle, check_settings, (1, 20)),
    "checkpoints": (prepare_checkpoints, save_checkpoints, check_checkpoints, (1, 10)),
}


def in_child(work: Callable[[], object]) -> int:
    """Do ``work`` in a process of its own; returns its number."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return child


def wait_until(done: Done, count: int) -> None:
    """Until so much is done, on a machine however slow."""
    deadline = time.monotonic() + 120
    while done.value < count and time.monotonic() < deadline:
        time.sleep(0.005)


def main(kind: str, folder: Path, count: int, seed: int) -> None:
    prepare, work, check, enough = WORK[kind]
    chance, prepared = random.Random(seed), prepare()
    for number in range(count):
        place, done = folder / str(number), Done()
        place.mkdir()
        child = in_child(lambda place=place, done=done: work(prepared, place, done))
        started = time.monotonic()
        if number % 5:  # the others die as they begin
            wait_until(done, chance.randint(*enough))
        # As long again as that took at most: on a busy machine all takes longer.
        time.sleep(chance.uniform(0.0, max(0.1, min(10.0, time.monotonic() - started))))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

        def tell(place: Path = place, done: Done = done) -> None:
            print(json.dumps({"done": done.value, **check(place, done.value)}), flush=True)

        _, status = os.waitpid(in_child(tell), 0)
        if status:
            print(
                json.dumps({"failed": number, "left": [entry.name for entry in place.iterdir()]}),
                flush=True,
            )
        else:
            shutil.rmtree(place)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
