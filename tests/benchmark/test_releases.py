"""Reports of releases and their picture."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hands3c_core.benchmark.releases import draw_reports, read_reports
from hands3c_core.benchmark.report import about_this_run
from hands3c_core.commands.benchmark import Options, run
from hands3c_core.errors import UserError

COMMITTED = Path(__file__).resolve().parents[2] / "benchmarks"


def test_the_committed_picture_is_that_of_the_committed_reports(tmp_path):
    for file in COMMITTED.glob("*.json"):
        shutil.copy(file, tmp_path)
    run(Options(plot=tmp_path))
    drawn = (tmp_path / "releases.svg").read_text()
    assert drawn == (COMMITTED / "releases.svg").read_text(), "run hands3c benchmark --plot"
    words = [node.text for node in ElementTree.fromstring(drawn).iter() if node.text]
    assert {"139", "173", "10.1", "13"} <= set(words)


def test_bars_are_as_long_as_their_figures(tmp_path):
    for version, ms in (("1", 40.0), ("2", 10.0)):
        stages = {"total": {"median_ms": ms}}
        report = {
            "about": {"version": version, "machine": "<here>"},
            "pipeline": [{"max_hands": 2, "stages": stages}],
        }
        (tmp_path / f"{version}.json").write_text(json.dumps(report))
    draw_reports(tmp_path, tmp_path / "drawn.svg")
    root = ElementTree.parse(tmp_path / "drawn.svg").getroot()
    bars = [float(n.get("width")) for n in root.iter() if n.tag.endswith("rect")][1:3]
    assert bars[0] == pytest.approx(4 * bars[1], abs=0.2)


@pytest.mark.parametrize("content", ["[1]", "{}", '{"about": {"version": "1"}}', "{"])
def test_what_is_no_report_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UserError, match=r"x\.json"):
        read_reports(tmp_path)


@pytest.mark.parametrize("parts", [{"pipeline": 3}, {"ui": {"latency_ms": 5}}])
def test_a_report_with_unreadable_figures_is_refused(tmp_path, parts):
    (tmp_path / "x.json").write_text(
        json.dumps({"about": {"version": "1", "machine": "m"}} | parts)
    )
    with pytest.raises(UserError, match="figures"):
        draw_reports(tmp_path, tmp_path / "drawn.svg")
    assert not (tmp_path / "drawn.svg").exists()


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="--json"):
        read_reports(tmp_path)


def test_a_report_says_what_made_it():
    about = about_this_run()
    assert set(about) == {"version", "date", "machine", "command"}
    assert all(about.values())
