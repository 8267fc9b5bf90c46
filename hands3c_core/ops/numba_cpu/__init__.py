"""The CPU kernels once more, compiled by numba: for machines without a C++ compiler.

They take the same problems (``ops/cpu/problems.h``) as the compiled library and are called by the
same torch operators. float32 only.
"""
