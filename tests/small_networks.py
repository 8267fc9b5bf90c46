"""Every network's name with a form of it that is quick: the same parts, fewer channels.

The full forms are counted in tests/models; here and there only what does not depend on width is
looked at.
"""

from __future__ import annotations

from hands3c_core.hand_model import HandModelData
from hands3c_core.models import HandNetwork, HandS3CLite, LiteConfig, Sar, SarConfig, registry
from hands3c_core.models.lite import ResNetShape
from hands3c_core.models.resnet34 import EncoderShape
from hands3c_core.models.smr import Smr, SmrConfig

NARROW = EncoderShape(channels=(8, 12, 16, 24), units=(1, 1, 1, 1))
TINY = ResNetShape((16, 24, 32, 48))


def _lite(name: str, attention: bool, channel_branch: bool, self_attention: bool):
    def build(hand: HandModelData, size: int) -> HandNetwork:
        return HandS3CLite(
            hand,
            LiteConfig(
                name, size, attention, channel_branch, self_attention, backbone=TINY, channels=32
            ),
        )

    return build


#: The names that every network suite runs over.
SMALL = {
    "hands3c": _lite("hands3c", True, True, False),
    "ssa": _lite("ssa", True, False, False),
    "baseline": _lite("baseline", False, False, False),
    "self_attention": _lite("self_attention", True, False, True),
    "hands3c_lite": registry.network_entry("hands3c_lite").build,
    "sar": lambda hand, size: Sar(hand, SarConfig("sar", size, encoder=NARROW)),
    "smr": lambda hand, size: Smr(hand, SmrConfig("smr", size, encoder=NARROW)),
    "sar_lite": registry.network_entry("sar_lite").build,
    "smr_lite": registry.network_entry("smr_lite").build,
}
