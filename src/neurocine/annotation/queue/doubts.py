"""Where predictions are unsure, methods disagree, or pictures contradict what was called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, Raster
from neurocine.core.raster import active_runs
from neurocine.core.recording import Range
from neurocine.io.results import RecordingResults
from neurocine.traces.transients import rises

if TYPE_CHECKING:
    from neurocine.contamination import FalseTransients

#: A run of frames over the first whose highest probability is at most the second is uncertain.
UNCERTAIN = (0.25, 0.65)
#: Methods are compared on putative transients whose rise is over this many standard deviations of the noise.
CANDIDATE_SIGMA = 3.0

Reason = Literal["uncertain", "disputed", "contradicted"]
REASONS: tuple[Reason, ...] = ("uncertain", "disputed", "contradicted")


@dataclass(frozen=True)
class Doubt:
    """Frames of a cell that are worth a person's look: position of the ROI, first and last frame."""

    row: int
    first: int
    last: int
    reason: Reason


def doubts(results: RecordingResults, also: Sequence[Raster], false: FalseTransients) -> list[Doubt]:
    """Return all doubts about a recording's activity.

    Parameters
    ----------
    results
        The recording.
    also
        Its activity by other models.
    false
        Putative transients that an overlapping neighbour causes, by their profiles.

    Raises
    ------
    InputError
        If the activity of another model is of other ROIs or frames.
    """
    for raster in also:
        if not (np.array_equal(raster.ids, results.rois.ids) and raster.n_frames == results.raster.n_frames):
            raise InputError(
                raster.source, "ids", "or frames differ from the recording's", "Give activity of these ROIs."
            )
    made: list[Doubt] = []
    for row in range(len(results.rois)):
        calls = [results.raster.active[row], *(raster.active[row] for raster in also)]
        candidates = rises(results.traces.f[row], CANDIDATE_SIGMA)
        found = {
            "uncertain": uncertain(results.raster.probability[row]),
            "disputed": disputed(candidates, calls, results.traces.events[row]),
            "contradicted": contradicted(calls[0], false, row),
        }
        made += [Doubt(row, *one, reason) for reason in REASONS for one in found[reason]]
    return made


def uncertain(probability: NDArray[np.float32]) -> list[Range]:
    """Return the runs of frames in which a network is sure of neither activity nor silence (`UNCERTAIN`)."""
    least, most = UNCERTAIN
    _, first, last = active_runs(probability[None] >= least)
    runs = zip(first.tolist(), last.tolist(), strict=True)
    return [(a, b) for a, b in runs if probability[a : b + 1].max() <= most]


def disputed(
    candidates: Sequence[Range], calls: Sequence[NDArray[np.bool_]], events: NDArray[np.float32]
) -> list[Range]:
    """Return the candidates that not all models call, or of which deconvolution thinks otherwise.

    Deconvolution has no threshold that suits all cells. Here it calls as many candidates of a cell as the
    first model does: those with the largest events from the frame before the onset to the peak.
    """
    called = np.array([[call[a : b + 1].any() for a, b in candidates] for call in calls], dtype=bool)
    size = np.array([events[max(a - 1, 0) : b + 1].sum() for a, b in candidates])
    largest = np.zeros(len(candidates), dtype=bool)
    largest[np.argsort(-size, kind="stable")[: int(called[0].sum())]] = True
    differ = (called != largest).any(axis=0)
    return [one for one, differs in zip(candidates, differ, strict=True) if differs]


def contradicted(called: NDArray[np.bool_], false: FalseTransients, row: int) -> list[Range]:
    """Return the transients of a cell that were called active although they look like its neighbour's."""
    own = false.roi == row
    spans = zip(false.onset[own].tolist(), false.peak[own].tolist(), strict=True)
    return [(a, b) for a, b in spans if called[a : b + 1].any()]
