"""The one table between the published network's tensor names and ours, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hands3c_core.models.backbone import STAGE_UNITS
from hands3c_core.models.encoder import HandEncoder

#: Prefix that ``torch.nn.DataParallel`` put before every name in the released files.
PARALLEL_PREFIX = "module."
#: Name of the attention module in the released code, and in its first version.
ATTENTION_NAME = "S3C"
OLD_ATTENTION_NAME = "SSCA"
#: Fixed grids of cell centres that the published network stores and ours computes.
GRID_NAMES = ("regressor.hand_regHead.uu", "regressor.hand_regHead.vv")
#: The hand model's buffers, which ours does not store with the weights.
HAND_PREFIX = "regressor.mano_regHead.mano_layer.th_"


def _modules() -> dict[str, str]:
    """Published name -> our name of every module that owns tensors."""
    table = {
        "backbone.layer0.0": "backbone.stem.conv",
        "backbone.layer0.1": "backbone.stem.norm",
        "backbone.toplayer": "fpn.top",
        "backbone.latlayer1": "fpn.lateral4",
        "backbone.latlayer2": "fpn.lateral3",
        "backbone.latlayer3": "fpn.lateral2",
        "backbone.smooth3": "fpn.smooth",
        "S3C.ln_1": "s3c.norm",
        "S3C.self_attention.in_proj": "s3c.ss2d.in_proj",
        "S3C.self_attention.conv2d": "s3c.ss2d.conv",
        "S3C.self_attention.out_norm": "s3c.ss2d.norm",
        "S3C.self_attention.out_proj": "s3c.ss2d.out_proj",
        "regressor.hand_regHead.fc.0.block.0": "heatmap_head.conv",
        "regressor.hand_regHead.fc.0.block.1": "heatmap_head.norm",
        "regressor.hand_regHead.score.0": "heatmap_head.score",
        "regressor.hand_Encoder.heatmap_conv": "encoder.heatmap_conv",
        "regressor.hand_Encoder.encoding_conv": "encoder.encoding_conv",
        "regressor.mano_regHead.mano_base_layer.0": "mano_head.hidden1",
        "regressor.mano_regHead.mano_base_layer.2": "mano_head.hidden2",
        "regressor.mano_regHead.pose_reg": "mano_head.pose",
        "regressor.mano_regHead.shape_reg": "mano_head.shape",
    }
    for stage, units in enumerate(STAGE_UNITS, start=1):
        for unit in range(units):
            theirs = f"backbone.layer{stage}.0.{unit}"
            ours = f"backbone.stage{stage}.{unit}"
            for number in (1, 2, 3):
                table[f"{theirs}.conv{number}"] = f"{ours}.conv{number}"
                table[f"{theirs}.bn{number}"] = f"{ours}.norm{number}"
        table[f"backbone.layer{stage}.0.0.downsample.0"] = (
            f"backbone.stage{stage}.0.downsample.conv"
        )
        table[f"backbone.layer{stage}.0.0.downsample.1"] = (
            f"backbone.stage{stage}.0.downsample.norm"
        )
    for theirs, ours in _hourglass_units().items():
        table |= _residual(theirs, ours, norms=("bn1", "bn2", "bn3"))
    for number in range(HandEncoder.BLOCKS * HandEncoder.UNITS_PER_BLOCK):
        theirs = f"regressor.hand_Encoder.reg.{number}"
        table |= _residual(theirs, f"encoder.units.{number}", norms=("bn", "bn1", "bn2"))
    return table


def _hourglass_units() -> dict[str, str]:
    """Residual units of the heatmap head. Published levels count from the innermost one."""
    outer, inner = "regressor.hand_regHead.hg.0.hg.1", "regressor.hand_regHead.hg.0.hg.0"
    return {
        f"{outer}.0.0": "heatmap_head.hourglass.skip",
        f"{outer}.1.0": "heatmap_head.hourglass.down",
        f"{outer}.2.0": "heatmap_head.hourglass.up",
        f"{inner}.0.0": "heatmap_head.hourglass.inner.skip",
        f"{inner}.1.0": "heatmap_head.hourglass.inner.down",
        f"{inner}.2.0": "heatmap_head.hourglass.inner.up",
        f"{inner}.3.0": "heatmap_head.hourglass.inner.inner",
        "regressor.hand_regHead.res.0.0": "heatmap_head.residual",
    }


def _residual(theirs: str, ours: str, norms: tuple[str, str, str]) -> dict[str, str]:
    """Modules of one ``PreActivationResidual``."""
    table = {f"{theirs}.conv{number}": f"{ours}.conv{number}" for number in (1, 2, 3)}
    table |= {f"{theirs}.{norm}": f"{ours}.norm{n}" for n, norm in enumerate(norms, start=1)}
    return table


def _tensors() -> dict[str, str]:
    """Published name -> our name of tensors that are named on their own."""
    table = {"regressor.hand_regHead.betas": "heatmap_head.temperature"}
    for suffix, branch in (("", "spatial"), ("_ch", "channel")):
        table |= {
            f"S3C.self_attention.x_proj_weight{suffix}": f"s3c.ss2d.{branch}.projection",
            f"S3C.self_attention.dt_projs_weight{suffix}": f"s3c.ss2d.{branch}.dt_weight",
            f"S3C.self_attention.dt_projs_bias{suffix}": f"s3c.ss2d.{branch}.dt_bias",
            f"S3C.self_attention.A_logs{suffix}": f"s3c.ss2d.{branch}.A_log",
            f"S3C.self_attention.Ds{suffix}": f"s3c.ss2d.{branch}.D",
        }
    return table


#: Published -> ours; every tensor keeps its shape.
MODULES = MappingProxyType(_modules())
TENSORS = MappingProxyType(_tensors())
_MODULES_BACK = {ours: theirs for theirs, ours in MODULES.items()}
_TENSORS_BACK = {ours: theirs for theirs, ours in TENSORS.items()}


def bare_name(name: str) -> str:
    """A published name without ``module.`` and with the attention module's current name."""
    name = name.removeprefix(PARALLEL_PREFIX)
    if name.startswith(f"{OLD_ATTENTION_NAME}."):
        return ATTENTION_NAME + name.removeprefix(OLD_ATTENTION_NAME)
    return name


def our_name(published: str) -> str | None:
    """Our name of a tensor of the published network (its bare name), None if ours has none."""
    return _translate(published, TENSORS, MODULES)


def published_name(ours: str) -> str | None:
    """The published bare name of one of our tensors, None if the published network has none."""
    return _translate(ours, _TENSORS_BACK, _MODULES_BACK)


def _translate(name: str, tensors: Mapping[str, str], modules: Mapping[str, str]) -> str | None:
    if name in tensors:
        return tensors[name]
    module, _, leaf = name.rpartition(".")
    translated = modules.get(module)
    return None if translated is None else f"{translated}.{leaf}"
