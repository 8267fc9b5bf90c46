from __future__ import annotations

import json

import pytest
from rich.console import Console

from hands3c_core.assets import asset_path
from hands3c_core.benchmark.pipeline import benchmark_pipeline
from hands3c_core.benchmark.pipeline_table import as_table
from hands3c_core.errors import UserError


@pytest.mark.parametrize("estimator", ["auto", "landmarks"])
def test_reports_every_stage_of_real_frames(estimator):
    report = benchmark_pipeline(
        asset_path("demo.mp4"), frames=6, max_hands=2, estimator=estimator, with_view=False
    )
    json.dumps(report)
    assert report["estimator"] == estimator
    assert report["hands_per_frame"] == 2
    stages = report["stages"]
    assert {"decode", "detect", "estimate", "smooth", "mesh", "overlay", "total"} <= set(stages)
    parts = sum(value["median_ms"] for name, value in stages.items() if name != "total")
    assert stages["total"]["median_ms"] > 0.5 * parts
    console = Console(record=True, width=100)
    console.print(as_table([report, report]))
    assert "frames/s" in console.export_text()


def test_missing_source_is_the_users_error():
    with pytest.raises(UserError):
        benchmark_pipeline("no-such-clip.mp4", frames=1, with_view=False)
