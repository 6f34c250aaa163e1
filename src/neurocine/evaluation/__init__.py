"""Segmentation, activity and cell types measured against truth."""

from neurocine.core.matching import Matching, match
from neurocine.evaluation.activity import evaluate_activity
from neurocine.evaluation.cells import MAIN_METHOD, Case, open_case
from neurocine.evaluation.celltypes import TypeReport, evaluate_types
from neurocine.evaluation.matching import SegmentationEvaluation, evaluate_segmentation
from neurocine.evaluation.outputs import write_evaluation, write_json
from neurocine.evaluation.result import ActivityEvaluation
from neurocine.evaluation.variant import Variant

__all__ = [
    "MAIN_METHOD",
    "ActivityEvaluation",
    "Case",
    "Matching",
    "SegmentationEvaluation",
    "TypeReport",
    "Variant",
    "evaluate_activity",
    "evaluate_segmentation",
    "evaluate_types",
    "match",
    "open_case",
    "write_evaluation",
    "write_json",
]
