"""The losses of SAR and SMR, and that every network can learn from them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_networks import NARROW, SMALL
from torch import Tensor

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.data import open_data
from hands3c_core.data.augment import PRESETS as AUGMENTATIONS
from hands3c_core.data.augment import Augmenter
from hands3c_core.data.batch import SampleBatch, collate
from hands3c_core.hand_model import load_hand_model, matrix_to_axis_angle
from hands3c_core.models import HandNetwork, Smr, SmrConfig, build_model
from hands3c_core.models.sar import DEPTH_UNIT
from hands3c_core.models.smr import LENGTH_UNIT, ROOT
from hands3c_core.training.losses import LossWeights
from hands3c_core.training.objectives import SarWeights, SmrWeights, make_objective
from hands3c_core.training.objectives.base import masked_mean
from hands3c_core.training.objectives.points import make_point_targets, mesh_errors
from hands3c_core.training.objectives.weak_perspective import WEAK
from hands3c_core.training.partial import make_targets
from hands3c_core.training.presets import PRESETS, find_preset
from hands3c_core.training.schedule import learning_rate
from hands3c_core.training.self_labels import SelfLabelled

SIZE = 128


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def dataset(drawn_hands):
    return open_data(drawn_hands, SIZE)


@pytest.fixture(scope="module")
def batch(dataset) -> SampleBatch:
    return collate([dataset[index] for index in range(2)])


def images_of(batch: SampleBatch) -> Tensor:
    return batch.crops.permute(0, 3, 1, 2).float() / 255


def test_point_targets_lie_where_the_labels_are(batch):
    layer = build_model("hands3c_tiny").hand_layer
    targets = make_point_targets(batch, layer)
    assert targets.known.all()
    assert targets.has_mesh.all()
    joints = targets.uvd[:, -NUM_JOINTS:]
    assert torch.allclose(joints[..., :2], 2 * batch.joints_2d - 1, atol=1e-6)
    assert torch.allclose(joints[..., 2], batch.joints_3d[..., 2] / DEPTH_UNIT, atol=1e-4)
    # The fingertips are vertices of the mesh: projected through the camera they are the labels.
    tips = targets.uvd[:, layer.fingertip_ids]
    assert torch.allclose(tips, joints[:, [4, 8, 12, 16, 20]], atol=2e-4)


def test_point_targets_of_turned_samples_agree_too(dataset):
    """SAR's augmentation turns by up to a half turn; camera, mesh and labels must turn alike."""
    augmenter = Augmenter(AUGMENTATIONS["sar"], SIZE)
    samples = [augmenter(dataset[k], np.random.default_rng(k)) for k in range(4)]
    layer = build_model("hands3c_tiny").hand_layer
    targets = make_point_targets(collate(samples), layer)
    tips, joints = targets.uvd[:, layer.fingertip_ids], targets.uvd[:, -NUM_JOINTS:]
    assert torch.allclose(tips, joints[:, [4, 8, 12, 16, 20]], atol=5e-4)


def test_sars_augmentation_keeps_to_its_limits(dataset):
    augmenter = Augmenter(AUGMENTATIONS["sar"], SIZE)
    plain = dataset[0]
    turns, scales = [], []
    for seed in range(60):
        changed = augmenter(plain, np.random.default_rng(seed))
        before, after = (s.joints_2d[9] - s.joints_2d[0] for s in (plain, changed))
        scales.append(np.linalg.norm(after) / np.linalg.norm(before))
        angle = np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0])
        turns.append(np.degrees((angle + np.pi) % (2 * np.pi) - np.pi))
    assert 1 / 1.1 - 1e-3 <= min(scales) < 0.94
    assert 1.06 < max(scales) <= 1 / 0.9 + 1e-3
    assert min(turns) < -150
    assert max(turns) > 150
    assert np.mean(np.abs(turns) < 90) == pytest.approx(0.5, abs=0.2)  # evenly spread


def perfect_stage(targets) -> SimpleNamespace:
    return SimpleNamespace(uvd=targets.uvd.clone().requires_grad_())


def test_sars_loss_is_the_specified_one(batch):
    network = build_model("hands3c_tiny")  # for its hand
    targets = make_point_targets(batch, network.hand_layer)
    objective = make_objective(build_tiny_sar(), SarWeights())
    stage = perfect_stage(targets)
    terms = objective(network, SimpleNamespace(stages=(stage,)), None, batch)
    assert float(terms["uvd"]) == pytest.approx(0, abs=1e-6)
    assert float(terms["edge"]) == pytest.approx(0, abs=1e-6)
    # An edge lies in its own face: it is square to the normal.
    assert float(terms["normal"]) == pytest.approx(0, abs=1e-4)
    moved = SimpleNamespace(uvd=targets.uvd + torch.tensor([0.3, 0.0, 0.0]))
    terms = objective(network, SimpleNamespace(stages=(moved, moved)), None, batch)
    assert float(terms["uvd"]) == pytest.approx(2 * 0.1, rel=1e-4)  # two stages, a third of 0.3
    assert float(terms["edge"]) == pytest.approx(0, abs=1e-5)
    larger = SimpleNamespace(uvd=targets.uvd * 1.5)
    terms = objective(network, SimpleNamespace(stages=(larger,)), None, batch)
    faces = torch.as_tensor(network.hand.faces).long()
    corners = targets.uvd[:, :-NUM_JOINTS][:, faces]
    edges = (corners.roll(-1, dims=2) - corners).norm(dim=-1)
    assert float(terms["edge"]) == pytest.approx(0.5 * float(edges.mean()), rel=1e-3)


def build_tiny_sar() -> HandNetwork:
    return SMALL["sar"](load_hand_model("hand_mano778"), SIZE)


def test_edges_along_the_normal_cost_most():
    truth = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    upright = torch.tensor([[[0.0, 0, 0], [0, 0, 1], [0, 0, 2]]])
    faces = torch.tensor([[0, 1, 2]])
    normal, edge = mesh_errors(upright, truth, faces, torch.tensor([True]))
    assert float(normal) == pytest.approx(1.0)
    assert float(edge) == pytest.approx((0 + abs(1 - 2**0.5) + 1) / 3)
    unlabelled, _ = mesh_errors(upright, truth, faces, torch.tensor([False]))
    assert float(unlabelled) == 0


def test_samples_count_alike_however_much_of_them_is_labelled():
    errors = torch.tensor([[1.0, 1.0, 1.0, 1.0], [3.0, float("nan"), 9.0, 9.0], [5.0, 5, 5, 5]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]).bool()
    assert float(masked_mean(errors, mask)) == pytest.approx((1 + 3 + 0) / 3)


def regressed_smr(batch):
    """A fresh SMR, its objective, and what it says of a batch."""
    torch.manual_seed(0)
    network = SMALL["smr"](load_hand_model("hand_mano778"), SIZE)
    with torch.no_grad():
        return network, make_objective(network, SmrWeights()), network.regress(images_of(batch))


def test_smrs_loss_vanishes_for_the_truth(batch):
    network, objective, regressed = regressed_smr(batch)
    kind = network.hand_layer.v_template.dtype
    stage = regressed.stages[-1]
    with torch.no_grad():
        # Its own parameters as the truth: what is posed, seen and believed must agree with them.
        posed = network.pose_hand(stage)
        wrist = posed.joints[:, :1]
        layer = network.hand_layer(posed.pose, posed.shape)
        own = replace(
            batch,
            pose=matrix_to_axis_angle(posed.rotations).to(kind),
            shape=posed.shape,
            joints_3d=layer.joints - layer.joints[:, :1],
            joints_2d=posed.joints_2d,
        )
        depth = (layer.joints - layer.joints[:, ROOT : ROOT + 1])[..., 2] / LENGTH_UNIT
        uvd = torch.cat((2 * posed.joints_2d - 1, depth[..., None]), dim=-1)
        right = stage._replace(
            guide=stage.guide._replace(uvd=uvd), belief=stage.belief._replace(uvd=uvd)
        )
        terms = objective(network, SimpleNamespace(stages=(right, right)), None, own)
        wrong = objective(network, regressed, None, batch)
    for name in ("pose", "shape", "joints_2d", "belief_2d", "belief_depth"):
        assert float(terms[name]) == pytest.approx(0, abs=1e-4), name
    # The linear regressor is not quite the joints that the hand turns about: some millimetres.
    for name in ("vertices", "joints_3d"):
        assert float(terms[name]) < 2 * 0.004 / LENGTH_UNIT, name
        assert float(wrong[name]) > float(terms[name])
    assert wrist.shape == (2, 1, 3)


def test_smrs_mesh_is_supervised_where_it_is_seen(batch):
    """A camera so far away that it is the stage's own weak-perspective one: the term vanishes, and
    grows with a mesh that is seen elsewhere; without a camera it says nothing."""
    network, objective, regressed = regressed_smr(batch)
    kind = network.hand_layer.v_template.dtype
    stage = regressed.stages[-1]
    with torch.no_grad():
        posed = network.pose_hand(stage)
        layer = network.hand_layer(posed.pose, posed.shape)
        # The layer's joints are what labels are relative to, the regressed ones what SMR places by.
        wrist, middle = layer.joints[:, :1], posed.joints[:, ROOT]
        away = torch.tensor([0.0, 0.0, 2000.0])
        scale, shift = stage.camera[:, 0], stage.camera[:, 1:]
        matrices = torch.eye(3).repeat(len(scale), 1, 1).to(kind)
        for row in range(len(scale)):
            matrices[row, 0, 0] = matrices[row, 1, 1] = scale[row] * SIZE / LENGTH_UNIT * 2000
            matrices[row, :2, 2] = (shift[row] + 1) / 2 * SIZE
        own = replace(
            batch,
            pose=matrix_to_axis_angle(posed.rotations).to(kind),
            shape=posed.shape,
            root=wrist[:, 0] - middle + away,
            intrinsics=matrices,
            has_camera=torch.ones(len(scale), dtype=torch.bool),
        )
        terms = objective(network, SimpleNamespace(stages=(stage,)), None, own)
        assert float(terms["vertices_2d"]) == pytest.approx(0, abs=2e-3)
        moved = replace(own, root=own.root + torch.tensor([0.02, 0.0, 0.0]))
        terms = objective(network, SimpleNamespace(stages=(stage,)), None, moved)
        assert float(terms["vertices_2d"]) > 0.02
        blind = replace(moved, has_camera=torch.zeros(len(scale), dtype=torch.bool))
        terms = objective(network, SimpleNamespace(stages=(stage,)), None, blind)
        assert float(terms["vertices_2d"]) == 0


def test_weak_supervision_looks_at_nothing_but_2d_labels(batch):
    torch.manual_seed(0)
    network = SMALL["smr"](load_hand_model("hand_mano778"), SIZE).eval()
    objective = make_objective(network, WEAK)
    with torch.no_grad():
        regressed = network.regress(images_of(batch))
        whole = objective(network, regressed, None, batch)
        bare = replace(
            batch,
            pose=torch.randn_like(batch.pose),
            shape=torch.randn_like(batch.shape),
            joints_3d=torch.randn_like(batch.joints_3d),
            has_pose=torch.zeros_like(batch.has_pose),
            has_shape=torch.zeros_like(batch.has_shape),
            has_joints_3d=torch.zeros_like(batch.has_joints_3d),
            has_directions=torch.zeros_like(batch.has_directions),
        )
        flat = objective(network, regressed, None, bare)
    for name, term in whole.items():
        assert float(term) == pytest.approx(float(flat[name]), rel=1e-6), name
    assert float(whole["joints_2d"]) > 0
    assert float(whole["self_depth"]) > 0
    assert {name for name, term in whole.items() if float(term)} == {
        *("joints_2d", "belief_2d", "self_depth", "pose_prior", "shape_prior")
    }


@pytest.mark.usefixtures("small_networks")
@pytest.mark.parametrize("name", [*SMALL, "smr, 2D labels alone"])
def test_gradients_reach_every_parameter(name: str, batch: SampleBatch) -> None:
    torch.manual_seed(1)
    name, _, weak = name.partition(",")
    network = build_model(name, input_size=SIZE)
    with torch.no_grad():
        for part in network.modules():  # heads that start at zero would pass nothing on
            if isinstance(part, torch.nn.Conv2d | torch.nn.Linear) and part.weight.std() < 5e-3:
                part.weight.normal_(std=(1 / part.weight[0].numel()) ** 0.5)
    regressed = network.regress(images_of(batch))
    points = LossWeights(points=1.0, witness=1.0, uncertainty=1.0)
    usual = points if name == "hands3c_lite" else None
    objective = make_objective(network, WEAK if weak else usual)
    terms = objective(network, regressed, network.complete(regressed), batch)
    torch.stack(list(terms.values())).sum().backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
        assert parameter.grad.abs().max() > 0, parameter_name


@pytest.mark.parametrize(("weights", "share"), [(SmrWeights(), 0.4), (WEAK, 0.6)])
def test_smr_learns_hands_by_heart(weights, share, dataset):
    """From all labels, and from 2D labels alone, whose hands come out right in 3D too."""
    torch.manual_seed(0)
    config = SmrConfig("smr", SIZE, stages=1, encoder=NARROW)
    network = Smr(load_hand_model("hand_mano778"), config)
    batch = collate([dataset[index] for index in range(4)])
    objective = make_objective(network, weights)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    targets = make_targets(batch, network.hand_layer)
    errors = []
    for _ in range(25):
        regressed = network.regress(images_of(batch))
        prediction = network.complete(regressed)
        errors.append(mean_errors(prediction, targets))
        terms = objective(network, regressed, prediction, batch)
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
    (flat_before, before), (flat, after) = errors[0], errors[-1]
    assert flat < 0.04 < flat_before
    assert after < share * before


def mean_errors(prediction, targets) -> tuple[float, float]:
    """Of the 2D joints as a share of the crop, and of the 3D joints relative to the wrist, m."""
    joints = prediction.joints_3d.detach()
    flat = (prediction.joints_2d.detach() - targets.joints_2d).norm(dim=-1)
    deep = (joints - joints[:, :1] - targets.joints_3d).norm(dim=-1)
    return float(flat.mean()), float(deep.mean())


def test_recipes_of_sar_and_smr():
    name, preset = find_preset(None, "freihand", "sar")
    assert name == "sar"
    assert find_preset(None, "freihand", "smr")[0] == "smr"
    assert find_preset(None, "freihand", "hands3c")[0] == "freihand"
    assert find_preset("webcam", "freihand", "sar")[0] == "webcam"
    assert (preset.optimizer, preset.learning_rate) == ("adamw", 3e-4)
    assert (preset.epochs, preset.batch_size) == (50, 64)
    assert (preset.losses.uvd, preset.losses.normal, preset.losses.edge) == (1.0, 0.1, 1.0)
    assert learning_rate(preset, 999, 50.0, 1.0) == pytest.approx(0.0, abs=1e-12)
    options = AUGMENTATIONS[preset.augment]
    assert (options.rotation_deg, options.rotation_probability) == (180.0, 1.0)
    assert (options.scale, options.color, options.uniform) == (0.1, 0.2, True)
    assert options.shift * 130 == pytest.approx(10)
    assert PRESETS["smr_self"].labels == "landmarks"
    # Weights of another network's loss give way.
    assert make_objective(build_tiny_sar(), LossWeights()).weights == SarWeights()


def test_self_labels_are_the_landmark_estimators(dataset, monkeypatch):
    class Detector:
        calls = 0

        def __init__(self, hand: str) -> None:
            pass

        def predict(self, samples):
            Detector.calls += 1
            found = None if "[1]" in samples[0].name or Detector.calls == 2 else np.full((21, 2), 7)
            return [None if found is None else SimpleNamespace(joints_2d=found)]

    monkeypatch.setattr("hands3c_core.evaluation.predictors.LandmarkPredictor", Detector)
    labelled = SelfLabelled(dataset)
    assert len(labelled) == len(dataset)
    first, second = labelled[0], labelled[1]
    assert (first.joints_2d == 7).all()
    assert first.valid.joints_2d.all()
    assert first.pose is None
    assert first.vertices is None
    assert not first.valid.joints_3d.any()
    assert not second.valid.joints_2d.any()
    assert np.array_equal(first.crop, dataset[0].crop)
    _ = labelled[0]
    assert Detector.calls == 2  # each crop is looked at once
    flat = collate([first, second])
    assert flat.has_joints_2d.any(dim=1).tolist() == [True, False]
