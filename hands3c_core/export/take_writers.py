"""What writes a take in each format: functions called as ``export_formats`` calls the formats."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from hands3c_core.export.arrays import AngleTable, ArrayRecorder
from hands3c_core.export.bvh import MIXAMO_BVH, BvhRecorder
from hands3c_core.export.gltf import GlbRecorder
from hands3c_core.export.hand_record import skeleton_record
from hands3c_core.export.mesh_sequence import MeshSequence
from hands3c_core.export.openxr_files import OpenXrArrays, OpenXrLog
from hands3c_core.export.results import LoggedFrame
from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.shipped import skin_texture_path


class TakeWriter(Protocol):
    """One format being written."""

    def add(self, frame: LoggedFrame) -> None:
        """The next frame; its hands have vertices where the format needs meshes."""
        ...

    def save(self, path: Path) -> Any:
        """Write the file, or complete the folder, once there are no more."""
        ...


@dataclass(frozen=True)
class Take:
    """What a writer is made of."""

    log: Path
    target: Path
    model: HandModelData
    header: dict[str, Any]
    cleaning: ExitStack
    """Ends with the conversion, however it ends."""

    @property
    def about(self) -> dict[str, Any]:
        """What the take is of."""
        names = ("hand_model", "estimator", "source")
        about: dict[str, Any] = {name: str(self.header.get(name, "")) for name in names}
        return about | {"skeleton": skeleton_record(self.model)}

    @property
    def texture(self) -> Path | None:
        """The skin, if the model takes one."""
        return skin_texture_path() if self.model.vt is not None else None


def npz(take: Take) -> TakeWriter:
    return ArrayRecorder(take.about)


def csv(take: Take) -> TakeWriter:
    return AngleTable(take.model)


def glb(take: Take) -> TakeWriter:
    return GlbRecorder(take.model, take.texture)


def bvh(take: Take) -> TakeWriter:
    return BvhRecorder(take.model)


def bvh_mixamo(take: Take) -> TakeWriter:
    return BvhRecorder(take.model, MIXAMO_BVH)


def obj(take: Take) -> TakeWriter:
    return _sequence(take, "obj")


def ply(take: Take) -> TakeWriter:
    return _sequence(take, "ply")


def openxr(take: Take) -> TakeWriter:
    return OpenXrLog(take.model)


def openxr_npz(take: Take) -> TakeWriter:
    return OpenXrArrays(take.model)


def parquet(take: Take) -> TakeWriter:
    from hands3c_core.export.parquet import TableRecorder

    return TableRecorder(take.model, take.about)


def usdz(take: Take) -> TakeWriter:
    from hands3c_core.export.usd import UsdRecorder

    return UsdRecorder(take.model, take.texture)


def rrd(take: Take) -> TakeWriter:
    from hands3c_core.export.rerun_file import RerunRecorder

    recorder = RerunRecorder(take.model, take.log.with_name(f"{take.log.stem}.raw.mp4"))
    take.cleaning.callback(recorder.abandon)
    return recorder


def _sequence(take: Take, kind: Literal["obj", "ply"]) -> TakeWriter:
    sequence = MeshSequence(take.target, kind, take.model, take.texture)
    take.cleaning.callback(sequence.abandon)
    return _SequenceWriter(sequence)


class _SequenceWriter:
    """A mesh sequence as a ``TakeWriter``."""

    def __init__(self, sequence: MeshSequence) -> None:
        self._sequence = sequence

    def add(self, frame: LoggedFrame) -> None:
        self._sequence.add(frame.hands)

    def save(self, path: Path) -> Path:
        return self._sequence.finish()
