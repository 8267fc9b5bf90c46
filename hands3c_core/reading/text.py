"""Bytes, text, JSON and YAML, each read or refused in one line."""

from __future__ import annotations

import codecs
import json
import stat
from pathlib import Path
from typing import Any, BinaryIO, Final

from hands3c_core.errors import UserError

#: A small structured file is no larger, bytes, unless its reader says so.
MOST_BYTES: Final = 16 << 20
#: YAML is parsed in Python, a megabyte in seconds.
_MOST_YAML: Final = 1 << 20

_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def first_line(error: BaseException) -> str:
    """What an exception says, cut to one short line."""
    return " ".join(str(error).split())[:120] or type(error).__name__


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """What a file holds.

    Raises:
        UserError: it is missing, no plain file, larger than ``most`` bytes, or cannot be read.
    """
    size = require_plain(path)
    if size > most:
        raise UserError(
            f"{path} has {size >> 20} MB, more than such a file ever has: give another one."
        )
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its rights.") from None


def require_plain(path: Path) -> int:
    """Bytes of a plain file that may be read.

    Raises:
        UserError: it is missing, a folder or a device, or may not be read.
    """
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise UserError(f"{path} is not a file: check the path.")
        with path.open("rb"):
            return state.st_size
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be read ({reason}): check its rights.") from None


def encoding_of(start: bytes) -> str:
    """The encoding of a text that begins with these bytes: by its byte order mark, or by the zeros
    of UTF-16's Latin letters."""
    for mark, name in _UTF16.items():
        if start.startswith(mark):
            return name
    if len(start) >= 2 and start[0] and not start[1]:
        return "utf-16-le"
    if len(start) >= 2 and not start[0] and start[1]:
        return "utf-16-be"
    return "utf-8"


def decode_text(content: bytes, where: str) -> str:
    """Text in UTF-8 or UTF-16, without its byte order mark.

    Raises:
        UserError: it is neither.
    """
    try:
        return content.decode(encoding_of(content[:4])).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where} is no text in UTF-8 or UTF-16 (byte {error.start}): save it as UTF-8."
        ) from None


def transcoded(file: BinaryIO, most: int) -> BinaryIO:
    """``file`` from its start as UTF-8 without byte order mark, to be read line by line.

    Raises:
        UserError: UTF-16 of more than ``most`` bytes, which would have to be held in memory.
    """
    import io

    start = file.read(4)
    encoding = encoding_of(start)
    if encoding == "utf-8":
        file.seek(len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0)
        return file
    file.seek(0)
    content = file.read(most + 1)
    if len(content) > most:
        raise UserError(f"{file.name} is large and in UTF-16: save it as UTF-8.")
    text = content.decode(encoding, errors="replace").removeprefix("\ufeff")
    return io.BytesIO(text.encode("utf-8", errors="replace"))


def parse_json(content: bytes | str, where: str) -> Any:
    """The value in a JSON text.

    Raises:
        UserError: it is none, nested too deeply or holds an absurd number.
    """
    text = content if isinstance(content, str) else decode_text(content, where)
    try:
        return json.loads(text)
    except RecursionError:
        raise UserError(f"{where} is nested too deeply: give another file.") from None
    except (ValueError, MemoryError) as error:
        raise UserError(f"{where} is damaged or no JSON ({first_line(error)}).") from None


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """The value in a JSON file; raises UserError as ``read_bytes`` and ``parse_json`` do."""
    return parse_json(read_bytes(path, most), str(path))


def parse_yaml(content: bytes, where: str) -> Any:
    """The value in a YAML text as people and OpenCV write it; OpenCV's own header and tags are not
    standard YAML. Aliases, with which a short text stands for an endless one, are refused.

    Raises:
        UserError: it is no such YAML, or longer than 1 MB.
    """
    try:
        import yaml
    except ImportError:
        raise UserError(f"reading {where} needs PyYAML: pip install pyyaml.") from None

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise yaml.YAMLError("it refers to itself with *")
            return super().compose_node(parent, index)

    if len(content) > _MOST_YAML:
        raise UserError(f"{where} is too long a YAML text (over 1 MB): give another file.")
    lines = [line for line in decode_text(content, where).splitlines() if line[:5] != "%YAML"]
    try:
        return yaml.load("\n".join(lines).replace("!!opencv-matrix", ""), Loader)  # a SafeLoader
    except RecursionError:
        raise UserError(f"{where} is nested too deeply: give another file.") from None
    except Exception as error:  # dates, numbers and keys of YAML fail in many ways
        raise UserError(f"{where} is damaged or no YAML ({first_line(error)}).") from None
