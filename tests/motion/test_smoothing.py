"""The One-Euro filters and the smoother of hands."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hands3c_core.motion import HandSmoother, OneEuro, OneEuroRotation
from hands3c_core.motion.smoothing import LEAST_TRUST, finger_trust

number = st.floats(-100.0, 100.0)
steps = st.lists(st.floats(1e-3, 0.5), min_size=1, max_size=30)


@given(value=st.lists(number, min_size=3, max_size=3), steps=steps)
def test_a_constant_passes_unchanged(value, steps):
    filter_ = OneEuro(1.0, 0.5)
    for time in np.cumsum(steps):
        assert np.allclose(filter_(value, time), value, atol=1e-9)


@given(values=st.lists(number, min_size=2, max_size=30), step=st.floats(1e-3, 0.2))
def test_output_stays_within_what_was_seen(values, step):
    filter_ = OneEuro(0.7, 0.3)
    for index, value in enumerate(values):
        result = filter_([value], index * step)[0]
        assert min(values[: index + 1]) - 1e-9 <= result <= max(values[: index + 1]) + 1e-9


@given(scale=st.floats(0.5, 20.0), offset=number)
@settings(max_examples=30)
def test_offsets_pass_through(scale, offset):
    """f(x + c) = f(x) + c: no place is special."""
    samples = np.random.default_rng(1).normal(size=20) * scale
    plain, moved = OneEuro(1.0, 0.2), OneEuro(1.0, 0.2)
    for index, sample in enumerate(samples):
        time = index / 30
        assert moved([sample + offset], time) == pytest.approx(plain([sample], time) + offset)


def test_first_sample_passes_and_time_standing_still_changes_nothing():
    filter_ = OneEuro(1.0)
    assert filter_([1.0, 2.0], 5.0).tolist() == [1.0, 2.0]
    assert filter_([9.0, 9.0], 5.0).tolist() == [1.0, 2.0]


def test_the_step_response_depends_on_time_not_on_the_number_of_samples():
    """A low-pass of cutoff f reaches 1 - 1/e after 1/(2 pi f) s, at any frame rate."""
    for rate in (120.0, 240.0, 960.0):
        filter_ = OneEuro(min_cutoff=0.5, beta=0.0)
        filter_([0.0], 0.0)
        elapsed, value = 0.0, 0.0
        while value < 1 - np.exp(-1):
            elapsed += 1 / rate
            value = filter_([1.0], elapsed)[0]
        assert elapsed == pytest.approx(1 / (2 * np.pi * 0.5), rel=0.05)


def test_still_noise_shrinks_and_fast_motion_does_not_lag():
    rng = np.random.default_rng(0)
    times = np.arange(300) / 30
    noise = rng.normal(scale=0.01, size=300)
    still = OneEuro(1.0, 5.0)
    calm = np.array([still([n], t)[0] for n, t in zip(noise, times, strict=True)])
    assert calm[30:].std() < 0.5 * noise[30:].std()
    moving = OneEuro(1.0, 5.0)
    lag = [2.0 * t - moving([2.0 * t], t)[0] for t in times]
    assert max(lag[30:]) < 0.05  # 25 ms behind at 2 units/s


@given(turns=st.lists(st.tuples(number, number, number), min_size=2, max_size=12))
@settings(max_examples=50)
def test_rotations_stay_rotations(turns):
    filter_ = OneEuroRotation(1.0, 1.0)
    for index, turn in enumerate(turns):
        result = filter_(turn, index / 30)
        assert np.isfinite(result).all()
        assert np.linalg.norm(result) <= np.pi + 1e-9


@given(turn=st.tuples(number, number, number), base=st.tuples(number, number, number))
@settings(max_examples=40)
def test_rotation_filter_has_no_favourite_frame(turn, base):
    """Filtering B R gives B times what filtering R gives."""
    base_turn = Rotation.from_rotvec(base)
    track = [Rotation.from_rotvec(np.array(turn) * 1e-3 * k) for k in range(10)]
    plain, moved = OneEuroRotation(1.0, 2.0), OneEuroRotation(1.0, 2.0)
    for index, rotation in enumerate(track):
        first = base_turn * Rotation.from_rotvec(plain(rotation.as_rotvec(), index / 30))
        second = Rotation.from_rotvec(moved((base_turn * rotation).as_rotvec(), index / 30))
        assert (first * second.inv()).magnitude() < 1e-6


def test_rotation_crosses_the_half_turn_without_a_jump():
    """Axis-angle vectors flip sign at pi; the filtered rotation must not."""
    filter_ = OneEuroRotation(2.0, 1.0)
    results = []
    for index in range(120):
        angle = np.pi - 0.3 + 0.005 * index
        sample = Rotation.from_rotvec([0.0, 0.0, angle])
        results.append(Rotation.from_rotvec(filter_(sample.as_rotvec(), index / 30)))
        assert (results[-1] * sample.inv()).magnitude() < 0.05
    jumps = [(b * a.inv()).magnitude() for a, b in itertools.pairwise(results)]
    assert max(jumps) < 0.02


def _sample(rng):
    return (
        rng.normal(scale=0.02, size=(16, 3)),
        rng.normal(scale=0.1, size=10),
        np.array([0.05, 0.02, 0.6]) + rng.normal(scale=(0.001, 0.001, 0.01), size=3),
    )


def _run(smoother, count=90, **changes):
    rng = np.random.default_rng(0)
    return [smoother(1, changes.get("is_right", True), *_sample(rng), k / 30) for k in range(count)]


def test_strength_zero_is_off():
    rng = np.random.default_rng(0)
    for pose, shape, translation in _run(HandSmoother(0.0), 10):
        expected = _sample(rng)
        assert np.array_equal(pose, expected[0].astype(np.float32))
        assert np.array_equal(shape, expected[1].astype(np.float32))
        assert np.array_equal(translation, expected[2].astype(np.float32))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_more_strength_means_less_jitter(part):
    jitter = []
    for strength in (0.0, 0.3, 0.6, 0.9):
        results = np.array([result[part] for result in _run(HandSmoother(strength))])
        jitter.append(np.abs(np.diff(results[30:], axis=0)).mean())
    assert all(later < 0.9 * earlier for earlier, later in itertools.pairwise(jitter))


def test_depth_noise_does_not_move_the_hand_in_the_image():
    smoother = HandSmoother(0.6)
    rng = np.random.default_rng(0)
    anchor = smoother.anchor
    for index in range(60):
        depth = 0.6 + rng.normal(scale=0.05)
        place = np.array([0.3 * depth, -0.2 * depth, depth])
        *_, translation = smoother(
            1, True, np.zeros((16, 3)), np.zeros(10), place - anchor, index / 30
        )
        smoothed = translation + anchor
        assert smoothed[:2] / smoothed[2] == pytest.approx([0.3, -0.2], abs=1e-6)


@pytest.mark.parametrize("why", ["handedness", "gap", "seek back", "reset", "other track"])
def test_a_new_hand_starts_without_a_past(why):
    smoother = HandSmoother(0.9)
    _run(smoother)
    time = {"gap": 3.5, "seek back": 1.0}.get(why, 3.0)
    if why == "reset":
        smoother.reset()
    track = 2 if why == "other track" else 1
    fresh = np.full((16, 3), 0.5), np.ones(10), np.array([0.0, 0.0, 1.0])
    pose, shape, translation = smoother(track, why != "handedness", *fresh, time)
    assert pose == pytest.approx(fresh[0], abs=1e-6)
    assert shape == pytest.approx(fresh[1])
    assert translation == pytest.approx(fresh[2], abs=1e-6)


def test_a_continued_track_does_have_a_past():
    smoother = HandSmoother(0.9)
    _run(smoother)
    pose, _, _ = smoother(1, True, np.full((16, 3), 0.5), np.ones(10), [0.0, 0.0, 1.0], 3.0)
    assert np.abs(pose).max() < 0.48


def test_fingers_that_are_seen_badly_are_held_more_still():
    sigma = np.ones(21)
    sigma[5:9] = 4.0  # the index finger is hidden
    trust = finger_trust(sigma)[:, 0]
    assert trust[:3] == pytest.approx(LEAST_TRUST)  # its three rotations come first
    assert trust[3:] == pytest.approx(1.0)

    def jitter(joint_sigma):
        rng = np.random.default_rng(0)
        smoother = HandSmoother(0.5)
        poses = [smoother(1, True, *_sample(rng), k / 30, joint_sigma)[0] for k in range(90)]
        return np.abs(np.diff(poses[30:], axis=0)).mean(axis=(0, 2))[1:]

    plain, unsure = jitter(None), jitter(sigma)
    assert (unsure[:3] < 0.6 * plain[:3]).all()
    # Every finger has a cutoff of its own.
    assert unsure[3:] == pytest.approx(plain[3:], rel=0.05)
