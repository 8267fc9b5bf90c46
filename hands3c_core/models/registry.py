"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandModelData, load_hand_model
from hands3c_core.models.hands3c import SIZE_STEP, SMALLEST_SIZE, HandS3C, HandS3CConfig

#: The hand that a network poses if none is named: ours, with the vertex count of the datasets.
DEFAULT_HAND = "hand_mano778"

Builder = Callable[[HandModelData, int], HandS3C]


def _family(name: str, *, attention: bool = True, channel_branch: bool = True) -> Builder:
    def build(hand: HandModelData, input_size: int) -> HandS3C:
        config = HandS3CConfig(name, input_size, attention, channel_branch)
        return HandS3C(hand, config)

    return build


_BUILDERS: dict[str, Builder] = {
    "hands3c": _family("hands3c"),
    "ssa": _family("ssa", channel_branch=False),
    "baseline": _family("baseline", attention=False, channel_branch=False),
}
#: Other names of the same networks.
ALIASES = MappingProxyType({"ssca": "hands3c", "s3c": "hands3c"})


def model_names() -> tuple[str, ...]:
    """Names that ``build_model`` knows, without aliases."""
    return tuple(_BUILDERS)


def canonical_name(name: str) -> str:
    """The registered name of a network, from any way of writing it or an alias.

    Raises:
        UserError: no network has this name.
    """
    key = name.strip().lower().replace("-", "_")
    key = ALIASES.get(key, key)
    if key not in _BUILDERS:
        raise UserError(f"No network is called {name!r}; choose one of {', '.join(_BUILDERS)}.")
    return key


def build_model(
    name: str = "hands3c",
    *,
    input_size: int = CROP_SIZE,
    hand: str | HandModelData = DEFAULT_HAND,
) -> HandS3C:
    """A network with fresh weights, float32 on the CPU, in training mode.

    Args:
        name: 'hands3c' (also 'ssca'), 'ssa' (spatial scan only) or 'baseline' (no attention).
        input_size: side of the crop, px: a multiple of 32, at least 128.
        hand: the hand model: a name or path for ``load_hand_model``, or its data.

    Raises:
        UserError: no network has this name, the size cannot be built, or there is no such hand.
    """
    builder = _BUILDERS[canonical_name(name)]
    if input_size % SIZE_STEP or input_size < SMALLEST_SIZE:
        raise UserError(
            f"Input size {input_size} cannot be built: take a multiple of {SIZE_STEP} from "
            f"{SMALLEST_SIZE} px on."
        )
    data = hand if isinstance(hand, HandModelData) else load_hand_model(hand)
    return builder(data, input_size)
