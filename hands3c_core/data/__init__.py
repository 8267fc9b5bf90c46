"""Datasets of hands: readers of the official layouts, one kind of sample out.

``data.batch`` makes tensors of samples; it is not imported here, so that readers need no torch.
"""

from hands3c_core.data.augment import PRESETS, AugmentedDataset, Augmenter, AugmentOptions
from hands3c_core.data.dataset import AnnotatedDataset, CorruptSample, HandDataset
from hands3c_core.data.mixture import MixtureDataset
from hands3c_core.data.pseudo_writer import PseudoWriter
from hands3c_core.data.registry import dataset_names, open_data, open_spec, register_dataset
from hands3c_core.data.sample import (
    Annotation,
    HandSample,
    ValidLabels,
    make_sample,
    project_sample,
    without_parameters,
)
from hands3c_core.data.spec import DatasetSpec, parse_specs

__all__ = [
    "PRESETS",
    "AnnotatedDataset",
    "Annotation",
    "AugmentOptions",
    "AugmentedDataset",
    "Augmenter",
    "CorruptSample",
    "DatasetSpec",
    "HandDataset",
    "HandSample",
    "MixtureDataset",
    "PseudoWriter",
    "ValidLabels",
    "dataset_names",
    "make_sample",
    "open_data",
    "open_spec",
    "parse_specs",
    "project_sample",
    "register_dataset",
    "without_parameters",
]
