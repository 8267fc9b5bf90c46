"""Writing a network in the formats of other runtimes, and checking what they answer."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork
from hands3c_core.portable.graph import PortableNetwork

#: Greatest difference from torch that is accepted: metres, rad, shares of the crop.
TOLERANCE: Final = 1e-4
#: Of the ONNX operator set; onnxruntime since 1.14 and onnxruntime-web know it.
OPSET: Final = 17
_INPUT: Final = "images"
_EXTRA: Final = "pip install 'hands3c-live[portable]'"

Arrays = Sequence[NDArray[np.floating[Any]]]


@dataclass(frozen=True, slots=True)
class Converted:
    """What ``convert_network`` wrote."""

    files: tuple[Path, ...]
    """The model's file or files, then the text beside it (JSON)."""
    difference: float | None
    """Greatest difference of any output from torch's on pictures it was not traced with; None where
    the format cannot run on this machine."""


def convert_network(network: HandNetwork, kind: str, path: Path, *, batch: int = 1) -> Converted:
    """Write a network in another format, have the format's runtime run it, and compare.

    The file takes ``images`` (batch, 3, S, S) float32 RGB in [0, 1] and gives ``OUTPUTS``. A JSON
    file of the same name beside it says all that a program needs to know: sizes, the crop rule,
    joints, faces of the mesh.

    Args:
        network: of any kind; it is set to evaluation mode.
        kind: a key of ``PORTABLE_FORMATS``.
        path: the file; its usual suffix is added where it has none.
        batch: crops in one pass; the files are made for exactly as many.

    Raises:
        UserError: the format's package is not installed, it cannot express the network, what it
            answers differs by more than ``TOLERANCE``, or the file cannot be written.
    """
    if kind not in PORTABLE_FORMATS:
        raise UserError(f"there is no format {kind!r}; choose from {', '.join(PORTABLE_FORMATS)}.")
    if batch < 1:
        raise UserError(f"--batch-size must be at least 1, not {batch}.")
    suffix, write = PORTABLE_FORMATS[kind]
    path = path if path.suffix else path.with_suffix(suffix)
    portable = PortableNetwork(network)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Tracing warns of shapes that become constants, which is what is wanted here.
        warnings.simplefilter("ignore")
        made = write(portable, Path(folder) / f"model{suffix}", portable.example(batch))
        difference = None if made.run is None else _difference(portable, made.run, batch)
        if difference is not None and not difference <= TOLERANCE:
            raise UserError(
                f"{kind} answers otherwise than torch by {difference:.2g} (more than "
                f"{TOLERANCE:g}); nothing was written."
            )
        files = [path.with_suffix(file.suffix) for file in made.files]
        for source, file in zip(made.files, files, strict=True):
            write_atomically(file, source.read_bytes())
    text = path.with_name(f"{path.stem}.json")
    facts = _facts(portable, kind, batch, difference)
    write_atomically(text, (json.dumps(facts, indent=1) + "\n").encode())
    return Converted((*files, text), difference)


@dataclass(frozen=True, slots=True)
class _Made:
    """Files of a format, and what runs them."""

    files: tuple[Path, ...]
    run: Callable[[NDArray[np.float32]], Arrays] | None


def _difference(
    portable: PortableNetwork, run: Callable[[NDArray[np.float32]], Arrays], batch: int
) -> float:
    worst = 0.0
    for seed in (1, 2):
        images = portable.example(batch, seed)
        with torch.inference_mode():
            expected = portable(images)
        said = run(images.numpy())
        for ours, theirs in zip(expected, said, strict=True):
            apart = np.abs(ours.numpy() - np.asarray(theirs))
            worst = max(worst, float(apart.max()) if np.isfinite(apart).all() else np.inf)
    return worst


def _facts(
    portable: PortableNetwork, kind: str, batch: int, difference: float | None
) -> dict[str, Any]:
    """What the JSON file beside a model says."""
    network = portable.network
    size = network.input_size
    vertices = network.hand.num_vertices
    shapes = {
        "joints_2d": [batch, 21, 2],
        "joints_3d": [batch, 21, 3],
        "vertices": [batch, vertices, 3],
        "pose": [batch, 16, 3],
        "shape": [batch, 10],
    }
    return {
        "format": "hands3c-portable",
        "kind": kind,
        "model": network.name,
        "input": {"name": _INPUT, "shape": [batch, 3, size, size], "values": "RGB, 0 to 1"},
        "outputs": {name: shapes[name] for name in portable.names},
        "units": {
            "joints_2d": "px of the crop over its side",
            "joints_3d": "metres relative to the wrist; x right, y down, z forward",
            "vertices": "metres relative to the wrist",
            "pose": "axis-angle in rad, relative to the hand model's mean pose",
        },
        "hand": network.hand.name,
        "crop": network.crop_rule,
        "mirror": "crops of left hands are mirrored, and the results' x negated",
        "joints": list(JOINT_NAMES),
        "greatest_difference_from_torch": difference,
        "faces": network.hand.faces.tolist(),
    }


def _traced(portable: PortableNetwork, example: torch.Tensor) -> torch.jit.ScriptModule:
    with torch.no_grad():
        return torch.jit.trace(portable, (example,), check_trace=False)


def _torchscript(portable: PortableNetwork, path: Path, example: torch.Tensor) -> _Made:
    _traced(portable, example).save(str(path))
    loaded = torch.jit.load(str(path))

    def run(images: NDArray[np.float32]) -> Arrays:
        with torch.no_grad():
            return [output.numpy() for output in loaded(torch.from_numpy(images))]

    return _Made((path,), run)


def _onnx(portable: PortableNetwork, path: Path, example: torch.Tensor) -> _Made:
    for package in ("onnx", "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            raise UserError(f"--format onnx needs the package {package}: {_EXTRA}.")
    import onnxruntime

    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        # Where it fails, the exporter prints the whole graph.
        with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
            torch.onnx.export(
                portable,
                (example,),
                str(path),
                input_names=[_INPUT],
                output_names=list(portable.names),
                opset_version=OPSET,
                dynamo=False,
            )
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise UserError(f"ONNX cannot express this network ({first}).") from None
    finally:
        log.setLevel(level)
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common class but this one
        first = (str(error).splitlines() or [""])[0]
        raise UserError(f"onnxruntime cannot run what ONNX makes of it ({first}).") from None

    def run(images: NDArray[np.float32]) -> Arrays:
        return session.run(list(portable.names), {_INPUT: images})

    return _Made((path,), run)


def _openvino(portable: PortableNetwork, path: Path, example: torch.Tensor) -> _Made:
    try:
        from hands3c_core.openvino_core import import_openvino, openvino_core

        openvino = import_openvino()
    except ImportError:
        raise UserError(
            "--format openvino needs OpenVINO: pip install 'hands3c-live[openvino]'."
        ) from None
    traced = _traced(portable, example)
    try:
        model = openvino.convert_model(traced, example_input=example, input=list(example.shape))
    except Exception as error:  # OpenVINO's front ends raise classes of their own
        first = (str(error).splitlines() or [""])[0]
        raise UserError(f"OpenVINO cannot express this network ({first}).") from None
    for port, name in zip(model.outputs, portable.names, strict=True):
        port.get_tensor().set_names({name})
    model.inputs[0].get_tensor().set_names({_INPUT})
    openvino.save_model(model, str(path), compress_to_fp16=False)
    compiled = openvino_core().compile_model(
        str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    )

    def run(images: NDArray[np.float32]) -> Arrays:
        said = compiled(images)
        return [said[name] for name in portable.names]

    return _Made((path, path.with_suffix(".bin")), run)


def _coreml(portable: PortableNetwork, path: Path, example: torch.Tensor) -> _Made:
    if importlib.util.find_spec("coremltools") is None:
        raise UserError("--format coreml needs coremltools: pip install coremltools.")
    import coremltools

    model = coremltools.convert(
        _traced(portable, example),
        convert_to="neuralnetwork",  # one file, where an ML program is a folder
        inputs=[coremltools.TensorType(name=_INPUT, shape=tuple(example.shape))],
        outputs=[coremltools.TensorType(name=name) for name in portable.names],
    )
    model.save(str(path))
    return _Made((path,), None)  # Core ML runs on Apple's systems alone


#: Format -> its usual suffix and what writes it.
PORTABLE_FORMATS: Final = MappingProxyType(
    {
        "onnx": (".onnx", _onnx),
        "openvino": (".xml", _openvino),
        "torchscript": (".pt", _torchscript),
        "coreml": (".mlmodel", _coreml),
    }
)
