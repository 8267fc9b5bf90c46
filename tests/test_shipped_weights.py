"""The weights that this checkout really has, each with its card."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from hands3c_core import runtime
from hands3c_core.assets import asset_path
from hands3c_core.estimators.fallback import disagreement
from hands3c_core.models import load_weights
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.sources import open_source
from hands3c_core.weights import WeightsCard, find_weights, read_card

#: What the small one may cost; no file may be larger than the other bound.
LITE_BYTES, FILE_BYTES = 12_000_000, 50_000_000
LITE_PARAMETERS = 3_000_000
#: Mean distance of its joints from the detector's, as a share of the hand's box, on the demo clip.
NEAR = 0.08


@pytest.fixture(params=["hands3c_lite"])
def name(request, monkeypatch):
    monkeypatch.delenv("HANDS3C_WEIGHTS", raising=False)
    return request.param


@pytest.fixture
def card(name) -> WeightsCard:
    return read_card(find_weights(name))


def test_files_are_those_of_the_card_and_none_is_too_large(name, card):
    first = find_weights(name)
    beside = {path.name for path in first.parent.glob(f"{name}.*safetensors")}
    assert beside == {first.name, *card.further_parts}
    for file, digest in {first.name: card.sha256, **card.further_parts}.items():
        content = (first.parent / file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, file
        assert len(content) <= (LITE_BYTES if name == "hands3c_lite" else FILE_BYTES)


def test_card_says_where_they_come_from_and_what_they_can(name, card):
    assert card.name == card.model == name
    assert card.licence
    assert card.limits
    assert card.samples_seen > 10_000
    assert all(data and licence for data, licence in card.data)
    values = json.loads(find_weights(name).with_suffix(".json").read_text())
    assert values["recipe"]
    assert values["trained_on"]
    synthetic = card.metrics["synthetic_fresh_seeds"]
    assert synthetic["n"] + synthetic["n_failed"] >= 1000
    assert synthetic["pa_mpjpe_mm"] < 12
    assert card.metrics["real_held_out_sources"]["n"] > 250


def test_network_is_the_cards(name, card):
    network = load_weights(find_weights(name))
    assert (network.name, network.input_size) == (card.model, card.input_size)
    assert network.refines
    count = sum(parameter.numel() for parameter in network.parameters())
    values = json.loads(find_weights(name).with_suffix(".json").read_text())
    assert count == values["parameters"]
    assert name != "hands3c_lite" or count <= LITE_PARAMETERS


def test_experimental_weights_are_nobodys_default(card):
    assert card.experimental == (not card.default_on)


def test_mesh_sits_on_the_hands_of_the_demo(name, monkeypatch):
    make = runtime.make_runtime
    monkeypatch.setattr(runtime, "make_runtime", lambda model, *_, **__: make(model, "eager"))
    errors, origins = [], set()
    with open_source(asset_path("demo.mp4")) as source, HandMeshPipeline(name) as pipeline:
        for _ in range(6):
            result = pipeline(source.read().image)
            assert len(result.hands) == 2
            for hand in result.hands:
                errors.append(disagreement(hand.joints_2d, hand.landmarks_2d))
                origins.add(hand.estimator)
    assert origins == {name}
    assert np.mean(errors) < NEAR
