"""Synthetic samples beside a few frames of one person, so that fine-tuning forgets nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import platformdirs

from hands3c_core.data import dataset_names, parse_specs
from hands3c_core.data.synthetic import SyntheticConfig, render_shards
from hands3c_core.geometry import CropRule

#: Samples that are rendered, and in a shard: a minute on two cores.
SAMPLES, _SHARD = 1200, 100
#: Least and greatest side of crops from which upright windows are cut, over the joints' box.
_WIDE = (1.85, 2.25)
#: Seed of these samples: another one than people give themselves.
_SEED = 4711


def with_rehearsal(
    data: str,
    share: float,
    size: int,
    progress: Callable[[int], None] | None = None,
    rule: CropRule = "box",
) -> str:
    """The data with a share of synthetic samples mixed in, which are rendered if they are not there
    yet (once for each size; they stay in the user's cache folder).

    Args:
        data: what was asked for; left as it is if it holds synthetic samples already.
        share: of the synthetic samples, 0 (none) to just under 1.
        size: side of the crops, px.
        progress: called with the number of samples that have been finished now.
        rule: of the network's windows; upright ones are cut from wider crops.

    Raises:
        UserError: the data is not understood, or the cache folder cannot be written to.
    """
    specs = parse_specs(data, dataset_names())
    if not share or any(spec.name == "synthetic" for spec in specs):
        return data
    config = SyntheticConfig(size=size)
    if rule == "upright":
        config = replace(config, crop_scale_low=_WIDE[0], crop_scale_high=_WIDE[1])
    folder = rehearsal_folder(config)
    render_shards(
        folder,
        SAMPLES,
        config,
        seed=_SEED,
        shard_size=_SHARD,
        workers=os.cpu_count() or 1,
        progress=progress,
    )
    weight = sum(spec.weight for spec in specs) * share / (1 - share)
    return f"{data},synthetic:{folder}:{weight:.6f}"


def rehearsal_folder(config: SyntheticConfig) -> Path:
    """Where these samples are kept."""
    cache = Path(platformdirs.user_cache_dir("hands3c", appauthor=False))
    return cache / "rehearsal" / config.fingerprint()
