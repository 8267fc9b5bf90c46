"""Which renderer a command's ``--device`` means."""

from __future__ import annotations

from typing import Literal

from hands3c_core.device import pick_device

#: 'cpu' is the compiled renderer; 'cuda' the one in torch; 'auto' that one where there is a GPU;
#: 'torch-cpu' runs the torch one on the CPU, slowly: to check it where there is no GPU.
RenderDevice = Literal["auto", "cpu", "cuda", "torch-cpu"]


def torch_device(choice: RenderDevice) -> str | None:
    """The torch device of ``batched.BatchRenderer``; None for ``SyntheticRenderer``.

    Raises:
        UserError: CUDA was asked for and is not there.
    """
    if choice == "cpu":  # torch takes seconds to import
        return None
    if choice == "torch-cpu":
        return "cpu"
    return "cuda" if pick_device(choice) == "cuda" else None
