"""One way to read small structured files that others wrote: JSON, JSON lines, YAML, NPZ, NPY.

Nothing here trusts a file. Whatever a parser raises becomes one ``UserError`` that names the file;
``Fields`` checks each value for type, finiteness and range as it is taken and names its key. Keys
that nobody asks for are ignored, at every depth. Text may be UTF-8, with a byte order mark or
without, or UTF-16.

Our own code, and not a validation library: half of the values are arrays with a shape, and the same
checks serve five containers.
"""

from hands3c_core.reading.arrays import read_arrays
from hands3c_core.reading.fields import Fields
from hands3c_core.reading.text import (
    decode_text,
    parse_json,
    parse_yaml,
    read_bytes,
    read_json,
    transcoded,
)

__all__ = [
    "Fields",
    "decode_text",
    "parse_json",
    "parse_yaml",
    "read_arrays",
    "read_bytes",
    "read_json",
    "transcoded",
]
