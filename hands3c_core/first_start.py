"""What is slow the first time, done once after an install: compiled code, the choice of a runtime.

    python -c "import sys; from hands3c_core.first_start import main; sys.exit(main())"

All of it ends in the user's cache folder, so that the first start of the app, or the first frame of
a program of one's own, does not wait for it. ``scripts/bootstrap.py`` runs it as its last step.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from hands3c_core.errors import UserError

#: Called with what is about to be done, in plain words.
Progress = Callable[[str], None]


def prepare(progress: Progress) -> None:
    """Let every part of the live path run once.

    Raises:
        UserError: a part of the program is missing.
    """
    progress("Making the pipeline: scan kernels, the fastest runtime of the network")
    from hands3c_core.pipeline import HandMeshPipeline
    from hands3c_core.render import OverlayStyle, draw_overlay
    from hands3c_core.sources.bundled import bundled_frames

    with HandMeshPipeline("auto") as pipeline:
        pipeline.warm_up(progress)
        progress("Drawing")
        for frame in bundled_frames(3):
            result = pipeline.process(frame)
            draw_overlay(frame.image, result, OverlayStyle(), pipeline.render_mesh)
        pipeline.estimator = "landmarks"
        progress("The landmark estimator")
        pipeline.warm_up()


def main() -> int:
    """Prepare and say what is being done; exit code 1 if something is missing."""
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"  {time.monotonic() - started:5.1f} s  {what}", flush=True)

    try:
        prepare(say)
    except UserError as error:
        print(f"Not prepared: {error}", file=sys.stderr)
        return 1
    say("Ready")
    return 0
