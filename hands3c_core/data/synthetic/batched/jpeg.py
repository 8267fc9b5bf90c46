"""What a JPEG of a given quality leaves of each picture of a batch (ITU-T T.81, baseline, 4:2:0).

Everything that loses something is done as libjpeg does it (colours to integers, chroma at half
size, quantised cosine coefficients, chroma enlarged with triangle weights); the lossless coding
between is left out. The cosine transforms are in single precision instead of integers, which now
and then rounds a value the other way.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

# Quantisation at quality 50, row by row: tables K.1 and K.2 of the standard.
_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)


class Jpeg(nn.Module):
    """Compresses and decompresses."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("tables", torch.tensor([_LUMA, _CHROMA], dtype=torch.float32))
        k, n = torch.arange(8.0)[:, None], torch.arange(8.0)[None]
        basis = torch.cos(math.pi * (2 * n + 1) * k / 16) / 2
        basis[0] /= math.sqrt(2)
        self.register_buffer("basis", basis)
        # libjpeg rounds the mean of four chroma values up and down in turn.
        self.register_buffer("bias", torch.tensor([1.0, 2.0]))

    tables: Tensor
    basis: Tensor
    bias: Tensor

    def forward(self, images: Tensor, quality: Tensor) -> Tensor:
        """The pictures after compression.

        Args:
            images: (B, 3, S, S) RGB, whole numbers 0..255 as float32.
            quality: (B,) 1 to 100; others leave the picture as it is.
        """
        size = images.shape[-1]
        rim = -size % 16
        # Rows are filled up to whole blocks after chroma was halved, columns before.
        padded = nn.functional.pad(images, (0, rim, 0, size % 2), mode="replicate")
        r, g, b = padded.unbind(1)
        y = torch.floor(0.299 * r + 0.587 * g + 0.114 * b + 0.5)
        cb = torch.floor(128.4999 - 0.168735892 * r - 0.331264108 * g + 0.5 * b)
        cr = torch.floor(128.4999 + 0.5 * r - 0.418687589 * g - 0.081312411 * b)
        y = nn.functional.pad(y, (0, 0, 0, rim - size % 2), mode="replicate")
        chroma = self._halve(torch.stack([cb, cr], 1))
        chroma = nn.functional.pad(chroma, (0, 0, 0, rim // 2), mode="replicate")
        tables = self._scaled(quality)
        y = self._code(y[:, None], tables[:, :1])[:, 0, :size, :size]
        half = -(-size // 2)
        chroma = self._code(chroma, tables[:, 1:])[..., :half, :half]
        cb, cr = (_double(chroma)[..., :size, :size] - 128.0).unbind(1)
        result = torch.stack(
            [
                y + torch.floor(1.402 * cr + 0.5),
                y + torch.floor(-0.344136286 * cb - 0.714136286 * cr + 0.5),
                y + torch.floor(1.772 * cb + 0.5),
            ],
            1,
        ).clamp(0, 255)
        return torch.where((quality > 0)[:, None, None, None], result, images)

    def _scaled(self, quality: Tensor) -> Tensor:
        """(B, 2, 8, 8) quantisation of luma and chroma at each quality."""
        q = quality.clamp(1, 100)
        percent = torch.where(q < 50, torch.div(5000, q, rounding_mode="floor"), 200 - 2 * q)
        tables = torch.floor((self.tables * percent[:, None, None, None] + 50) / 100)
        return tables.clamp(1, 255)

    def _halve(self, planes: Tensor) -> Tensor:
        """Mean of every 2 by 2 pixels, in whole numbers."""
        total = planes.unflatten(-1, (-1, 2)).sum(-1).unflatten(-2, (-1, 2)).sum(-2)
        return torch.floor((total + self.bias.repeat(total.shape[-1] // 2)) / 4)

    def _code(self, planes: Tensor, tables: Tensor) -> Tensor:
        """Planes (B, C, H, W) after quantisation of their 8 by 8 blocks by (B, 1, 8, 8)."""
        blocks = planes.unflatten(-1, (-1, 8)).unflatten(-3, (-1, 8)).transpose(-2, -3) - 128.0
        levels = (self.basis @ blocks @ self.basis.T) / tables[:, :, None, None]
        levels = torch.sign(levels) * torch.floor(levels.abs() + 0.5)
        blocks = self.basis.T @ (levels * tables[:, :, None, None]) @ self.basis
        values = torch.floor(blocks + 128.5).clamp(0, 255)
        return values.transpose(-2, -3).flatten(-4, -3).flatten(-2, -1)


def _double(planes: Tensor) -> Tensor:
    """Planes (B, C, H, W) at twice the size: three parts of the nearer, one of the farther."""
    rows = nn.functional.pad(planes, (0, 0, 1, 1), mode="replicate")
    near, above, below = planes, rows[..., :-2, :], rows[..., 2:, :]
    tall = torch.stack([3 * near + above, 3 * near + below], -2).flatten(-3, -2)
    columns = nn.functional.pad(tall, (1, 1, 0, 0), mode="replicate")
    left = torch.floor((3 * tall + columns[..., :-2] + 8) / 16)
    right = torch.floor((3 * tall + columns[..., 2:] + 7) / 16)
    return torch.stack([left, right], -1).flatten(-2, -1)
