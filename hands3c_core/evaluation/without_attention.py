"""What a network is worth without its S3C module, or without one of the module's branches."""

from __future__ import annotations

from typing import Literal

import torch

from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork
from hands3c_core.models.cross_scan import CrossScan
from hands3c_core.models.s3c import S3C

#: What may be silenced: all of the module's update, or what one branch adds before the norm.
Silenced = Literal["all", "spatial", "channel"]


@torch.no_grad()
def silence_attention(network: HandNetwork, what: Silenced = "all") -> None:
    """Set the S3C update of a network to zero, or what one of its branches adds to it.

    Raises:
        UserError: the network has no S3C module, or not this branch.
    """
    modules = [module for module in network.modules() if isinstance(module, S3C)]
    if not modules:
        raise UserError(f"{network.name} has no S3C module to leave out.")
    for module in modules:
        if what == "all":
            module.start_as_identity()
            continue
        branch = module.ss2d.spatial if what == "spatial" else module.ss2d.channel
        if branch is None:
            raise UserError(f"the S3C module of {network.name} has no {what} branch.")
        _silence(branch)
        if module.ss2d.channel_norm is not None:  # each branch has a norm of its own
            norm = module.ss2d.norm if what == "spatial" else module.ss2d.channel_norm
            norm.weight.zero_()
            norm.bias.zero_()


def _silence(scan: CrossScan) -> None:
    """y = C h + D x becomes zero."""
    scan.projection[:, scan.dt_rank + scan.states :] = 0.0
    scan.D.zero_()
