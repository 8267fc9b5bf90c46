"""Labelling one's own clips with the landmark estimator, as training data (``pseudo``)."""

from hands3c_core.labelling.clips import Clip, find_clips
from hands3c_core.labelling.label import CONTACT_SHEET, LabelSettings, draw_labels, label_clips
from hands3c_core.labelling.progress import Counts, Progress

__all__ = [
    "CONTACT_SHEET",
    "Clip",
    "Counts",
    "LabelSettings",
    "Progress",
    "draw_labels",
    "find_clips",
    "label_clips",
]
