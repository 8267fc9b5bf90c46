"""What smoothing does to a hand of known motion, with the noise that estimators were measured to
have (median second differences on webcam and rendered clips, docs/performance.md)."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from rich.console import Console
from scipy.spatial.transform import Rotation

from hands3c_core.benchmark.known_motion import DURATION, PARTS, KnownMotion
from hands3c_core.benchmark.motion import (
    FPS,
    SMOOTHINGS,
    Sighting,
    TrueJoints,
    as_table,
    benchmark_motion,
    measure,
    smoothed,
)
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.types import Detection, HandEstimate, TrackedHand

TIMES = np.arange(round(DURATION * FPS)) / FPS
_NOBODY = Detection(True, 1.0, np.zeros((21, 2), np.float32), np.zeros((21, 3), np.float32))


@pytest.fixture(scope="module")
def hand():
    return load_hand_model("hand_mid")


@pytest.fixture(scope="module")
def truth(hand):
    return TrueJoints(hand, KnownMotion(hand))


def noisy_sightings(hand, factor: float, *, says_sigma: bool) -> list[Sighting]:
    """The known motion with errors from frame to frame: 0.009 rad of the turn, 0.035 of the fingers
    (both over all axes), 0.0004 of the direction, 0.0012 of the distance, times ``factor``."""
    rng = np.random.default_rng(5)
    layer, motion = FastHandLayer(hand), KnownMotion(hand)
    wrist = np.asarray(hand.rest_joints[0], float)
    sigma = np.full(21, 0.0035, np.float32) if says_sigma else None
    found = []
    for time in TIMES:
        state = motion.at(float(time))
        place = state.knuckle - layer.joints(state.pose, np.zeros(10))[9] + wrist
        pose = state.pose.copy()
        error = Rotation.from_rotvec(factor * rng.normal(scale=0.009 / 3**0.5, size=3))
        pose[0] = (error * Rotation.from_rotvec(pose[0])).as_rotvec()
        pose[1:] += factor * rng.normal(scale=0.035 / 45**0.5, size=(15, 3))
        depth = place[2] * np.exp(factor * rng.normal(scale=0.0012))
        ray = place[:2] / place[2] + factor * rng.normal(scale=0.0004 / 2**0.5, size=2)
        move = np.append(ray * depth, depth) - wrist
        estimate = HandEstimate(
            pose.astype(np.float32),
            np.zeros(10, np.float32),
            move.astype(np.float32),
            1.0,
            joint_sigma=sigma,
        )
        found.append(Sighting(float(time), TrackedHand(1, True, _NOBODY, len(found)), estimate))
    return found


def test_the_motion_never_jumps_and_each_part_is_what_it_says(hand, truth):
    speeds = {
        part.name: np.linalg.norm(np.diff(truth(TIMES[_inside(part)]), axis=0), axis=-1).max() * FPS
        for part in PARTS
    }
    assert speeds["still"] == 0.0
    assert 0.05 < speeds["slow"] < 0.3 < speeds["fast"] < 2.0
    steps = np.linalg.norm(np.diff(truth(np.arange(0, DURATION, 1e-3)), axis=0), axis=-1)
    assert steps.max() < 0.003
    turning = next(part for part in PARTS if part.abrupt)
    way = np.array([turning.at(turning.start + 0.01 * k) for k in range(41)])
    assert np.abs(np.diff(way)) == pytest.approx(0.05)  # constant speed, there and back


def _inside(part):
    return (part.start <= TIMES) & (part.end > TIMES)


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1])
def test_a_known_delay_offset_and_tremor_are_found(truth, delay):
    joints = truth(TIMES - delay) + np.array([0.01, -0.02, 0.05])
    found = measure(TIMES, joints, truth)
    assert list(found["lag_ms"]) == ["slow", "fast", "reversal"]
    assert list(found["lag_ms"].values()) == pytest.approx([1e3 * delay] * 3, abs=1.5)
    assert found["jitter_mm"] == found["quiver_mm"] == 0.0
    shaken = joints + np.where(np.arange(len(TIMES)) % 2, 1e-3, -1e-3)[:, None, None] * [1, 0, 0]
    found = measure(TIMES, shaken, truth)
    assert found["jitter_mm"] == pytest.approx(1.0, abs=0.01)
    assert found["quiver_mm"] == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("says_sigma", [False, True])
def test_the_default_is_still_and_prompt(hand, truth, says_sigma):
    sightings = noisy_sightings(hand, 1.0, says_sigma=says_sigma)
    off, plain, _, default, strong = (
        measure(*smoothed(sightings, hand, way), truth) for way in SMOOTHINGS
    )
    assert off["jitter_mm"] > 0.9  # or there is nothing to smooth
    assert default["jitter_mm"] <= 0.5
    assert max(default["lag_ms"].values()) <= 1e3 / FPS
    assert default["quiver_mm"] < 0.8 * plain["quiver_mm"]
    assert strong["quiver_mm"] < 0.6 * default["quiver_mm"]


def test_more_noise_does_not_open_the_filter(hand, truth):
    """Noise has a speed, too: the plain filter takes it for motion."""
    ways = SMOOTHINGS[1], SMOOTHINGS[3]
    shares = []
    for factor in (1.0, 3.0):
        sightings = noisy_sightings(hand, factor, says_sigma=False)
        plain, gated = (measure(*smoothed(sightings, hand, way), truth) for way in ways)
        shares.append(gated["quiver_mm"] / plain["quiver_mm"])
    assert shares[1] < shares[0] < 0.8


@pytest.mark.stress
def test_the_whole_way_from_pictures(tmp_path):
    seen = []
    report = benchmark_motion("landmarks", lambda done, total: seen.append((done, total)))
    json.dumps(report)
    assert report["found"] > 0.95
    assert seen[-1] == (report["frames"], report["frames"])
    assert [way["name"] for way in report["smoothings"]] == [way.name for way in SMOOTHINGS]
    jitter = {way["name"]: way["jitter_mm"] for way in report["smoothings"]}
    assert jitter["with uncertainty, default"] <= 0.5 < jitter["off"]
    console = Console(record=True, width=110)
    console.print(as_table(report))
    assert "reversal" in console.export_text()
    for earlier, later in itertools.pairwise(seen):
        assert later[0] == earlier[0] + 1
