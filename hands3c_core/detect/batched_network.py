"""A small image network that runs in OpenVINO on one thread, on several pictures at once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError, is_out_of_memory
from hands3c_core.openvino_core import import_openvino, openvino_core, quick_options
from hands3c_core.types import UInt8


class BatchedNetwork:
    """A TFLite file of one picture, compiled anew for every number of pictures: cheaper than one
    that takes any number. It computes in bfloat16 where the processor does so by itself (AMX,
    AVX-512 BF16), which is OpenVINO's choice, else in float32.

    Args:
        file: the network; its input is (1, size, size, 3) float32 from 0 to 1.
        size: side of the pictures, px.
        first: how many pictures it is made ready for at once.

    Raises:
        UserError: OpenVINO is not installed, or the file is missing or damaged.
    """

    def __init__(self, file: Path, size: int, first: int = 1) -> None:
        self._core = openvino_core()
        self._size = size
        self._passes: dict[int, Any] = {}
        self._busy = threading.Lock()
        try:
            self._model = self._core.read_model(file)
            self._pass(first)
        except (OSError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else repr(error)
            raise UserError(f"the hand landmark network {file} cannot be loaded: {reason}") from (
                None
            )

    def __call__(self, pictures: UInt8) -> list[NDArray[np.float64]]:
        """The network's outputs for pictures (B, size, size, 3) uint8, each (B, ...) float64."""
        with self._busy:  # outputs lie in the request's own memory
            outputs = self._pass(len(pictures)).infer([pictures], share_inputs=True)
            return [np.array(value, np.float64) for value in outputs.values()]

    def _pass(self, count: int) -> Any:
        if count not in self._passes:
            model = self._model.clone()
            model.reshape([count, self._size, self._size, 3])
            openvino = import_openvino()
            steps = openvino.preprocess.PrePostProcessor(model)
            steps.input().tensor().set_element_type(openvino.Type.u8)
            steps.input().preprocess().convert_element_type(openvino.Type.f32).scale(255.0)
            compiled = self._core.compile_model(steps.build(), "CPU", quick_options(1))
            self._passes[count] = compiled.create_infer_request()
        return self._passes[count]
