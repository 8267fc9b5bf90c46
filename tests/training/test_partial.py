"""The loss over partial labels."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hands3c_core.data import HandSample, ValidLabels
from hands3c_core.data.batch import collate
from hands3c_core.hand_model import HandLayer, axis_angle_to_matrix, load_hand_model
from hands3c_core.training.losses import LossWeights, hand_losses, posed_targets
from hands3c_core.training.partial import PartialTargets, make_targets, partial_losses

EVERY = np.ones(21, bool)
NONE = np.zeros(21, bool)


@pytest.fixture(scope="module")
def layer() -> HandLayer:
    return HandLayer(load_hand_model("hand_mano778"), dtype=torch.float64)


def sample(seed: int, valid: ValidLabels, model: str | None = "hands3c") -> HandSample:
    rng = np.random.default_rng(seed)
    return HandSample(
        crop=np.zeros((128, 128, 3), np.uint8),
        joints_2d=rng.uniform(0, 128, (21, 2)).astype(np.float32),
        joints_3d=(0.05 * rng.normal(size=(21, 3)) * (np.arange(21) > 0)[:, None]).astype("f4"),
        is_right=True,
        valid=valid,
        name=str(seed),
        pose=(0.3 * rng.normal(size=(16, 3))).astype(np.float32),
        shape=rng.normal(size=10).astype(np.float32),
        parameter_model=model,
    )


def whole(seed: int) -> HandSample:
    return sample(seed, ValidLabels(EVERY, EVERY, False, True, True))


def random_prediction(layer: HandLayer, count: int) -> SimpleNamespace:
    generator = torch.Generator().manual_seed(1)
    pose = 0.3 * torch.randn(count, 16, 3, generator=generator, dtype=torch.float64)
    shape = torch.randn(count, 10, generator=generator, dtype=torch.float64)
    posed = layer(pose, shape)
    return SimpleNamespace(
        rotations=axis_angle_to_matrix(pose),
        shape=shape,
        joints_2d=torch.rand(count, 21, 2, generator=generator, dtype=torch.float64),
        joints_3d=posed.joints,
        vertices=posed.vertices,
    )


def losses_of(layer: HandLayer, prediction: SimpleNamespace, samples: list[HandSample], **weights):
    targets = make_targets(collate(samples), layer)
    return partial_losses(prediction, targets, LossWeights(**weights)).as_dict()


def test_with_everything_labelled_it_is_the_published_loss(layer: HandLayer) -> None:
    """Relative to the wrist on both sides, which the published loss is not."""
    prediction = random_prediction(layer, 3)
    samples = [whole(seed) for seed in range(3)]
    batch = collate(samples)
    targets = posed_targets(layer, batch.pose.double(), batch.shape.double(), batch.joints_2d)
    moved = replace(
        targets,
        joints_3d=targets.joints_3d - targets.joints_3d[:, :1],
        vertices=targets.vertices - targets.joints_3d[:, :1],
    )
    relative = SimpleNamespace(**vars(prediction))
    relative.vertices = prediction.vertices - prediction.joints_3d[:, :1]
    relative.joints_3d = prediction.joints_3d - prediction.joints_3d[:, :1]
    published = hand_losses(relative, moved).as_dict()
    for name, value in losses_of(layer, prediction, samples).items():
        assert value.item() == pytest.approx(published[name].item(), rel=1e-6), name


def test_gradient_is_the_mean_over_any_split_of_the_batch(layer: HandLayer) -> None:
    """What makes several processes equal to one."""
    kinds = [
        ValidLabels(EVERY, NONE, False, False, False),
        ValidLabels(NONE, EVERY, False, False, False),
        ValidLabels(EVERY, EVERY, False, True, True),
        ValidLabels(np.arange(21) < 5, np.arange(21) < 7, False, True, False, metric=False),
    ]
    samples = [sample(seed, valid) for seed, valid in enumerate(kinds)]
    prediction = random_prediction(layer, 4)

    def total(rows: slice) -> float:
        part = SimpleNamespace(**{name: value[rows] for name, value in vars(prediction).items()})
        return sum(losses_of(layer, part, samples[rows], projection=100.0).values()).item()

    halves = (total(slice(0, 2)) + total(slice(2, 4))) / 2
    assert total(slice(0, 4)) == pytest.approx(halves, rel=1e-12)


@pytest.mark.parametrize(
    ("valid", "counted"),
    [
        (ValidLabels(EVERY, NONE, False, False, False), {"joints_2d"}),
        (ValidLabels(NONE, EVERY, False, False, False), {"joints_3d"}),
        (ValidLabels(NONE, NONE, False, True, False), {"pose"}),
        (ValidLabels(NONE, NONE, False, True, True), {"pose", "shape", "joints_3d", "vertices"}),
        (ValidLabels(NONE, NONE, False, False, False), set()),
    ],
)
def test_only_what_is_labelled_counts(valid: ValidLabels, counted: set, layer: HandLayer) -> None:
    losses = losses_of(layer, random_prediction(layer, 1), [sample(0, valid)])
    assert {name for name, value in losses.items() if value.item() > 0} == counted


def test_parameters_of_another_hand_model_do_not_count(layer: HandLayer) -> None:
    other = sample(0, ValidLabels(NONE, NONE, False, True, True), model="mano")
    losses = losses_of(layer, random_prediction(layer, 1), [other])
    assert sum(losses.values()).item() == 0


def test_size_does_not_matter_without_trusted_scale(layer: HandLayer) -> None:
    prediction = random_prediction(layer, 1)
    relative = (prediction.joints_3d - prediction.joints_3d[:, :1])[0].numpy()
    labels = ValidLabels(NONE, EVERY, False, False, False, metric=False)
    bigger = replace(sample(0, labels), joints_3d=(1.7 * relative).astype(np.float32))
    assert losses_of(layer, prediction, [bigger])["joints_3d"].item() < 1e-9
    metric = replace(bigger, valid=replace(labels, metric=True))
    assert losses_of(layer, prediction, [metric])["joints_3d"].item() > 1
    bent = replace(bigger, joints_3d=bigger.joints_3d[::-1] - bigger.joints_3d[-1])
    full = losses_of(layer, prediction, [bent], non_metric=1.0)["joints_3d"].item()
    assert losses_of(layer, prediction, [bent], non_metric=0.25)["joints_3d"].item() == (
        pytest.approx(full / 4)
    )


def test_projection_is_zero_for_a_hand_that_covers_its_labels(layer: HandLayer) -> None:
    prediction = random_prediction(layer, 1)
    labels = ValidLabels(EVERY, NONE, False, False, False)
    spots = 128 * (3.0 * prediction.joints_3d[0, :, :2].numpy() + [0.2, 0.4])
    covered = replace(sample(0, labels), joints_2d=spots.astype(np.float32))
    assert losses_of(layer, prediction, [covered], projection=100.0)["projection"].item() < 1e-9
    moved = replace(covered, joints_2d=covered.joints_2d + np.eye(21, 2, dtype=np.float32) * 40)
    assert losses_of(layer, prediction, [moved], projection=100.0)["projection"].item() > 0.1
    assert losses_of(layer, prediction, [moved])["projection"].item() == 0


def test_gradients_are_finite_without_any_label(layer: HandLayer) -> None:
    prediction = random_prediction(layer, 2)
    for value in vars(prediction).values():
        value.requires_grad_()
    nothing = sample(0, ValidLabels(NONE, NONE, False, False, False, metric=False))
    targets = make_targets(collate([nothing, nothing]), layer)
    assert isinstance(targets, PartialTargets)
    partial_losses(prediction, targets, LossWeights(projection=100.0)).total().backward()
    for name, value in vars(prediction).items():
        assert torch.isfinite(value.grad).all(), name


def test_heatmaps_are_drawn_towards_labels_inside_the_crop(layer):
    """The term falls as the maps become the spots, and its gradient raises the label's cell and
    leaves joints outside the crop alone."""
    one = whole(0)
    one.joints_2d[0] = (38.0, 76.0)
    one.joints_2d[1] = (200.0, 20.0)
    targets = make_targets(collate([one], "hands3c"), layer)
    prediction = random_prediction(layer, 1)
    scores = torch.zeros(1, 21, 16, 16, dtype=torch.float64, requires_grad=True)

    def term() -> torch.Tensor:
        prediction.heatmaps = scores.flatten(2).softmax(-1).view_as(scores)
        return partial_losses(prediction, targets, LossWeights(heatmap=1.0)).heatmap

    flat = term()
    flat.backward()
    assert scores.grad is not None
    row, column = divmod(int(scores.grad[0, 0].flatten().argmin()), 16)
    assert (row, column) == (9, 4)  # (76 + 0.5) / 128 and (38 + 0.5) / 128 of 16 cells
    assert not scores.grad[0, 1].any()
    optimizer = torch.optim.Adam([scores], lr=0.3)
    for _ in range(20):
        optimizer.zero_grad()
        term().backward()
        optimizer.step()
    assert term() < 0.1 * flat


def test_local_term_does_not_see_the_global_rotation(layer):
    """A prediction that is right but for its global rotation has no local error; bending a finger
    gives one."""
    right = whole(0)
    targets = make_targets(collate([right], "hands3c"), layer)

    def losses(pose: torch.Tensor):
        posed = layer(pose, targets.shape)
        prediction = SimpleNamespace(
            rotations=axis_angle_to_matrix(pose),
            shape=targets.shape,
            joints_2d=targets.joints_2d,
            joints_3d=posed.joints,
            vertices=posed.vertices,
        )
        return partial_losses(prediction, targets, LossWeights(local=1e4))

    turned = targets.pose.clone()
    turned[:, 0] = torch.tensor([0.5, -1.0, 0.3], dtype=turned.dtype)
    assert losses(turned).local < 1e-12
    assert losses(turned).joints_3d > 1
    bent = targets.pose.clone()
    bent[:, 1] += 0.5
    assert losses(bent).local > 0.1


def test_robust_errors_are_squares_when_small_and_grow_linearly_when_large(layer):
    targets = make_targets(collate([whole(0)], "hands3c"), layer)

    def term(offset: float, robust: float | None) -> float:
        prediction = random_prediction(layer, 1)
        shift = torch.zeros(1, 21, 3, dtype=torch.float64)
        shift[:, 1:] = offset
        prediction.joints_3d = targets.joints_3d + shift
        weights = LossWeights(robust=robust)
        return float(partial_losses(prediction, targets, weights).joints_3d)

    assert term(1e-4, 0.01) == pytest.approx(term(1e-4, None), rel=1e-3)
    assert term(0.4, 0.01) == pytest.approx(2 * term(0.2, 0.01), rel=0.06)
    assert term(0.4, None) == pytest.approx(4 * term(0.2, None), rel=1e-9)


def test_a_sample_with_a_pose_alone_keeps_its_untrusted_scale(layer: HandLayer) -> None:
    """Without 3D joints too: what an estimator said of the pose counts as little as it does beside
    them."""
    untrusted = sample(0, ValidLabels(NONE, NONE, False, True, True, metric=False))
    batch = collate([untrusted, replace(untrusted, valid=replace(untrusted.valid, metric=True))])
    assert batch.is_metric.tolist() == [False, True]
    assert make_targets(batch, layer).is_metric.tolist() == [0, 1]
    prediction = random_prediction(layer, 1)
    full = losses_of(layer, prediction, [untrusted], non_metric=1.0)["pose"].item()
    tenth = losses_of(layer, prediction, [untrusted], non_metric=0.1)["pose"].item()
    assert tenth == pytest.approx(0.1 * full)
    assert losses_of(layer, prediction, [untrusted])["shape"].item() == 0
