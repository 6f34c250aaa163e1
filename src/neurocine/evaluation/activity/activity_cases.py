"""One recording with truth: its movie, ROIs, activity and true activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.config import TracesSettings
from neurocine.core import CellTypes, InputError, Movie, Raster, RoiSet
from neurocine.core.raster import active_runs
from neurocine.core.truth import Truth, all_within
from neurocine.core.validate import as_array
from neurocine.io.result_files import read_activity, read_celltypes, read_movie, read_rois, read_truth
from neurocine.progress import Progress, silent
from neurocine.traces import Deconvolved, RawTraces, extract_raw

#: Name of neurocine's own activity among the methods.
MAIN_METHOD = "neurocine"


@dataclass(frozen=True, eq=False)
class ActivityCase:
    """One recording with truth.

    Attributes
    ----------
    name
        Of the recording.
    movie
        Registered movie of T frames.
    rois
        The N ROIs of traces and activity: those of an engine, or the true ones.
    true_rois, truth
        True ROIs, and the true activity of some or all of them.
    rasters
        Activity of the N ROIs by method, the main method first; empty if the recording only serves to choose
        the baselines' thresholds.
    celltypes
        Types that the ROIs were called, to be evaluated too; None if they aren't known.
    baselines
        Results of baselines for the N ROIs, by name; baselines that are missing here are run when the case is
        measured.
    experts
        What each of several people holds for true of some of the true ROIs, by name: they are measured as
        methods are.

    Raises
    ------
    InputError
        If these don't belong together.
    """

    name: str
    movie: Movie
    rois: RoiSet
    true_rois: RoiSet
    truth: Truth
    rasters: Mapping[str, Raster] = field(default_factory=dict)
    celltypes: CellTypes | None = None
    baselines: Mapping[str, Deconvolved] = field(default_factory=dict)
    experts: Mapping[str, Truth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_frames, fov = self.movie.n_frames, self.movie.fov_shape
        for rois in (self.rois, self.true_rois):
            if rois.fov_shape != fov:
                raise InputError(
                    rois.source,
                    "fov_shape",
                    f"is {rois.fov_shape} but the movie {self.movie.source} has {fov}",
                    "Give the ROIs of this movie.",
                )
        parts = []
        for truth in (self.truth, *self.experts.values()):
            unknown = np.setdiff1d(truth.ids, self.true_rois.ids)
            if len(unknown):
                raise InputError(
                    truth.source,
                    "ids",
                    f"name ROI {unknown[0]}, which {self.true_rois.source} lacks",
                    "Give the ROIs that it was made from.",
                )
            parts.append((truth.source, truth.n_frames))
        for raster in self.rasters.values():
            _same_ids(raster.source, raster.ids, self.rois)
            parts.append((raster.source, raster.n_frames))
        for source, length in parts:
            if length != n_frames:
                raise InputError(
                    source,
                    "frames",
                    f"there are {length}, the movie {self.movie.source} has {n_frames}",
                    "Give files of one recording.",
                )
        for name, made in self.baselines.items():
            for values in made:
                as_array(values, np.float32, (len(self.rois), n_frames), self.name, f"baselines.{name}")
        if self.celltypes is not None:
            self.celltypes.of(self.rois.ids)

    def truth_row(self, true_roi: int) -> int | None:
        """Return the row of a true ROI in the truth, by its position; None if its activity isn't known."""
        rows = np.flatnonzero(self.truth.ids == self.true_rois.ids[true_roi])
        return int(rows[0]) if len(rows) else None


def open_activity_case(
    name: str,
    truth: Path,
    *,
    movie: Path | None = None,
    rois: Path | None = None,
    activity: Mapping[str, Path] | None = None,
    celltypes: Path | None = None,
) -> ActivityCase:
    """Open one recording.

    Parameters
    ----------
    name
        Of the recording.
    truth
        Folder with ``truth.h5`` and ``rois.h5``, as `neurocine.simulation.simulate` writes it; what people
        hold for true may be in ``experts/NAME.h5``, as `neurocine consensus` writes it.
    movie, rois
        Files of the registered movie and of the ROIs; by default those of the folder.
    activity
        Files of activity by method.
    celltypes
        Table of cell types.

    Raises
    ------
    InputError
        If a file is missing or damaged, or they don't belong together.
    """
    if not (truth / "truth.h5").is_file():
        raise InputError(
            truth,
            "truth",
            "is no folder with truth.h5 and rois.h5",
            "Give a folder that `neurocine simulate` wrote, or one of labels.",
        )
    return ActivityCase(
        name=name,
        movie=read_movie(movie or truth / "movie.h5"),
        rois=read_rois(rois or truth / "rois.h5"),
        true_rois=read_rois(truth / "rois.h5"),
        truth=read_truth(truth / "truth.h5"),
        rasters={method: read_activity(path) for method, path in (activity or {}).items()},
        celltypes=None if celltypes is None else read_celltypes(celltypes),
        experts={path.stem: read_truth(path) for path in sorted((truth / "experts").glob("*.h5"))},
    )


def run_dprime(truth: Truth, row: int) -> NDArray[np.float32]:
    """Return the detectability d' of each true transient of one cell (`Truth.transients`), (M,).

    Transients without a frame between them are one run, whose d' is the highest of theirs. Infinite if the
    truth holds no d'.
    """
    _, first, last = active_runs(truth.raster[row : row + 1])
    whole = all_within(truth.counted(row), first, last)
    if truth.hybrid is None:
        return np.full(whole.sum(), np.inf, dtype=np.float32)
    own = truth.roi_id == truth.ids[row]
    run = np.searchsorted(first, truth.onset[own], side="right") - 1
    best = np.full(len(first), -np.inf, dtype=np.float32)
    np.maximum.at(best, run, truth.hybrid.detectability[own])
    return np.where(np.isneginf(best), np.float32(np.inf), best)[whole]


def baseline_traces(case: ActivityCase, progress: Progress = silent) -> RawTraces:
    """Return the traces for the baselines, extracted with the default settings of the step traces."""
    return extract_raw(case.movie, case.rois, TracesSettings(), progress)


def _same_ids(source: str, ids: NDArray[np.int64], rois: RoiSet) -> None:
    if not np.array_equal(ids, rois.ids):
        raise InputError(
            source,
            "ids",
            f"differ from those of {rois.source} ({len(ids)} against {len(rois)} ROIs)",
            "Give the ROIs that it was made from.",
        )
