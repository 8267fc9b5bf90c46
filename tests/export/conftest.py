"""One hand model and one take for all export tests."""

from __future__ import annotations

import pytest
from sample_hands import make_session

from hands3c_core.hand_model import HandLayer, HandModelData, load_hand_model
from hands3c_core.types import FrameResult


@pytest.fixture(scope="session")
def model() -> HandModelData:
    return load_hand_model("hand_mano778")


@pytest.fixture(scope="session")
def layer(model: HandModelData) -> HandLayer:
    return HandLayer(model)


@pytest.fixture(scope="session")
def session(model: HandModelData, layer: HandLayer) -> list[FrameResult]:
    return make_session(model, layer)
