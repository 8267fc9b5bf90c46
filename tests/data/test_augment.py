"""Augmentation: labels must stay true to the image."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hands3c_core.data import (
    PRESETS,
    Annotation,
    AugmentedDataset,
    Augmenter,
    AugmentOptions,
    make_sample,
    open_data,
    project_sample,
)
from hands3c_core.data.augment import CONTEXT, UPRIGHT_CONTEXT, add_occluders, warp_sample
from hands3c_core.hand_model import FastHandLayer


@pytest.fixture(params=[True, False])
def hand(request, make_hand):
    return make_hand(40, is_right=request.param)


def sample_of(hand, size=256, context=1.0, image=None):
    annotation = Annotation(
        image=hand.image,
        name="x",
        is_right=hand.is_right,
        joints_3d=hand.joints,
        camera_matrix=hand.camera,
        vertices=hand.vertices - hand.joints[0],
        pose=hand.pose,
        shape=hand.shape,
        parameter_model="hands3c",
    )
    return make_sample(annotation, hand.image if image is None else image, size, context)


@pytest.mark.parametrize("seed", range(8))
def test_labels_still_project_onto_each_other(hand, seed):
    options = replace(PRESETS["strong"], rotation_probability=1.0)
    sample = Augmenter(options)(sample_of(hand, context=CONTEXT), np.random.default_rng(seed))
    assert sample.crop.shape == (256, 256, 3)
    np.testing.assert_allclose(project_sample(sample), sample.joints_2d, atol=0.02)


def test_pose_still_makes_the_labelled_joints_and_vertices(hand, hand_model):
    sample = warp_sample(sample_of(hand), zoom=0.8, angle=0.9, shift=(5, -9))
    vertices, joints = FastHandLayer(hand_model)(sample.pose, sample.shape)
    np.testing.assert_allclose(joints - joints[0], sample.joints_3d, atol=1e-5)
    np.testing.assert_allclose(vertices - joints[0], sample.vertices, atol=1e-5)


def test_the_image_moves_with_its_labels(hand):
    """A dot at each joint of the original image is found at that joint of the changed crop."""
    image = np.zeros_like(hand.image)
    for point in hand.joints_2d:
        cv2.circle(image, np.round(point * 16).astype(int).tolist(), 48, (255,) * 3, -1,
                   cv2.LINE_AA, 4)  # fmt: skip
    sample = sample_of(hand, context=CONTEXT, image=image)
    changed = warp_sample(sample, zoom=0.85, angle=-0.6, shift=(3, 8), size=256)
    for point in changed.joints_2d:
        u, v = np.round(point).astype(int)
        assert changed.crop[v, u].min() > 200
        assert not np.allclose(point, sample.joints_2d[0], atol=1)


def test_affine_maps_the_original_image(hand):
    changed = warp_sample(sample_of(hand), 1.2, 0.4, (2, 3))
    mapped = np.column_stack([hand.joints_2d, np.ones(21)]) @ changed.affine.T
    np.testing.assert_allclose(mapped, changed.joints_2d, atol=0.01)


def test_no_change_is_no_change(hand):
    sample = sample_of(hand)
    same = Augmenter(PRESETS["none"])(sample, np.random.default_rng(0))
    np.testing.assert_array_equal(same.crop, sample.crop)
    np.testing.assert_allclose(same.joints_2d, sample.joints_2d, atol=1e-4)
    np.testing.assert_allclose(same.pose, sample.pose, atol=1e-6)


def test_context_is_the_same_picture_with_more_around_it(hand):
    plain, wide = sample_of(hand), sample_of(hand, context=1.5)
    assert wide.crop.shape[0] == 384
    np.testing.assert_allclose(wide.joints_2d, plain.joints_2d + 64, atol=1e-3)
    difference = wide.crop[64:-64, 64:-64].astype(int) - plain.crop
    # warpAffine rounds positions to 1/32 px, which shows at the sharp dots.
    assert np.abs(difference).max() <= 8
    assert np.abs(difference).mean() < 0.1
    cut = warp_sample(wide, size=256)
    np.testing.assert_allclose(cut.joints_2d, plain.joints_2d, atol=1e-3)


def test_published_recipe_stays_in_its_ranges(hand):
    sample = sample_of(hand)
    augment = Augmenter()
    length = np.linalg.norm(sample.joints_2d[9] - sample.joints_2d[0])
    zooms, turns = [], []
    for seed in range(300):
        changed = augment(sample, np.random.default_rng(seed))
        bone = changed.joints_2d[9] - changed.joints_2d[0]
        zooms.append(length / np.linalg.norm(bone))
        old = sample.joints_2d[9] - sample.joints_2d[0]
        turns.append(np.rad2deg(np.arctan2(old[0] * bone[1] - old[1] * bone[0], old @ bone)))
    assert 0.75 - 1e-3 <= min(zooms) < 0.78
    assert 1.22 < max(zooms) <= 1.25 + 1e-3
    assert 40 < np.abs(turns).max() <= 60.01
    assert np.mean(np.abs(turns) < 1e-3) == pytest.approx(0.4, abs=0.1)


def test_colors_scale_by_channel():
    image = np.full((16, 16, 3), 100, np.uint8)
    augment = Augmenter(AugmentOptions(color=0.2))
    means = np.array(
        [
            augment.change_appearance(image, np.random.default_rng(seed)).mean(axis=(0, 1))
            for seed in range(200)
        ]
    )
    assert means.min() >= 80
    assert means.max() <= 120
    assert abs(np.corrcoef(means.T)[0, 1]) < 0.3


def test_occluders_cover_a_part(hand):
    covered = []
    for seed in range(20):
        changed = add_occluders(hand.image, np.random.default_rng(seed), 0.4)
        covered.append((changed != hand.image).any(axis=2).mean())
    assert 0.005 < np.mean(covered) < 0.3
    assert max(covered) < 3 * 0.4**2


def test_unlabelled_samples_can_be_augmented(hand):
    annotation = Annotation(image=hand.image, name="x", joints_2d=hand.joints_2d)
    sample = make_sample(annotation, hand.image)
    changed = Augmenter(PRESETS["strong"])(sample, np.random.default_rng(1))
    assert changed.pose is None
    assert changed.intrinsics is None
    assert not changed.valid.joints_3d.any()


def test_augmented_datasets_repeat_by_seed_and_epoch(freihand):
    root, _ = freihand
    dataset = open_data(f"freihand:{root}?crop=joints", context=CONTEXT)
    first = AugmentedDataset(dataset, Augmenter(PRESETS["strong"]), seed=4)
    second = AugmentedDataset(dataset, Augmenter(PRESETS["strong"]), seed=4)
    np.testing.assert_array_equal(first[3].crop, second[3].crop)
    second.set_epoch(1)
    assert not np.array_equal(first[3].crop, second[3].crop)
    assert len(first) == 8


@pytest.mark.parametrize("seed", range(4))
def test_upright_windows_keep_labels_true_and_point_up(hand, seed):
    sample = sample_of(hand, 256, UPRIGHT_CONTEXT)
    options = replace(PRESETS["upright"], rotation_deg=0.0)
    changed = Augmenter(options, 224)(sample, np.random.default_rng(seed))
    assert changed.crop.shape == (224, 224, 3)
    np.testing.assert_allclose(project_sample(changed), changed.joints_2d, atol=0.05)
    knuckles = changed.joints_2d[[5, 9, 9, 13]].mean(axis=0)
    ahead = knuckles - changed.joints_2d[0]
    assert abs(ahead[0]) < 1e-2 * abs(ahead[1])
    assert ahead[1] < 0
