"""A network in training."""

from __future__ import annotations

import lightning.pytorch as L
import numpy as np
import torch
from torch import Tensor, nn

from hands3c_core.errors import UserError
from hands3c_core.evaluation.alignment import align
from hands3c_core.models import HandNetwork, HandPrediction, HandS3C
from hands3c_core.models.crops import images_from_crops
from hands3c_core.models.uvd import with_cameras
from hands3c_core.training.batches import TrainingBatch
from hands3c_core.training.distillation import FEATURES, Teacher, features_of, pyramid_maps, resized
from hands3c_core.training.frozen import speed_up_frozen
from hands3c_core.training.objectives import make_objective
from hands3c_core.training.partial import PartialTargets, make_targets
from hands3c_core.training.presets import Preset

_MM = 1000.0
#: Parameters of two dimensions that are no matrices.
_NOT_DECAYED = ("A_log", "dt_bias", "temperature", "_position")
#: Beginnings of the names of an attention module's parameters.
_ATTENTION = ("s3c.", "self_attention.")


class HandTraining(L.LightningModule):
    """Loss, optimizer and validation figures of a network.

    Args:
        network: with the weights to start from.
        preset: the recipe.
        teacher: whose maps are learned too, or alone if the preset says so.

    Raises:
        UserError: the preset needs a teacher, or the network has no maps to learn.
    """

    def __init__(
        self, network: HandNetwork, preset: Preset, teacher: Teacher | None = None
    ) -> None:
        super().__init__()
        # Channels last: the crops come so, and a step in bfloat16 takes a fifth less.
        self.network = network.train()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.preset = preset
        for name, parameter in self.network.named_parameters():
            if name.startswith(preset.frozen):
                parameter.requires_grad_(False)
        self.objective = make_objective(network, preset.losses)
        # No module itself, so no part of what is trained, averaged and saved.
        self._teacher = teacher
        if preset.maps_only and teacher is None:
            raise UserError("This preset learns a teacher's maps: name one with --teacher FILE.")
        if teacher is not None:
            teacher.check_student(network)
        self.last_losses: dict[str, Tensor] = {}
        """Terms of the last training step, detached, with 'total'."""
        self.last_figures: dict[str, float] = {}
        """'gradient_norm' of the last step before it was clipped, 'attention_gradient' (the
        attention module's share of it) and 'attention_update' (root mean square of what the module
        adds, over that of the map it adds to)."""

    def on_train_start(self) -> None:
        """Set the batch norms as the preset wants them, and compile what does not learn."""
        if self.device.type == "cpu":
            trunk = getattr(self.network, "backbone", nn.Identity())
            share = self.preset.batch_size // self.trainer.world_size
            speed_up_frozen(trunk, self.network.input_size, share)
        if self.preset.freeze_norm:
            for part in self.network.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.eval()

    def training_step(self, batch: TrainingBatch, batch_idx: int) -> Tensor:
        """The total loss of a batch."""
        losses = self._losses(batch)
        total = torch.stack(list(losses.values())).sum()
        self.last_losses = {name: term.detach() for name, term in losses.items()}
        self.last_losses["total"] = total.detach()
        self.log_dict({f"loss/{name}": term for name, term in self.last_losses.items()})
        return total

    def _losses(self, batch: TrainingBatch) -> dict[str, Tensor]:
        whole = self._whole_images(batch)
        if self._teacher is None:
            return self._label_losses(batch, whole)[0]
        network = self.network
        assert isinstance(network, HandS3C)
        losses: dict[str, Tensor] = {}
        with pyramid_maps(network) as maps:
            if self.preset.maps_only:
                features = features_of(network, self._sized(whole))
            else:
                losses, features = self._label_losses(batch, whole)
        with torch.autocast(self.device.type, enabled=False):
            return losses | self._teacher.losses({**maps, FEATURES: features}, whole)

    def _label_losses(
        self, batch: TrainingBatch, whole: Tensor
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The objective's terms, and F where the network has one."""
        regressed = self.network.regress(self._sized(whole))
        prediction = self.network.complete(regressed)
        with torch.autocast(self.device.type, enabled=False):
            losses = self.objective(self.network, regressed, prediction, batch.samples)
        with torch.no_grad():
            added = prediction.features - prediction.backbone_features
            share = added.square().mean() / prediction.backbone_features.square().mean()
            self.last_figures["attention_update"] = float(share.sqrt())
        return losses, prediction.features

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Note the gradient's size and the attention module's part in it."""
        squares = {True: 0.0, False: 0.0}
        for name, parameter in self.network.named_parameters():
            if parameter.grad is not None:
                squares[name.startswith(_ATTENTION)] += float(parameter.grad.square().sum())
        total = squares[True] + squares[False]
        self.last_figures["gradient_norm"] = total**0.5
        self.last_figures["attention_gradient"] = (squares[True] / max(total, 1e-12)) ** 0.5

    def validation_step(self, batch: TrainingBatch, batch_idx: int) -> None:
        """Log the errors of a batch; see ``validation_errors``."""
        prediction = self.network(self._sized(self._whole_images(batch)))
        samples = batch.samples
        prediction = with_cameras(
            prediction, samples.intrinsics, samples.has_camera, self.network.hand
        )
        targets = make_targets(samples, self.network.hand_layer)
        for name, errors in validation_errors(prediction, targets).items():
            if len(errors):
                self.log(
                    f"val/{name}",
                    float(np.mean(errors)),
                    batch_size=len(errors),
                    on_epoch=True,
                    sync_dist=True,
                )

    def _whole_images(self, batch: TrainingBatch) -> Tensor:
        """Images of the crops as loaded: larger than the network's where its teacher's are."""
        return images_from_crops(batch.samples.crops, self.network.parameter)

    def _sized(self, whole: Tensor) -> Tensor:
        images = resized(whole, self.network.input_size)
        return images.contiguous(memory_format=torch.channels_last)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """As the preset says; the schedule is set from outside (``callbacks.RunLength``)."""
        preset = self.preset
        named = [(name, p) for name, p in self.network.named_parameters() if p.requires_grad]
        decay = 0.0 if preset.optimizer == "adam" else preset.weight_decay
        groups = [
            {"params": part, "weight_decay": decay if decayed else 0.0, "rate": rate}
            for (decayed, rate), part in _groups(named, preset).items()
        ]
        if preset.optimizer == "adam":
            return torch.optim.Adam(groups, preset.learning_rate)
        return torch.optim.AdamW(groups, preset.learning_rate)


def _groups(
    named: list[tuple[str, nn.Parameter]], preset: Preset
) -> dict[tuple[bool, float], list[nn.Parameter]]:
    """Parameters by whether they are decayed and the factor of their learning rate.

    Norms, biases and the scans' own constants are not decayed, unless the preset decays all.
    """
    groups: dict[tuple[bool, float], list[nn.Parameter]] = {}
    for name, parameter in named:
        is_weight = parameter.ndim >= 2 and not name.endswith(_NOT_DECAYED)
        decayed = preset.decays_all or is_weight
        rate = 1.0
        if name.startswith(("backbone.", "witness_head.")):
            rate = preset.backbone_rate
        elif name.startswith(_ATTENTION):
            rate = preset.attention_rate
        groups.setdefault((decayed, rate), []).append(parameter)
    return groups


def validation_errors(prediction: HandPrediction, targets: PartialTargets) -> dict[str, np.ndarray]:
    """Errors of the samples that are labelled well enough to measure, one number a sample.

    'mpjpe_mm' (wrist-relative) and 'pa_mpjpe_mm' (after the official similarity alignment) over
    samples with all 21 joints in true scale, 'pa_pseudo_mm' (the same) over those without a true
    one, 'joints_2d' (heatmaps) over all with 2D labels, as a share of the crop's side.
    """
    joints = prediction.joints_3d.double().cpu().numpy()
    truth = targets.joints_3d.double().cpu().numpy()
    joints, truth = joints - joints[:, :1], truth - truth[:, :1]
    whole = targets.has_joints_3d.bool().all(dim=1)
    metric = (whole & targets.is_metric.bool()).cpu().numpy()
    pseudo = whole.cpu().numpy() & ~metric
    apart = np.linalg.norm(joints[metric] - truth[metric], axis=-1)
    errors = {"mpjpe_mm": _MM * apart.mean(axis=-1)}
    for name, rows in (("pa_mpjpe_mm", metric), ("pa_pseudo_mm", pseudo)):
        if rows.any():
            aligned = align(truth[rows], joints[rows], "official")
            errors[name] = _MM * np.linalg.norm(aligned - truth[rows], axis=-1).mean(axis=-1)
    mask = (targets.has_joints_2d > 0).double()
    flat = (prediction.joints_2d.double() - targets.joints_2d).norm(dim=-1) * mask
    seen = mask.sum(dim=1)
    mean = (flat.sum(dim=1) / seen.clamp(min=1.0))[seen > 0]
    errors["joints_2d"] = mean.cpu().numpy()
    return errors
