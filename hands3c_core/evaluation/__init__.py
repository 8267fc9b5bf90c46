"""Metrics, benchmark protocols, submissions and reports."""

from hands3c_core.evaluation.alignment import align, fit_similarity
from hands3c_core.evaluation.dexycb_results import write_dexycb_results
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
from hands3c_core.evaluation.official import official_lines
from hands3c_core.evaluation.predictors import (
    EstimatorPredictor,
    LandmarkPredictor,
    NetworkPredictor,
    PredictedHand,
    Predictor,
)
from hands3c_core.evaluation.published import PUBLISHED, Row
from hands3c_core.evaluation.report import draw_skeleton, write_report
from hands3c_core.evaluation.submissions import (
    BENCHMARKS,
    check_submission,
    read_submission,
    write_submission,
)
from hands3c_core.evaluation.tables import comparison, with_rows
from hands3c_core.evaluation.without_attention import Silenced, silence_attention

__all__ = [
    "BENCHMARKS",
    "PROTOCOLS",
    "PUBLISHED",
    "EstimatorPredictor",
    "Evaluation",
    "LandmarkPredictor",
    "MeanHandPredictor",
    "NetworkPredictor",
    "PredictedHand",
    "Predictor",
    "Protocol",
    "Row",
    "SampleResult",
    "Silenced",
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
    "official_lines",
    "pck_curve",
    "point_errors",
    "read_submission",
    "silence_attention",
    "with_rows",
    "write_dexycb_results",
    "write_report",
    "write_submission",
]
