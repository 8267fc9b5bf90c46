"""SMR at a size for one CPU core."""

from __future__ import annotations

from torch import Tensor, nn

from hands3c_core.hand_model import HandModelData
from hands3c_core.models.efficientnet import EfficientNetLite
from hands3c_core.models.smr import Smr, SmrHead, SmrRegressed
from hands3c_core.models.trunk_map import TrunkConfig, trunk_maps


class SmrLite(Smr):
    """SMR's regression of pose, shape and camera (our reading of it), one stage, behind the lite
    network's trunk.

        crop -> trunk -> 1x1 convolution -> joints -> guided features -> parameters

    Args:
        hand: the hand model that pose and shape are given to.
        config: sizes.
    """

    config: TrunkConfig  # type: ignore[assignment]

    def __init__(self, hand: HandModelData, config: TrunkConfig | None = None) -> None:
        super().__init__(hand, config or TrunkConfig("smr_lite"))  # type: ignore[arg-type]

    def _build_parts(self) -> None:
        config = self.config
        self.backbone = EfficientNetLite(config.backbone)
        self.reduce = nn.Conv2d(config.backbone.last_expanded, config.channels, kernel_size=1)
        self.head = SmrHead(config.channels, config.input_size, config.graph)

    def regress(self, images: Tensor) -> SmrRegressed:
        """See ``Smr.regress``; the shared map is the trunk's at stride 8."""
        self.check_images(images)
        maps = trunk_maps(self.backbone, self.reduce, images)
        template = self._regress_joints(self.hand_layer.v_template)
        return SmrRegressed(maps.fine, maps.fine, (self.head.say(maps.last, template),))
