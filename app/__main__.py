# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m app`` and ``hands3c-live``: the window, or headless where there is no display."""

from __future__ import annotations

import logging
import os
import sys


def main(argv: list[str] | None = None) -> int:
    """Run the app; returns the exit code (2: something the user can put right)."""
    limit_threads()
    from app.options import has_display, parse
    from hands3c_core.errors import UserError

    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        logging.basicConfig(
            level=logging.INFO if options.verbose else logging.ERROR,
            format="%(levelname)s %(name)s: %(message)s",
        )
        if options.headless or not has_display():
            from app.headless import run_headless

            if not options.headless:
                print("No display found: running headless.", file=sys.stderr)
            return run_headless(options)
        from app.gui import run_window

        return run_window(options)
    except UserError as error:
        print(f"hands3c-live: {error}", file=sys.stderr)
        return 2


def limit_threads() -> None:
    """Keep the numeric libraries from fighting over cores; what the user set stands.

    Detection, fitting, drawing and encoding run side by side here, so a pool as large as the
    machine in each of them only makes them wait for one another.
    """
    threads = str(max(1, min(4, (os.cpu_count() or 2) // 2)))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, threads)
    # Spinning OpenMP workers starve the GUI thread on two cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GLOG_minloglevel", "2")


if __name__ == "__main__":
    sys.exit(main())
