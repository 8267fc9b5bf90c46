"""Which samples of a dataset are kept for validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data import HandDataset
from hands3c_core.errors import UserError

Indices = NDArray[np.int64]

#: No session is held out that is more than this share of the data, or more than this many times the
#: share that was asked for: training data is scarcer than validation data.
_LARGEST_SHARE, _LARGEST_FACTOR = 0.25, 4.0
#: Samples that a stretch of a session holds at least, and most stretches of a session.
_STRETCH, _MOST_STRETCHES = 10, 4
#: Samples left out on either side of a stretch, about half a second of a labelled video: they show
#: what the stretch shows.
_GAP = 5


@dataclass(frozen=True, slots=True)
class Holdout:
    """Samples for training and for validation; neighbours of the latter are in neither."""

    training: Indices
    validation: Indices
    note: str
    """What was held out, for people."""


def hold_out(dataset: HandDataset, share: float) -> Holdout:
    """Keep a share of a dataset for validation so that it shows something new.

    Of a dataset that knows its sessions, whole sessions are kept, where some are small enough;
    else stretches of each session, with a gap on either side. Of any other dataset the last
    samples are kept.

    Args:
        dataset: the samples.
        share: about how much to keep, above 0 and below 1.

    Raises:
        UserError: there are too few samples to keep some.
    """
    count = len(dataset)
    wanted = max(1, round(count * share))
    if wanted >= count:
        raise UserError(
            f"{dataset.kind} has {count} samples, too few to keep some for validation; "
            "use --holdout 0."
        )
    sessions = dataset.sessions()
    if sessions is None:
        return Holdout(
            np.arange(count - wanted),
            np.arange(count - wanted, count),
            f"the last {wanted} of {count} samples",
        )
    places: dict[str, list[int]] = {}
    for index, name in enumerate(sessions):
        places.setdefault(name, []).append(index)
    chosen = _whole_sessions({name: len(where) for name, where in places.items()}, wanted)
    if chosen:
        held = np.isin(np.asarray(sessions), chosen)
        named = ", ".join(chosen[:3]) + (", ..." if len(chosen) > 3 else "")
        note = f"{len(chosen)} of {len(places)} sessions ({named}): {held.sum()} of {count} samples"
        return Holdout(np.flatnonzero(~held), np.flatnonzero(held), note)
    role = np.zeros(count, np.int8)  # 0 training, 1 validation, 2 neither
    for where in places.values():
        role[where] = _stretches(len(where), share)
    if not role.any():  # a share of each is less than one sample
        largest = max(places.values(), key=len)
        role[largest] = _stretches(len(largest), wanted / len(largest))
    held_count = int((role == 1).sum())
    if not held_count or not (role == 0).any():
        raise UserError(
            f"{dataset.kind} has {count} samples, too few to keep some for validation; "
            "use --holdout 0."
        )
    runs = int(((role[1:] == 1) & (role[:-1] != 1)).sum() + (role[0] == 1))
    note = f"{runs} stretches of time: {held_count} of {count} samples"
    return Holdout(np.flatnonzero(role == 0), np.flatnonzero(role == 1), note)


def _whole_sessions(sizes: dict[str, int], wanted: int) -> list[str]:
    """Names of sessions that together hold about ``wanted`` samples; none where all are large."""
    total = sum(sizes.values())
    most = min(_LARGEST_SHARE * total, max(_LARGEST_FACTOR * wanted, 1.0))
    left = dict(sizes)
    chosen: list[str] = []
    taken = 0
    while len(left) > 1:
        missing = wanted - taken
        # The nearest in size, of equal ones the last: clips are labelled in the order of time.
        name = min(reversed(left), key=lambda key: abs(left[key] - missing))
        comes_nearer = not chosen or abs(left[name] - missing) < missing
        if not comes_nearer or taken + left[name] > most:
            break
        taken += left.pop(name)
        chosen.append(name)
    return chosen if taken >= 0.25 * wanted else []


def _stretches(count: int, share: float) -> NDArray[np.int8]:
    """0 for training, 1 for validation, 2 for the gaps, of a session's samples in order."""
    role = np.zeros(count, np.int8)
    wanted = round(count * share)
    if not wanted:
        return role
    parts = int(np.clip(wanted // _STRETCH, 1, _MOST_STRETCHES))
    gap = min(_GAP, count // (8 * parts))
    for part in range(parts):
        length = wanted // parts + (part < wanted % parts)
        middle = (part + 0.5) * count / parts
        start = min(max(round(middle - length / 2), 0), count - length)
        role[max(start - gap, 0) : start + length + gap] = 2
        role[start : start + length] = 1
    return role
