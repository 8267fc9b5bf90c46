"""Networks by name: each is declared once, in a ``NetworkEntry`` with all that is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData, load_hand_model
from hands3c_core.models.efficientnet import HAND_SHAPE, IMAGENET_SHAPE, EfficientNetShape
from hands3c_core.models.fpn import FEATURE_CHANNELS
from hands3c_core.models.guided import GuidedConfig, GuidedLite
from hands3c_core.models.hands3c import SIZE_STEP, SMALLEST_SIZE, HandS3C, HandS3CConfig
from hands3c_core.models.lite import (
    LITE_SIZE,
    HandS3CLite,
    LiteConfig,
    ResNet50Shape,
    ResNetShape,
)
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.sar import Sar, SarConfig
from hands3c_core.models.sar_lite import SarLite
from hands3c_core.models.smr import Smr, SmrConfig
from hands3c_core.models.smr_lite import SmrLite
from hands3c_core.models.trunk_map import TrunkConfig
from hands3c_core.plugins import load_plugins

#: The hand that a network poses if none is named: ours, with the vertex count of the datasets.
DEFAULT_HAND = "hand_mano778"

Builder = Callable[[HandModelData, int], HandNetwork]


@dataclass(frozen=True)
class NetworkEntry:
    """Everything about one network."""

    name: str
    """As ``build_model`` takes it: lower case, words joined by underscores."""
    build: Builder
    """Makes it, for a hand and a crop of this side in px, with fresh weights."""
    note: str = ""
    """What it is, in a few words; networks with a note are in menus and lists, those without are
    other forms of one, for experiments."""
    size: int = CROP_SIZE
    """Side of the crop where none is asked for, px."""
    aliases: tuple[str, ...] = ()
    published: bool = False
    """Its layers are those of the published code, so that its checkpoints have them all."""
    mesh_bound: bool = False
    """It regresses the vertices of one hand model: its weights go with no other mesh."""
    ablation: tuple[str, str] | None = None
    """Its place in the paper's ablation (Table 4): size of the network, row."""


_NETWORKS: Final[dict[str, NetworkEntry]] = {}
_ALIASES: Final[dict[str, str]] = {}


def register_model(entry: NetworkEntry) -> None:
    """Add a network.

    Raises:
        ValueError: its name, or one of its aliases, is taken.
    """
    for name in (entry.name, *entry.aliases):
        if name in _NETWORKS or name in _ALIASES:
            raise ValueError(f"a network {name!r} is registered already")
    _NETWORKS[entry.name] = entry
    _ALIASES.update(dict.fromkeys(entry.aliases, entry.name))


def _network(
    network: Callable[[HandModelData, Any], HandNetwork],
    config: Callable[..., Any],
    name: str,
    **options: Any,
) -> Builder:
    """Builds ``network`` with a ``config`` of this name and these options."""
    return lambda hand, size: network(hand, config(name, size, **options))


def _family(name: str, **options: Any) -> Builder:
    return _network(HandS3C, HandS3CConfig, name, **options)


def _lite(
    name: str, backbone: EfficientNetShape | ResNetShape | ResNet50Shape, **options: Any
) -> Builder:
    return _network(HandS3CLite, LiteConfig, name, backbone=backbone, **options)


def _guided(name: str, **options: Any) -> Builder:
    return _network(GuidedLite, GuidedConfig, name, **options)


def _sar(name: str, stages: int) -> Builder:
    return _network(Sar, SarConfig, name, stages=stages)


def _smr(name: str, stages: int) -> Builder:
    return _network(Smr, SmrConfig, name, stages=stages)


_TINY = ResNetShape((16, 24, 32, 48))
_SSA: Final[dict[str, Any]] = {"channel_branch": False}
_SELF: Final[dict[str, Any]] = {"channel_branch": False, "self_attention": True}
_PLAIN: Final[dict[str, Any]] = {"attention": False}

for _entry in (
    NetworkEntry(
        "hands3c",
        _family("hands3c"),
        "spatial and channel scans (the published network)",
        aliases=("ssca", "s3c"),
        published=True,
        ablation=("full", "+ SSCA"),
    ),
    NetworkEntry(
        "ssa",
        _family("ssa", **_SSA),
        "spatial scan only",
        published=True,
        ablation=("full", "+ SSA"),
    ),
    NetworkEntry(
        "baseline",
        _family("baseline", attention=False, channel_branch=False),
        "no attention",
        published=True,
        ablation=("full", "baseline"),
    ),
    NetworkEntry(
        "self_attention",
        _family("self_attention", **_SELF),
        "transformer in place of the scans",
        ablation=("full", "+ self-attention"),
    ),
    NetworkEntry(
        "hands3c_lite",
        _guided("hands3c_lite"),
        "HandS3C for one CPU core; corrects its trunk's landmarks",
        size=LITE_SIZE,
        aliases=("lite",),
        ablation=("lite", "+ SSCA"),
    ),
    NetworkEntry(
        "hands3c_tiny",
        _lite("hands3c_tiny", _TINY, channels=32),
        "for tests and trying out data; no use otherwise",
        size=SMALLEST_SIZE,
        ablation=("tiny", "+ SSCA"),
    ),
    NetworkEntry(
        "sar", _sar("sar", stages=2), "regresses the mesh itself, two stages", mesh_bound=True
    ),
    NetworkEntry(
        "sar_1stage", _sar("sar_1stage", stages=1), "the same, one stage", mesh_bound=True
    ),
    NetworkEntry(
        "smr",
        _smr("smr", stages=2),
        "pose, shape and camera; learns from 2D labels too (our reading)",
    ),
    NetworkEntry(
        "sar_lite",
        _network(SarLite, TrunkConfig, "sar_lite"),
        "SAR's way behind the lite network's trunk, one stage (ours)",
        size=LITE_SIZE,
        mesh_bound=True,
    ),
    NetworkEntry(
        "smr_lite",
        _network(SmrLite, TrunkConfig, "smr_lite"),
        "SMR's way (our reading) behind the lite network's trunk, one stage",
        size=LITE_SIZE,
    ),
    # Forms of the small networks without a note: the ablation's, the first lite network (shipped
    # with 0.1), and those that it was chosen among or that learned from it.
    NetworkEntry("hands3c_lite_v1", _lite("hands3c_lite_v1", HAND_SHAPE), size=LITE_SIZE),
    NetworkEntry(
        "hands3c_lite_v1_plain",
        _lite("hands3c_lite_v1_plain", HAND_SHAPE, **_PLAIN),
        size=LITE_SIZE,
    ),
    NetworkEntry(
        "hands3c_lite_plain_imagenet",
        _lite("hands3c_lite_plain_imagenet", IMAGENET_SHAPE, **_PLAIN),
        size=LITE_SIZE,
    ),
    NetworkEntry(
        "hands3c_lite_plain_resnet18",
        _lite("hands3c_lite_plain_resnet18", ResNetShape(), **_PLAIN),
        size=LITE_SIZE,
    ),
    NetworkEntry(
        "hands3c_lite_plain_resnet50",
        _lite("hands3c_lite_plain_resnet50", ResNet50Shape(), **_PLAIN),
        size=LITE_SIZE,
    ),
    NetworkEntry(
        "hands3c_lite_plain_wide",
        _lite(
            "hands3c_lite_plain_wide",
            HAND_SHAPE,
            channels=FEATURE_CHANNELS,
            encoder_blocks=4,
            encoder_side=2,
            **_PLAIN,
        ),
    ),
    NetworkEntry(
        "hands3c_lite_plain",
        _guided("hands3c_lite_plain", **_PLAIN),
        size=LITE_SIZE,
        ablation=("lite", "baseline"),
    ),
    NetworkEntry(
        "hands3c_lite_self_attention",
        _guided("hands3c_lite_self_attention", **_SELF),
        size=LITE_SIZE,
        ablation=("lite", "+ self-attention"),
    ),
    NetworkEntry(
        "hands3c_lite_ssa",
        _guided("hands3c_lite_ssa", **_SSA),
        size=LITE_SIZE,
        ablation=("lite", "+ SSA"),
    ),
    NetworkEntry(
        "hands3c_tiny_plain",
        _lite("hands3c_tiny_plain", _TINY, channels=32, **_PLAIN),
        size=SMALLEST_SIZE,
        ablation=("tiny", "baseline"),
    ),
    NetworkEntry(
        "hands3c_tiny_self_attention",
        _lite("hands3c_tiny_self_attention", _TINY, channels=32, **_SELF),
        size=SMALLEST_SIZE,
        ablation=("tiny", "+ self-attention"),
    ),
    NetworkEntry(
        "hands3c_tiny_ssa",
        _lite("hands3c_tiny_ssa", _TINY, channels=32, **_SSA),
        size=SMALLEST_SIZE,
        ablation=("tiny", "+ SSA"),
    ),
):
    register_model(_entry)


def _ablation(size: str) -> dict[str, str]:
    found = {
        e.ablation[1]: e.name for e in _NETWORKS.values() if e.ablation and e.ablation[0] == size
    }
    return {row: found[row] for row in ("baseline", "+ self-attention", "+ SSA", "+ SSCA")}


#: The paper's ablation (Table 4) by size of the network: what stands between pyramid and heads, and
#: the network that has it there.
ABLATION = MappingProxyType({size: _ablation(size) for size in ("full", "lite", "tiny")})


def model_names() -> tuple[str, ...]:
    """Names that ``build_model`` knows, of the networks with a note, without aliases."""
    load_plugins()
    return tuple(entry.name for entry in _NETWORKS.values() if entry.note)


def published_names() -> tuple[str, ...]:
    """Names of the networks whose layers are those of the published code."""
    return tuple(entry.name for entry in _NETWORKS.values() if entry.published)


def network_entry(name: str) -> NetworkEntry:
    """What is known of a network, by any way of writing its name or an alias.

    Raises:
        UserError: no network has this name.
    """
    key = name.strip().lower().replace("-", "_")
    if key not in _NETWORKS and key not in _ALIASES:
        load_plugins()
    entry = _NETWORKS.get(_ALIASES.get(key, key))
    if entry is None:
        known = ", ".join(model_names())
        raise UserError(f"No network is called {name!r}; choose one of {known}.")
    return entry


def canonical_name(name: str) -> str:
    """The registered name of a network; raises like ``network_entry``."""
    return network_entry(name).name


def build_model(
    name: str = "hands3c",
    *,
    input_size: int | None = None,
    hand: str | HandModelData = DEFAULT_HAND,
) -> HandNetwork:
    """A network with fresh weights, float32 on the CPU, in training mode.

    Args:
        name: 'hands3c' (also 'ssca'), 'ssa' (spatial scan only), 'self_attention', 'baseline' (no
            attention), 'hands3c_lite' (the same design for two CPU cores), 'hands3c_tiny' (the same
            again at a size for tests and for trying out data; no use to anyone), 'sar' (also with
            one stage, 'sar_1stage'), 'smr', or these two at the lite network's size, 'sar_lite' and
            'smr_lite'.
        input_size: side of the crop, px: a multiple of 32, at least 128. None takes 256, for the
            lite network 224 and for the tiny one 128.
        hand: the hand model: a name or path for ``load_hand_model``, or its data.

    Raises:
        UserError: no network has this name, the size cannot be built, or there is no such hand.
    """
    entry = network_entry(name)
    input_size = input_size or entry.size
    if input_size % SIZE_STEP or input_size < SMALLEST_SIZE:
        raise UserError(
            f"Input size {input_size} cannot be built: take a multiple of {SIZE_STEP} from "
            f"{SMALLEST_SIZE} px on."
        )
    data = hand if isinstance(hand, HandModelData) else load_hand_model(hand)
    return entry.build(data, input_size)
