"""Undo and redo: one step a choice, sliders merged, what failed by itself forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.config import MeshStyle, ModelConfig, RecordChoice, ViewState
from app.history import History
from app.observe import Event, Observable
from app.session_types import Take, TakeChange


class Shelf:
    """Takes without files: each change is told, as the real shelf tells it."""

    def __init__(self, changes: Event[TakeChange]) -> None:
        self._changes = changes
        self.names = {"one", "two"}

    def delete(self, take: Take) -> None:
        self.names.remove(take.name)
        self._changes.emit(TakeChange(take, None))

    def undo_delete(self, take: Take) -> None:
        self.names.add(take.name)
        self._changes.emit(TakeChange(None, take))

    def rename(self, take: Take, name: str) -> None:
        self.names.remove(take.name)
        self.names.add(name)
        self._changes.emit(TakeChange(take, replace(take, name=name)))


class Choices:
    """A session's choices without a session: setting one tells its listeners."""

    def __init__(self) -> None:
        self.observables = self
        self.view = Observable(ViewState())
        self.model = Observable(ModelConfig())
        self.record_choice = Observable(RecordChoice())
        self.take_changes: Event[TakeChange] = Event()
        self.takes = Shelf(self.take_changes)
        self.set_view = self.view.set
        self.set_model = self.model.set
        self.set_record_choice = self.record_choice.set


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def choices():
    return Choices()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def history(choices, clock):
    return History(choices, now=clock)


def change(choices, clock, **fields) -> None:
    clock.time += 5.0
    choices.set_view(replace(choices.view.value, **fields))


def test_steps_are_taken_back_and_made_again_in_order(choices, clock, history):
    assert not history.can_undo
    change(choices, clock, skeleton=True)
    change(choices, clock, mesh_style=MeshStyle.NORMALS)
    history.undo()
    assert choices.view.value == ViewState(skeleton=True)
    history.undo()
    assert choices.view.value == ViewState()
    assert not history.can_undo
    history.undo()
    history.redo()
    history.redo()
    assert choices.view.value == ViewState(skeleton=True, mesh_style=MeshStyle.NORMALS)
    assert not history.can_redo


def test_a_dragged_slider_is_one_step(choices, clock, history):
    for number in range(20):
        clock.time += 0.05
        choices.set_view(replace(choices.view.value, opacity=0.1 + number / 40))
    change(choices, clock, opacity=0.9)
    history.undo()
    assert choices.view.value.opacity == pytest.approx(0.1 + 19 / 40)
    history.undo()
    assert choices.view.value == ViewState()
    assert not history.can_undo


def test_two_switches_in_a_hurry_are_two_steps(choices, clock, history):
    choices.set_view(replace(choices.view.value, skeleton=True))
    choices.set_view(replace(choices.view.value, boxes=True))
    history.undo()
    assert choices.view.value == ViewState(skeleton=True)


def test_there_and_back_at_once_is_nothing(choices, clock, history):
    choices.set_view(replace(choices.view.value, skeleton=True))
    choices.set_view(replace(choices.view.value, skeleton=False))
    assert not history.can_undo


def test_a_new_change_ends_what_could_be_made_again(choices, clock, history):
    change(choices, clock, skeleton=True)
    history.undo()
    assert history.can_redo
    change(choices, clock, boxes=True)
    assert not history.can_redo


def test_a_step_back_keeps_changes_of_other_choices(choices, clock, history):
    change(choices, clock, skeleton=True)
    choices.set_model(replace(choices.model.value, smoothing=0.9))
    change(choices, clock, boxes=True)
    history.undo()
    history.undo()
    assert choices.model.value == ModelConfig()
    assert choices.view.value == ViewState(skeleton=True)
    history.redo()
    assert choices.model.value.smoothing == 0.9


def test_a_model_that_could_not_be_built_leaves_no_step(choices, clock, history):
    change(choices, clock, skeleton=True)
    choices.set_model(replace(choices.model.value, estimator="missing.safetensors"))
    clock.time += 10.0
    choices.set_model(ModelConfig())  # the session keeps the one that runs
    history.undo()
    assert choices.model.value == ModelConfig()
    assert choices.view.value == ViewState()


def test_recordings_choices_are_undone_too(choices, clock, history):
    choices.set_record_choice(choices.record_choice.value.writing(glb=False))
    history.undo()
    assert choices.record_choice.value == RecordChoice()


def test_it_forgets_on_request_and_has_a_limit(choices, clock, history):
    for number in range(250):
        change(choices, clock, skeleton=number % 2 == 0, opacity=0.2 + number / 1000)
    for _ in range(300):
        history.undo()
    assert choices.view.value != ViewState()
    history.clear()
    assert not history.can_undo
    assert not history.can_redo
    history.close()
    change(choices, clock, boxes=True)
    assert not history.can_undo


def a_take(name: str) -> Take:
    return Take(name, (), None, 1.0, 10)


def test_takes_and_choices_share_one_stack_newest_first(choices, clock, history):
    choices.record_choice.set(choices.record_choice.value.writing(npz=True))
    choices.takes.delete(a_take("one"))
    assert history.undo_title == "deleting one"
    history.undo()
    assert choices.takes.names == {"one", "two"}
    assert "npz" in choices.record_choice.value.formats
    assert history.redo_title == "deleting one"
    history.redo()
    assert choices.takes.names == {"two"}
    history.undo()
    history.undo()
    assert "npz" not in choices.record_choice.value.formats
    assert not history.can_undo


def test_a_renamed_take_gets_its_name_back(choices, clock, history):
    choices.takes.rename(a_take("one"), "three")
    history.undo()
    assert choices.takes.names == {"one", "two"}
    history.redo()
    assert choices.takes.names == {"three", "two"}
    assert history.undo_title == "renaming one"


def test_a_take_brought_back_by_its_button_is_no_longer_to_be_undone(choices, clock, history):
    choices.takes.delete(a_take("one"))
    choices.takes.undo_delete(a_take("one"))
    assert not history.can_undo
