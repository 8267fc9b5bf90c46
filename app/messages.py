# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core and the session say of themselves, in the user's language.

Errors are worded where they arise, in English and with names and numbers in them, by code that
knows neither the window nor its languages. Here are the sentences behind the common ones, with
{slots} for what changes; ``in_users_language`` finds the sentence of a message and says it anew.
What it does not know stays as it is.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from .wording import tr

#: The first one that fits is taken: messages that hold others come first.
MESSAGES: Final = (
    "{reason}: there is not enough memory. Close other programs, or ask for less",
    "{reason} ({error}); the log has the details",
    "1 frame was passed over because {reason}",
    "{count} frames were passed over, the last one because {reason}",
    "{name} was not exported: {reason}",
    "{reason} Reconnecting…",
    "{path} does not exist: check the path",
    "{path} does not exist ({reason}): check the path",
    "{path} is not a file: check the path",
    "{path} cannot be read ({reason}): check its rights",
    "{path} is no path: check it",
    "{name} is empty (0 bytes): record or copy it again",
    "{name} is not a video that can be read: it may be damaged, incomplete or of another kind; "
    "try another file",
    "{name} holds no frame that can be decoded: it may be damaged or still being written; try "
    "another file",
    "{name} holds nothing more that can be decoded",
    "{name} has sound but no picture: choose a video",
    "{where} holds no image that can be read: choose another one",
    "there is no {name} ({device}): plug in a camera, or open a video file instead",
    "there is no camera named {camera}: {hint}",
    "no permission to use {name} ({device}): add yourself to the group 'video' (sudo usermod -aG "
    "video $USER) and log in again",
    "{name} gives no picture: another program may be using it; close that program or choose "
    "another camera",
    "{name} cannot be opened as a video stream ({reason}): check the address, the password and "
    "that the camera is on",
    "{name} is not a stream address: give http://host/path or rtsp://host/path",
    "{name} sends no picture: check the address",
    "{name} does not answer ({reason}): check the address and that the camera is on",
    "{address} cannot be opened: addresses begin with http://, https:// or rtsp://",
    "There is no CUDA device here (or a CPU build of PyTorch): choose the CPU",
    "There is no estimator {name}: give {known}, or a file of weights",
    "The weights {name} do not come with this version: use landmarks",
    "There is no hand model {name}; give {known} or the path of a MANO file, zip or folder",
    "the recording stopped ({reason}): make room or choose another folder; what was recorded so "
    "far is in {path}",
    "{path} cannot be written ({reason}): choose another folder",
    "cannot write {path}: it is a folder; name a file in it",
    "WebSocket: cannot listen on {host} port {port} ({reason}); choose another port",
    "Open3D could not create an OpenGL context for the 3D view; install libegl1 and libgl1 (Mesa) "
    "or run headless",
    "{path} is not a results log (its first line is no {format} header)",
    "the memory limit (ulimit -v) leaves {room} MB, and a network needs {needed} MB: raise the "
    "limit",
    "{host} is no host: use a computer's name or its address, such as 192.168.1.9",
    "The hand model changed, so the recording was finished",
    "Open a source first, then record",
    "Open a file first: a range of it can be recorded",
    "The picture is paused, so this frame is recorded: press Space to go on",
    "{name} was not exported",
    "Nothing is sent to {target}",
    "Something went wrong",
    "The model could not be built",
    "The recording failed",
    "A file could not be completed",
    "The comparison stopped",
    "The 3D view was not recorded",
    "The 3D view stopped",
    "The export of {name} was stopped",
    "There is no hand in this frame to save; wait until one is found",
    "There is a take called {name} already; choose another name",
    "{name} is being exported: wait or cancel that first",
    "{name} holds no frame: choose another take",
    "Labelling…",
    "Getting ready: the first time takes some minutes…",
    "Stopping: what is done so far is kept…",
    "Cancelled; the clips are kept",
    "Done: the new weights are ready",
)
_SLOT: Final = re.compile(r"{(\w+)}")
#: Slots that hold a message.
_NESTED: Final = "reason"


def in_users_language(message: str) -> str:
    """``message`` as the user's language says it, as far as it is one of ``MESSAGES``."""
    bare, dot = (message[:-1], ".") if message.endswith(".") else (message, "")
    for sentence in MESSAGES:
        found = _pattern(sentence).fullmatch(bare)
        if found:
            parts = found.groupdict()
            if _NESTED in parts:
                parts[_NESTED] = in_users_language(parts[_NESTED])
            return tr(sentence, **parts) + dot
    return message


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    literal = _SLOT.split(sentence)  # text, name, text, name, ..., text
    made = (f"(?P<{part}>.+?)" if row % 2 else re.escape(part) for row, part in enumerate(literal))
    return re.compile("".join(made), re.DOTALL)
