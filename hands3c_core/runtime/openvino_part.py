"""Part of a network compiled by OpenVINO.

How OpenVINO is imported: ``openvino_core``.
"""

from __future__ import annotations

import logging
import mmap
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from torch import Tensor, nn

from hands3c_core.openvino_core import import_openvino, openvino_core, quick_options
from hands3c_core.runtime.memory import give_back_memory

_log = logging.getLogger(__name__)


class ConvertedPart:
    """A module in OpenVINO's form, independent of torch's weights; ``compile`` makes it run.

    OpenVINO keeps the weights as they came beside those it packs for its kernels, and reads them
    again only when it packs for another number of crops. So they lie in a file (without a name, on
    disk until the part is gone) that is mapped into memory, and their pages are let go once packed;
    where a file cannot be had they stay in memory.

    Args:
        module: takes and gives tensors whose first dimension is the crops'.
        example: inputs with as many crops as there will ever be.
        fewer: also fit it for fewer crops, otherwise for exactly as many as the example has. (One
            compilation for all numbers: each would have a copy of the weights of its own.)
    """

    def __init__(self, module: nn.Module, example: tuple[Tensor, ...], *, fewer: bool) -> None:
        openvino = import_openvino()
        self._model = _convert(module, example)
        shapes = {}
        for port, tensor in zip(self._model.inputs, example, strict=True):
            batch, *rest = tensor.shape
            count = openvino.Dimension(1 if fewer else batch, batch)
            shapes[port] = openvino.PartialShape([count, *rest])
        self._model.reshape(shapes)
        self._weights: mmap.mmap | None = None
        if hasattr(mmap, "MADV_DONTNEED"):
            try:
                self._model, self._weights = _with_mapped_weights(self._model)
            except OSError as error:
                _log.info("OpenVINO's weights stay in memory: %s", error)

    def compile(self, precision: torch.dtype) -> CompiledPart:
        """Make it run; it cannot be compiled again."""
        hint = {torch.float32: "f32", torch.bfloat16: "bf16"}[precision]
        options = {"INFERENCE_PRECISION_HINT": hint, **quick_options(torch.get_num_threads())}
        compiled = openvino_core().compile_model(self._model, "CPU", options)
        del self._model
        return CompiledPart(compiled.create_infer_request(), self._weights)


class CompiledPart:
    """What ``ConvertedPart.compile`` made."""

    def __init__(self, request: Any, weights: mmap.mmap | None) -> None:
        self._request = request
        self._weights = weights
        self._packed_for: set[int] = set()

    def __call__(self, *inputs: Tensor) -> list[Tensor]:
        """The module's outputs."""
        arrays = [np.ascontiguousarray(t.numpy()) for t in inputs]
        results = self._request.infer(arrays, share_inputs=True, share_outputs=False)
        crops = len(arrays[0])
        if crops not in self._packed_for:
            self._packed_for.add(crops)
            if self._weights is not None:
                self._weights.madvise(mmap.MADV_DONTNEED)
            give_back_memory()
        return [torch.from_numpy(np.asarray(value)) for value in results.values()]


def _convert(module: nn.Module, example: tuple[Tensor, ...]) -> Any:
    """OpenVINO's model of a module."""
    import_openvino()  # before its parts are imported
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.inference_mode(False), torch.no_grad():
        inputs = tuple(t.clone() for t in example)
        # Sizes become constants: they are, but for the batch's. Not catch_warnings, which other
        # threads that use it meanwhile undo.
        warnings.filterwarnings("ignore", "", torch.jit.TracerWarning, r"hands3c_core\.")
        traced = torch.jit.trace(module.eval(), inputs, check_trace=False)
        decoder = TorchScriptPythonDecoder(traced, example_input=inputs)
        front_end = FrontEndManager().load_by_framework("pytorch")
        return front_end.convert(front_end.load(decoder))


def _with_mapped_weights(model: Any) -> tuple[Any, mmap.mmap]:
    """The same model with its weights in a mapped file, and the mapping.

    Raises:
        OSError: no such file can be made here.
    """
    openvino = import_openvino()
    # The system's folder for temporary files is often itself in memory.
    cache = Path(platformdirs.user_cache_dir("hands3c", appauthor=False))
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="openvino-") as folder:
        structure, file = Path(folder) / "part.xml", Path(folder) / "part.bin"
        try:
            openvino.serialize(model, structure, file)
        except RuntimeError as error:  # OpenVINO's word for a full disk, too
            raise OSError(str(error).splitlines()[0]) from None
        with file.open("rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
        weights = openvino.Tensor(np.frombuffer(mapped, np.uint8), shared_memory=True)
        return openvino_core().read_model(structure.read_bytes(), weights), mapped
