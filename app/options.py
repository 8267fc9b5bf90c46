# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from hands3c_core import __version__
from hands3c_core.assets import asset_path
from hands3c_core.command import parse_arguments
from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.errors import UserError
from hands3c_core.memory_limit import LANDMARKS_MB, NETWORK_MB, WINDOW_MB
from hands3c_core.weights import LANDMARKS

from .config import FOV_RANGE, RECORD_KINDS, Device, LiveChoice, ModelConfig, RecordKind

DESCRIPTION = """Turns hands in a camera, video or stream into live textured 3D meshes.

With no source it opens the first camera, or else the clip that comes with the app. With no display
it runs headless and writes an annotated video, an animated GLB and the parameters as JSONL.

Meshes are fitted to detected landmarks and to what the shipped network sees, or come from the
network or the landmark estimator alone where you ask for it.

Examples:
  hands3c-live                          the first camera
  hands3c-live clip.mp4                 a video
  hands3c-live rtsp://host/stream       a stream
  hands3c-live clip.mp4 --headless      no window: write out/clip.mp4, .glb and .jsonl
  hands3c-live clip.mp4 --headless --write csv bvh
  hands3c-live --live ws                also send hands to a browser at http://127.0.0.1:8765/
"""


@dataclass(frozen=True)
class Options:
    """What the user asked for on the command line."""

    source: Annotated[
        str | None,
        tyro.conf.Positional,
        tyro.conf.arg(
            metavar="[SOURCE]",
            help="Camera index or name, video or picture file, folder of pictures, or URL "
            "(http, rtsp). Left out: the first camera, or else the bundled clip.",
            help_behavior_hint="",
        ),
    ] = None
    headless: Annotated[
        bool,
        tyro.conf.arg(
            help="Run without a window and write what --write says.",
            help_behavior_hint="",
        ),
    ] = False
    write: Annotated[
        tuple[RecordKind, ...],
        tyro.conf.arg(
            metavar="KIND ...",
            help="Headless: what to write, none or several of video (annotated), raw (the "
            f"source's frames), {', '.join(kind for kind, _, _ in RECORD_KINDS[2:])}.",
            help_behavior_hint="(default: video jsonl glb)",
        ),
    ] = ("video", "jsonl", "glb")
    live: Annotated[
        tuple[str, ...],
        tyro.conf.arg(
            metavar="TARGET ...",
            help="Send hands while running: ws[:HOST][:PORT] serves WebSocket clients and a page, "
            "osc[:HOST][:PORT] sends OSC, vmc[:HOST][:PORT] VMC for avatars, "
            "rerun[:HOST][:PORT] to a Rerun viewer. This computer alone unless a HOST is named.",
            help_behavior_hint="",
        ),
    ] = ()
    live_origin: Annotated[
        tuple[str, ...],
        tyro.conf.arg(
            metavar="ORIGIN ...",
            help="Pages that may listen besides those of this computer, as app://obsidian.md or "
            "vscode-webview:// (all of that scheme).",
            help_behavior_hint="",
        ),
    ] = ()
    virtual_camera: Annotated[
        bool,
        tyro.conf.arg(
            help="Show the annotated picture as a webcam in video calls (needs pyvirtualcam and a "
            "loopback device).",
            help_behavior_hint="",
        ),
    ] = False
    out: Annotated[
        Path, tyro.conf.arg(metavar="DIR", help="Folder for recordings and headless output.")
    ] = Path("out")
    loop: Annotated[
        bool,
        tyro.conf.arg(
            help="Start a file again at its end; headless, until --max-frames or Ctrl-C.",
            help_behavior_hint="",
        ),
    ] = False
    estimator: Annotated[
        str | None,
        tyro.conf.arg(
            metavar="auto|landmarks|NAME|FILE",
            help="What turns a detected hand into a mesh: the landmark estimator, shipped weights "
            "(hands3c_lite, hands3c), or a file of weights (.safetensors, or a published "
            "snapshot_*.pth.tar).",
            help_behavior_hint="(default: auto, or the last one used)",
        ),
    ] = None
    device: Annotated[
        Device | None,
        tyro.conf.arg(
            metavar="auto|cpu|cuda",
            help="Where a network runs.",
            help_behavior_hint="(default: auto, or the last one used)",
        ),
    ] = None
    hand_model: Annotated[
        str | None,
        tyro.conf.arg(
            metavar="NAME|PATH",
            help="hand_mid (1500 vertices), hand_mano778, hand_high (6573), or your own MANO file, "
            "zip or folder.",
            help_behavior_hint="(default: hand_mid, or the last one used)",
        ),
    ] = None
    fov: Annotated[
        float | None,
        tyro.conf.arg(
            metavar="DEG",
            help="Camera's horizontal field of view.",
            help_behavior_hint=f"(default: {DEFAULT_FOV_DEG:g}, or the last one used)",
        ),
    ] = None
    calibration: Annotated[
        Path | None,
        tyro.conf.arg(
            metavar="FILE", help="Camera calibration; overrides --fov.", help_behavior_hint=""
        ),
    ] = None
    smoothing: Annotated[
        float | None,
        tyro.conf.arg(
            metavar="0..1",
            help="Strength of the smoothing; 0 turns it off.",
            help_behavior_hint="(default: 0.5, or the last one used)",
        ),
    ] = None
    max_frames: Annotated[
        int | None,
        tyro.conf.arg(metavar="N", help="Headless: stop after N frames.", help_behavior_hint=""),
    ] = None
    mirror: Annotated[
        bool,
        tyro.conf.arg(
            help="Selfie view: mirror the picture on screen (never the data).",
            help_behavior_hint="",
        ),
    ] = False
    verbose: Annotated[
        bool, tyro.conf.arg(help="Log what happens in detail.", help_behavior_hint="")
    ] = False


def parse(arguments: list[str]) -> Options:
    """The options in ``arguments`` (without the program's name).

    Raises:
        SystemExit: --help or --version was asked for, and printed.
        UserError: an option is not known, or a value is none or out of range.
    """
    if "--version" in arguments:
        print(f"hands3c-live {__version__}")
        raise SystemExit(0)
    options = parse_arguments(
        Options,
        arguments,
        prog="hands3c-live",
        description=DESCRIPTION,
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    least, most = FOV_RANGE
    if options.fov is not None and not least <= options.fov <= most:
        raise UserError(
            f"--fov {options.fov:g} is no field of view: use {least:g} to {most:g} degrees."
        )
    if options.smoothing is not None and not 0.0 <= options.smoothing <= 1.0:
        raise UserError(f"--smoothing {options.smoothing:g} is out of range: use 0 to 1.")
    if options.max_frames is not None and options.max_frames < 1:
        raise UserError(f"--max-frames {options.max_frames} is too few: use 1 or more.")
    live_choice(options, LiveChoice())
    return options


def live_choice(options: Options, remembered: LiveChoice) -> LiveChoice:
    """What is on the command line, or else what is remembered; raises UserError if it is wrong."""
    if not options.live and not options.live_origin:
        return remembered
    from hands3c_core.live import parse_origin, parse_targets

    origins = tuple(map(parse_origin, options.live_origin))
    choice = replace(remembered, websocket_origins=origins)
    if options.live:
        choice = replace(choice, websocket=False, osc=False, vmc=False, rerun=False)
    for target in parse_targets(options.live):
        name = "websocket" if target.kind == "ws" else target.kind
        changes: dict[str, Any] = {
            name: True,
            f"{name}_host": target.host,
            f"{name}_port": target.port,
        }
        choice = replace(choice, **changes)
    return choice


def warn_of_live(options: Options) -> None:
    """Say on the terminal if strangers could watch."""
    if options.live:
        from hands3c_core.live import exposure_warning, parse_targets

        if warning := exposure_warning(parse_targets(options.live)):
            print(warning, file=sys.stderr)


def needed_memory(options: Options) -> tuple[int, str]:
    """Megabytes that the app needs with these options, and how to name it."""
    if not options.headless and has_display():
        return WINDOW_MB, "the window"
    if options.estimator == LANDMARKS:
        return LANDMARKS_MB, "the landmark estimator"
    return NETWORK_MB, f"a network (without one: --estimator {LANDMARKS}, {LANDMARKS_MB} MB)"


def model_config(options: Options, remembered: ModelConfig) -> ModelConfig:
    """What is on the command line over what is remembered."""
    smoothing = remembered.smoothing if options.smoothing is None else options.smoothing
    calibration = options.calibration
    if calibration is None and options.fov is None:
        calibration = remembered.calibration
    return replace(
        remembered,
        estimator=options.estimator or remembered.estimator,
        device=options.device or remembered.device,
        hand_model=options.hand_model or remembered.hand_model,
        smoothing=smoothing,
        fov_deg=options.fov or remembered.fov_deg,
        calibration=calibration,
    )


def has_display() -> bool:
    """Whether a window can be shown, or Qt was told where to show it."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def bundled_clip() -> Path:
    """The clip that comes with the app; raises UserError if it is missing."""
    return asset_path("demo.mp4")
