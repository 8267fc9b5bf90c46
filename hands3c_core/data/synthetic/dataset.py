"""Reading rendered shards as a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import CorruptSample, HandDataset
from hands3c_core.data.sample import HandSample
from hands3c_core.data.spec import DatasetSpec
from hands3c_core.data.synthetic.renderer import hand_sample
from hands3c_core.data.synthetic.shards import Shard, read_shard, shard_paths
from hands3c_core.errors import UserError
from hands3c_core.hand_model import SHIPPED, FastHandLayer, load_hand_model


class SyntheticDataset(HandDataset):
    """The shards of a folder, as ``render_dataset.py`` writes them.

    Crops keep the rendered framing and are resized to ``crop_size``.

    Args:
        folder: holds ``seed*_*.npz``.
        crop_size: side of the crops, px.
        vertices: name of the hand model whose vertices the samples carry, or None for samples
            without; they follow from pose and shape.
        limit: use only this many samples.

    Raises:
        UserError: the folder is missing or empty, a shard is damaged, or there is no such hand.
    """

    kind: ClassVar[str] = "synthetic"

    def __init__(
        self,
        folder: Path,
        crop_size: int = CROP_SIZE,
        vertices: str | None = "hand_mano778",
        limit: int | None = None,
    ) -> None:
        super().__init__(crop_size)
        if not folder.is_dir():
            raise UserError(
                f"synthetic: the folder {folder} does not exist; render it with "
                f"scripts/render_dataset.py --out {folder} (docs/synthetic.md)."
            )
        paths = shard_paths(folder)
        if not paths:
            raise UserError(
                f"synthetic: {folder} holds no shards (seed*_*.npz); render some with "
                f"scripts/render_dataset.py --out {folder} (docs/synthetic.md)."
            )
        self.folder = folder
        self._shards = [read_shard(path) for path in paths]
        self._starts = np.cumsum([0, *(len(shard) for shard in self._shards)])
        self._count = min(int(self._starts[-1]), limit or int(self._starts[-1]))
        self._layer = FastHandLayer(load_hand_model(vertices)) if vertices else None

    def __len__(self) -> int:
        return self._count

    def __getstate__(self) -> dict:
        # A map of a file is sent as its bytes: workers open the shards themselves.
        state = self.__dict__.copy()
        state["_shards"] = [shard.path for shard in self._shards]
        return state

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._shards = [read_shard(path) for path in state["_shards"]]

    def locate(self, index: int) -> tuple[Shard, int]:
        """Shard and row of sample ``index``."""
        number = int(np.searchsorted(self._starts, index, "right")) - 1
        return self._shards[number], index - int(self._starts[number])

    def read(self, index: int) -> HandSample:
        """See ``HandDataset.read``."""
        shard, row = self.locate(index)
        rows = shard.rows
        name = f"{shard.path.name}[{row}]"
        crop = shard.image(row)
        if crop is None:
            raise CorruptSample(f"{name}: the image is damaged")
        scale = self.crop_size / len(crop)
        joints_2d, matrix = rows["joints_2d"][row].copy(), rows["camera_matrix"][row].copy()
        if scale != 1.0:
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            resized = cv2.resize(crop, (self.crop_size, self.crop_size), interpolation=method)
            crop = np.asarray(resized, np.uint8)
            # Pixel centres are integers: the image scales about its corner at -0.5.
            joints_2d = ((joints_2d + 0.5) * scale - 0.5).astype(np.float32)
            matrix[:2] *= scale
            matrix[:2, 2] += 0.5 * scale - 0.5
        vertices = None
        if self._layer is not None:
            vertices, _ = self._layer.forward(
                rows["pose"][row], rows["shape"][row], rows["translation"][row]
            )
        return hand_sample(
            name,
            crop,
            joints_2d,
            rows["joints_3d"][row],
            rows["pose"][row],
            rows["shape"][row],
            matrix,
            vertices,
        )


def open_synthetic(spec: DatasetSpec, crop_size: int = CROP_SIZE) -> SyntheticDataset:
    """``synthetic:FOLDER[?vertices=hand_mano778|hand_mid|hand_high|none][&limit=N]``.

    Raises:
        UserError: as ``SyntheticDataset``, or an option is unknown.
    """
    spec.check_options(("vertices", "limit"))
    choices = {name: name for name in (*SHIPPED, "none")}
    vertices = spec.choice("vertices", choices, "hand_mano778")
    limit = spec.number("limit", 1) if "limit" in spec.options else None
    return SyntheticDataset(
        spec.require_path(), crop_size, None if vertices == "none" else vertices, limit
    )
