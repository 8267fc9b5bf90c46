"""Selective scan and cross-scan kernels behind two functions."""

from hands3c_core.ops.selective_scan import cross_scan_2d, selective_scan

__all__ = ["cross_scan_2d", "selective_scan"]
