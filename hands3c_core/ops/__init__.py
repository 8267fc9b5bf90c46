"""Selective scan and cross-scan kernels behind two functions."""

from hands3c_core.ops.selective_scan import (
    KERNELS,
    active_kernel,
    cross_scan_2d,
    selective_scan,
    use_kernel,
)

__all__ = ["KERNELS", "active_kernel", "cross_scan_2d", "selective_scan", "use_kernel"]
