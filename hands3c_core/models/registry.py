"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData, load_hand_model
from hands3c_core.models.efficientnet import HAND_SHAPE, IMAGENET_SHAPE, EfficientNetShape
from hands3c_core.models.fpn import FEATURE_CHANNELS
from hands3c_core.models.guided import GuidedConfig, GuidedLite
from hands3c_core.models.hands3c import SIZE_STEP, SMALLEST_SIZE, HandS3C, HandS3CConfig
from hands3c_core.models.lite import (
    LITE_CHANNELS,
    LITE_ENCODER,
    LITE_SIZE,
    HandS3CLite,
    LiteConfig,
    ResNet50Shape,
    ResNetShape,
)
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.sar import Sar, SarConfig
from hands3c_core.models.smr import Smr, SmrConfig

#: The hand that a network poses if none is named: ours, with the vertex count of the datasets.
DEFAULT_HAND = "hand_mano778"

Builder = Callable[[HandModelData, int], HandNetwork]


def _family(
    name: str,
    *,
    attention: bool = True,
    channel_branch: bool = True,
    self_attention: bool = False,
) -> Builder:
    def build(hand: HandModelData, input_size: int) -> HandNetwork:
        config = HandS3CConfig(name, input_size, attention, channel_branch, self_attention)
        return HandS3C(hand, config)

    return build


def _lite(
    name: str,
    backbone: EfficientNetShape | ResNetShape | ResNet50Shape,
    channels: int = LITE_CHANNELS,
    encoder: tuple[int, int] = LITE_ENCODER,
    *,
    attention: bool = True,
    channel_branch: bool = True,
    self_attention: bool = False,
) -> Builder:
    def build(hand: HandModelData, input_size: int) -> HandNetwork:
        config = LiteConfig(
            name,
            input_size,
            attention,
            channel_branch,
            self_attention,
            backbone=backbone,
            channels=channels,
            encoder_blocks=encoder[0],
            encoder_side=encoder[1],
        )
        return HandS3CLite(hand, config)

    return build


def _guided(
    name: str,
    *,
    attention: bool = True,
    channel_branch: bool = True,
    self_attention: bool = False,
) -> Builder:
    def build(hand: HandModelData, input_size: int) -> HandNetwork:
        config = GuidedConfig(name, input_size, attention, channel_branch, self_attention)
        return GuidedLite(hand, config)

    return build


def _sar(name: str, stages: int) -> Builder:
    return lambda hand, input_size: Sar(hand, SarConfig(name, input_size, stages))


def _smr(name: str, stages: int) -> Builder:
    return lambda hand, input_size: Smr(hand, SmrConfig(name, input_size, stages))


_TINY = ResNetShape((16, 24, 32, 48))
_BUILDERS: dict[str, Builder] = {
    "hands3c": _family("hands3c"),
    "ssa": _family("ssa", channel_branch=False),
    "baseline": _family("baseline", attention=False, channel_branch=False),
    "self_attention": _family("self_attention", channel_branch=False, self_attention=True),
    "hands3c_lite": _lite("hands3c_lite", HAND_SHAPE),
    "lite2": _guided("lite2"),
    "hands3c_tiny": _lite("hands3c_tiny", _TINY, channels=32),
    "sar": _sar("sar", stages=2),
    "sar_1stage": _sar("sar_1stage", stages=1),
    "smr": _smr("smr", stages=2),
}
#: Other forms of the small networks: those that the lite one was chosen among, the one without
#: attention that its training begins with, those in which the published backbone and the published
#: heads learn from it, and those of ``ABLATION``. ``build_model`` knows them, menus and lists leave
#: them out.
VARIANTS: dict[str, Builder] = {
    "lite2_plain": _guided("lite2_plain", attention=False),
    "lite2_ssa": _guided("lite2_ssa", channel_branch=False),
    "lite2_self_attention": _guided(
        "lite2_self_attention", channel_branch=False, self_attention=True
    ),
    "hands3c_lite_plain_imagenet": _lite(
        "hands3c_lite_plain_imagenet", IMAGENET_SHAPE, attention=False
    ),
    "hands3c_lite_plain_resnet18": _lite(
        "hands3c_lite_plain_resnet18", ResNetShape(), attention=False
    ),
    "hands3c_lite_plain_resnet50": _lite(
        "hands3c_lite_plain_resnet50", ResNet50Shape(), attention=False
    ),
    "hands3c_lite_plain_wide": _lite(
        "hands3c_lite_plain_wide", HAND_SHAPE, FEATURE_CHANNELS, (4, 2), attention=False
    ),
    "hands3c_lite_plain": _lite("hands3c_lite_plain", HAND_SHAPE, attention=False),
    "hands3c_lite_self_attention": _lite(
        "hands3c_lite_self_attention", HAND_SHAPE, channel_branch=False, self_attention=True
    ),
    "hands3c_lite_ssa": _lite("hands3c_lite_ssa", HAND_SHAPE, channel_branch=False),
    "hands3c_tiny_plain": _lite("hands3c_tiny_plain", _TINY, 32, attention=False),
    "hands3c_tiny_self_attention": _lite(
        "hands3c_tiny_self_attention", _TINY, 32, channel_branch=False, self_attention=True
    ),
    "hands3c_tiny_ssa": _lite("hands3c_tiny_ssa", _TINY, 32, channel_branch=False),
}
#: The paper's ablation (Table 4) by size of the network: what stands between pyramid and heads, and
#: the network that has it there.
ABLATION = MappingProxyType(
    {
        "full": {
            "baseline": "baseline",
            "+ self-attention": "self_attention",
            "+ SSA": "ssa",
            "+ SSCA": "hands3c",
        },
        "lite": {
            "baseline": "hands3c_lite_plain",
            "+ self-attention": "hands3c_lite_self_attention",
            "+ SSA": "hands3c_lite_ssa",
            "+ SSCA": "hands3c_lite",
        },
        "tiny": {
            "baseline": "hands3c_tiny_plain",
            "+ self-attention": "hands3c_tiny_self_attention",
            "+ SSA": "hands3c_tiny_ssa",
            "+ SSCA": "hands3c_tiny",
        },
    }
)
#: Networks whose layers are those of the published code, so that its checkpoints have them all.
PUBLISHED = ("hands3c", "ssa", "baseline")
#: Networks that regress the vertices of one hand model: their weights go with no other mesh.
MESH_BOUND = ("sar", "sar_1stage")
#: Side of the crop, px, where none is asked for and it is not that of the published networks.
_SIZES = MappingProxyType(
    {
        name: SMALLEST_SIZE if name.startswith("hands3c_tiny") else LITE_SIZE
        for name in ("hands3c_lite", "lite2", "hands3c_tiny", *VARIANTS)
        if name != "hands3c_lite_plain_wide"
    }
)
#: Other names of the same networks.
ALIASES = MappingProxyType({"ssca": "hands3c", "s3c": "hands3c", "lite": "hands3c_lite"})


def model_names() -> tuple[str, ...]:
    """Names that ``build_model`` knows, without aliases and ``VARIANTS``."""
    return tuple(_BUILDERS)


def canonical_name(name: str) -> str:
    """The registered name of a network, from any way of writing it or an alias.

    Raises:
        UserError: no network has this name.
    """
    key = name.strip().lower().replace("-", "_")
    key = ALIASES.get(key, key)
    if key not in _BUILDERS and key not in VARIANTS:
        raise UserError(f"No network is called {name!r}; choose one of {', '.join(_BUILDERS)}.")
    return key


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
            one stage, 'sar_1stage') or 'smr'.
        input_size: side of the crop, px: a multiple of 32, at least 128. None takes 256, for the
            lite network 224 and for the tiny one 128.
        hand: the hand model: a name or path for ``load_hand_model``, or its data.

    Raises:
        UserError: no network has this name, the size cannot be built, or there is no such hand.
    """
    name = canonical_name(name)
    input_size = input_size or _SIZES.get(name, CROP_SIZE)
    if input_size % SIZE_STEP or input_size < SMALLEST_SIZE:
        raise UserError(
            f"Input size {input_size} cannot be built: take a multiple of {SIZE_STEP} from "
            f"{SMALLEST_SIZE} px on."
        )
    data = hand if isinstance(hand, HandModelData) else load_hand_model(hand)
    return (_BUILDERS | VARIANTS)[name](data, input_size)
