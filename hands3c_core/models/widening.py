"""A narrow network put into a wide one of the same design, so that training goes on from it.

Every layer of the wide network holds the narrow one's numbers in its first channels; what the other
channels say reaches them through zeros only, and grows from there (Chen et al., "Net2Net", ICLR
2016). The HandS3C family differs from its lite members in two more ways:

* The published pyramid goes on to stride 4, smooths there and averages back to stride 8. A 3x3
  kernel exists with which that equals the lite pyramid's smoothing at stride 8, but at the border.
* Its encoder goes on to 2 x 2 cells. These blocks, and the layer that reads them, are learned.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hands3c_core.errors import UserError
from hands3c_core.models.fpn import FeaturePyramid
from hands3c_core.models.hands3c import HandS3C
from hands3c_core.models.initialise import initialise_lively
from hands3c_core.models.lite import HandS3CLite
from hands3c_core.models.network import HandNetwork

#: Parts of which the wide network has a wider form. The vector that ``mano_head.hidden1`` reads
#: means something else in the two.
_SHARED = (
    *("backbone.", "fpn.", "heatmap_head.", "encoder."),
    *("mano_head.hidden2.", "mano_head.pose.", "mano_head.shape."),
)
#: The tensor with as many rows as F has channels.
_WIDTH = "fpn.smooth.weight"
#: In one dimension: what the three taps of a kernel at stride 4, between doubling the map
#: bilinearly and averaging pairs, give to the cells before, at and after (rows: taps).
_TAPS = ((0.5, 0.5, 0.0), (0.125, 0.75, 0.125), (0.0, 0.5, 0.5))


def can_widen(narrow: HandNetwork, wide: HandNetwork) -> bool:
    """Whether ``widen`` would take these two."""
    if not (isinstance(narrow, HandS3CLite) and isinstance(wide, HandS3C)):
        return False
    ours, theirs = wide.state_dict(), narrow.state_dict()
    backbone = {k: v.shape for k, v in theirs.items() if k.startswith("backbone.")}
    same = backbone == {k: v.shape for k, v in ours.items() if k.startswith("backbone.")}
    return same and len(ours[_WIDTH]) > len(theirs[_WIDTH])


@torch.no_grad()
def widen(narrow: HandNetwork, wide: HandNetwork) -> None:
    """Make a wide network see what a narrow one sees: same backbone, F and heatmaps (but for the
    pyramid's border).

    The wide network's other channels start at random, its attention as the identity; attention of
    the narrow network, which belongs to its width, is left out. The wide encoder reads the narrow
    network's maps alone at first, so that heads trained on these serve any network widened from one
    with the same F.

    Args:
        narrow: a lite network.
        wide: of the family, with the same backbone and more channels.

    Raises:
        UserError: the networks are of other kinds.
    """
    if not can_widen(narrow, wide) or not isinstance(wide, HandS3C):
        raise UserError(
            f"{wide.name} cannot go on from {narrow.name}: that takes a lite network with the same "
            "backbone and fewer channels."
        )
    for part in (wide.heatmap_head, wide.encoder, wide.mano_head):
        initialise_lively(part)
    if wide.s3c is not None:
        wide.s3c.start_as_identity()
    ours, theirs = wide.state_dict(), narrow.state_dict()
    channels = len(theirs[_WIDTH])
    if isinstance(wide.fpn, FeaturePyramid):
        theirs[_WIDTH] = _finer_kernel(theirs[_WIDTH])
        for name in ("fpn.lateral2.weight", "fpn.lateral2.bias"):
            ours[name][:channels] = 0
    for name, tensor in theirs.items():
        if name.startswith(_SHARED):
            _put(tensor, ours[name])
    ours["encoder.encoding_conv.weight"][:, channels:] = 0


def _put(narrow: Tensor, wide: Tensor) -> None:
    """Write a tensor into the first channels of a wider one; nothing comes to these from others."""
    if narrow.ndim == 0:
        wide.copy_(narrow)
        return
    rows = wide[: len(narrow)]
    rows.zero_()
    rows[tuple(slice(side) for side in narrow.shape)] = narrow


def _finer_kernel(kernel: Tensor) -> Tensor:
    """The (out, in, 3, 3) kernel at stride 4 that does what ``kernel`` does at stride 8."""
    taps = torch.tensor(_TAPS, dtype=torch.float64, device=kernel.device)
    back = torch.linalg.inv(taps)
    # coarse = taps' fine taps, so fine = back' coarse back
    fine = torch.einsum("ia,uvij,jb->uvab", back, kernel.double(), back)
    return fine.to(kernel.dtype)
