"""People who labelled a recording, measured as methods are (DeepCINAC, Figs 6, 7 and 7-1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocine.core.matching import Matching
from neurocine.core.truth import Truth
from neurocine.evaluation.activity.activity_cases import ActivityCase
from neurocine.evaluation.activity.thresholds import Threshold

#: What people say is active or not, as 1 and 0.
THRESHOLD = 0.5


def method_of(name: str) -> str:
    """Return the name of somebody as a method; no other method has a space in its name."""
    return f"expert {name}"


def expert_signals(case: ActivityCase, matching: Matching) -> dict[str, NDArray[np.float32]]:
    """Return what each person says of the ROIs, (N, T) by method.

    1 where the matched true cell is active, 0 where not; NaN where the person didn't look or wasn't sure.
    """
    shape = (len(case.rois), case.movie.n_frames)
    return {method_of(name): _signal(case, truth, matching, shape) for name, truth in case.experts.items()}


def _signal(
    case: ActivityCase, truth: Truth, matching: Matching, shape: tuple[int, int]
) -> NDArray[np.float32]:
    signal = np.full(shape, np.nan, dtype=np.float32)
    rows = {int(roi): row for row, roi in enumerate(truth.ids)}
    for roi, true in matching.pairs.tolist():
        row = rows.get(int(case.true_rois.ids[true]))
        if row is not None:
            known = truth.counted(row)
            signal[roi, known] = truth.raster[row, known]
    return signal


def thresholds_of(case: ActivityCase) -> dict[str, Threshold]:
    """Return the threshold of each person of a recording."""
    names = [method_of(name) for name in case.experts]
    return {name: Threshold(THRESHOLD, name, "person") for name in names}
