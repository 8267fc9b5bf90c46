"""Thread settings that a library's user gets, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = (
    "import os, sys, hands3c_core\n"
    "assert 'torch' not in sys.modules\n"
    "print(os.environ.get('GOMP_SPINCOUNT'), os.environ.get('KMP_BLOCKTIME'))\n"
)


def settings(**given: str) -> list[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GOMP_", "KMP_", "OMP_"))}
    return subprocess.check_output(
        [sys.executable, "-c", CODE], env=kept | given, cwd=ROOT, text=True
    ).split()


def test_importing_the_package_bounds_how_long_threads_wait_busily() -> None:
    assert settings() == ["2000", "0"]


def test_the_users_own_settings_win() -> None:
    assert settings(GOMP_SPINCOUNT="5") == ["5", "0"]
    assert settings(OMP_WAIT_POLICY="active") == ["None", "None"]
