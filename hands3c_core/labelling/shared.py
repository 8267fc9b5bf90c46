"""Labelling shared by workers: each clip into a folder of its own, then all into one.

The labels are those of one process, in the same order: what is labelled of a clip depends on
nothing but the clip.
"""

from __future__ import annotations

import contextlib
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hands3c_core.batch.engine import Engine, Step, Task, Tell
from hands3c_core.data.pseudo_writer import LABELS, PseudoWriter, labels_of
from hands3c_core.errors import UserError
from hands3c_core.labelling.clips import Clip
from hands3c_core.labelling.progress import Counts, Progress
from hands3c_core.labelling.settings import LabelSettings, Report

#: Folder of what workers have labelled, in the folder of labels.
PARTS: Final = ".parts"
#: Labels one clip into a folder.
LabelOne = Callable[[Clip, Path, LabelSettings, Report], None]


@dataclass(frozen=True)
class LabelWork:
    """What a worker does; see ``engine.Work``."""

    label: LabelOne
    settings: LabelSettings

    def __call__(self, payload: tuple[Clip, Path], tell: Tell) -> None:
        clip, folder = payload
        self.label(clip, folder, self.settings, lambda _, done, total, __: tell(done, total))


def label_shared(
    clips: Sequence[Clip],
    out: Path,
    work: LabelWork,
    engine: Engine,
    writer: PseudoWriter,
    progress: Progress,
    report: Report | None = None,
) -> None:
    """Have an engine label clips that nobody has begun, and take them into ``out`` in order.

    Whatever ends this early leaves the parts, each of which is gone on with by the next call.

    Raises:
        UserError: a clip cannot be read, or what is labelled cannot be written.
    """
    parts = {clip.name: out / PARTS / clip.session for clip in clips}
    queue = deque(Task(clip.name, (clip, parts[clip.name].resolve())) for clip in clips)
    by_name = {clip.name: clip for clip in clips}
    waiting = deque(clips)
    ended: set[str] = set()
    with contextlib.closing(engine.run(queue, work)) as events:  # type: ignore[type-var]
        for event in events:
            clip = by_name[event.task.key]
            if isinstance(event, Step):
                if report is not None:
                    report(clip, event.done, event.total, Counts())
                continue
            if event.problem:
                raise UserError(f"{clip.name}: {event.problem}")
            ended.add(clip.name)
            while waiting and waiting[0].name in ended:
                first = waiting.popleft()
                _take_in(first, parts[first.name], out, writer, progress)
                if report is not None:
                    record = progress.clips[first.name]
                    report(first, record.next_frame, record.next_frame, record.counts)
    with contextlib.suppress(OSError):
        (out / PARTS).rmdir()


def _take_in(clip: Clip, part: Path, out: Path, writer: PseudoWriter, progress: Progress) -> None:
    """Move a clip's images and labels to all others.

    A kill in between is made good by the next run: images that are moved already are not missed,
    and labels count from when the record says so.
    """
    images = part / "images"
    for image in sorted(images.iterdir()) if images.is_dir() else ():
        image.replace(out / "images" / image.name)
    for label in labels_of(part / LABELS):
        writer.add_label(label)
    writer.flush()
    progress.clips[clip.name] = Progress(part).clips[clip.name]
    progress.save()
    shutil.rmtree(part, ignore_errors=True)
