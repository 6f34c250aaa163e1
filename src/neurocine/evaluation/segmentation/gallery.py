"""What the page of a comparison shows of one recording: masks found, missed and false, some with traces."""

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

#: Recordings that a page shows, of many.
MAX_PICTURED = 4
#: Examples of each kind and method, those of the highest PSNR: the plainest errors.
MAX_EXAMPLES = 3
KINDS = ("found", "missed", "false", "doubtful")


@dataclass(frozen=True, eq=False)
class Example:
    """A neuron that was missed, or an ROI that is none.

    Attributes
    ----------
    roi_id
        Its id.
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
        By method and kind (`KINDS`): found and false ROIs as the method drew them, missed ones as they are.
    examples
        By method: missed neurons, then false ROIs; none without a movie.
    """

    name: str
    frame_rate_hz: float
    correlation: NDArray[np.float32]
    rois: Mapping[str, Mapping[str, RoiSet]]
    examples: Mapping[str, Mapping[str, tuple[Example, ...]]]


def picture(case: SegmentationCase, settings: EvaluationSettings, progress: Progress = silent) -> Pictured:
    """Return what is drawn of one recording; its movie is read once, and once more for each method.

    What counts as found is told by the paper's rule, for neurons that can be seen.
    """
    measured = measure_segmentation(SegmentationCase(case.name, case.rois, case.groups, case.found), settings)
    kinds = {}
    for method, found in case.found.items():
        judged = getattr(measured.scores[method][MAIN_CRITERION], MAIN_RULE)
        kinds[method] = {
            "found": found.select(judged.matching.pairs[:, 0]),
            "missed": case.rois.select(judged.matching.missed),
            "false": found.select(judged.matching.false),
            "doubtful": found.select(judged.doubtful),
        }
    if case.movie is None:
        return Pictured(case.name, 1.0, np.zeros(case.rois.fov_shape, dtype=np.float32), kinds, {})
    true = _examples(case, case.rois, progress)
    examples = {}
    for method, found in case.found.items():
        drawn = _examples(case, found, progress)
        examples[method] = {
            "missed": _plainest(true, kinds[method]["missed"]),
            "false": _plainest(drawn, kinds[method]["false"]),
        }
    return Pictured(
        name=case.name,
        frame_rate_hz=case.movie.frame_rate_hz,
        correlation=summarise(case.movie, progress).correlation,
        rois=kinds,
        examples=examples,
    )


def _examples(case: SegmentationCase, rois: RoiSet, progress: Progress) -> dict[int, Example]:
    """Return every ROI by id as an example."""
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
