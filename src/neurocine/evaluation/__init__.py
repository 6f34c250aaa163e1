"""Segmentation, activity and cell types measured against truth."""

from neurocine.core.matching import Matching, match
from neurocine.evaluation.activity.activity_cases import MAIN_METHOD, ActivityCase, open_activity_case
from neurocine.evaluation.activity.activity_evaluation import ActivityEvaluation
from neurocine.evaluation.activity.activity_report import write_evaluation
from neurocine.evaluation.activity.criterion import Criterion
from neurocine.evaluation.activity.evaluate import evaluate_activity
from neurocine.evaluation.celltypes import TypeReport, evaluate_labels, evaluate_types
from neurocine.evaluation.segmentation.scoring import SegmentationEvaluation, evaluate_segmentation
from neurocine.io.documents import write_json

__all__ = [
    "MAIN_METHOD",
    "ActivityCase",
    "ActivityEvaluation",
    "Criterion",
    "Matching",
    "SegmentationEvaluation",
    "TypeReport",
    "evaluate_activity",
    "evaluate_labels",
    "evaluate_segmentation",
    "evaluate_types",
    "match",
    "open_activity_case",
    "write_evaluation",
    "write_json",
]
