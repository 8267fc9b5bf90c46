"""The table between published and our tensor names."""

from __future__ import annotations

import pytest

from hands3c_core.hand_model import HandModelData
from hands3c_core.models import build_model
from hands3c_core.models.published_names import bare_name, our_name, published_name
from hands3c_core.models.registry import published_names


@pytest.mark.parametrize("name", published_names())
def test_table_is_one_to_one(name: str, hand: HandModelData) -> None:
    ours = list(build_model(name, input_size=128, hand=hand).state_dict())
    published = [published_name(key) for key in ours]
    assert None not in published
    assert len(set(published)) == len(ours)
    assert [our_name(key) for key in published if key is not None] == ours


@pytest.mark.parametrize(
    ("published", "ours"),
    [
        ("backbone.layer3.0.5.bn2.running_var", "backbone.stage3.5.norm2.running_var"),
        ("backbone.layer2.0.0.downsample.0.weight", "backbone.stage2.0.downsample.conv.weight"),
        ("backbone.latlayer3.bias", "fpn.lateral2.bias"),
        ("S3C.self_attention.A_logs_ch", "s3c.ss2d.channel.A_log"),
        (
            "regressor.hand_regHead.hg.0.hg.0.3.0.conv2.weight",
            "heatmap_head.hourglass.inner.inner.conv2.weight",
        ),
        ("regressor.hand_Encoder.reg.7.bn.bias", "encoder.units.7.norm1.bias"),
        ("regressor.hand_Encoder.reg.7.bn2.bias", "encoder.units.7.norm3.bias"),
        ("regressor.hand_regHead.betas", "heatmap_head.temperature"),
    ],
)
def test_samples(published: str, ours: str) -> None:
    assert our_name(published) == ours
    assert published_name(ours) == published


def test_names_of_older_files() -> None:
    assert bare_name("module.SSCA.ln_1.weight") == "S3C.ln_1.weight"
    assert bare_name("SSCA.ln_1.weight") == "S3C.ln_1.weight"
    assert bare_name("module.backbone.toplayer.bias") == "backbone.toplayer.bias"


def test_foreign_names_are_unknown() -> None:
    assert our_name("regressor.hand_regHead.fc_.0.weight") is None
    assert our_name("regressor.hand_regHead.uu") is None
    assert published_name("hand_layer.v_template") is None
