"""Metrics, benchmark protocols, submissions and reports."""

from hands3c_core.evaluation.alignment import align, fit_similarity
from hands3c_core.evaluation.evaluate import Evaluation, SampleResult, evaluate, measure
from hands3c_core.evaluation.mean_hand import MeanHandPredictor
from hands3c_core.evaluation.metrics import (
    PROTOCOLS,
    Protocol,
    area_under_curve,
    f_score,
    mean_error,
    median_error,
    pck_curve,
    point_errors,
)
from hands3c_core.evaluation.predictors import (
    LandmarkPredictor,
    NetworkPredictor,
    PredictedHand,
    Predictor,
)
from hands3c_core.evaluation.report import draw_skeleton, write_report
from hands3c_core.evaluation.submissions import (
    BENCHMARKS,
    check_submission,
    read_submission,
    write_submission,
)
from hands3c_core.evaluation.tables import PUBLISHED, Row, comparison, with_rows

__all__ = [
    "BENCHMARKS",
    "PROTOCOLS",
    "PUBLISHED",
    "Evaluation",
    "LandmarkPredictor",
    "MeanHandPredictor",
    "NetworkPredictor",
    "PredictedHand",
    "Predictor",
    "Protocol",
    "Row",
    "SampleResult",
    "align",
    "area_under_curve",
    "check_submission",
    "comparison",
    "draw_skeleton",
    "evaluate",
    "f_score",
    "fit_similarity",
    "mean_error",
    "measure",
    "median_error",
    "pck_curve",
    "point_errors",
    "read_submission",
    "with_rows",
    "write_report",
    "write_submission",
]
