"""What anatomy calls the 21 joints."""

from __future__ import annotations

from typing import Final

from hands3c_core.conventions import JOINT_NAMES

#: Short anatomical name of each finger joint, root to tip, of the thumb and of the other fingers.
_SHORT: Final = {True: ("CMC", "MCP", "IP"), False: ("MCP", "PIP", "DIP")}
_LONG: Final = {
    "CMC": "carpometacarpal joint",
    "MCP": "metacarpophalangeal joint (knuckle)",
    "IP": "interphalangeal joint",
    "PIP": "proximal interphalangeal joint",
    "DIP": "distal interphalangeal joint",
}


def short_name(joint: int) -> str:
    """Name of a joint (0..20) as on a chart: 'Wrist', 'Index PIP', 'Thumb tip'."""
    finger, number = JOINT_NAMES[joint][:-1], JOINT_NAMES[joint][-1]
    if joint == 0:
        return "Wrist"
    part = "tip" if number == "4" else _SHORT[finger == "thumb"][int(number) - 1]
    return f"{finger.capitalize()} {part}"


def anatomical_name(joint: int) -> str:
    """Full name of a joint (0..20): 'Index proximal interphalangeal joint', 'Thumb tip'."""
    finger, _, part = short_name(joint).partition(" ")
    return f"{finger} {_LONG.get(part, part)}".strip()
