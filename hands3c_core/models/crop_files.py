"""Ready crops from files, and a network's outputs for them into one file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.models.crop_predictor import CropPredictor
from hands3c_core.reading import read_arrays

Crops = NDArray[np.uint8]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
#: Crops of one file, unpacked.
_MAX_BYTES = 8 << 30
#: Largest crop taken, px; larger files are no crops.
_LARGEST = 8192
#: Outputs left out without ``features``: two maps of 1 MB a crop.
_FEATURE_NAMES = ("backbone_feat", "s3c_feat")


@dataclass(frozen=True)
class CropSet:
    """Crops read from files."""

    images: Crops
    """(N, S, S, 3) RGB."""
    names: tuple[str, ...]
    """N names: the file's, with ``[row]`` for the rows of an array file."""
    resized: int
    """How many of them had another size."""


def read_crops(files: Sequence[str | os.PathLike[str]], size: int) -> CropSet:
    """Read crops and bring them to ``size``.

    Args:
        files: images; ``.npy`` arrays; ``.npz`` files with an array ``images``. Arrays are
            (S, S, 3) or (N, S, S, 3) uint8 RGB.
        size: the side wanted, px.

    Raises:
        UserError: a file is missing, unreadable, not square, or holds something else.
    """
    if not files:
        raise UserError("No crops were given; name at least one image, .npy or .npz file.")
    images, names, resized = [], [], 0
    for file in files:
        path = Path(file)
        batch = _read(path)
        _check(batch, path)
        for row, image in enumerate(batch):
            names.append(path.name if len(batch) == 1 else f"{path.name}[{row}]")
            resized += image.shape[0] != size
            images.append(_resized(image, size))
    return CropSet(np.stack(images), tuple(names), resized)


def predict_crops(
    model: CropPredictor,
    crops: Crops,
    *,
    batch_size: int = 8,
    features: bool = True,
    progress: Callable[[int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Every output of the network for ready crops, under the published names.

    Args:
        model: the network, or a runtime of it.
        crops: (N, S, S, 3) uint8 RGB, S = ``model.input_size``.
        batch_size: crops a pass.
        features: include 'backbone_feat' and 's3c_feat' (1 MB a crop each in float32).
        progress: called with the number of crops done after each pass.

    Returns:
        'images' and the arrays of ``HandPrediction.published_arrays``, N rows each.

    Raises:
        UserError: the crops have another size or type.
    """
    parts: dict[str, list[np.ndarray]] = {}
    done = 0
    for batch in _batches(crops, batch_size):
        for name, array in model.predict(batch).published_arrays().items():
            if features or name not in _FEATURE_NAMES:
                parts.setdefault(name, []).append(array)
        done += len(batch)
        if progress is not None:
            progress(done)
    return {"images": crops} | {name: np.concatenate(arrays) for name, arrays in parts.items()}


def write_outputs(arrays: dict[str, np.ndarray], path: str | os.PathLike[str]) -> None:
    """Write arrays as npz; the file appears whole or not at all.

    Raises:
        UserError: the file cannot be written.
    """

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    write_atomically(path, write)


def _batches(crops: Crops, batch_size: int) -> Iterator[Crops]:
    if batch_size < 1:
        raise UserError(f"A batch of {batch_size} crops is not possible; use 1 or more.")
    for start in range(0, len(crops), batch_size):
        yield crops[start : start + batch_size]


def _read(path: Path) -> np.ndarray:
    """The images of one file, (N, height, width, 3)."""
    if not path.is_file():
        raise UserError(f"There is no file {path}; check the path of the crop.")
    suffix = path.suffix.lower()
    try:
        if suffix == ".npz":
            arrays = read_arrays(path, _MAX_BYTES)
            if "images" not in arrays:
                raise UserError(f"{path} has no array 'images'; name the crops so.")
            array = arrays["images"]
        elif suffix == ".npy":
            array = next(iter(read_arrays(path, _MAX_BYTES).values()))
        elif suffix in IMAGE_SUFFIXES:
            array = _decoded(path)
        else:
            raise UserError(
                f"{path} is no crop; give {', '.join(IMAGE_SUFFIXES)}, .npy or .npz files."
            )
    except (OSError, ValueError, StopIteration, cv2.error) as error:
        raise UserError(f"{path} cannot be read ({error}); get the file again.") from None
    return array[None] if array.ndim == 3 else array


def _decoded(path: Path) -> np.ndarray:
    image = (
        cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    )
    if image is None:
        raise UserError(f"{path} is no readable image; get the file again.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _check(batch: np.ndarray, path: Path) -> None:
    if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[3] != 3 or not batch.size:
        raise UserError(
            f"{path} holds {batch.dtype} {batch.shape}; crops are uint8 (S, S, 3) or (N, S, S, 3)."
        )
    height, width = batch.shape[1:3]
    if height != width:
        raise UserError(f"{path} is {width}x{height} px; a crop is square: cut the hand out first.")
    if height > _LARGEST:
        raise UserError(f"{path} is {width}x{height} px; a crop has at most {_LARGEST} px a side.")


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    if image.shape[0] == size:
        return image
    smaller = image.shape[0] > size
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(image, (size, size), interpolation=method)
