"""Names that moved answer where they were, and say so."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.mark.parametrize(
    ("package", "name", "now"),
    [
        ("hands3c_core.detect", "HandSmoother", "hands3c_core.motion"),
        ("hands3c_core.detect", "OneEuroRotation", "hands3c_core.motion"),
        ("hands3c_core.hand_model", "render_mesh", "hands3c_core.render.render_mesh"),
    ],
)
def test_moved_names_answer_with_a_warning_that_says_where_they_are(package, name, now):
    with pytest.warns(DeprecationWarning, match=f"is {now}.{name} now") as seen:
        found = getattr(import_module(package), name)
    assert found is getattr(import_module(now), name)
    assert seen[0].filename == __file__


def test_other_names_are_no_names():
    with pytest.raises(AttributeError, match="nosuch"):
        _ = import_module("hands3c_core.detect").nosuch
