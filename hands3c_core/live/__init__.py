"""Hands out live: joints and parameters over WebSocket and OSC. ``docs/live-out.md`` has the
schema. The packages behind it are imported when a sender starts."""

from .messages import LIVE_FORMAT, LIVE_VERSION, frame_message, hello_message
from .out import LiveOut, LiveStatus
from .targets import OSC_PORT, WEBSOCKET_PORT, Target, parse_targets
from .websocket import LiveClient

__all__ = [
    "LIVE_FORMAT",
    "LIVE_VERSION",
    "OSC_PORT",
    "WEBSOCKET_PORT",
    "LiveClient",
    "LiveOut",
    "LiveStatus",
    "Target",
    "frame_message",
    "hello_message",
    "parse_targets",
]
