"""The file for DexYCB's toolkit, read back as the toolkit reads it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from hands3c_core.data.dexycb import DexYcb
from hands3c_core.errors import UserError
from hands3c_core.evaluation import evaluate, write_dexycb_results


class Few(DexYcb):
    """The conftest's hands as if they were frames of DexYCB."""

    kind: ClassVar[str] = "dexycb"

    def __init__(self, hands) -> None:
        self.__dict__.update(hands.__dict__)
        self.image_ids = [0, 2, 3, 5, 8, 9]
        self.is_whole = True

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, index):
        return self.samples[index]


def test_every_image_is_written_in_millimetres(make_hands, make_guess, tmp_path):
    dataset = Few(make_hands())
    outcome = evaluate(dataset, make_guess(misses=("hand/3",)))
    path = tmp_path / "s0_test.txt"
    assert write_dexycb_results(outcome, dataset, path) == 1
    read = {}
    for line in path.read_text().splitlines():
        elements = line.split(",")
        assert len(elements) == 64
        read[int(elements[0])] = np.array(elements[1:], float).reshape(21, 3)
    assert list(read) == dataset.image_ids
    for number in (0, 2):  # the third is a left hand: back in the true camera frame
        sample = dataset.samples[number]
        flip = np.array([1 if sample.is_right else -1, 1, 1])
        expected = 1000 * (sample.joints_3d + sample.root) * flip
        np.testing.assert_allclose(read[dataset.image_ids[number]], expected, atol=1e-3)
    assert np.isfinite(read[5]).all()


def test_parts_of_a_split_are_refused(make_hands, make_guess, tmp_path):
    dataset = Few(make_hands())
    outcome = evaluate(dataset, make_guess(), limit=3)
    with pytest.raises(UserError, match="leave out --limit"):
        write_dexycb_results(outcome, dataset, tmp_path / "a.txt")
    dataset.is_whole = False
    with pytest.raises(UserError, match="hand="):
        write_dexycb_results(outcome, dataset, tmp_path / "a.txt")
    with pytest.raises(UserError, match="--data dexycb"):
        write_dexycb_results(outcome, make_hands(), tmp_path / "a.txt")
