"""Recipes for training, as data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from hands3c_core.errors import UserError
from hands3c_core.geometry.crop import CropRule
from hands3c_core.training.losses import LossWeights
from hands3c_core.training.objectives import SarWeights, SmrWeights
from hands3c_core.training.objectives.weak_perspective import WEAK


@dataclass(frozen=True, slots=True)
class Preset:
    """Everything about a training run but the network and the data."""

    batch_size: int = 64
    """Samples a step, over all processes."""
    optimizer: Literal["adam", "adamw"] = "adam"
    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    epochs: float | None = None
    """Passes through the data; None goes on until a number of steps or minutes is reached."""
    schedule: Literal["steps", "cosine"] = "steps"
    """'steps': times ``decay`` every ``decay_every`` epochs. 'cosine': warm up, then down a cosine
    to ``final_share`` at the end of the run, be it counted in epochs, steps or minutes."""
    cosine_by: Literal["step", "epoch"] = "step"
    """Whether the cosine goes down at every step, or at the end of each epoch of ``epochs``."""
    final_share: float = 0.01
    decay: float = 0.7
    decay_every: int = 10
    warmup_steps: int = 0
    """Steps over which the learning rate rises, at most a twentieth of the run."""
    augment: str = "published"
    """Name in ``data.augment.PRESETS``."""
    losses: LossWeights | SarWeights | SmrWeights = field(default_factory=LossWeights)
    """Weights of a network of another kind give way to its usual ones."""
    labels: Literal["data", "landmarks"] = "data"
    """'landmarks': nothing of the data's labels but 2D joints that the landmark estimator finds."""
    ema: float | None = None
    """Decay of the moving average of the weights; None keeps none."""
    clip_norm: float | None = None
    """Greatest norm of the gradient."""
    freeze_norm: bool = False
    """Keep the batch norms' statistics; for small batches and fine-tuning."""
    decays_all: bool = False
    """Decay every parameter, norms, biases and temperatures too."""
    published_start: bool = False
    """Start the network's own layers as its released code does, where that differs from ours."""
    data_defaults: tuple[tuple[str, str, str], ...] = ()
    """Options of datasets (name, option, value) that hold where the command's --data says
    nothing."""
    backbone_rate: float = 1.0
    """Factor of the backbone's learning rate."""
    attention_rate: float = 1.0
    """Factor of the attention module's learning rate."""
    frozen: tuple[str, ...] = ()
    """Parts whose weights stay, by the beginning of their names."""
    crop: CropRule | None = None
    """How windows are laid for the paper's networks; None for the network's own rule."""
    input_size: int | None = None
    """Side of the crop of the paper's networks, px; None for the network's own."""
    weights: str | None = None
    """Shipped weights to start from, a name in ``weights/``."""
    max_minutes: float | None = None
    """Length of the run where the command gives none."""
    holdout: float = 0.02
    """Share of each dataset that is kept for validation where the command says nothing."""
    refines: bool = False
    """Have estimators bring poses to the heatmaps, where the network's kind does not say so itself;
    for trainings too short for its poses to be as exact as its heatmaps."""
    maps_only: bool = False
    """Learn nothing but a teacher's maps."""
    rehearsal: float = 0.0
    """Share of synthetic samples mixed in, against forgetting."""
    compares: bool = False
    """Measure the weights before and after on what was held out."""
    note: str = ""
    """Where it comes from or what it is for."""


_PAPER = "HandS3C, ICASSP 2025, and its released configuration"
_SAR = Preset(
    optimizer="adamw",
    learning_rate=3e-4,
    weight_decay=1e-2,
    epochs=50,
    schedule="cosine",
    cosine_by="epoch",
    final_share=0.0,
    augment="sar",
    losses=SarWeights(),
    decays_all=True,
    published_start=True,
    data_defaults=(("freihand", "crop", "central"),),
    note="SAR's recipe as released (AdamW's usual decay)",
)
_SMR = replace(
    _SAR,
    losses=SmrWeights(),
    cosine_by="step",
    decays_all=False,
    published_start=False,
    note="after SAR's recipe, our weights: SMR's are not known",
)
_FREIHAND = Preset(
    epochs=100,
    augment="none",
    crop="published",
    input_size=224,
    data_defaults=(("freihand", "versions", "gs"),),
    note=f"{_PAPER}: whole images, green screens only, no augmentation",
)
_LITE = Preset(
    batch_size=16,
    optimizer="adamw",
    learning_rate=8e-4,
    weight_decay=1e-2,
    schedule="cosine",
    warmup_steps=100,
    augment="mild",
    losses=LossWeights(projection=100.0, heatmap=1.0, local=2e4, robust=0.01, non_metric=0.5),
    ema=0.999,
    clip_norm=10.0,
    backbone_rate=0.2,
    frozen=("backbone.stem.", "backbone.stage1.", "backbone.stage2."),
    note="ours, for networks with a pretrained backbone, which moves slowly: its weights "
    "know more people and places than a small training set",
)
_GUIDED = replace(
    _LITE,
    augment="upright",
    losses=LossWeights(
        projection=100.0,
        heatmap=1.0,
        local=2e4,
        points=40.0,
        witness=15.0,
        uncertainty=0.1,
        robust=0.01,
        non_metric=0.8,
    ),
    backbone_rate=0.2,
    attention_rate=2.0,
    frozen=("backbone.stem.", "backbone.stage1.", "backbone.stage2.", "backbone.stage3."),
    note="the lite network: everything learns but the trunk's first stages",
)
_SAR_LITE = replace(
    _GUIDED,
    losses=SarWeights(),
    note="ours: SAR's loss with the lite network's recipe, for its form behind the same trunk",
)
_SMR_LITE = replace(
    _GUIDED,
    losses=SmrWeights(),
    note="ours: SMR's loss with the lite network's recipe, for its form behind the same trunk",
)
PRESETS = MappingProxyType(
    {
        "guided": _GUIDED,
        "guided_heads": replace(
            _GUIDED,
            frozen=("backbone.", "witness_head."),
            note="first part of the lite network's training: what stands behind its trunk",
        ),
        "freihand": _FREIHAND,
        "freihand_augmented": replace(
            _FREIHAND,
            augment="published",
            data_defaults=(),
            note="ours: all four backgrounds and HO-3D's augmentation",
        ),
        "ho3d": Preset(epochs=80, crop="published", note=_PAPER),
        "dexycb": Preset(epochs=20, decay=0.9, decay_every=1, crop="published", note=_PAPER),
        "webcam": Preset(
            optimizer="adamw",
            learning_rate=5e-4,
            weight_decay=1e-2,
            schedule="cosine",
            warmup_steps=200,
            augment="strong",
            losses=LossWeights(projection=100.0),
            ema=0.999,
            clip_norm=10.0,
            note="ours, for any mixture: strong augmentation, a cosine over the budget, EMA",
        ),
        "lite": _LITE,
        "lite_joined": replace(
            _LITE,
            learning_rate=5e-4,
            backbone_rate=0.5,
            note="second part of the first lite network's training: the attention joins a network "
            "trained without it (--weights), and the backbone is let go further",
        ),
        "lite_scratch": replace(
            _LITE,
            backbone_rate=1.0,
            frozen=(),
            note="the same for networks whose backbone starts from random weights",
        ),
        "distilled": replace(
            _LITE,
            learning_rate=1e-3,
            backbone_rate=1.0,
            frozen=("fpn.smooth.", "heatmap_head.", "encoder.", "mano_head."),
            maps_only=True,
            ema=0.995,
            note="a backbone from random weights learns the maps that its teacher's (--teacher) "
            "gives to the heads",
        ),
        "distilled_heads": replace(
            _LITE,
            frozen=("backbone.", "fpn.", "heatmap_head.", "encoder.encoding_conv."),
            ema=0.995,
            note="heads widened from a lite network's (--weights), which learn on its backbone, "
            "where samples are cheap",
        ),
        "distilled_joint": replace(
            _LITE,
            learning_rate=1e-4,
            backbone_rate=1.0,
            frozen=(),
            ema=0.995,
            refines=True,
            note="goes on with a network whose heads were widened from its teacher's: labels, and "
            "the teacher's maps (--teacher)",
        ),
        "personal": replace(
            _GUIDED,
            learning_rate=1e-4,
            warmup_steps=20,
            ema=0.98,
            freeze_norm=True,
            weights="hands3c_lite.safetensors",
            max_minutes=12.0,
            holdout=0.15,
            rehearsal=0.3,
            compares=True,
            note="fine-tunes the shipped weights on a few hundred frames of one person",
        ),
        "sar": _SAR,
        "sar_ours": replace(
            _SAR,
            cosine_by="step",
            decays_all=False,
            published_start=False,
            warmup_steps=100,
            ema=0.999,
            clip_norm=10.0,
            note="ours: SAR's with flat first maps, EMA, a cosine by steps, norms not decayed",
        ),
        "smr": _SMR,
        "smr_weak": replace(_SMR, losses=WEAK, note="SMR from 2D labels and priors alone"),
        "smr_self": replace(
            _SMR,
            losses=WEAK,
            labels="landmarks",
            note="SMR without labels: 2D joints from the landmark estimator, and priors",
        ),
        "sar_lite": _SAR_LITE,
        "smr_lite": _SMR_LITE,
        "smr_lite_weak": replace(
            _SMR_LITE, losses=WEAK, note="SMR's lite form from 2D labels and priors alone"
        ),
    }
)
#: Presets of networks that have their own.
OWN = MappingProxyType(
    {
        "sar": "sar",
        "sar_1stage": "sar",
        "smr": "smr",
        "sar_lite": "sar_lite",
        "smr_lite": "smr_lite",
        "hands3c_lite": "guided",
        "lite": "guided",
        "hands3c_lite_plain": "guided",
        "hands3c_lite_ssa": "guided",
        "hands3c_lite_self_attention": "guided",
    }
)
#: Preset for data of any other name.
OTHERS = "webcam"


def find_preset(
    name: str | None, first_dataset: str, model: str | None = None
) -> tuple[str, Preset]:
    """The preset of a name, or with None the network's own, else the one of the (first) dataset's
    name.

    Raises:
        UserError: there is no such preset.
    """
    usual = first_dataset if first_dataset in PRESETS else OTHERS
    name = name or OWN.get(model or "", usual)
    if name not in PRESETS:
        raise UserError(f"There is no preset {name!r}; choose from {', '.join(PRESETS)}.")
    return name, PRESETS[name]
