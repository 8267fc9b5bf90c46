# SPDX-License-Identifier: GPL-3.0-or-later
"""What to spare where a machine cannot keep up with a camera."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hands3c_core.estimators.base import Estimator

log = logging.getLogger(__name__)

#: Pictures after which a camera's first hiccups, and a model's, are over.
_SETTLING: Final = 30
#: Pictures over which missed ones are counted, and the share from which the machine is too slow.
_WATCHED, _TOO_MANY = 45, 0.1
#: Pictures from one look of the network at a hand to the next, once it is.
_RELIEVED: Final = 2


class Relief:
    """Lets the network rest in every second picture of a camera that is too fast for the machine,
    until another camera or model comes. Nothing else is spared: files are done picture by picture.
    """

    def __init__(self) -> None:
        self._estimator: Estimator | None = None
        self._begin(0)

    def _begin(self, dropped: int) -> None:
        self._pictures = -_SETTLING
        self._first = self._last = dropped

    def processed(self, estimator: Estimator, dropped: int, *, is_live: bool) -> None:
        """A picture was processed.

        Args:
            estimator: that did it.
            dropped: pictures that the source has missed since it was opened.
            is_live: whether the source misses pictures if nobody takes them.
        """
        # Here, since it brings numba, which the first raw picture need not wait for.
        from hands3c_core.estimators.base import TakesTurns

        if not isinstance(estimator, TakesTurns):
            return
        if not is_live or estimator is not self._estimator or dropped < self._last:
            self._estimator = estimator
            estimator.network_interval = 1
            self._begin(dropped)
        self._last = dropped
        self._pictures += 1
        if self._pictures == 0:
            self._first = dropped
        if self._pictures < _WATCHED or estimator.network_interval > 1:
            return
        missed = dropped - self._first
        if missed > _TOO_MANY * (missed + self._pictures):
            estimator.network_interval = _RELIEVED
            log.info(
                "%d of %d pictures of the camera were missed: the network now looks at each hand "
                "in every second one",
                missed,
                missed + self._pictures,
            )
        self._pictures, self._first = 0, dropped
