"""Self-attention in the place of S3C, for comparison."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.models.fpn import FEATURE_CHANNELS

#: Transformer blocks, attention heads, and hidden over outer size of their perceptrons.
DEPTH, HEADS, MLP_RATIO = 2, 4, 4


class AttentionBlock(nn.Module):
    """Gated multi-head attention over all cells of a map, then a residual perceptron.

        q, k = W_q (x + P_q), W_k (F + P_k)      v = W_v F
        g    = sigmoid(q2 . sum over cells of k2 / sqrt(d))   a gate per cell and head
        y    = g softmax(q k^T / sqrt(d)) v
        out  = y + MLP(LayerNorm(y))

    with learned positions P_q, P_k and a second pair q2, k2 for the gate. Queries come from the
    block before, keys and values from F. Source: the injecting transformer of HandOccNet (Park et
    al., CVPR 2022), whose regressor HandS3C shares.

    Args:
        side: cells a side of the map.
        channels: of the map.
    """

    def __init__(self, side: int, channels: int = FEATURE_CHANNELS) -> None:
        super().__init__()
        self.query_position = nn.Parameter(torch.randn(channels, side, side))
        self.key_position = nn.Parameter(torch.randn(channels, side, side))
        self.query = nn.Conv2d(channels, 2 * channels, kernel_size=1)
        self.key = nn.Conv2d(channels, 2 * channels, kernel_size=1)
        self.value = nn.Conv2d(channels, channels, kernel_size=1)
        self.norm = nn.LayerNorm(channels)
        self.hidden = nn.Linear(channels, MLP_RATIO * channels)
        self.out = nn.Linear(MLP_RATIO * channels, channels)

    def forward(self, inner: Tensor, features: Tensor) -> Tensor:
        """The last block's map and F, both (B, C, h, w) -> (B, C, h, w)."""
        queries, gate_queries = self.query(inner + self.query_position).chunk(2, dim=1)
        keys, gate_keys = self.key(features + self.key_position).chunk(2, dim=1)
        attended = F.scaled_dot_product_attention(
            _heads(queries), _heads(keys), _heads(self.value(features))
        )
        # The sum of all products with one query is its product with the sum.
        gates = _heads(gate_queries) @ _heads(gate_keys).sum(dim=2, keepdim=True).transpose(2, 3)
        attended = torch.sigmoid(gates * _scale(gate_keys)) * attended
        cells = attended.transpose(1, 2).flatten(2)
        cells = cells + self.out(F.gelu(self.hidden(self.norm(cells))))
        return cells.transpose(1, 2).unflatten(2, features.shape[2:])


class SelfAttention(nn.Module):
    """F attended by transformer blocks, joined with F by convolutions: 4,659,968 parameters for 256
    channels and a map of 32 cells a side.

    The published ablation states a self-attention module of about 4.6 M parameters and nothing else
    of it; HandOccNet's injecting transformer with F as its own key has this number, so that is what
    this is. Its learned positions tie the weights to one size of F.

    Args:
        side: cells a side of F.
        channels: of F.
    """

    def __init__(self, side: int, channels: int = FEATURE_CHANNELS) -> None:
        super().__init__()
        self.side = side
        self.blocks = nn.ModuleList(AttentionBlock(side, channels) for _ in range(DEPTH))
        self.mix = nn.Conv2d(2 * channels, channels, kernel_size=3, padding=1)
        self.smooth = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.shortcut = nn.Conv2d(2 * channels, channels, kernel_size=1)

    def forward(self, features: Tensor) -> Tensor:
        """F (B, C, h, w) -> attended F (B, C, h, w)."""
        inner = features
        for block in self.blocks:
            inner = block(inner, features)
        both = torch.cat((features, inner), dim=1)
        return self.smooth(F.relu(self.mix(both))) + self.shortcut(both)


def _heads(features: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, heads, h w, C / heads)."""
    return features.flatten(2).unflatten(1, (HEADS, -1)).transpose(2, 3)


def _scale(features: Tensor) -> float:
    return (features.shape[1] // HEADS) ** -0.5
