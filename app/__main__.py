# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m app`` and ``hands3c-live``: the window, or headless where there is no display."""

from __future__ import annotations

import os
import signal
import sys


def _end_at_once(number: int, frame: object) -> None:
    os.write(2, b"Stopped.\n")
    os._exit(130)


if __name__ == "__main__":  # before anything is imported that takes time
    signal.signal(signal.SIGINT, _end_at_once)

import logging  # noqa: E402

from hands3c_core.command import ending_at_once, leave, outcome  # noqa: E402
from hands3c_core.memory_limit import LANDMARKS_MB, require_limit  # noqa: E402
from hands3c_core.threads import configure_threads  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Run the app; returns the exit code (2: something the user can put right).

    Without ``argv`` it takes the process's own arguments and ends the process.
    """
    arguments = sys.argv[1:] if argv is None else argv
    code = outcome(lambda: start(arguments), name="hands3c-live")
    if argv is None:
        leave(code)
    return code


def start(arguments: list[str]) -> int:
    """Run the app; returns the exit code.

    Raises:
        UserError: something the user can put right.
    """
    # Until something is recorded there is nothing to lose.
    with ending_at_once():
        configure_threads(side_by_side=True)
        os.environ.setdefault("GLOG_minloglevel", "2")  # the detector's library reports at start
        require_limit(LANDMARKS_MB, "the app")
        from .options import has_display, needed_memory, parse, warn_of_live

        options = parse(arguments)
        require_limit(*needed_memory(options))
        warn_of_live(options)
        terminal = logging.StreamHandler()
        terminal.setLevel(logging.INFO if options.verbose else logging.ERROR)
        # The log viewer gets more than the terminal.
        logging.basicConfig(
            level=logging.INFO, handlers=[terminal], format="%(levelname)s %(name)s: %(message)s"
        )
        if options.headless or not has_display():
            from .headless import run_headless

            if not options.headless:
                print("No display found: running headless.", file=sys.stderr)
            return run_headless(options)
        from .gui import run_window

        return run_window(options)


if __name__ == "__main__":
    main()
