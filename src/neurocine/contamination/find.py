"""Which of a recording's transients are a neighbour's light, and which of these were called active."""

from __future__ import annotations

import numpy as np

from neurocine.contamination.overlap import MIN_OVERLAP, false_transients
from neurocine.core import CellTypes, Movie, Raster, RoiSet
from neurocine.core.contamination import Contamination, NeighbourTransient
from neurocine.core.matching import overlaps
from neurocine.progress import Progress, silent
from neurocine.traces.extraction import raw_traces


def find_contamination(
    movie: Movie,
    rois: RoiSet,
    raster: Raster,
    celltypes: CellTypes | None = None,
    progress: Progress = silent,
) -> Contamination:
    """Return the putative transients of the cells that an overlapping neighbour causes.

    Only cells that overlap are looked at; ROIs of type noise are none.

    Parameters
    ----------
    movie
        Registered movie.
    rois
        N ROIs.
    raster
        Their activity.
    celltypes
        Their types; None: all are cells.

    Raises
    ------
    InputError
        If the ROIs aren't those of the movie.
    """
    kinds = ("",) * len(rois) if celltypes is None else celltypes.of(rois.ids)
    cells = np.flatnonzero([kind != "noise" for kind in kinds])
    pairs = overlaps(rois.select(cells), MIN_OVERLAP)
    positions = cells[np.unique(pairs)]
    overlapping = rois.select(positions)
    if not len(pairs):
        return Contamination(len(cells), (), ())
    traces = raw_traces(movie, overlapping, progress)
    found = false_transients(movie, overlapping, traces, progress=progress)
    active = raster.active[positions]
    ids = overlapping.ids.tolist()
    return Contamination(
        cells=len(cells),
        pairs=tuple((ids[a], ids[b]) for a, b in found.pairs.tolist()),
        transients=tuple(
            NeighbourTransient(
                ids[found.roi[m]],
                ids[found.neighbour[m]],
                int(found.onset[m]),
                int(found.peak[m]),
                float(found.own_correlation[m]),
                float(found.neighbour_correlation[m]),
                bool(active[found.roi[m], found.onset[m] : found.peak[m] + 1].any()),
            )
            for m in range(len(found))
        ),
    )
