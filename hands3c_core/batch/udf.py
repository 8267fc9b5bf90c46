"""Hands as a function of a column of pictures, for frameworks that bring their own engine.

Ray Data::

    from hands3c_core.batch.udf import HandsOfPictures

    pictures = ray.data.read_images("photos/")
    hands = pictures.map_batches(HandsOfPictures, concurrency=4, batch_size=16)

Daft::

    @daft.udf(return_dtype=daft.DataType.python(), concurrency=4)
    class Hands:
        def __init__(self):
            self.find = HandsOfPictures()

        def __call__(self, pictures):
            return [self.find.of(picture) for picture in pictures.to_pylist()]

Each picture stands for itself: nothing is followed and nothing smoothed. Clips are the business of
``process``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.pipeline_config import PipelineConfig
from hands3c_core.sources.images import decode_image
from hands3c_core.types import UInt8


class HandsOfPictures:
    """Finds the hands of pictures. The pipeline is made with the first one, in whatever process
    that is.

    Args:
        column: name of the pictures' column, for Ray Data.
        into: name of the column that is added.
        config: what finds the hands; *Automatic* by default.
    """

    def __init__(
        self, column: str = "image", into: str = "hands", config: PipelineConfig | None = None
    ) -> None:
        self._column = column
        self._into = into
        self._config = config or PipelineConfig()
        self._pipeline: HandMeshPipeline | None = None

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """A batch of columns with the hands of its pictures added, each row a list of ``of``.

        Raises:
            UserError: there is no such column, or it holds no pictures.
        """
        if self._column not in batch:
            raise UserError(f"there is no column {self._column!r}: name the one of the pictures.")
        hands = np.empty(len(batch[self._column]), object)
        for row, picture in enumerate(batch[self._column]):
            hands[row] = self.of(picture)
        return {**batch, self._into: hands}

    def of(self, picture: UInt8 | bytes) -> list[dict[str, Any]]:
        """The hands of a picture, as docs/formats.md has those of a JSONL frame.

        Args:
            picture: (H, W, 3) uint8 RGB, upright and unmirrored, or the bytes of a file.

        Raises:
            UserError: it is no picture.
        """
        if self._pipeline is None:
            self._pipeline = HandMeshPipeline.of(self._config, mode="image")
        image = picture
        if isinstance(picture, (bytes, bytearray)):
            decoded = decode_image(bytes(picture))
            if decoded is None:
                raise UserError("the bytes are no picture that can be read.")
            image = decoded
        record = self._pipeline(np.ascontiguousarray(image)).to_dict()
        hands: list[dict[str, Any]] = record["hands"]
        return hands
