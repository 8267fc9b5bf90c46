"""Weights with a card."""

from __future__ import annotations

import hashlib
import json
from functools import partial

import pytest

from hands3c_core.errors import UserError
from hands3c_core.models import build_model, load_weights, save_weights
from hands3c_core.models.split_weights import split_weights
from hands3c_core.training import shipping
from hands3c_core.training.shipping import read_facts, ship_weights
from hands3c_core.weights import read_card

FACTS = {
    "licence": "Apache-2.0",
    "data": [{"name": "synthetic", "licence": "CC0-1.0"}],
    "trained_on": "a laptop",
    "recipe": "two parts",
    "limits": "gloves",
    "default_on": ["cpu"],
}


@pytest.fixture
def parts(tmp_path):
    """A run in two parts and an evaluation."""
    for name, samples in (("first", 1000), ("second", 500)):
        folder = tmp_path / name
        folder.mkdir()
        content = name.encode() * 100
        (folder / "weights.safetensors").write_bytes(content)
        card = {
            "model": "hands3c_lite",
            "parameters": 5,
            "input_size": 224,
            "hand_model": "hand_mano778",
            "samples": samples,
            "minutes": 2.5,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        (folder / "weights.json").write_text(json.dumps(card))
    report = {"pa_mpjpe_mm": 7.5, "n": 100, "joints_2d_px": None, "estimator": "x"}
    (tmp_path / "report.json").write_text(json.dumps(report))
    (tmp_path / "facts.json").write_text(json.dumps(FACTS))
    (tmp_path / "weights").mkdir()
    return tmp_path


def test_card_sums_the_parts_and_names_what_was_measured(parts):
    facts = read_facts(parts / "facts.json")
    evaluations = {"synthetic": parts / "report.json"}
    path = ship_weights(
        parts / "second", parts / "weights", "hands3c_lite", facts, evaluations, [parts / "first"]
    )
    assert path.read_bytes() == b"second" * 100
    written = json.loads(path.with_suffix(".json").read_text())
    assert written["samples_seen"] == 1500
    assert written["minutes"] == 5.0
    assert written["metrics"] == {"synthetic": {"pa_mpjpe_mm": 7.5, "n": 100}}
    card = read_card(path)
    assert (card.name, card.input_size, card.default_on) == ("hands3c_lite", 224, ("cpu",))
    assert card.data == (("synthetic", "CC0-1.0"),)
    assert any("7.5" in line for line in card.facts())


def test_large_weights_ship_in_parts_that_the_card_names(parts, monkeypatch):
    run = parts / "second"
    save_weights(build_model("hands3c_tiny"), run / "weights.safetensors", half=True)
    card = json.loads((run / "weights.json").read_text())
    card["sha256"] = hashlib.sha256((run / "weights.safetensors").read_bytes()).hexdigest()
    (run / "weights.json").write_text(json.dumps(card))
    monkeypatch.setattr(shipping, "split_weights", partial(split_weights, most=400_000))
    facts = read_facts(parts / "facts.json")
    path = ship_weights(run, parts / "weights", "hands3c", facts, {})
    assert load_weights(path).name == "hands3c_tiny"
    further = read_card(path).further_parts
    assert next(iter(further)) == "hands3c.part2.safetensors"
    assert {p.name for p in path.parent.glob("*.safetensors")} == {path.name, *further}
    for name, digest in further.items():
        assert hashlib.sha256((path.parent / name).read_bytes()).hexdigest() == digest


def test_weights_that_are_not_the_cards_are_refused(parts):
    (parts / "second" / "weights.safetensors").write_bytes(b"other")
    with pytest.raises(UserError, match="not the file that"):
        ship_weights(parts / "second", parts / "weights", "x", read_facts(parts / "facts.json"), {})


@pytest.mark.parametrize("change", [{"licence": None}, {"colour": "red"}])
def test_facts_must_be_complete_and_known(parts, change):
    values = {key: value for key, value in (FACTS | change).items() if value is not None}
    (parts / "facts.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match=next(iter(change))):
        read_facts(parts / "facts.json")
