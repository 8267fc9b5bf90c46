"""Settings survive a restart and bad values; themes; icons; the command line."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from PyQt6.QtCore import QRectF, QSettings
from PyQt6.QtGui import QColor, QImage, QPainter

from app.config import Layout, MeshStyle, ModelConfig, NetworkMap, RecordChoice, ViewState
from app.icons import draw_icon, icon_names
from app.options import has_display, model_config, parse
from app.settings import Settings
from app.theme import DARK, LIGHT, Theme, style_sheet
from hands3c_core.errors import UserError


def test_choices_survive_a_restart(tmp_path):
    file = str(tmp_path / "s.ini")
    first = Settings(QSettings(file, QSettings.Format.IniFormat))
    view = ViewState(
        mesh=False,
        opacity=0.35,
        mesh_style=MeshStyle.NORMALS,
        mirror=True,
        layout=Layout.SCENE,
        network_map=NetworkMap.SPATIAL,
        map_joint=8,
        map_on_hand=True,
        scene_style=MeshStyle.NORMALS,
        scene_trails=True,
        swapped=True,
    )
    (tmp_path / "lens.json").touch()
    model = ModelConfig(hand_model="hand_high", smoothing=0.0, calibration=tmp_path / "lens.json")
    record = RecordChoice(tmp_path / "takes").writing(glb=False)
    first.save_view(view)
    first.save_model(model)
    first.save_record(record)
    for spec in ("a.mp4", "b.mp4", "a.mp4"):
        first.add_recent(spec)
    first.sync()
    second = Settings(QSettings(file, QSettings.Format.IniFormat))
    assert second.load_view() == view
    assert second.load_model() == model
    assert second.load_record(RecordChoice()) == record
    assert second.recent() == ("a.mp4", "b.mp4")
    second.reset()
    assert second.load_view() == ViewState()
    assert second.recent() == ()


def test_files_that_are_gone_are_not_remembered(tmp_path):
    settings = Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    files = [tmp_path / name for name in ("net.safetensors", "MANO_RIGHT.pkl", "lens.json")]
    model = ModelConfig(
        str(files[0]), hand_model=str(files[1]), smoothing=0.2, calibration=files[2]
    )
    settings.save_model(model)
    assert settings.load_model() == ModelConfig(smoothing=0.2)
    for file in files:
        file.touch()
    assert settings.load_model() == model


@pytest.mark.parametrize(
    "stored",
    [
        '{"opacity": "thick", "mesh": 3, "layout": "sideways", "mesh_style": null}',
        '{"network_map": "sideways", "map_joint": "thumb", "swapped": "yes"}',
        "not json",
        "[1, 2]",
        '{"unknown": 1}',
    ],
)
def test_damaged_settings_fall_back_to_the_defaults(tmp_path, stored):
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    store.setValue("view", stored)
    assert Settings(store).load_view() == ViewState()


def test_numbers_out_of_range_and_half_letters_fall_back(settings):
    for stored in ({"fov_deg": 0, "smoothing": -5}, {"fov_deg": 1e8, "smoothing": 1.01}):
        settings.set("model", stored)
        assert settings.load_model() == ModelConfig()
    settings.set("geometry", "\ud800")
    assert settings.get_bytes("geometry").isEmpty()


def test_the_list_of_recent_sources_is_short(settings):
    for number in range(30):
        settings.add_recent(f"{number}.mp4")
    assert len(settings.recent()) == 10
    assert settings.recent()[0] == "29.mp4"


def _luminance(color: str) -> float:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    made = QColor(color)
    red, green, blue = (channel(part) for part in (made.redF(), made.greenF(), made.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_text_is_readable(palette):
    """WCAG AA: 4.5 for text, 3 for the accent as a mark."""
    for ground in (palette.window, palette.surface, palette.raised):
        assert _contrast(palette.text, ground) >= 7.0
        assert _contrast(palette.muted, ground) >= 4.5
        assert _contrast(palette.accent, ground) >= 3.0
    assert _contrast(palette.on_accent, palette.accent) >= 4.5
    assert _contrast(palette.stage_text, palette.stage) >= 4.5
    for mark in (palette.scene_outline, palette.wire_left, palette.wire_right):
        assert _contrast(mark, palette.stage) >= 3.0
    assert _contrast(palette.scene_grid, palette.stage) >= 1.8
    assert all(color in style_sheet(palette) for color in (palette.accent, palette.border))
    assert len(set(asdict(palette).values())) > 12


def test_theme_switches_and_tells(qapp):
    theme = Theme(qapp, "dark")
    changes: list[str] = []
    theme.changed.connect(lambda: changes.append(theme.palette.name))
    theme.choose("light")
    theme.choose("light")
    theme.choose("dark")
    theme.close()
    assert changes == ["light", "dark"]


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_draws_something(qapp, name):
    image = QImage(48, 48, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    draw_icon(painter, name, QRectF(0, 0, 48, 48), "#ff0000")
    painter.end()
    drawn = sum(
        QColor.fromRgba(image.pixel(x, y)).alpha() > 128 for x in range(48) for y in range(48)
    )
    assert 20 < drawn < 1600


def test_options_override_what_is_remembered():
    remembered = ModelConfig(hand_model="hand_high", smoothing=0.9, calibration=Path("lens.json"))
    assert model_config(parse([]), remembered) == remembered
    chosen = model_config(parse(["--smoothing", "0", "--fov", "75"]), remembered)
    assert chosen == ModelConfig(hand_model="hand_high", smoothing=0.0, fov_deg=75.0)


@pytest.mark.parametrize("arguments", [["--fov", "0"], ["--smoothing", "2"], ["--max-frames", "0"]])
def test_values_out_of_range_are_refused_in_one_line(arguments):
    with pytest.raises(UserError) as error:
        parse(arguments)
    assert arguments[0] in str(error.value)
    assert "\n" not in str(error.value)


def test_display_is_looked_for(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert not has_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert has_display()
