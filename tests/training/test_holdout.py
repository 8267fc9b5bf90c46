"""What is held out shows something new."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hands3c_core.data import HandDataset, HandSample
from hands3c_core.data.dexycb import DexYcb
from hands3c_core.data.freihand import FreiHand
from hands3c_core.data.ho3d import Ho3d
from hands3c_core.errors import UserError
from hands3c_core.training.holdout import hold_out


class Numbered(HandDataset):
    """Samples of named sessions; nothing to read."""

    kind = "numbered"

    def __init__(self, names: list[str] | None, count: int = 0) -> None:
        super().__init__()
        self.names, self.count = names, count if names is None else len(names)

    def __len__(self) -> int:
        return self.count

    def read(self, index: int) -> HandSample:
        raise NotImplementedError

    def sessions(self) -> list[str] | None:
        return self.names


def of(**sizes: int) -> Numbered:
    return Numbered([name for name, size in sizes.items() for _ in range(size)])


def test_without_sessions_the_last_samples_are_kept():
    held = hold_out(Numbered(None, 100), 0.02)
    assert held.validation.tolist() == [98, 99]
    assert held.training.tolist() == list(range(98))


def test_whole_sessions_are_kept_where_some_are_small_enough():
    data = of(a=300, b=20, c=300, d=25, e=300)
    held = hold_out(data, 0.02)
    names = {data.names[index] for index in held.validation}
    assert names == {"b"}  # 20 of 945, nearest to 2 %
    assert not names & {data.names[index] for index in held.training}
    assert len(held.training) + len(held.validation) == len(data)
    assert "1 of 5 sessions (b): 20 of 945" in held.note


def test_several_sessions_add_up():
    data = of(**{f"s{k}": 10 for k in range(20)})
    held = hold_out(data, 0.15)
    assert len(held.validation) == 30
    assert len({data.names[index] for index in held.validation}) == 3


def test_large_sessions_give_stretches_of_time_with_gaps():
    data = of(a=300, b=300)
    held = hold_out(data, 0.1)
    kept = held.validation
    assert len(kept) == 60
    for name in "ab":
        own = [index for index in kept if data.names[index] == name]
        runs = np.split(own, np.flatnonzero(np.diff(own) > 1) + 1)
        assert [len(run) for run in runs] == [10, 10, 10]
    distance = np.abs(kept[:, None] - held.training[None, :]).min(axis=1)
    assert distance.min() > 5
    assert "6 stretches of time: 60 of 600" in held.note


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    share=st.floats(0.01, 0.6),
    shuffled=st.booleans(),
)
def test_nothing_is_in_both(sizes, share, shuffled):
    names = [f"s{number}" for number, size in enumerate(sizes) for _ in range(size)]
    if shuffled:
        np.random.default_rng(0).shuffle(names)
    try:
        held = hold_out(Numbered(names), share)
    except UserError:
        assert len(names) < 40
        return
    assert not set(held.training) & set(held.validation)
    assert len(held.validation) > 0
    assert len(held.training) > 0
    assert len(held.training) + len(held.validation) >= 0.6 * len(names)


@pytest.mark.parametrize("data", [Numbered(None, 1), of(a=1), Numbered(None, 0)])
def test_too_few_samples(data):
    with pytest.raises(UserError, match="too few"):
        hold_out(data, 0.1)


def test_versions_of_a_photograph_and_cameras_of_a_recording_stay_together():
    """The official readers' sessions, without their files."""
    freihand = FreiHand.__new__(FreiHand)
    freihand.cameras, freihand.versions = np.zeros((250, 3, 3)), ("gs", "hom")
    held = hold_out(freihand, 0.1)
    kept = {index % 250 for index in held.validation}
    assert len(held.validation) == 2 * len(kept)
    assert 46 <= len(held.validation) <= 54
    assert not kept & {index % 250 for index in held.training}
    ho3d = Ho3d.__new__(Ho3d)
    ho3d.names = [f"{name}/{k:04d}" for k in range(100) for name in ("ABF10", "ABF11", "MC1")]
    assert set(ho3d.sessions()) == {"ABF", "MC"}
    dexycb = DexYcb.__new__(DexYcb)
    dexycb.sequences = [SimpleNamespace(folder=Path("a/x")), SimpleNamespace(folder=Path("b/y"))]
    dexycb.frames = np.array([(0, 0, 0), (0, 1, 0), (1, 0, 0)])
    assert dexycb.sessions() == ["x", "x", "y"]
