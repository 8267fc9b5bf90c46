"""HandS3C: 3D hand meshes from images. No Qt and no window: usable as a library.

    from hands3c_core import HandMeshPipeline, write_obj

    pipeline = HandMeshPipeline("auto", mode="image")
    result = pipeline(image)                       # (H, W, 3) uint8 RGB
    write_obj("hands.obj", result)

What is named here is the public interface: it changes only with a deprecation of one minor version
(CONTRIBUTING.md). Names are imported when they are first used, so ``import hands3c_core`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hands3c_core.threads import configure_threads

if TYPE_CHECKING:
    from hands3c_core.errors import UserError
    from hands3c_core.export import read_results as read_take
    from hands3c_core.export import write_obj
    from hands3c_core.hand_model import load_hand_model
    from hands3c_core.pipeline import HandMeshPipeline
    from hands3c_core.pipeline_config import PipelineConfig
    from hands3c_core.render import draw_overlay
    from hands3c_core.sources import open_source
    from hands3c_core.types import FrameResult, Hand

configure_threads()  # before anything of ours imports torch

__version__ = "0.3.0.dev0"

__all__ = [
    "FrameResult",
    "Hand",
    "HandMeshPipeline",
    "PipelineConfig",
    "UserError",
    "__version__",
    "draw_overlay",
    "load_hand_model",
    "open_source",
    "read_take",
    "write_obj",
]

#: Public name -> where it is defined, and its name there.
_HOMES = {
    "FrameResult": ("types", "FrameResult"),
    "Hand": ("types", "Hand"),
    "HandMeshPipeline": ("pipeline", "HandMeshPipeline"),
    "PipelineConfig": ("pipeline_config", "PipelineConfig"),
    "UserError": ("errors", "UserError"),
    "draw_overlay": ("render", "draw_overlay"),
    "load_hand_model": ("hand_model", "load_hand_model"),
    "open_source": ("sources", "open_source"),
    "read_take": ("export", "read_results"),
    "write_obj": ("export", "write_obj"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value = getattr(import_module(f"{__name__}.{module}"), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
