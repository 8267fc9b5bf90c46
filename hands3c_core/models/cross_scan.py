"""The weights of a selective scan over a plane in four directions."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from hands3c_core.ops import cross_scan_2d

#: Row-major, column-major, and both backwards, as in ``ops.cross_scan_2d``.
DIRECTIONS = 4
#: Range of the time step at the start of training (Gu and Dao, Mamba, 2023, section 3.6).
DT_RANGE = (1e-3, 1e-1)


class CrossScan(nn.Module):
    """Selective state-space scan of the four unrollings of a plane, summed.

    For each direction k and position t of its unrolled sequence x_t in R^D:

        (dt', B_t, C_t) = W_k x_t,   dt_t = softplus(V_k dt' + b_k)
        h_t = exp(dt_t A_k) h_{t-1} + dt_t B_t x_t,   A_k = -exp(A_log_k)
        y_t = C_t h_t + D_k x_t

    and the four y, put back into the plane, are added. The scan runs in float32, or float64 where
    the input is. Source: Gu and Dao, Mamba (2023), eq. 2 and algorithm 2; directions: VMamba.

    Args:
        features: D.
        dt_rank: size of dt'.
        states: N, hidden states per feature.
    """

    def __init__(self, features: int, dt_rank: int, states: int) -> None:
        super().__init__()
        self.features = features
        self.dt_rank = dt_rank
        self.states = states
        rows = dt_rank + 2 * states
        self.projection = nn.Parameter(torch.empty(DIRECTIONS, rows, features))
        self.dt_weight = nn.Parameter(torch.empty(DIRECTIONS, features, dt_rank))
        self.dt_bias = nn.Parameter(torch.empty(DIRECTIONS, features))
        self.A_log = nn.Parameter(torch.empty(DIRECTIONS * features, states))
        self.D = nn.Parameter(torch.empty(DIRECTIONS * features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start as Mamba does: time steps log-uniform in ``DT_RANGE``, A = -1..-N, D = 1."""
        with torch.no_grad():
            bound = self.features**-0.5
            self.projection.uniform_(-bound, bound)
            bound = self.dt_rank**-0.5
            self.dt_weight.uniform_(-bound, bound)
            low, high = (math.log(limit) for limit in DT_RANGE)
            dt = torch.exp(torch.empty_like(self.dt_bias).uniform_(low, high))
            self.dt_bias.copy_(dt + torch.log(-torch.expm1(-dt)))  # inverse of softplus
            self.A_log.copy_(torch.arange(1, self.states + 1).log().expand_as(self.A_log))
            self.D.fill_(1.0)

    def forward(self, plane: Tensor) -> Tensor:
        """Planes (B, D, rows, columns) -> the same shape, in the dtype of the scan."""
        decay = -torch.exp(self.A_log.to(torch.promote_types(plane.dtype, torch.float32)))
        return cross_scan_2d(plane, self.projection, self.dt_weight, self.dt_bias, decay, self.D)
