"""SAR at a size for one CPU core."""

from __future__ import annotations

from torch import Tensor, nn

from hands3c_core.hand_model import HandModelData
from hands3c_core.models.efficientnet import EfficientNetLite
from hands3c_core.models.sar import LAST_STRIDE, Sar, SarRegressed
from hands3c_core.models.spatial_graph import MAPS_PER_POINT, BeliefRegressor, SpatialInitialGraph
from hands3c_core.models.trunk_map import TrunkConfig, trunk_maps
from hands3c_core.models.uvd import BELIEF_STRIDE


class SarLite(Sar):
    """SAR's regression of the mesh, one stage, behind the lite network's trunk (ours, not its
    authors').

        crop -> trunk -> 1x1 convolution -> initial graph -> belief maps
        (B, 3, 224, 224)  (B, 576, 7, 7)  (B, 192, 7, 7)  (B, V, 395)  (B, V + 21, 3)

    Args:
        hand: the hand model whose mesh is regressed, and whose template the graph starts from.
        config: sizes.
    """

    config: TrunkConfig  # type: ignore[assignment]

    def __init__(self, hand: HandModelData, config: TrunkConfig | None = None) -> None:
        super().__init__(hand, config or TrunkConfig("sar_lite"))  # type: ignore[arg-type]

    def _build_parts(self) -> None:
        config, vertices = self.config, self.hand.num_vertices
        self.backbone = EfficientNetLite(config.backbone)
        self.reduce = nn.Conv2d(config.backbone.last_expanded, config.channels, kernel_size=1)
        self.initial_graph = SpatialInitialGraph(vertices, config.channels)
        self.belief = BeliefRegressor(
            vertices,
            MAPS_PER_POINT * (config.input_size // LAST_STRIDE) ** 2 + 3,
            config.input_size // BELIEF_STRIDE,
            shape=config.graph,
        )

    def regress(self, images: Tensor) -> SarRegressed:
        """See ``Sar.regress``; the shared map is the trunk's at stride 8."""
        self.check_images(images)
        maps = trunk_maps(self.backbone, self.reduce, images)
        said = self.belief(self.initial_graph(maps.last, self.hand_layer.v_template))
        return SarRegressed(maps.fine, maps.fine, (said,))
