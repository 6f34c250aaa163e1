"""Labels as the segments of DeepCINAC's ``.cinac`` files, and such segments as labels."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES, InputError, Movie, RoiSet
from neurocine.core.raster import active_runs
from neurocine.core.truth import Spans, Truth
from neurocine.io.cinac_labels import LabelledSegment
from neurocine.io.rois.cinac import outline
from neurocine.networks.cells.inputs import corners
from neurocine.networks.cells.normalisation import statistics
from neurocine.progress import Progress, silent
from neurocine.traces.extraction import projected
from neurocine.traces.transients import smooth

logger = logging.getLogger(__name__)

#: Edge of a patch, pixels, as DeepCINAC's editor saves it.
PATCH_PX = 25
#: DeepCINAC's editor draws the smoothed trace this far below the raw one, and saves it so.
BELOW = 2.0


def segments_of(
    truth: Truth, rois: RoiSet, movie: Movie, progress: Progress = silent
) -> Iterator[LabelledSegment]:
    """Yield a segment for each run of frames of a cell that somebody looked at.

    Pixels and traces are z-scored over the whole movie, as DeepCINAC's editor does; the movie is read twice
    for that, and once more where it is labelled.

    Parameters
    ----------
    truth
        What was labelled; its ids are among those of `rois`.
    rois
        All cells: their positions are the cells' numbers, and those that share a pixel with a labelled cell
        are its neighbours.
    movie
        The registered movie.
    progress
        Called with the number of frames read.

    Raises
    ------
    InputError
        If truth, ROIs and movie don't belong together.
    """
    places = _places(truth, rois, movie)
    blocks = (frames.astype(np.float32) for _, frames in movie.blocks())
    scale = statistics(blocks, "movie", movie.source, movie.valid)
    matrix = rois.matrix()
    shared = matrix @ matrix.T
    means = matrix[places] / np.maximum(rois.areas()[places], 1)[:, None]
    raw = _z_scored(projected(movie, means.tocsr(), progress))
    smoothed = _z_scored(smooth(raw)) - BELOW
    px = min(PATCH_PX, *movie.fov_shape)
    top, left = corners(rois, px)
    for row, place in enumerate(places.tolist()):
        corner = int(top[place]), int(left[place])
        others = [int(j) for j in shared[[place]].indices if j != place]
        contours = tuple(_moved(outline(rois, i), corner) for i in (place, *others))
        doubtful = truth.doubtful.frames(int(truth.ids[row]), truth.n_frames)
        for first, last in _looked(truth, row):
            part = slice(first, last + 1)
            patch = movie.window(first, last + 1, *(slice(start, start + px) for start in corner))
            yield LabelledSegment(
                cell=place,
                first=first,
                last=last,
                frames=scale.normalise(patch.astype(np.float32)),
                contours=contours,
                invalid=np.zeros(len(contours), dtype=bool),
                raster=truth.raster[row, part],
                doubtful=doubtful[part],
                raw=raw[row, part],
                smooth=smoothed[row, part],
                cell_type=truth.cell_types[row],
                frame_rate_hz=movie.frame_rate_hz,
                source=f"ROI {truth.ids[row]}",
            )


def truth_of_segments(segments: Sequence[LabelledSegment], n_frames: int = 0) -> Truth:
    """Return the truth that segments give: ids are the cells' numbers, and only their frames count.

    Parameters
    ----------
    segments
        What `neurocine.io.cinac_labels.read_segments` returned; where two overlap, a frame is active or
        doubtful if one of them says so.
    n_frames
        Frames of the movie, if more than the segments reach to.
    """
    ids = np.array(sorted({segment.cell for segment in segments}), dtype=np.int64)
    n_frames = max(n_frames, *(segment.last + 1 for segment in segments))
    raster, looked, doubtful = (np.zeros((len(ids), n_frames), dtype=bool) for _ in range(3))
    kinds = dict.fromkeys(ids.tolist(), "")
    for segment in segments:
        row, part = int(np.searchsorted(ids, segment.cell)), slice(segment.first, segment.last + 1)
        raster[row, part] |= segment.raster
        doubtful[row, part] |= segment.doubtful
        looked[row, part] = True
        kind = segment.cell_type.strip().lower()
        kinds[segment.cell] = kind if kind in CELL_TYPES else kinds[segment.cell]
    named = {segment.cell_type.strip().lower() for segment in segments}
    unknown = sorted(named.difference(["", *CELL_TYPES]))
    if unknown:
        logger.warning(
            "%s: cell types that neurocine doesn't know are left out: %s (it knows %s)",
            segments[0].source, ", ".join(unknown), ", ".join(CELL_TYPES),
        )  # fmt: skip
    rows, onset, peak = active_runs(raster)
    return Truth(
        ids=ids,
        cell_types=tuple(kinds.values()),
        is_target=np.zeros(len(ids), dtype=bool),
        raster=raster,
        roi_id=ids[rows],
        onset=onset,
        peak=peak,
        looked=_spans(ids, looked),
        doubtful=_spans(ids, doubtful),
        preset="labelled",
        source=segments[0].source,
    )


def _places(truth: Truth, rois: RoiSet, movie: Movie) -> NDArray[np.int64]:
    """Return the positions of the labelled cells among `rois`."""
    position = {int(roi): i for i, roi in enumerate(rois.ids)}
    unknown = [roi for roi in truth.ids.tolist() if roi not in position]
    remedy = "Give the ROIs, the truth and the registered movie of one recording."
    if unknown:
        raise InputError(truth.source, "ids", f"has ROI {unknown[0]}, which {rois.source} lacks", remedy)
    if truth.n_frames != movie.n_frames or rois.fov_shape != movie.fov_shape:
        raise InputError(
            movie.source,
            "shape",
            f"has {movie.n_frames} frames of {movie.fov_shape}, "
            f"the labels {truth.n_frames} of {rois.fov_shape}",
            remedy,
        )
    return np.array([position[roi] for roi in truth.ids.tolist()], dtype=np.int64)


def _looked(truth: Truth, row: int) -> list[tuple[int, int]]:
    """Return the runs of frames of a cell that somebody looked at."""
    if truth.looked is None:
        return [(0, truth.n_frames - 1)]
    _, first, last = active_runs(truth.looked.frames(int(truth.ids[row]), truth.n_frames)[None])
    return list(zip(first.tolist(), last.tolist(), strict=True))


def _spans(ids: NDArray[np.int64], flags: NDArray[np.bool_]) -> Spans:
    row, first, last = active_runs(flags)
    return Spans(ids[row], first, last)


def _moved(
    contour: tuple[NDArray[np.int64], NDArray[np.int64]], corner: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return contour[0] - corner[1], contour[1] - corner[0]


def _z_scored(traces: NDArray[np.floating]) -> NDArray[np.float64]:
    values = traces.astype(np.float64)
    spread = np.maximum(values.std(axis=1, keepdims=True), 1e-12)
    return np.asarray((values - values.mean(axis=1, keepdims=True)) / spread)
