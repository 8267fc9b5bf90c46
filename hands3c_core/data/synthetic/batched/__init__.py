"""The renderer for GPUs: whole batches of scenes by operations on tensors, on any torch device.

It draws the scenes that ``SceneSampler`` draws for the CPU renderer, so labels are the same and
pictures nearly so (docs/synthetic.md says how nearly). Imported only where it is asked for, because
it needs torch.
"""

from hands3c_core.data.synthetic.batched.renderer import BatchRenderer

__all__ = ["BatchRenderer"]
