"""How estimators do on easy and on hard hands: rendered benchmarks that anyone can make again.

Every set has its own options and one seed, backgrounds are made up, so nothing is needed but this
package: the same pictures come out everywhere (docs/synthetic.md). Each estimator is measured as it
runs live, detector included.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from hands3c_core.atomic import write_atomically
from hands3c_core.data import open_data
from hands3c_core.data.synthetic import SyntheticConfig, render_shards
from hands3c_core.digest import sha256_of
from hands3c_core.errors import UserError
from hands3c_core.estimators.choose import make_estimator
from hands3c_core.evaluation.evaluate import evaluate
from hands3c_core.evaluation.predictors import EstimatorPredictor
from hands3c_core.hand_model import load_hand_model
from hands3c_core.reading import read_json
from hands3c_core.weights import AUTO, LANDMARKS, shipped_weights

#: No training set has it.
SEED: Final = 7007
_SIZE: Final = 256
_SHARD: Final = 250

_PLAIN: Final = SyntheticConfig(size=_SIZE, occluders=0.0, second_hand=0.0, motion_blur=0.0)
#: The benchmarks, each the plain one with one thing made hard.
DIFFICULTIES: Final[dict[str, SyntheticConfig]] = {
    "plain": _PLAIN,
    "occluded": replace(_PLAIN, occluders=1.0),
    "dark": replace(_PLAIN, dark=1.0),
    "blurred": replace(_PLAIN, motion_blur=1.0),
    "two_hands": replace(_PLAIN, second_hand=1.0),
}

#: Told what is being done, and how much of it: (what, done, of all).
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Score:
    """What one estimator did on one benchmark."""

    estimator: str
    difficulty: str
    found: float
    """Share of samples in which a hand was found."""
    pa_mpjpe_mm: float
    """Of those found."""
    pa_mpjpe_all_mm: float
    """A missed hand counts as one point."""
    joints_2d_px: float
    """Of those found, px of a 256-px crop."""


def every_estimator() -> tuple[str, ...]:
    """Names of the estimators that are shipped, the automatic one first."""
    return (AUTO, *shipped_weights(), LANDMARKS)


def render(folder: Path, difficulty: str, count: int, workers: int, progress: Progress) -> Path:
    """Render what is missing of a benchmark; returns its folder.

    Raises:
        UserError: there is no such benchmark, or the folder holds another one.
    """
    if difficulty not in DIFFICULTIES:
        raise UserError(
            f"there is no benchmark {difficulty!r}; choose from {', '.join(DIFFICULTIES)}."
        )
    place, done = folder / difficulty, 0

    def tell(samples: int) -> None:
        nonlocal done
        done += samples
        progress(f"rendering {difficulty}", done, count)

    render_shards(
        place,
        count,
        DIFFICULTIES[difficulty],
        seed=SEED,
        shard_size=min(_SHARD, count),
        workers=workers,
        progress=tell,
    )
    return place


def score(
    folder: Path, difficulty: str, name: str, count: int, progress: Progress | None = None
) -> Score:
    """Measure an estimator on a rendered benchmark; what was measured before is read.

    Args:
        folder: what ``render`` was given.
        difficulty: one of ``DIFFICULTIES``.
        name: of an estimator, or a file of weights.
        count: how many of the samples.
        progress: told how far it is.

    Raises:
        UserError: the estimator or the benchmark is not there.
    """
    file = folder / "results" / f"{difficulty}_{count}_{Path(name).stem}.json"
    facts = {"seed": SEED, "count": count, "name": name, "mark": _mark(name)}
    if file.is_file():
        known = read_json(file)
        if all(known.get(key) == value for key, value in facts.items()):
            return _score(name, difficulty, known)
    made = EstimatorPredictor(make_estimator(name, load_hand_model("hand_mid")))
    with closing(made) as predictor:  # its detector is not small
        outcome = evaluate(
            open_data(f"synthetic:{folder / difficulty}", crop_size=predictor.input_size),
            predictor,
            limit=count,
            progress=None if progress is None else partial(progress, f"{name} on {difficulty}"),
        )
    report = facts | outcome.report()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(report, indent=1).encode())
    return _score(name, difficulty, report)


def _score(name: str, difficulty: str, report: dict[str, Any]) -> Score:
    found = report["n"] / max(report["n"] + report["n_failed"], 1)
    keys = ("pa_mpjpe_mm", "pa_mpjpe_all_mm", "joints_2d_px")
    values = (float("nan") if report[key] is None else float(report[key]) for key in keys)
    return Score(name, difficulty, found, *values)


def _mark(name: str) -> list[str]:
    """Of the weights behind an estimator, so that old results are not taken for new ones."""
    shipped = shipped_weights()
    files = list(shipped.values()) if name == AUTO else [shipped.get(name) or Path(name)]
    return [sha256_of(file) for file in files if file.is_file()]


def table(scores: Sequence[Score], count: int) -> str:
    """The scores as a Markdown table: a row an estimator, PA-MPJPE of all and share found."""
    difficulties = [name for name in DIFFICULTIES if any(s.difficulty == name for s in scores)]
    names = list(dict.fromkeys(score.estimator for score in scores))
    by_key = {(score.estimator, score.difficulty): score for score in scores}
    lines = [
        f"PA-MPJPE in mm over all {count:,} hands of each set, a missed one counted as a single "
        "point (of those found alone; 2D error in px of 256; share found):",
        "",
        "| | " + " | ".join(name.replace("_", " ") for name in difficulties) + " |",
        "|---" * (len(difficulties) + 1) + "|",
    ]
    for name in names:
        cells = []
        for difficulty in difficulties:
            it = by_key.get((name, difficulty))
            cells.append(
                ""
                if it is None
                else f"**{it.pa_mpjpe_all_mm:.1f}** ({it.pa_mpjpe_mm:.1f}; "
                f"{it.joints_2d_px:.1f} px; {100 * it.found:.0f} %)"
            )
        lines.append(f"| `{Path(name).stem}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)
