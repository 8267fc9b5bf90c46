"""What is sent, as ``docs/live-out.md`` documents it. Frames and hands are those of the JSONL
results, so a program that reads takes reads live hands too."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from hands3c_core.conventions import BONES
from hands3c_core.export.hand_record import skeleton_record
from hands3c_core.export.results import LoggedFrame
from hands3c_core.export.schema import conventions_record, frame_record
from hands3c_core.hand_model import HandModelData
from hands3c_core.types import FrameResult, Hand

LIVE_FORMAT: Final = "hands3c-live"
#: Goes up when old receivers would misread what is sent; new keys do not change it.
LIVE_VERSION: Final = 1


def hello_message(model: HandModelData | None = None) -> dict[str, Any]:
    """The first message to a WebSocket client: names, units, frames, and the hand's skeleton if the
    hand model is known yet (else the first frame made with it brings the skeleton)."""
    skeleton = {} if model is None else {"skeleton": skeleton_record(model)}
    return {
        "type": "hello",
        "format": LIVE_FORMAT,
        "version": LIVE_VERSION,
        **conventions_record(),
        "bones": [list(bone) for bone in BONES],
        **skeleton,
    }


def frame_message(result: FrameResult, model: HandModelData | None = None) -> dict[str, Any]:
    """A frame: a JSONL frame with the camera in it, for a client may have missed any other."""
    return frame_record(LoggedFrame.of(result), model) | {"camera": asdict(result.camera)}


def hand_of_side(result: FrameResult, is_right: bool) -> Hand | None:
    """The hand of a side, the more confident one of two."""
    hands = [hand for hand in result.hands if hand.is_right == is_right]
    return max(hands, key=lambda hand: hand.confidence, default=None)
