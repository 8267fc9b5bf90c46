"""Settings of a training run: what the command takes and the run directory records."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.reading import Fields, parse_json, parse_yaml, read_bytes, read_json
from hands3c_core.reading.text import first_line
from hands3c_core.training.presets import Preset, find_preset

#: Name of the settings in a run directory.
CONFIG = "config.json"
#: What a checkpoint cannot be continued with if it changes.
_FIXED = ("model", "input_size", "hand")
#: What a run may change of its preset.
_OF_THE_PRESET = (
    *("epochs", "batch_size", "learning_rate", "augment", "max_minutes"),
    *("holdout", "rehearsal"),
)
_SHARES = ("holdout", "rehearsal")
#: Length of a run for which neither command nor preset knows one.
USUAL_MINUTES = 60.0


@dataclass(frozen=True)
class TrainConfig:
    """Train a network."""

    data: str = "synthetic"
    """What to train on: NAME[:PATH][?option=value][:WEIGHT], commas between several."""
    model: str = "hands3c_lite"
    """The network: hands3c, hands3c_lite, self_attention, ssa, baseline, sar or smr."""
    preset: str | None = None
    """The recipe: freihand, ho3d, dexycb, webcam, personal, lite, distilled, sar, smr or another
    one of docs/training.md. By default that of sar and smr, or the data's own, else webcam."""
    val: str | None = None
    """What to validate on, as --data; by default what --holdout keeps of each training dataset."""
    holdout: float | None = None
    """Share of each dataset that is kept for validation if --val is not given, instead of the
    preset's (0.02, personal 0.15): whole sessions, stretches of time, or its last samples; 0 for
    none."""
    rehearsal: float | None = None
    """Share of synthetic samples mixed in against forgetting, instead of the preset's (personal
    0.3, else none); rendered once, before the first run."""
    max_minutes: float | None = None
    """Length of the whole run in minutes, resumed parts included; 60 where nothing else, the preset
    included, says when it ends."""
    max_steps: int | None = None
    """Most steps."""
    epochs: float | None = None
    """Most passes through the data, instead of the preset's."""
    batch_size: int | None = None
    """Samples a step over all processes, instead of the preset's."""
    learning_rate: float | None = None
    """Instead of the preset's."""
    augment: str | None = None
    """none, published, mild, strong or sar, instead of the preset's."""
    input_size: int | None = None
    """Side of the crop, px, instead of the network's own."""
    hand: str = "hand_mano778"
    """Hand model that the network poses: a shipped one or the path of a MANO file."""
    weights: Path | None = None
    """Weights to start from."""
    teacher: Path | None = None
    """Weights of a trained network of the HandS3C family whose inner maps are learned beside the
    labels, or alone (preset distilled)."""
    kinematic_minutes: float = 6.0
    """Minutes that a fresh hands3c_lite first spends on poses without pictures, beside the run's
    own; 0 for none."""
    heads: Path | None = None
    """Weights of a network of the HandS3C family whose heads are taken over, after --weights."""
    backbone: Path | None = None
    """Pretrained backbone: a state dict in torchvision's layout (ResNet-50 for hands3c and its
    relatives, ResNet-34 for sar and smr; the published training starts from ImageNet's),
    hand_landmark_2020.tflite for hands3c_lite, which takes the shipped one
    by itself, hand_landmarker.task for hands3c_lite_v1, EfficientNet-Lite0's state dict for
    hands3c_lite_plain_imagenet."""
    out: Path | None = None
    """Run directory; by default a new one in runs/."""
    precision: Literal["32", "bf16", "fp16"] = "32"
    """Arithmetic of the forward pass; fp16 needs a GPU."""
    workers: int | None = None
    """Processes that load data, for each training process; by default the cores less one, up to 8;
    0 loads in the training process."""
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    """Where to train."""
    devices: int = 1
    """GPUs (or processes on the CPU) of this machine."""
    nodes: int = 1
    """Machines; start the same command on each under torchrun."""
    checkpoint_minutes: float = 2.0
    """Minutes between checkpoints: the most that a killed run loses."""
    val_minutes: float = 5.0
    """Minutes between validations."""
    log_every: int = 10
    """Steps between two lines of metrics.csv."""
    seed: int = 0
    """Of the network's start, the order and the augmentation."""
    logger: Literal["tensorboard", "csv", "wandb"] = "tensorboard"
    """Where losses go besides metrics.csv: tensorboard/ in the run directory, nowhere (csv), or
    Weights & Biases, which needs pip install 'hands3c-live[wandb]'."""

    def recipe(self) -> tuple[str, Preset]:
        """The preset's name and the preset with this run's changes.

        Raises:
            UserError: the preset is unknown, or a number is out of range.
        """
        first = self.data.partition(":")[0].partition("?")[0].partition(",")[0]
        name, preset = find_preset(self.preset, first, self.model.strip().lower())
        changes = {
            key: value for key in _OF_THE_PRESET if (value := getattr(self, key)) is not None
        }
        self._check(changes)
        chosen = dataclasses.replace(preset, **changes)
        if (chosen.max_minutes, chosen.epochs, self.max_steps) == (None, None, None):
            chosen = dataclasses.replace(chosen, max_minutes=USUAL_MINUTES)
        return name, chosen

    def _check(self, changes: dict[str, Any]) -> None:
        positive = {"checkpoint_minutes": self.checkpoint_minutes, "log_every": self.log_every}
        positive |= {k: v for k, v in changes.items() if k != "augment" and k not in _SHARES}
        positive |= {"devices": self.devices, "nodes": self.nodes, "val_minutes": self.val_minutes}
        if self.max_steps is not None:
            positive["max_steps"] = self.max_steps
        for name, value in positive.items():
            if not value > 0:
                option = "--" + name.replace("_", "-")
                raise UserError(f"{option} must be above 0, not {value}.")
        for name in _SHARES:
            if not 0 <= changes.get(name, 0.0) < 1:
                raise UserError(f"--{name} is a share from 0 to below 1, not {changes[name]}.")


def write_config(config: TrainConfig, folder: Path) -> None:
    """Record the settings in a run directory."""
    text = json.dumps(_plain(dataclasses.asdict(config)), indent=2) + "\n"
    write_atomically(folder / CONFIG, text.encode())


def read_config(folder: Path) -> TrainConfig:
    """The settings of a run directory.

    Raises:
        UserError: there are none, or the file is damaged.
    """
    path = Path(folder) / CONFIG
    if not path.exists():
        raise UserError(f"{folder} is no run directory: there is no {CONFIG} in it.")
    try:
        values = Fields(read_json(path), str(path)).values
    except UserError as error:
        raise UserError(f"{error} Start a new run.") from None
    return config_from(values, f"{path} is damaged", "start a new run")


def config_from(values: Any, complaint: str, advice: str) -> TrainConfig:
    """Settings from a table of them, by name with _ or -; what it lacks stays at its default.

    Args:
        values: as ``config.json`` holds them.
        complaint, advice: begin and end of the error.

    Raises:
        UserError: a name is unknown or a value of another type.
    """
    hints = typing.get_type_hints(TrainConfig)
    try:
        if not isinstance(values, dict):
            raise ValueError("it is no table of settings")
        values = {str(name).replace("-", "_"): value for name, value in values.items()}
        unknown = set(values) - set(hints)
        if unknown:
            raise ValueError(f"unknown {sorted(unknown)[0]!r}")
        return TrainConfig(**{name: _typed(value, hints[name]) for name, value in values.items()})
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{complaint} ({first_line(error)}); {advice}.") from None


def read_settings(path: Path) -> TrainConfig:
    """The settings in a file of ``--config``: JSON or YAML, as ``config.json`` in a run directory.

    Raises:
        UserError: the file is missing or damaged, or a setting is unknown.
    """
    advice = "its names are those of --help, as in a run's config.json"
    path = Path(path)
    if not path.exists():
        raise UserError(f"there is no file {path} for --config.")
    parse = parse_yaml if path.suffix.lower() in (".yaml", ".yml") else parse_json
    try:
        values = parse(read_bytes(path), str(path))
    except UserError as error:
        raise UserError(f"{path} is no JSON or YAML ({first_line(error)}); {advice}.") from None
    return config_from(values, f"{path} is not understood", advice)


def check_resumable(old: TrainConfig, new: TrainConfig) -> None:
    """Raise ``UserError`` if a run's checkpoint does not fit other settings."""
    for name in _FIXED:
        before, now = getattr(old, name), getattr(new, name)
        if before != now:
            raise UserError(f"A resumed run keeps its {name} ({before}, not {now}).")


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, Path) else v for k, v in values.items()}


def _typed(value: Any, hint: Any) -> Any:
    """``value`` if it is of the hinted type, paths made of texts."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if option is Path and isinstance(value, str):
            return Path(value)
        if typing.get_origin(option) is Literal and value in typing.get_args(option):
            return value
        if option is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(option, type) and type(value) is option:
            return value
    raise ValueError(f"{value!r} is not understood")


def parse_arguments(arguments: list[str]) -> tuple[Path | None, list[str], TrainConfig]:
    """Take ``--resume DIR`` or ``--config FILE`` out of a command line.

    Returns:
        The run directory to resume or None, the other arguments, and the settings that hold where
        these say nothing: those of the resumed run or of the file.

    Raises:
        UserError: the option lacks its value, both are given, or the settings cannot be read.
    """
    resume, rest = _taken_out("--resume", "the run directory to go on with", list(arguments))
    settings, rest = _taken_out("--config", "a JSON or YAML file of settings", rest)
    if resume is not None and settings is not None:
        raise UserError("--resume goes on with a run's own settings: leave out --config.")
    if resume is not None:
        return resume, rest, read_config(resume)
    return None, rest, TrainConfig() if settings is None else read_settings(settings)


def _taken_out(option: str, meaning: str, words: list[str]) -> tuple[Path | None, list[str]]:
    """The value of an option that may be written with a space or =, and the other words."""
    for number, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name == option:
            given = [value] if sign else words[number + 1 : number + 2]
            if not given or not given[0]:
                raise UserError(f"{option} needs {meaning}.")
            del words[number : number + (1 if sign else 2)]
            return Path(given[0]), words
    return None, words
