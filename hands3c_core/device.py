"""Which device a choice of the user's means. Importing this does not import torch."""

from __future__ import annotations

from typing import Literal

from hands3c_core.errors import UserError

#: 'auto' is the GPU where torch finds one.
Device = Literal["auto", "cpu", "cuda"]


def pick_device(device: Device) -> str:
    """'cpu' or 'cuda'.

    Raises:
        UserError: CUDA was asked for and is not there.
    """
    if device == "cpu":
        return "cpu"
    import torch  # takes seconds

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise UserError("There is no CUDA device here (or a CPU build of PyTorch): choose the CPU.")
    return "cpu"
