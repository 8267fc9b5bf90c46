"""Write a network for other programs: ONNX, OpenVINO, TorchScript, Core ML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from hands3c_core.atomic import check_place
from hands3c_core.models import load_weights
from hands3c_core.portable import convert_network


@dataclass(frozen=True)
class Options:
    """Write a network for other programs, and check what they answer against torch."""

    weights: Annotated[Path, tyro.conf.Positional]
    """Our .safetensors or a published checkpoint."""
    out: Path
    """File to write; .onnx, .xml (and .bin), .pt or .mlmodel is added where it has no suffix. A
    .json beside it says sizes, joints and faces."""
    format: Literal["onnx", "openvino", "torchscript", "coreml"] = "onnx"
    """What to write. onnx and coreml need packages of their own (extra 'portable')."""
    hand_model: str | None = None
    """Hand model to pose instead of the one the weights were trained for."""
    batch_size: int = 1
    """Crops in one pass; the file takes exactly as many."""


def run(options: Options) -> None:
    """Load, convert, compare."""
    check_place(options.out)
    network = load_weights(options.weights, hand=options.hand_model)
    done = convert_network(network, options.format, options.out, batch=options.batch_size)
    for file in done.files:
        print(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB)")
    if done.difference is None:
        print("it could not be run on this machine: compare it with torch on yours")
    else:
        print(f"greatest difference from torch: {done.difference:.2g} (metres, rad, shares)")
