"""How much memory a process takes that does nothing but run one network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_MEMORY_SCRIPT = """
import sys, json
from hands3c_core.threads import configure_threads
configure_threads()
import numpy as np
from hands3c_core.models import build_model
from hands3c_core.runtime import make_runtime
model = build_model(sys.argv[1])
runtime = make_runtime(model, sys.argv[2], take=True)
crop = np.zeros((1, model.input_size, model.input_size, 3), np.uint8)
for _ in range(3):
    runtime.predict(crop)
lines = open("/proc/self/status").read().splitlines()
sizes = {key: int(value.split()[0]) for key, value in (l.split(":") for l in lines if "kB" in l)}
print(json.dumps([sizes["VmRSS"], sizes["VmHWM"]]))
"""


def resident_memory(model: str, runtime: str) -> dict[str, float]:
    """Memory in MB of a fresh process with one network: 'resident' after three passes, and the
    'peak' before."""
    root = str(Path(__file__).resolve().parents[2])
    answer = subprocess.run(
        [sys.executable, "-c", _MEMORY_SCRIPT, model, runtime],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=True,
    )
    resident, peak = json.loads(answer.stdout)
    return {"resident": round(resident * 1.024e-3, 1), "peak": round(peak * 1.024e-3, 1)}
