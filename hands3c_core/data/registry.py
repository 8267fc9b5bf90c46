"""Datasets by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.dataset import HandDataset
from hands3c_core.data.mixture import MixtureDataset
from hands3c_core.data.spec import DatasetSpec, parse_specs
from hands3c_core.errors import UserError
from hands3c_core.geometry import CropRule
from hands3c_core.plugins import load_plugins

Opener = Callable[[DatasetSpec, int], HandDataset]

#: Name -> where its opener is: "module:attribute", imported when it is first asked for.
_OPENERS: Final[dict[str, str | Opener]] = {
    "freihand": "hands3c_core.data.freihand:FreiHand.open",
    "ho3d": "hands3c_core.data.ho3d:Ho3d.open",
    "dexycb": "hands3c_core.data.dexycb:DexYcb.open",
    "rhd": "hands3c_core.data.rhd:Rhd.open",
    "stb": "hands3c_core.data.stb:Stb.open",
    "hint": "hands3c_core.data.hint:HInt.open",
    "interhand": "hands3c_core.data.interhand:InterHand.open",
    "arctic": "hands3c_core.data.arctic:Arctic.open",
    "arrays": "hands3c_core.data.arrays:Arrays.open",
    "handoccnet_json": "hands3c_core.data.handoccnet_json:HandOccNetJson.open",
    "pseudo": "hands3c_core.data.pseudo:Pseudo.open",
    "synthetic": "hands3c_core.data.synthetic:open_synthetic",
}


def dataset_names() -> list[str]:
    """The names that ``open_data`` knows."""
    load_plugins()
    return list(_OPENERS)


def register_dataset(name: str, opener: Opener) -> None:
    """Add a dataset: ``opener(spec, crop_size)`` is called when it is named.

    Raises:
        ValueError: the name is taken.
    """
    if name in _OPENERS:
        raise ValueError(f"a dataset {name!r} is registered already")
    _OPENERS[name] = opener


def open_data(
    text: str, crop_size: int = CROP_SIZE, context: float = 1.0, crop_rule: CropRule = "box"
) -> HandDataset:
    """The dataset, or the mixture of several, that ``text`` names.

    Args:
        text: ``name[:PATH][?option=value&...][:WEIGHT]``, commas between several; see
            ``spec.parse_specs`` and docs/datasets.md.
        crop_size: side of the samples' crops, px.
        context: how much more of the image to leave around the crops, for augmentation (see
            ``HandDataset``).
        crop_rule: of the network that the samples are for, where a dataset's option ``crop`` says
            nothing else.

    Raises:
        UserError: a name or option is unknown, or a dataset's files are missing or damaged.
    """
    specs = parse_specs(text, dataset_names())
    datasets = [open_spec(spec, crop_size) for spec in specs]
    for dataset in datasets:
        dataset.context = context
        dataset.use_rule(crop_rule)
    if len(datasets) == 1:
        return datasets[0]
    mixture = MixtureDataset(datasets, [spec.weight for spec in specs])
    mixture.context = context
    return mixture


def open_spec(spec: DatasetSpec, crop_size: int = CROP_SIZE) -> HandDataset:
    """The dataset of one spec; raises like ``open_data``.

    The option ``crop=box|published`` is every dataset's that lays its windows itself.
    """
    rule: CropRule | None = None
    crop = spec.options.get("crop")
    if crop in ("box", "published"):
        rule = "box" if crop == "box" else "published"
        options = {name: value for name, value in spec.options.items() if name != "crop"}
        if spec.name == "freihand" and rule == "box":
            options["crop"] = "joints"
        spec = replace(spec, options=options)
    dataset = _open(spec, crop_size)
    if rule is not None:
        if not dataset.lays_windows:
            raise UserError(f"{spec.name} has ready crops: it has no option crop={rule}.")
        dataset.crop_rule, dataset.crop_is_given = rule, True
    return dataset


def _open(spec: DatasetSpec, crop_size: int) -> HandDataset:
    if spec.name not in _OPENERS:
        load_plugins()
    opener = _OPENERS.get(spec.name)
    if opener is None:
        raise UserError(
            f"there is no dataset {spec.name!r}; choose from {', '.join(dataset_names())}."
        )
    if isinstance(opener, str):
        opener = _resolve(opener)
    return opener(spec, crop_size)


def _resolve(place: str) -> Opener:
    module, _, attribute = place.partition(":")
    found = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found  # type: ignore[return-value]
