"""Published figures with the place where each was read: tables and abstracts of papers, and what
the official evaluation printed for the authors' released predictions or weights.

What could not be read at a source is absent: HInt's figures of HaMeR, WiLoR and Hamba, and Hamba's
other than those of its abstract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_J, _V, _MPJPE = "pa_mpjpe_mm", "pa_mpvpe_mm", "mpjpe_mm"
_AUC_J, _AUC_V, _F5, _F15, _PARAMS = "auc", "auc_vertices", "f5", "f15", "params"


@dataclass(frozen=True, slots=True)
class Row:
    """One method's figures on one benchmark; keys are those of ``Evaluation.report``."""

    benchmark: str
    method: str
    figures: dict[str, float]
    source: str


def _rows(
    benchmark: str, source: str, keys: tuple[str, ...], lines: dict[str, tuple[float | None, ...]]
) -> tuple[Row, ...]:
    """Rows of one table: the method, then a figure for each key, None where the table has none."""
    return tuple(
        Row(
            benchmark,
            method,
            {key: v for key, v in zip(keys, values, strict=True) if v is not None},
            source,
        )
        for method, values in lines.items()
    )


#: The preprint's first version calls the network HandSSCA and its module SSCA.
_PAPER: Final = "Jiao et al., HandSSCA (now HandS3C), preprint arXiv 2405.01066v1, "
_WILOR: Final = "tables of Potamias et al., WiLoR, CVPR 2025, arXiv 2409.12259"
_MASKHAND: Final = "Saleem et al., MaskHand, arXiv 2412.13393, as paperswithcode lists its tables"
_MESH: Final = "authors' repository microsoft/MeshTransformer, docs/EXP.md at 18dbd5a"
_GRAPHORMER: Final = "authors' repository microsoft/MeshGraphormer, docs/EXP.md at 4ccc367"
_HAND_MESH: Final = "authors' repository SeanChenxy/HandMesh, README at 01cf106"
_SIMPLE: Final = "Zhou et al., CVPR 2024, abstract of arXiv 2403.01813"

_FREIHAND: Final = (
    *_rows(
        "freihand",
        _PAPER + "Table 1",
        (_PARAMS, _J, _V, _F5, _F15),
        {
            "Hasson et al. 2019": (33.5e6, 13.3, 13.3, 0.429, 0.907),
            "ExPose": (None, 11.8, 12.2, 0.484, 0.918),
            "Kulon et al.": (519e6, 8.4, 8.6, 0.614, 0.966),
            "I2L-MeshNet": (136.8e6, 7.4, 7.6, 0.681, 0.973),
            "Pose2Mesh": (75e6, 7.4, 7.6, 0.683, 0.973),
            "Tang et al.": (156.5e6, 6.7, 6.7, 0.724, 0.981),
            "Cho et al.": (153e6, 6.5, None, None, 0.982),
        },
    ),
    *_rows(
        "freihand",
        _PAPER + "Table 1 (one version prints its PA-MPVPE in the ablation as 7.7)",
        (_PARAMS, _J, _V, _F5, _F15),
        {
            "HandSSCA": (31.8e6, 7.6, 7.0, 0.690, 0.982),
        },
    ),
    *_rows(
        "freihand",
        _PAPER + "ablation (Tables 4 to 6)",
        (_J, _V, _F5, _F15),
        {
            "HandSSCA's baseline": (8.0, 7.4, 0.669, 0.977),
            "HandSSCA's baseline + self-attention": (7.7, 7.0, 0.688, 0.981),
        },
    ),
    *_rows(
        "freihand",
        "Zheng et al., ISMAR 2021: authors' repository zxz267/SAR, README at e712c67",
        (_J, _V, _AUC_J, _AUC_V, _F5, _F15),
        {
            "SAR": (6.5, 6.7, 0.871, 0.866, 0.724, 0.981),
        },
    ),
    *_rows("freihand", _HAND_MESH + " (CMR-PG)", (_J,), {"CMR (ResNet-18)": (7.5,)}),
    *_rows("freihand", _HAND_MESH, (_J,), {"MobRecon (DenseStack)": (6.9,)}),
    *_rows(
        "freihand",
        _MESH,
        (_J, _V, _AUC_J, _F5, _F15),
        {
            "METRO": (6.6, 6.7, 0.869, 0.721, 0.981),
        },
    ),
    *_rows(
        "freihand",
        _MESH + ", with test-time augmentation",
        (_J, _V, _AUC_J, _F5, _F15),
        {
            "METRO, several scales": (6.2, 6.3, 0.876, 0.743, 0.984),
        },
    ),
    *_rows(
        "freihand",
        _GRAPHORMER + ", with test-time augmentation",
        (_J, _V, _AUC_J, _F5, _F15),
        {
            "Mesh Graphormer, several scales": (5.9, 6.0, 0.883, 0.764, 0.986),
        },
    ),
    *_rows(
        "freihand",
        "An et al., abstract of arXiv 2503.05995",
        (_J, _V, _F5, _F15),
        {
            "ReJSHand": (6.3, 6.4, 0.756, 0.984),
        },
    ),
    *_rows(
        "freihand",
        _SIMPLE,
        (_J, _V),
        {
            "simpleHand": (5.8, 6.1),
        },
    ),
    *_rows(
        "freihand",
        "authors' repository patienceFromZhou/simpleHand, README at 13ce1e6",
        (_J, _V, _AUC_J, _F5, _F15),
        {
            "simpleHand, released weights": (5.7, 6.0, 0.887, 0.772, 0.986),
        },
    ),
    *_rows(
        "freihand",
        _WILOR,
        (_J, _V, _F5, _F15),
        {
            "HaMeR": (6.0, 5.7, 0.785, 0.990),
            "WiLoR": (5.5, 5.1, 0.825, 0.993),
        },
    ),
    *_rows(
        "freihand",
        "Dong et al., NeurIPS 2024, abstract of arXiv 2407.09646",
        (_V, _F15),
        {
            "Hamba": (5.3, 0.992),
        },
    ),
    *_rows(
        "freihand",
        _MASKHAND,
        (_J, _V, _F5, _F15),
        {
            "MaskHand": (5.5, 5.4, 0.801, 0.991),
        },
    ),
)

_DEXYCB: Final = (
    *_rows(
        "dexycb",
        _PAPER + "Table 2",
        (_PARAMS, _MPJPE, _J),
        {
            "Spurr et al.": (None, 17.34, 6.83),
            "METRO": (229.5e6, 15.24, 6.99),
            "Liu et al.": (34.9e6, 15.28, 6.58),
            "HandOccNet": (39.3e6, 14.04, 5.80),
            "HandGCAT": (75.8e6, 13.76, 5.60),
            "HandSSCA": (None, 12.81, 5.52),
        },
    ),
    *_rows(
        "dexycb",
        _PAPER + "ablation (Tables 4 to 6)",
        (_MPJPE, _J),
        {
            "HandSSCA's baseline": (14.07, 5.78),
            "HandSSCA's baseline + self-attention": (14.40, 5.81),
        },
    ),
    *_rows(
        "dexycb",
        _SIMPLE,
        (_J, _V),
        {
            "simpleHand": (5.5, 5.5),
        },
    ),
    *_rows(
        "dexycb",
        _MASKHAND,
        (_MPJPE, _J, _V),
        {
            "MaskHand": (11.7, 5.0, 4.9),
        },
    ),
)

_HO3D: Final = (
    *_rows(
        "ho3d",
        _PAPER + "Table 3",
        (_PARAMS, _J, _AUC_J, _V, _AUC_V, _F5, _F15),
        {
            "I2L-MeshNet (v2)": (None, 11.2, 0.775, 13.9, 0.722, 0.409, 0.932),
            "Hasson et al. 2020 (v2)": (None, 11.0, 0.780, 11.2, 0.777, 0.464, 0.939),
            "Hampali et al. (v2)": (None, 10.7, 0.788, 10.6, 0.790, 0.506, 0.942),
            "METRO (v2)": (None, 10.4, 0.792, 11.1, 0.779, 0.484, 0.946),
            "Liu et al. (v2)": (None, 9.9, 0.803, 9.5, 0.810, 0.528, 0.956),
            "I2UV-HandNet (v2)": (None, 9.9, 0.804, 10.1, 0.799, 0.500, 0.943),
            "ArtiBoost (v2)": (25.3e6, 11.4, 0.773, 10.9, 0.782, 0.488, 0.944),
            "Keypoint Transformer (v2)": (56.5e6, 10.8, 0.786, None, None, None, None),
            "HandSSCA (v2)": (None, 9.5, 0.808, 9.5, 0.810, 0.518, 0.955),
        },
    ),
    *_rows(
        "ho3d",
        _PAPER + "ablation (Tables 4 to 6)",
        (_J, _V, _F5, _F15),
        {
            "HandSSCA's baseline (v2)": (9.8, 9.7, 0.516, 0.954),
            "HandSSCA's baseline + self-attention (v2)": (10.1, 10.1, 0.502, 0.947),
            "HandSSCA's baseline + SSA (v2)": (9.8, 9.8, 0.521, 0.952),
        },
    ),
    *_rows(
        "ho3d",
        "authors' repository stevenlsw/Semi-Hand-Object, README at 02e3cf5 (Liu et al., CVPR 2021)",
        (_J, _V),
        {
            "Semi-Hand-Object (v2)": (9.9, 9.5),
        },
    ),
    *_rows(
        "ho3d",
        _WILOR,
        (_J, _AUC_J, _V, _AUC_V, _F5, _F15),
        {
            "HaMeR (v2)": (7.7, 0.846, 7.9, 0.841, 0.635, 0.980),
            "WiLoR (v2)": (7.5, 0.851, 7.7, 0.846, 0.646, 0.983),
        },
    ),
    *_rows(
        "ho3d",
        _MASKHAND,
        (_J, _AUC_J, _V, _AUC_V, _F5, _F15),
        {
            "MaskHand (v3)": (7.0, 0.860, 7.0, 0.860, 0.663, 0.984),
        },
    ),
)

PUBLISHED: Final = (*_FREIHAND, *_DEXYCB, *_HO3D)
