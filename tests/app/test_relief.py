"""What is spared where a machine cannot keep up with a camera."""

from __future__ import annotations

from app.relief import Relief
from hands3c_core.estimators import LandmarkEstimator


class Network:
    """An estimator whose network may rest."""

    name, hand = "network", None
    network_interval = 1

    def estimate(self, image, hands, camera, timestamp):
        return []

    def reset(self):
        pass


def _play(relief, estimator, pictures, *, missing=0, dropped=0, is_live=True):
    """So many pictures, after each of which ``missing`` were missed; how many were in all."""
    for _ in range(pictures):
        dropped += missing
        relief.processed(estimator, dropped, is_live=is_live)
    return dropped


def test_a_network_rests_once_pictures_are_missed_and_goes_on_resting():
    relief, network = Relief(), Network()
    dropped = _play(relief, network, 60, missing=1)
    assert network.network_interval == 1  # the first pictures do not count
    dropped = _play(relief, network, 60, missing=1, dropped=dropped)
    assert network.network_interval == 2
    _play(relief, network, 500, dropped=dropped)
    assert network.network_interval == 2  # going back would only miss pictures again


def test_a_machine_that_keeps_up_is_left_alone():
    relief, network = Relief(), Network()
    dropped = _play(relief, network, 30, missing=2)  # while it starts
    dropped = _play(relief, network, 200, dropped=dropped)
    dropped = _play(relief, network, 2, missing=1, dropped=dropped)  # a hiccup
    _play(relief, network, 200, dropped=dropped)
    assert network.network_interval == 1


def test_another_source_or_model_begins_anew():
    relief, network, other = Relief(), Network(), Network()
    dropped = _play(relief, network, 120, missing=1)
    assert network.network_interval == 2
    _play(relief, network, 1)  # nothing is missed yet of the next camera
    assert network.network_interval == 1
    dropped = _play(relief, network, 120, missing=1)
    _play(relief, other, 1, dropped=dropped)
    assert other.network_interval == 1
    other.network_interval = 2
    _play(relief, other, 120, missing=1, is_live=False)
    assert other.network_interval == 1  # a file misses nothing


def test_estimators_without_a_network_have_nothing_to_spare():
    _play(Relief(), LandmarkEstimator(), 120, missing=1)
