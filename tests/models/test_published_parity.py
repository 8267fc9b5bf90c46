"""Our network against the published one, number by number."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.models import HandS3C, load_weights
from hands3c_core.models.crops import images_from_crops
from hands3c_core.models.published_names import published_name
from hands3c_core.training.losses import hand_losses, posed_targets

OUTPUTS = (
    *("heatmaps", "joints_coord_img", "mano_encoding", "pose6d", "pose_rotmat", "mano_pose"),
    *("mano_shape", "joints_coord_cam", "mesh_coord_cam", "backbone_feat", "s3c_feat"),
)
#: The reference stores the feature maps rounded to float32.
ROUNDED = ("backbone_feat", "s3c_feat")


@pytest.fixture(scope="module")
def network(reference_file: Path) -> HandS3C:
    return load_weights(reference_file)


@pytest.fixture(scope="module")
def exact(network: HandS3C, reference_outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Our float64 outputs."""
    model = copy.deepcopy(network).double()
    return model.predict(reference_outputs["images"]).published_arrays()


@pytest.fixture(scope="module")
def single(network: HandS3C, reference_outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Our float32 outputs."""
    return network.predict(reference_outputs["images"]).published_arrays()


def test_every_published_tensor_is_there(network: HandS3C, parity: Path) -> None:
    keys = json.loads((parity / "keys.json").read_text())
    ours = {published_name(name): list(t.shape) for name, t in network.state_dict().items()}
    others = [key for key in keys if key not in ours]
    assert all("mano_layer.th_" in key or key[-3:] in (".uu", ".vv") for key in others)
    assert len(ours) + len(others) == len(keys) == 715
    assert all(keys[name] == shape for name, shape in ours.items())


@pytest.mark.parametrize("name", OUTPUTS)
def test_float64_outputs(
    name: str, exact: dict[str, np.ndarray], reference_outputs: dict[str, np.ndarray]
) -> None:
    expected = reference_outputs[name]
    assert exact[name].shape == expected.shape
    tolerance = 1e-7 if name in ROUNDED else 1e-9
    error = np.abs(exact[name] - expected).max()
    assert error <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("name", OUTPUTS)
def test_float32_outputs(
    name: str, single: dict[str, np.ndarray], reference_outputs: dict[str, np.ndarray]
) -> None:
    expected = reference_outputs[name]
    assert single[name].dtype == np.float32
    limit = 2e-4 if name.endswith("_cam") else 1e-3
    if name == "mano_encoding":  # of the order of 500: relative to its size
        limit *= np.abs(expected).max()
    assert np.abs(single[name] - expected).max() <= limit


@pytest.mark.slow
def test_training_step(
    network: HandS3C, parity: Path, reference_outputs: dict[str, np.ndarray]
) -> None:
    expected = json.loads((parity / "train_step.json").read_text())
    with np.load(parity / "train_targets.npz") as file:
        targets = {name: torch.from_numpy(file[name]) for name in file.files}
    model = copy.deepcopy(network).double().train()
    crops = torch.from_numpy(reference_outputs["images"])
    prediction = model(images_from_crops(crops, model.mano_head.pose.weight))
    losses = hand_losses(
        prediction,
        posed_targets(
            model.hand_layer, targets["mano_pose"], targets["mano_shape"], targets["joints_img"]
        ),
    )
    ours = {
        "mano_verts": losses.vertices,
        "mano_joints": losses.joints_3d,
        "mano_pose": losses.pose,
        "mano_shape": losses.shape,
        "joints_img": losses.joints_2d,
    }
    assert {name: value.item() for name, value in ours.items()} == pytest.approx(
        expected["loss"], rel=1e-9
    )
    losses.total().backward()
    norms = {
        published_name(name): parameter.grad.norm().item()
        for name, parameter in model.named_parameters()
    }
    for name, norm in expected["grad_norm"].items():
        assert norms[name] == pytest.approx(norm, rel=1e-6), name
