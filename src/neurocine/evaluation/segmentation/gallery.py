"""The masks found, missed and false in one recording, and examples with their traces, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.active.labels import demixed_dff, label_intervals
from neurocine.config import EvaluationSettings
from neurocine.core import RoiSet
from neurocine.evaluation.segmentation.psnr import peak_over_noise
from neurocine.evaluation.segmentation.segmentation_comparison import (
    MAIN_CRITERION,
    MAIN_RULE,
    SegmentationCase,
    measure_segmentation,
)
from neurocine.motion.summary import summarise
from neurocine.progress import Progress, silent

#: A page shows at most this many recordings.
MAX_PICTURED = 4
#: Examples per method and kind of error: those of the highest PSNR, which are the plainest errors.
MAX_EXAMPLES = 3
OUTCOMES = ("found", "missed", "false", "doubtful")


@dataclass(frozen=True, eq=False)
class Example:
    """A neuron that was missed, or an ROI that isn't a neuron.

    Attributes
    ----------
    roi_id
        ID of the ROI.
    mask
        Its pixels, (Y, X) bool.
    psnr
        Eq. 9.
    trace
        ΔF/F of its own contour, (T,) float32.
    intervals
        Frames in which it is active by the labels, (M, 2), half-open.
    """

    roi_id: int
    mask: NDArray[np.bool_]
    psnr: float
    trace: NDArray[np.float32]
    intervals: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pictured:
    """One recording to be drawn.

    Attributes
    ----------
    name
        Of the recording.
    frame_rate_hz
        Frames a second.
    correlation
        Correlation image, (Y, X); zeros without a movie.
    rois
        ROIs by method and outcome (`OUTCOMES`): missed ones with their true contours, all others with the
        contours of the method.
    examples
        Missed neurons and false ROIs by method; empty without a movie.
    """

    name: str
    frame_rate_hz: float
    correlation: NDArray[np.float32]
    rois: Mapping[str, Mapping[str, RoiSet]]
    examples: Mapping[str, Mapping[str, tuple[Example, ...]]]


def picture(case: SegmentationCase, settings: EvaluationSettings, progress: Progress = silent) -> Pictured:
    """Return what is drawn of one recording; the movie is read once, and once more per method.

    Outcomes are those of visible neurons, by the paper's rule.
    """
    measured = measure_segmentation(
        SegmentationCase(case.name, case.true_rois, case.groups, case.rois_by_method), settings
    )
    outcomes = {}
    for method, rois in case.rois_by_method.items():
        judged = getattr(measured.scores[method][MAIN_CRITERION], MAIN_RULE)
        outcomes[method] = {
            "found": rois.select(judged.matching.pairs[:, 0]),
            "missed": case.true_rois.select(judged.matching.missed),
            "false": rois.select(judged.matching.false),
            "doubtful": rois.select(judged.doubtful),
        }
    if case.movie is None:
        return Pictured(case.name, 1.0, np.zeros(case.true_rois.fov_shape, dtype=np.float32), outcomes, {})
    true_examples = _examples(case, case.true_rois, progress)
    examples = {}
    for method, rois in case.rois_by_method.items():
        drawn = _examples(case, rois, progress)
        examples[method] = {
            "missed": _plainest(true_examples, outcomes[method]["missed"]),
            "false": _plainest(drawn, outcomes[method]["false"]),
        }
    return Pictured(
        name=case.name,
        frame_rate_hz=case.movie.frame_rate_hz,
        correlation=summarise(case.movie, progress).correlation,
        rois=outcomes,
        examples=examples,
    )


def _examples(case: SegmentationCase, rois: RoiSet, progress: Progress) -> dict[int, Example]:
    """Return an example of each ROI, by id."""
    movie = case.movie
    if movie is None:
        return {}
    dff = demixed_dff(movie, rois, progress=progress)
    intervals = label_intervals(dff, movie.frame_rate_hz, movie.indicator)
    psnr = peak_over_noise(dff, intervals)
    return {
        int(rois.ids[i]): Example(int(rois.ids[i]), rois.mask(i), float(psnr[i]), dff[i], intervals[i])
        for i in range(len(rois))
    }


def _plainest(examples: dict[int, Example], rois: RoiSet) -> tuple[Example, ...]:
    own = sorted((examples[int(roi)] for roi in rois.ids), key=lambda one: (-one.psnr, one.roi_id))
    return tuple(own[:MAX_EXAMPLES])
