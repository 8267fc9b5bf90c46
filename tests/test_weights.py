"""Shipped weights, their cards, and which of them is the default."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hands3c_core import weights
from hands3c_core.errors import UserError
from hands3c_core.estimators.choose import make_estimator, resolve
from hands3c_core.hand_model import load_hand_model
from hands3c_core.weights import WeightsCard, default_estimator, read_card, shipped_weights


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of ``weights/``."""

    def missing(name: str) -> Path:
        raise UserError(name)

    monkeypatch.setattr(weights, "weights_path", missing)
    monkeypatch.setenv(weights.OVERRIDE, str(tmp_path))
    return tmp_path


def ship(folder: Path, name: str, **card: object) -> Path:
    file = folder / f"{name}.safetensors"
    file.touch()
    (folder / f"{name}.json").write_text(json.dumps({"name": name, **card}))
    return file


def test_without_weights_landmarks_are_the_default(folder):
    assert shipped_weights() == {}
    assert default_estimator("cpu") == default_estimator("cuda") == "landmarks"
    assert resolve("auto") == "landmarks"


def test_the_card_says_where_weights_are_the_default(folder):
    ship(folder, "hands3c_lite", default_on=["cpu"])
    assert default_estimator("cpu") == default_estimator("cuda") == "hands3c_lite"
    ship(folder, "hands3c", default_on=["cuda"])
    assert default_estimator("cuda") == "hands3c_lite"  # it does not say that it is better
    assert not weights.wants_cuda()
    ship(folder, "hands3c", default_on=["cuda"], better_than=["hands3c_lite"])
    assert default_estimator("cuda") == "hands3c"
    assert default_estimator("cpu") == "hands3c_lite"
    assert weights.wants_cuda()


def test_weights_that_are_no_default_anywhere_can_still_be_chosen(folder):
    file = ship(folder, "hands3c_lite", default_on=[], experimental=True)
    assert default_estimator() == "landmarks"
    assert shipped_weights() == {"hands3c_lite": file}
    assert resolve("hands3c_lite") == "hands3c_lite"


@pytest.mark.parametrize(
    "text",
    [
        *("", "not json", "[]", "3"),
        '{"name": 7, "data": 3, "metrics": [], "default_on": "cpu"}',
        '{"data": [1, {"name": 2}], "metrics": {"a": "b", "c": {"d": "e"}}, "limits": 5}',
    ],
)
def test_a_bad_card_is_as_good_as_none(folder, text):
    file = ship(folder, "hands3c_lite")
    file.with_suffix(".json").write_text(text)
    card = read_card(file)
    assert card.name == "hands3c_lite"
    assert card.default_on == ()
    assert isinstance(card.facts(), list)


def test_facts_are_short_lines(folder):
    file = ship(
        folder,
        "hands3c_lite",
        model="hands3c_lite",
        input_size=160,
        data=[{"name": "synthetic hands", "licence": "CC0"}, {"name": "real crops"}],
        samples_seen=1_200_000,
        metrics={"synthetic_heldout": {"pa_mpjpe_mm": 7.912, "images": 2000}},
        limits=["Gloves.", "Two hands that touch."],
        licence="Apache-2.0",
    )
    assert read_card(file).facts() == [
        "hands3c_lite, crops of 160 px",
        "Trained on synthetic hands, real crops; 1,200,000 samples",
        "synthetic heldout: PA-MPJPE 7.912 mm, images 2000",
        "Limits: Gloves. Two hands that touch.",
        "Licence: Apache-2.0",
    ]
    assert WeightsCard("x").facts() == []


@pytest.mark.parametrize("choice", ["hands3c", "no-such-network", "gone.safetensors"])
def test_weights_that_are_not_there_are_the_users_error(folder, choice):
    with pytest.raises(UserError):
        make_estimator(choice, load_hand_model("hand_mano778"))
