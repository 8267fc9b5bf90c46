"""Batches for training, and reading in worker processes."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch.utils.data import DataLoader

from hands3c_core.data import PRESETS, AugmentedDataset, Augmenter, PseudoWriter, open_data
from hands3c_core.data.augment import CONTEXT
from hands3c_core.data.batch import collate


def test_labels_and_masks(freihand, tmp_path, make_hand):
    right = open_data(f"freihand:{freihand[0]}")[0]
    evaluation = freihand[0] / "evaluation_xyz.json"
    evaluation.unlink()
    (freihand[0] / "evaluation_mano.json").unlink()
    bare = open_data(f"freihand:{freihand[0]}?split=eval")[0]
    batch = collate([right, bare], parameter_model="mano")
    assert len(batch) == 2
    assert batch.crops.shape == (2, 256, 256, 3)
    assert batch.crops.dtype == torch.uint8
    assert batch.has_pose.tolist() == batch.has_shape.tolist() == [True, False]
    assert batch.has_joints_3d.all(dim=1).tolist() == [True, False]
    np.testing.assert_allclose(batch.joints_2d[0] * 256, right.joints_2d, rtol=1e-5)
    np.testing.assert_array_equal(batch.pose[0], right.pose)
    assert not batch.pose[1].any()
    assert batch.to("cpu").shape.shape == (2, 10)


def test_parameters_of_another_hand_model_do_not_count(freihand):
    sample = open_data(f"freihand:{freihand[0]}")[0]
    assert not collate([sample], parameter_model="hands3c").has_pose.any()


def test_pseudo_labels_count_in_direction_only(tmp_path, make_hand):
    hand = make_hand(50, width=256, height=256)
    with PseudoWriter(tmp_path / "mine") as writer:
        image = writer.add_image(hand.image, "a")
        writer.add(image, True, hand.joints_2d, pose=hand.pose, shape=hand.shape)
    batch = collate([open_data(f"pseudo:{tmp_path / 'mine'}")[0]])
    assert batch.has_directions.all()
    assert not batch.has_joints_3d.any()
    assert batch.has_pose.all()
    assert not batch.has_shape.any()


def test_worker_processes_give_the_same_batches(freihand):
    dataset = open_data(f"freihand:{freihand[0]}?crop=joints", context=CONTEXT)
    changed = AugmentedDataset(dataset, Augmenter(PRESETS["strong"]), seed=1)
    loaders = [
        DataLoader(changed, 4, num_workers=workers, collate_fn=partial(collate))
        for workers in (0, 2)
    ]
    for here, there in zip(*loaders, strict=True):
        torch.testing.assert_close(here.crops, there.crops)
        torch.testing.assert_close(here.joints_3d, there.joints_3d)
