# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chooses about the model, the view and the playback: immutable values, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Toggle:
    """A switch of the View page and the menu entry that does the same, for a field of
    ``ViewState`` that is on or off."""

    field: str
    group: str
    """Where it stands: 'mesh', 'overlay' (fields of ``OverlayStyle`` of the same name are set by
    these), 'picture', 'map' or 'scene'."""
    label: str
    """Beside its switch; '' for none on the page."""
    tip: str
    menu: str
    """Menu entry."""
    key: str


#: Everything that is switched on and off in the views; in menus and on the page in this order.
TOGGLES: tuple[Toggle, ...] = (
    Toggle(
        "mesh", "mesh", "Hand mesh", "Draw the fitted mesh over the picture (1)", "Hand &mesh", "1"
    ),
    Toggle(
        "skeleton",
        "overlay",
        "Skeleton",
        "Draw the 21 joints and their bones (2)",
        "&Skeleton",
        "2",
    ),
    Toggle(
        "boxes",
        "overlay",
        "Crop boxes",
        "Draw the square each estimate was made from (3)",
        "Crop &boxes",
        "3",
    ),
    Toggle("labels", "overlay", "Labels", "Name each hand and its confidence (4)", "&Labels", "4"),
    Toggle("swapped", "picture", "", "", "S&wap the views", "F5"),
    Toggle(
        "mirror",
        "picture",
        "Mirror picture",
        "Selfie view: flips what is seen, never the data (M)",
        "M&irror picture",
        "M",
    ),
    Toggle(
        "picture_follow",
        "picture",
        "Follow the hands",
        "Enlarge the picture around the hands and go with them (H)",
        "Fo&llow the hands in the picture",
        "H",
    ),
    Toggle(
        "curves",
        "picture",
        "Curves over time",
        "Draw flexion, confidence or speed under the picture (U)",
        "Cur&ves over time",
        "U",
    ),
    Toggle(
        "map_on_hand",
        "map",
        "On the hand only",
        "Colour the hand and leave the rest of the crop (0)",
        "Map on the &hand only",
        "0",
    ),
    Toggle(
        "scene_skeleton",
        "scene",
        "Skeleton",
        "Show the joints in the 3D view (K)",
        "&Skeleton",
        "K",
    ),
    Toggle(
        "scene_trails",
        "scene",
        "Fingertip trails",
        "Show where the fingertips have been, fading (T)",
        "Fingertip &trails",
        "T",
    ),
    Toggle(
        "scene_centered",
        "scene",
        "Centre the hands",
        "Put the hands side by side instead of in their metric places (X)",
        "&Centre the hands",
        "X",
    ),
    Toggle(
        "scene_follow",
        "scene",
        "Follow the hands",
        "Keep the hands in the middle (F)",
        "&Follow the hands",
        "F",
    ),
    Toggle(
        "scene_grid",
        "scene",
        "Ground grid and axes",
        "Show a ground grid of 5 cm and the axes (G)",
        "&Ground grid and axes",
        "G",
    ),
    Toggle(
        "scene_camera",
        "scene",
        "Camera and its view",
        "Show the camera and the pyramid that it sees (C)",
        "Camera and its &view",
        "C",
    ),
)


def toggles(*groups: str) -> tuple[Toggle, ...]:
    """Those of some groups, in the order of ``TOGGLES``."""
    return tuple(toggle for toggle in TOGGLES if toggle.group in groups)


#: Fields of view of a camera that can be asked for, degrees.
FOV_RANGE = (5.0, 170.0)

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
    formats: frozenset[str] = frozenset({"video", "jsonl", "glb"})
    """Keys of ``RECORD_KINDS``."""
    scene: SceneVideo = SceneVideo.OFF
    """In a window: a video of the 3D view beside the take's other files."""

    def writing(self, **formats: bool) -> RecordChoice:
        """The choice with some formats on or off."""
        on = {kind for kind, wanted in formats.items() if wanted}
        return replace(self, formats=(self.formats | on) - (formats.keys() - on))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is chosen, in the order of ``RECORD_KINDS``."""
        return tuple(kind for kind, _, _ in RECORD_KINDS if kind in self.formats)

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
