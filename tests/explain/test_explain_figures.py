"""Sheets, figures and videos of what a network sees, and the commands that make them."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from hands3c_core.assets import asset_path
from hands3c_core.commands import visualize_attention, visualize_erf
from hands3c_core.errors import UserError
from hands3c_core.explain.attention_study import StudyOptions, study_attention
from hands3c_core.explain.drawing import (
    captioned,
    colored,
    draw_square,
    grid,
    log_levels,
    over_picture,
    save_figure,
)
from hands3c_core.explain.erf_figure import as_csv, as_rows, as_text, erf_figure
from hands3c_core.explain.hand_sheet import SheetOptions
from hands3c_core.explain.hands import WholeImage, find_crops, gather_crops, spread_frames
from hands3c_core.explain.receptive_field import ReceptiveField, random_network
from hands3c_core.geometry import crop_box
from hands3c_core.models import HandS3C, build_model, save_weights
from hands3c_core.sources import open_source

ROOT = Path(__file__).resolve().parents[2]
WHOLE = StudyOptions(is_crop=True, max_hands=1)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A smooth picture, so that videos keep it."""
    small = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (160, 160), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture(scope="module")
def tiny(picture) -> HandS3C:
    return random_network("hands3c_tiny", np.stack([picture, picture[::-1]]))


@pytest.fixture
def still(tmp_path, picture) -> Path:
    cv2.imwrite(str(tmp_path / "hand.png"), picture[..., ::-1])
    return tmp_path / "hand.png"


@pytest.fixture
def stills(tmp_path, picture) -> Path:
    folder = tmp_path / "hands"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.roll(picture, 20 * number, axis=1))
    return folder


# ------------------------------------------------------------------------------------------- hands


def test_a_ready_crop_is_its_own_window():
    (hand,) = WholeImage().detect(np.zeros((90, 120, 3), np.uint8))
    box = crop_box(hand.landmarks_2d)
    assert (box.center_x, box.center_y, box.side) == pytest.approx((59.5, 44.5, 90.0))
    assert hand.is_right


def test_hands_are_cut_from_the_bundled_clip():
    crops = find_crops(asset_path("demo.mp4"), 128, 3)
    assert crops.shape == (3, 128, 128, 3)
    assert crops.dtype == np.uint8
    assert len({crop.tobytes() for crop in crops}) == 3


def test_ready_pictures_are_taken_whole(stills, picture):
    crops = find_crops(stills, 160, 2, is_crop=True)
    assert len(crops) == 2
    assert np.abs(crops[0][..., ::-1].astype(int) - picture).max() <= 1  # written as BGR


def test_frames_are_spread_over_a_file_without_repeats(stills):
    with open_source(asset_path("demo.mp4")) as source:
        indices = [frame.index for frame in spread_frames(source, 4)]
    assert indices == [0, 90, 180, 270]
    with open_source(stills) as source:
        assert len(list(spread_frames(source, 10))) == 3


def test_ready_crops_come_from_files_and_folders(stills, still, picture):
    crops = gather_crops([stills, still], 160, 10)
    assert len(crops) == 4
    np.testing.assert_array_equal(crops[3], picture)
    assert len(gather_crops([stills, still], 160, 2)) == 2
    (stills.parent / "empty").mkdir()
    with pytest.raises(UserError, match="no images"):
        gather_crops([stills.parent / "empty"], 160, 2)


def test_a_picture_without_a_hand_says_so(still):
    with pytest.raises(UserError, match="No hand was found"):
        find_crops(still, 128, 2)


# ------------------------------------------------------------------------------------------ pieces


def test_colours_span_the_decades():
    values = np.array([[1e3, 1.0, 1e-9, 0.0]])
    np.testing.assert_allclose(log_levels(values, 6.0), [[1.0, 0.5, 0.0, 0.0]], atol=1e-6)
    assert not log_levels(np.zeros((2, 2)), 4.0).any()
    np.testing.assert_allclose(log_levels(np.array([np.nan, np.inf, 2.0]), 4.0), [0, 0, 1])
    ends = colored(np.array([[0.0, 1.0]]))[0]
    assert ends[1].sum() > ends[0].sum()


def test_a_map_covers_the_picture_edge_to_edge():
    level = np.array([[0.0, 1.0], [0.0, 1.0]])
    drawn = over_picture(np.zeros((64, 64, 3), np.uint8), level, 1.0)
    np.testing.assert_array_equal(drawn[0, 0], colored(level)[0, 0])
    np.testing.assert_array_equal(drawn[63, 63], colored(level)[0, 1])


def test_blocks_do_not_overlap():
    block = captioned(np.zeros((40, 60, 3), np.uint8), "A title much too long for it", "a note")
    assert block.shape[1] == 60
    sheet = grid([[block, block], [block]])
    assert sheet.shape == (2 * len(block) + 3 * 14, 2 * 60 + 3 * 14, 3)
    assert (sheet[:14] == 255).all()


def test_the_square_is_drawn_where_it_is():
    image = np.full((40, 40, 3), 128, np.uint8)
    draw_square(image, (20.0, 20.0), 10.0)
    assert (image[20, 10] == 255).all()
    assert (image[20, 30] == 255).all()
    assert (image[20, 20] == 128).all()


def test_figures_need_a_format_that_there_is(tmp_path):
    image = np.zeros((8, 8, 3), np.uint8)
    image[..., 0] = 255
    save_figure(image, tmp_path / "a.png")
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png"))[..., ::-1], image)
    with pytest.raises(UserError, match=r"\.png"):
        save_figure(image, tmp_path / "a.bmp")


def test_the_receptive_field_figure_and_its_tables():
    scores = np.zeros((64, 64))
    scores[28:36, 28:36] = 5.0
    field = ReceptiveField("network", scores, (31.5, 31.5), 2)
    module = ReceptiveField("module", np.eye(9), (4.0, 4.0), 2)
    figure = erf_figure([field, field], [None, module], "a note")
    assert figure.dtype == np.uint8
    assert len(erf_figure([field, field], [None, None])) < len(figure)
    idle = ReceptiveField("module", np.zeros((9, 9)), (4.0, 4.0), 2)
    both, one = (erf_figure([field, field], [first, idle]) for first in (idle, None))
    assert (both != one).any()  # a module that adds nothing is not called missing
    rows = as_rows([field, field], [None, module])
    assert [row["of"] for row in rows] == ["network", "network", "attention alone"]
    assert "1.56 %" in as_text(rows)  # 64 of 4096 pixels
    table = list(csv.DictReader(as_csv(rows).splitlines()))
    assert float(table[0]["area@0.99"]) == 64 / 4096
    assert as_text([]) == ""


# ------------------------------------------------------------------------------------------ sheets


def test_a_sheet_shows_the_crop_and_where_the_query_is(tiny, still, tmp_path, picture):
    done = study_attention(tiny, still, tmp_path / "a.png", WHOLE)
    assert (done.frames, done.hands) == (1, 1)
    sheet = cv2.imread(str(done.path))[..., ::-1]
    panel = sheet[14 + 24 : 14 + 24 + 208, 14 : 14 + 208].astype(float)
    expected = cv2.resize(picture, (208, 208), interpolation=cv2.INTER_CUBIC).astype(float)
    assert np.abs(panel - expected).mean() < 6
    moved = SheetOptions(query=(3.0, 3.0))
    study_attention(tiny, still, tmp_path / "b.png", replace(WHOLE, sheet=moved))
    other = cv2.imread(str(tmp_path / "b.png"))[..., ::-1]
    differs = (other != sheet).any(axis=2)
    rows, columns = np.nonzero(differs)
    second_row = 14 + 24 + 208 + 18 + 14
    assert rows.min() >= second_row  # only the hidden attention asks for the query
    left = 14 + 2 * (208 + 14)
    assert columns.min() >= left
    assert columns.max() < left + 2 * (208 + 14)


def test_without_details_there_is_one_row(tiny, still, tmp_path):
    plain = replace(WHOLE, sheet=SheetOptions(details=False))
    study_attention(tiny, still, tmp_path / "a.png", plain)
    study_attention(tiny, still, tmp_path / "b.png", WHOLE)
    short, tall = (len(cv2.imread(str(tmp_path / name))) for name in ("a.png", "b.png"))
    assert tall - short == 24 + 208 + 18 + 14


def test_a_network_with_self_attention_has_no_hidden_attention(still, tmp_path, picture):
    network = random_network("hands3c_tiny_self_attention", picture[None])
    done = study_attention(network, still, tmp_path / "a.png", WHOLE)
    assert cv2.imread(str(done.path)).shape[1] == 5 * (208 + 14) + 14


def test_several_pictures_become_a_video(tiny, stills, tmp_path):
    seen: list[tuple[int, int | None]] = []
    options = replace(WHOLE, sheet=SheetOptions(details=False), max_frames=2)
    done = study_attention(
        tiny, stills, tmp_path / "a.mp4", options, progress=lambda *step: seen.append(step)
    )
    assert (done.frames, done.hands) == (2, 2)
    assert seen == [(1, 2), (2, 2)]
    with av.open(str(done.path)) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == 2
    assert np.abs(frames[0].astype(int) - frames[1].astype(int)).max() > 50
    assert not list(tmp_path.glob("*.part"))


def test_mistakes_are_said_before_anything_is_written(tiny, still, stills, tmp_path):
    baseline = build_model("hands3c_tiny_plain")
    cases = [
        (baseline, still, "a.png", WHOLE, "no attention module"),
        (tiny, still, "a.mp4", WHOLE, "one picture"),
        (tiny, stills, "a.png", WHOLE, "a video"),
        (tiny, still, "a.png", replace(WHOLE, max_frames=0), "at least 1"),
        (tiny, still, "a.png", replace(WHOLE, is_crop=False), "No hand was found"),
        (tiny, stills, "a.mp4", replace(WHOLE, is_crop=False), "No hand was found"),
        (tiny, tmp_path / "none.png", "a.png", WHOLE, "none.png"),
        (
            tiny,
            still,
            "a.png",
            replace(WHOLE, sheet=SheetOptions(query=(500.0, 3.0))),
            "lies outside",
        ),
        (tiny, still, "a.png", replace(WHOLE, sheet=SheetOptions(query=(3.0, -1.0))), "outside"),
        (
            tiny,
            still,
            "a.png",
            replace(WHOLE, sheet=SheetOptions(query=(float("nan"), 3.0))),
            "outside",
        ),
    ]
    for network, source, name, options, part in cases:
        with pytest.raises(UserError, match=part):
            study_attention(network, source, tmp_path / name, options)
    assert not list(tmp_path.glob("a.*"))


# ---------------------------------------------------------------------------------------- commands


def test_the_receptive_field_command_with_trained_weights(tiny, still, tmp_path, capsys):
    save_weights(tiny, tmp_path / "w.safetensors")
    visualize_erf.run(
        visualize_erf.Options(
            weights=(tmp_path / "w.safetensors",),
            crops=(still,),
            images=1,
            out=tmp_path / "erf.png",
            json=tmp_path / "erf.json",
            csv=tmp_path / "erf.csv",
        )
    )
    assert "SSCA" in capsys.readouterr().out
    assert cv2.imread(str(tmp_path / "erf.png")) is not None
    report = json.loads((tmp_path / "erf.json").read_text())
    assert report["made_with"] == "weights: w.safetensors"
    assert len(report["rows"]) == 3
    assert len((tmp_path / "erf.csv").read_text().splitlines()) == 4


def test_the_receptive_field_command_with_random_weights(still, tmp_path, capsys):
    visualize_erf.run(
        visualize_erf.Options(
            networks=("hands3c_tiny_plain", "hands3c_tiny_ssa"),
            crops=(still,),
            images=1,
            input_size=128,
            out=tmp_path / "e.png",
        )
    )
    out = capsys.readouterr().out
    assert all(title in out for title in ("FPN", "SSA", "random weights"))


def test_the_attention_command_with_trained_weights(tiny, still, tmp_path, capsys):
    save_weights(tiny, tmp_path / "w.safetensors")
    visualize_attention.run(
        visualize_attention.Options(
            str(still),
            weights=tmp_path / "w.safetensors",
            is_crop=True,
            out=tmp_path / "a.webp",
            query=(20.0, 30.0),
            direction="columns-reversed",
            joint="thumb4",
        )
    )
    assert "1 hands; weights w.safetensors" in capsys.readouterr().out
    assert cv2.imread(str(tmp_path / "a.webp")) is not None


def test_networks_stand_side_by_side(tiny, still, tmp_path, capsys):
    save_weights(tiny, tmp_path / "mine.safetensors")
    options = visualize_attention.Options(
        str(still),
        models=(str(tmp_path / "mine.safetensors"), "hands3c_tiny_self_attention", "hands3c_tiny"),
        is_crop=True,
        out=tmp_path / "a.png",
    )
    visualize_attention.run(options)
    told = capsys.readouterr().out
    assert "mine (trained); hands3c_tiny_self_attention (random weights, seed 0)" in told
    figure = cv2.imread(str(tmp_path / "a.png"))
    row = len(figure) // 3
    assert figure[:row].shape == figure[row : 2 * row].shape
    assert (figure[row : 2 * row] != figure[2 * row : 3 * row]).any()
    with pytest.raises(UserError, match="not both"):
        visualize_attention.run(replace(options, network="hands3c"))


def test_shipped_weights_are_the_default(tiny, still, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HANDS3C_WEIGHTS", str(tmp_path))
    save_weights(tiny, tmp_path / "hands3c_lite.safetensors")
    options = visualize_attention.Options(
        str(still), is_crop=True, details=False, out=tmp_path / "a.png"
    )
    visualize_attention.run(options)
    assert "weights hands3c_lite.safetensors" in capsys.readouterr().out
    both = replace(options, weights=tmp_path / "x.safetensors", network="hands3c")
    with pytest.raises(UserError, match="not both"):
        visualize_attention.run(both)


def test_random_weights_are_called_so(still, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    visualize_attention.run(
        visualize_attention.Options(str(still), network="hands3c_tiny", is_crop=True, details=False)
    )
    assert "random weights" in capsys.readouterr().out
    assert (tmp_path / "attention.png").is_file()


@pytest.mark.parametrize(
    ("script", "arguments", "part"),
    [
        ("visualize_erf.py", ["--images", "0"], "--images"),
        ("visualize_attention.py", ["x.png", "--joint", "elbow"], "No joint"),
    ],
)
def test_commands_say_mistakes_in_one_line(script, arguments, part):
    command = [sys.executable, str(ROOT / "scripts" / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert part in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
