# SPDX-License-Identifier: GPL-3.0-or-later
"""A second estimator's look at the pictures on show, for comparison with the first. No Qt.

While it is on, a picture is drawn when both have looked at it, so that the two always show the same
moment: as fast as the slower one goes. The session's own results, what is recorded and what is sent
stay the first one's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hands3c_core.errors import UserError, unexpected
from hands3c_core.types import FrameResult
from hands3c_core.weights import AUTO, LANDMARKS, shipped_weights

from .config import ModelConfig, ViewState
from .model import LoadedModel, load_model, needs_rebuild, tune
from .observables import Observables
from .observe import Observable
from .painter import Painter
from .session_types import FAILURE_S, Figures, Notice, Picture, SecondPicture, Shown
from .wording import estimator_title
from .workers import RenderThread

log = logging.getLogger(__name__)

#: The first load imports torch and cannot be interrupted.
_CLOSE_S = 15.0


@dataclass(frozen=True, slots=True)
class CompareState:
    """What is compared."""

    on: bool = False
    estimator: str = LANDMARKS
    """The second one, as ``ModelConfig`` names it."""
    loading: bool = False
    """The second one is being loaded."""


def comparable(first: str) -> tuple[str, ...]:
    """Estimators that can be chosen as the second one, ``first`` being what the model names."""
    usual = (AUTO, *shipped_weights(), LANDMARKS)
    return usual if first in usual else (*usual, first)


class Comparison:
    """Follows a ``CompareState``; what is on show is handed to ``takes`` and comes back, with the
    second look, by ``paint``. Every public method may be called from any thread."""

    def __init__(
        self,
        observables: Observables,
        paint: Callable[[Shown], None],
        newest: Callable[[], Shown | None],
    ) -> None:
        """
        Args:
            observables: the session's; problems are told there.
            paint: draws a result.
            newest: the result on show.
        """
        self.state: Observable[CompareState] = Observable(CompareState())
        self._out = observables
        self._paint = paint
        self._newest = newest
        self._lock = threading.Lock()
        self._thread: RenderThread[Callable[[], None]] | None = None
        self._closed = False
        self._model: LoadedModel | None = None
        self._is_ready = False
        self._jumped = True
        self._pair: tuple[Shown, Shown] | None = None
        """The newest result that was looked at, without and with the second look."""
        self._painter: Painter | None = None

    def choose(self, *, on: bool | None = None, estimator: str | None = None) -> None:
        """Compare or not, and with what."""
        with self._lock:
            if self._closed:
                return
            old = self.state.value
            new = replace(
                old,
                on=old.on if on is None else on,
                estimator=estimator or old.estimator,
            )
            if new == old:
                return
            self._pair, self._is_ready = None, False
            if self._thread is None:
                self._thread = RenderThread("hands3c-compare", lambda task: task())
        self.state.set(replace(new, loading=new.on))
        if not new.on:
            self._thread.post(self._rest)
        shown = self._newest()
        if shown is not None and not self.takes(shown):
            self._paint(shown)

    def toggle(self) -> None:
        """Compare or not; the first time with something else than what runs."""
        first, state = self._out.model.value.estimator, self.state.value
        other = state.estimator
        if not state.on and other == first:
            others = [name for name in comparable(first) if name != first]
            other = others[0] if others else other
        self.choose(on=not state.on, estimator=other)

    def next_estimator(self) -> None:
        """The next one of those that can be chosen."""
        names = comparable(self._out.model.value.estimator)
        now = self.state.value.estimator
        at = names.index(now) if now in names else -1
        self.choose(on=True, estimator=names[(at + 1) % len(names)])

    def takes(self, shown: Shown) -> bool:
        """Whether ``shown`` will be drawn from here, with a second look; if not, it is drawn as it
        is."""
        with self._lock:
            thread, pair = self._thread, self._pair
            if thread is None or self._closed or not self.state.value.on or shown.model is None:
                return False
            self._jumped = self._jumped or shown.jumped
            is_ready = self._is_ready
        if pair is not None and pair[0] is shown:
            self._paint(pair[1])
            return True
        thread.post(lambda: self._look(shown))
        return is_ready

    def draw(
        self,
        picture: Picture,
        shown: Shown,
        view: ViewState,
        size: tuple[int, int] | None,
        density: float,
    ) -> Picture:
        """``picture`` of ``shown`` with the second one's beside it. On the painter's thread."""
        second = shown.second
        if second is None or not self.state.value.on:
            return picture
        self._painter = self._painter or Painter()
        drawn = self._painter.picture(second, view, size, picture.zoom, density)
        beside = SecondPicture(
            drawn.display,
            (figures_of(shown), figures_of(second)),
            apart(shown.result, second.result),
        )
        return replace(picture, second=beside)

    def close(self) -> None:
        """Free the second estimator; blocks until that is done."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.close(_CLOSE_S)
        self._drop()

    # ------------------------------------------------------------------------------- the thread

    def _look(self, shown: Shown) -> None:
        try:
            model = self._model_for(shown)
            if model is None:
                return
            second = self._second(model, shown)
        except UserError as error:
            self._fail(shown, str(error))
        except Exception as error:
            self._fail(shown, unexpected(log, "The comparison stopped", error))
        else:
            pair = replace(shown, second=second)
            with self._lock:
                if not self.state.value.on or model is not self._model:
                    return
                self._pair, self._is_ready = (shown, pair), True
            self._say_loaded()
            self._paint(pair)

    def _model_for(self, shown: Shown) -> LoadedModel | None:
        """The second estimator with the settings of the first one's model; None if it is no longer
        wanted when it is there."""
        state = self.state.value
        assert shown.model is not None
        if not state.on:
            return None
        wanted: ModelConfig = replace(shown.model.config, estimator=state.estimator)
        model = self._model
        if model is None or needs_rebuild(model.config, wanted):
            with self._lock:
                self._is_ready = False
            self.state.set(replace(state, loading=True))
            self._drop()
            model = load_model(wanted)
            self._jumped = True
        elif model.config != wanted:
            model = tune(model, wanted)
        self._model = model
        if self._closed or self.state.value.estimator != state.estimator:
            return None
        return model

    def _second(self, model: LoadedModel, shown: Shown) -> Shown:
        frame = shown.result.frame
        with self._lock:
            jumped, self._jumped = self._jumped, False
        if jumped:  # a leap in time the pipeline sees itself
            model.pipeline.reset()
        return Shown(model.pipeline.process(frame), model, shown.arrived_at)

    def _say_loaded(self) -> None:
        state = self.state.value
        if state.loading:
            self.state.set(replace(state, loading=False))
            self._out.notices.emit(Notice("compare", ""))

    def _fail(self, shown: Shown, text: str) -> None:
        """The picture goes on without the second look."""
        with self._lock:
            self._pair, self._is_ready = None, False
        self.state.set(replace(self.state.value, on=False, loading=False))
        self._drop()
        self._out.notices.emit(Notice("compare", text, "error", FAILURE_S))
        self._paint(shown)

    def _rest(self) -> None:
        if not self.state.value.on:
            self._drop()

    def _drop(self) -> None:
        model, self._model = self._model, None
        if model is not None:
            model.pipeline.close()


def figures_of(shown: Shown) -> Figures:
    """The numbers of ``shown``, means over its hands."""
    from hands3c_core.estimators.fallback import disagreement

    hands = shown.result.hands
    name = shown.model.config.estimator if shown.model is not None else ""
    title = "recorded" if shown.is_replayed else estimator_title(name)
    if not hands:
        return Figures(title, 0, ms=_ms(shown.result))
    shares = [disagreement(hand.joints_2d, hand.landmarks_2d) for hand in hands]
    return Figures(
        title,
        len(hands),
        error_px=float(np.mean([hand.reprojection_error_px for hand in hands])),
        error_share=float(np.mean(shares)),
        ms=_ms(shown.result),
        confidence=float(np.mean([hand.confidence for hand in hands])),
        stand_ins=shown.fallen,
    )


def apart(first: FrameResult, second: FrameResult) -> float | None:
    """Mean distance of the two estimates' joints of the same hands, px; None if none is the same:
    a hand is the nearest one, within its own box."""
    distances = []
    for hand in first.hands:
        side = float(np.ptp(hand.joints_2d, axis=0).max())
        found = [
            float(np.linalg.norm(hand.joints_2d - other.joints_2d, axis=1).mean())
            for other in second.hands
        ]
        if found and min(found) < side:
            distances.append(min(found))
    return float(np.mean(distances)) if distances else None


def _ms(result: FrameResult) -> float | None:
    return result.timings_ms.get("total")
