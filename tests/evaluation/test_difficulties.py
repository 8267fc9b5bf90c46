"""The rendered benchmarks of several difficulties."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from hands3c_core.cli import main
from hands3c_core.data.synthetic import SyntheticConfig, SyntheticRenderer
from hands3c_core.evaluation.difficulties import DIFFICULTIES, Score, score, table


def test_each_benchmark_makes_one_thing_hard():
    plain = DIFFICULTIES["plain"]
    easy = {"occluders": 0.0, "second_hand": 0.0, "motion_blur": 0.0, "dark": 0.0}
    assert {name: getattr(plain, name) for name in easy} == easy
    for name, config in DIFFICULTIES.items():
        config.check()
        hard = [option for option in easy if getattr(config, option)]
        assert len(hard) == (name != "plain")
        assert config == replace(plain, **dict.fromkeys(hard, 1.0))


def test_pictures_taken_in_the_dark_are_dark_and_noisy():
    plain = SyntheticConfig(size=96)
    light = [SyntheticRenderer(plain, 3).render(index) for index in range(6)]
    dark = [SyntheticRenderer(replace(plain, dark=1.0), 3).render(index) for index in range(6)]
    levels = [np.mean([hand.crop.mean() for hand in hands]) for hands in (light, dark)]
    assert levels[1] < 0.6 * levels[0]
    for usual, hidden in zip(light, dark, strict=True):
        np.testing.assert_array_equal(usual.joints_3d, hidden.joints_3d)


def test_without_darkness_the_options_are_those_that_there_have_been():
    # Folders that were rendered before there was the option go on.
    assert "dark" not in json.loads(SyntheticConfig().to_json())
    assert json.loads(SyntheticConfig(dark=0.5).to_json())["dark"] == 0.5
    assert SyntheticConfig().fingerprint() == "8797b321c1"


def test_the_command_renders_measures_and_goes_on_where_it_was(tmp_path, capsys):
    arguments = ["leaderboard", "--out", str(tmp_path), "--estimators", "landmarks"]
    arguments += ["--only", "plain", "--count", "3", "--workers", "1"]
    file = tmp_path / "table.md"
    assert main([*arguments, "--table", str(file)]) == 0
    lines = file.read_text().splitlines()
    assert "3 hands" in lines[0]
    assert lines[2] == "| | plain |"
    assert lines[-1].startswith("| `landmarks` | **")
    (result,) = (tmp_path / "results").iterdir()
    report = json.loads(result.read_text())
    assert report["n"] + report["n_failed"] == 3

    # What was measured is read: a figure that nobody could measure comes back.
    result.write_text(json.dumps(report | {"pa_mpjpe_all_mm": 123.4}))
    assert score(tmp_path, "plain", "landmarks", 3).pa_mpjpe_all_mm == 123.4
    # But not that of other weights.
    result.write_text(json.dumps(report | {"pa_mpjpe_all_mm": 123.4, "mark": ["other"]}))
    assert score(tmp_path, "plain", "landmarks", 3).pa_mpjpe_all_mm != 123.4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(["--only", "foggy"], "foggy"), (["--count", "0"], "at least 1")],
)
def test_what_cannot_be_measured_is_named(tmp_path, capsys, wrong, said):
    assert main(["leaderboard", "--out", str(tmp_path), *wrong]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.strip().splitlines()) == 1


def test_the_table_has_a_row_an_estimator_and_a_gap_for_what_is_missing():
    made = table(
        [
            Score("auto", "plain", 0.9, 8.04, 10.06, 9.72),
            Score("auto", "dark", 0.5, 9.0, 30.0, 12.0),
            Score("landmarks", "dark", 0.5, 9.0, 31.0, 12.0),
        ],
        1000,
    ).splitlines()
    assert made[2:] == [
        "| | plain | dark |",
        "|---|---|---|",
        "| `auto` | **10.1** (8.0; 9.7 px; 90 %) | **30.0** (9.0; 12.0 px; 50 %) |",
        "| `landmarks` |  | **31.0** (9.0; 12.0 px; 50 %) |",
    ]
