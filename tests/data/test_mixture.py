"""Mixtures of datasets."""

from __future__ import annotations

import numpy as np

from hands3c_core.data.mixture import _interleave


def test_shares_whose_rounded_counts_add_up_to_less_than_the_whole() -> None:
    parts = _interleave(np.array([0.45, 0.2, 0.35]), 66667)

    assert len(parts) == 66667
