"""Networks for other programs: ONNX, OpenVINO, TorchScript, Core ML."""

from hands3c_core.portable.convert import PORTABLE_FORMATS, Converted, convert_network
from hands3c_core.portable.graph import OUTPUTS, PortableNetwork

__all__ = ["OUTPUTS", "PORTABLE_FORMATS", "Converted", "PortableNetwork", "convert_network"]
