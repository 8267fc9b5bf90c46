# SPDX-License-Identifier: GPL-3.0-or-later
"""The values a session tells its listeners: immutable, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from hands3c_core.types import FrameResult

from .model_status import MapLegend
from .zoom import WHOLE, Part, Zoom

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData
    from hands3c_core.sources import Page

    from .model import LoadedModel

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know, in one line saying what is wrong and what to do."""

    key: str
    """What it is about ('source', 'connection', 'model', 'record'); an empty text clears it."""
    text: str
    level: Level = "info"
    seconds: float | None = None
    """Shown for this long: news, such as that something could not be done. None is a state: it is
    shown until it is over, which an empty text of the same key tells."""


#: How long it is said that something could not be done, s.
FAILURE_S = 15.0


class State(str, Enum):
    """Where a source stands."""

    EMPTY = "empty"
    OPENING = "opening"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """The open source."""

    spec: str
    """What ``open_source`` was given: a path, a URL or a camera's index or name."""
    name: str
    is_live: bool
    width: int
    height: int
    fps: float
    duration: float | None
    """Seconds, None for live sources."""
    frame_count: int | None
    is_bundled: bool = False
    """The clip that comes with the app."""
    is_take: bool = False
    """A recorded take: its hands are replayed, not computed."""
    pictures: tuple[Page, ...] = ()
    """Those of a gallery: a picture, the pages of a file, a folder of them."""


@dataclass(frozen=True, slots=True)
class Playback:
    """What the transport bar shows."""

    state: State = State.EMPTY
    position: float = 0.0
    """Timestamp of the newest processed frame, seconds."""
    index: int = 0
    """Its number in the source, from 0."""
    speed: float = 1.0
    loop: bool = True
    marks: tuple[float | None, float | None] = (None, None)
    """In and out point, seconds: what is played and looped; None where there is none."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How the last second went."""

    fps: float = 0.0
    """Frames processed per second."""
    stages_ms: dict[str, float] = field(default_factory=dict)
    """Mean milliseconds by stage over the last second."""
    dropped: int = 0
    """Frames of the source that were never processed, since it was opened."""
    latency_ms: float | None = None
    """Median milliseconds from a frame's arrival to its display."""
    hands: int = 0
    """Hands in the newest frame."""
    fallen: int = 0
    """How many of them come from the landmark estimator because the network disagreed wildly."""
    memory_mb: float = 0.0
    """What the process holds in memory, MB."""
    gpu_mb: float | None = None
    """What its tensors hold on the GPU, MB; None without one."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A result and the model it was made with (None before the first model is ready)."""

    result: FrameResult
    model: LoadedModel | None
    arrived_at: float
    """``time.monotonic()`` when processing could have begun, for latency."""
    is_replayed: bool = False
    """Its hands were read from a take, not computed."""
    jumped: bool = False
    """Its frame does not follow the one before (a seek, a new source)."""
    second: Shown | None = None
    """What a second estimator made of the same frame, while two are compared."""

    @property
    def fallen(self) -> int:
        """How many of its hands come from another estimator than the one that was asked."""
        if self.model is None or self.is_replayed:
            return 0
        asked = self.model.pipeline.estimator.name
        return sum(hand.estimator != asked for hand in self.result.hands)


@dataclass(frozen=True, slots=True)
class Figures:
    """How an estimator does on one picture; means over its hands, None where there is none."""

    title: str
    """Which estimator."""
    hands: int
    error_px: float | None = None
    """Mean distance of the projected joints from the detector's landmarks, px."""
    error_share: float | None = None
    """The same as a share of the hand's box (the disagreement)."""
    ms: float | None = None
    """Milliseconds for the whole picture."""
    confidence: float | None = None
    stand_ins: int = 0
    """Hands that come from the landmark estimator in its place."""


@dataclass(frozen=True, slots=True, eq=False)
class SecondPicture:
    """The same frame as a second estimator sees it."""

    display: NDArray[np.uint8]
    """As ``Picture.display``, of the same size and part."""
    figures: tuple[Figures, Figures]
    """The first one's and the second one's."""
    apart_px: float | None
    """Mean distance between the two estimates' joints, px of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A drawn frame, ready to be painted."""

    image: NDArray[np.uint8]
    """(H, W, 3) RGB with the overlay, unmirrored."""
    display: NDArray[np.uint8]
    """(h, w, 4) BGRA, scaled to the view's size in device pixels, mirrored if asked for."""
    mirrored: bool
    """Whether ``display`` is mirrored."""
    result: FrameResult
    arrived_at: float
    """``time.monotonic()`` when processing could have begun, for latency."""
    hand_model: HandModelData | None = None
    """The model that the hands' poses are for."""
    legend: MapLegend | None = None
    """Of the network's map in ``image``, if there is one."""
    legend_place: tuple[int, int, int, int] | None = None
    """Where ``display`` shows it: left, top, width, height, px."""
    zoom: Zoom = WHOLE
    """How far ``display`` is enlarged."""
    part: Part | None = None
    """What ``display`` shows of the frame; None for all of it."""
    second: SecondPicture | None = None
    """While two estimators are compared."""


@dataclass(frozen=True, slots=True)
class Take:
    """A recording and what was made of it."""

    name: str
    """What its files' names begin with."""
    files: tuple[Path, ...]
    """Files and, for mesh sequences, folders."""
    frames: int | None
    """None for one that was found on the disk."""
    seconds: float
    size_bytes: int

    @property
    def folder(self) -> Path:
        return self.files[0].parent if self.files else Path()

    @property
    def log(self) -> Path | None:
        """The JSONL, of which everything else can be made."""
        return next((file for file in self.files if file.suffix == ".jsonl"), None)


@dataclass(frozen=True, slots=True)
class TakeChange:
    """What was done with a take."""

    before: Take | None
    """None: it was brought back."""
    after: Take | None
    """None: it was deleted."""


@dataclass(frozen=True, slots=True)
class ExportState:
    """Formats being made of a take."""

    active: bool = False
    take: str = ""
    kinds: tuple[str, ...] = ()
    fraction: float = 0.0
    """Share done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class LiveState:
    """Live hands as they are being sent."""

    websocket: str = ""
    """The page's address, '' while it is off."""
    osc: str = ""
    """Where OSC goes, '' while it is off."""
    clients: tuple[tuple[str, int, int], ...] = ()
    """(address, frames sent, frames it was too slow for) of each WebSocket client."""
    osc_frames: int = 0
    error: str = ""
    """Why something chosen is off, in one line."""
    vmc: str = ""
    """Where VMC goes, '' while it is off."""
    rerun: str = ""
    """Where the Rerun viewer is, '' while it is off."""
    vmc_frames: int = 0
    rerun_frames: int = 0


@dataclass(frozen=True, slots=True)
class RecordingState:
    """The recording in progress."""

    active: bool = False
    saving: bool = False
    """A finished recording's files are still being completed."""
    name: str = ""
    """The take's name, while it is active or being saved."""
    seconds: float = 0.0
    frames: int = 0
    dropped: int = 0
    """Frames that could not be written in time (live sources only)."""
