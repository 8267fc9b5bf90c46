"""Pose and shape of the hand model from the encoding."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.conventions import NUM_ROTATIONS, NUM_SHAPE
from hands3c_core.models.encoder import ENCODING_SIZE

#: The identity in the 6D representation of ``rot6d_to_matrix``.
IDENTITY_6D = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class ManoHead(nn.Module):
    """MLP 1024 -> 1024 -> 512 (LeakyReLU, slope 0.01), then linear to 16 rotations and 10 shape
    coefficients.

    Rotations are 6D (Zhou et al., CVPR 2019), relative to the hand model's mean pose. Their bias
    starts at the identity: the published code starts it at zero, where a 6D vector has no rotation.

    Source: HandS3C, section 2.3.
    """

    def __init__(self, features: int = ENCODING_SIZE) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(features, 1024)
        self.hidden2 = nn.Linear(1024, 512)
        self.pose = nn.Linear(512, 6 * NUM_ROTATIONS)
        self.shape = nn.Linear(512, NUM_SHAPE)

    def forward(self, encoding: Tensor) -> tuple[Tensor, Tensor]:
        """Encoding (B, 1024) -> rotations (B, 16, 6) and shape (B, 10)."""
        hidden = F.leaky_relu(self.hidden1(encoding))
        hidden = F.leaky_relu(self.hidden2(hidden))
        return self.pose(hidden).unflatten(-1, (NUM_ROTATIONS, 6)), self.shape(hidden)

    def start_at_identity(self) -> None:
        """Set the bias of the rotations to the identity."""
        with torch.no_grad():
            self.pose.bias.copy_(self.pose.bias.new_tensor(IDENTITY_6D).repeat(NUM_ROTATIONS))
