# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chooses about the model, the view and the playback: immutable values, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hands3c_core.device import Device as Device
from hands3c_core.export_formats import available_formats
from hands3c_core.looks import HandMaterial as HandMaterial
from hands3c_core.looks import SkinTone as SkinTone
from hands3c_core.pipeline_config import PipelineConfig
from hands3c_core.weights import Precision as Precision

#: Hand models shipped with the app: name and what the panel says of it.
HAND_MODELS: tuple[tuple[str, str], ...] = (
    ("hand_mano778", "778 vertices (MANO's size)"),
    ("hand_mid", "1,500 vertices (balanced)"),
    ("hand_high", "6,573 vertices (finest)"),
)

#: What turns frames into hands.
ModelConfig = PipelineConfig

SPEEDS: tuple[float, ...] = (0.25, 0.5, 1.0, 1.5, 2.0, 4.0)


class Layout(str, Enum):
    """How the two views share the stage."""

    SIDE_BY_SIDE = "side"
    CAMERA = "camera"
    SCENE = "scene"
    PICTURE_IN_PICTURE = "pip"


class MeshStyle(str, Enum):
    """How the mesh on the camera picture is shaded."""

    TEXTURED = "textured"
    SHADED = "shaded"
    WIREFRAME = "wireframe"
    NORMALS = "normals"


class NetworkMap(str, Enum):
    """Which of a network's maps lies over the camera picture."""

    NONE = "none"
    HEATMAPS = "heatmaps"
    BEFORE = "before"
    AFTER = "after"
    SPATIAL = "spatial"
    CHANNEL = "channel"
    COMPARE = "compare"
    """Before, after and the difference, side by side."""


#: ``ViewState.map_joint`` for the heatmaps of all joints together.
ALL_JOINTS = -1


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the views show. Of all this only the overlay is recorded, and only a network's map is
    computed because it is shown; the hands are the same whatever is chosen."""

    mesh: bool = True
    skeleton: bool = False
    boxes: bool = False
    labels: bool = True
    opacity: float = 0.9
    mesh_style: MeshStyle = MeshStyle.TEXTURED
    material: HandMaterial = HandMaterial.SKIN
    """In both views."""
    tone: SkinTone = SkinTone.PICTURE
    """In both views."""
    mirror: bool = False
    """Selfie view: the picture is flipped as it is painted, nothing else."""
    layout: Layout = Layout.SIDE_BY_SIDE
    swapped: bool = False
    """The 3D view takes the camera picture's place, and the other way round."""
    network_map: NetworkMap = NetworkMap.NONE
    """Shown where the estimator is a network that has it."""
    map_joint: int = ALL_JOINTS
    """Joint (0..20) whose heatmap is shown, or ``ALL_JOINTS``."""
    map_opacity: float = 0.6
    map_on_hand: bool = False
    """The map colours the hand's own pixels only, not the whole crop."""
    scene_style: MeshStyle = MeshStyle.TEXTURED
    scene_grid: bool = True
    """Ground grid and axes."""
    picture_follow: bool = False
    """The camera picture is enlarged around the hands and goes with them."""
    curves: bool = False
    """Curves over time under the picture."""
    scene_camera: bool = False
    """The real camera and the pyramid that it sees."""
    scene_skeleton: bool = False
    scene_trails: bool = False
    """Where the fingertips have been, fading."""
    scene_centered: bool = False
    """Hands side by side in the middle, not in their metric places."""
    scene_follow: bool = True
    """Keep the hands in the middle of the 3D view."""


#: What a recording can be written as: field of ``RecordChoice``, short name, what it is. Those up
#: to 'jsonl' are written as it goes, the others made of the JSONL when it ends.
RECORD_KINDS: tuple[tuple[str, str, str], ...] = (
    ("video", "Video", "The picture with its overlay (MP4)"),
    ("raw", "Raw video", "The source's frames as they came, nothing drawn (MP4)"),
    ("jsonl", "JSONL", "All parameters, frame by frame; the other formats can be made of it later"),
    *((kind, made.name, made.about) for kind, made in available_formats().items()),
)
#: Key of ``RECORD_KINDS``, as far as types can tell.
if TYPE_CHECKING:
    RecordKind = str
else:
    RecordKind = Literal[tuple(kind for kind, _, _ in RECORD_KINDS)]


class SceneVideo(str, Enum):
    """What is recorded of the 3D view."""

    OFF = "off"
    SCENE = "scene"
    BOTH = "both"
    """The camera picture and the 3D view side by side."""


@dataclass(frozen=True, slots=True)
class RecordChoice:
    """Which files a recording writes, and where."""

    folder: Path = Path("out")
    video: bool = True
    raw: bool = False
    jsonl: bool = True
    npz: bool = False
    csv: bool = False
    glb: bool = True
    bvh: bool = False
    bvh_mixamo: bool = False
    obj: bool = False
    ply: bool = False
    openxr: bool = False
    openxr_npz: bool = False
    parquet: bool = False
    usdz: bool = False
    rrd: bool = False
    scene: SceneVideo = SceneVideo.OFF
    """In a window: a video of the 3D view beside the take's other files."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is chosen, in the order of ``RECORD_KINDS``."""
        return tuple(kind for kind, _, _ in RECORD_KINDS if getattr(self, kind))

    @property
    def any(self) -> bool:
        return bool(self.kinds)


@dataclass(frozen=True, slots=True)
class LiveChoice:
    """Where live hands go."""

    websocket: bool = False
    websocket_host: str = "127.0.0.1"
    """This computer alone, or '0.0.0.0' for the whole network."""
    websocket_port: int = 8765
    osc: bool = False
    osc_host: str = "127.0.0.1"
    osc_port: int = 9000
    vmc: bool = False
    vmc_host: str = "127.0.0.1"
    vmc_port: int = 39539
    rerun: bool = False
    rerun_host: str = "127.0.0.1"
    rerun_port: int = 9876
    websocket_origins: tuple[str, ...] = ()
    """Pages that may listen besides those of this computer; not remembered."""
