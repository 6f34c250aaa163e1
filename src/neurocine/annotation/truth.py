"""The truth that labels give, as evaluation and training read it, with what it was made of."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.annotation.labels import CellLabels, Labels
from neurocine.core import InputError, RoiSet
from neurocine.core.raster import active_runs
from neurocine.core.recording import Range
from neurocine.core.truth import Spans, Truth
from neurocine.io.result_files import Stamp, write_rois, write_truth

#: The folder of what several people agree on, beside theirs: nobody can be called so.
CONSENSUS = "consensus"
#: The folder of the journals of masks: nobody can be called so, either.
MASKS = "masks"


def truth_of(labels: Labels, rois: RoiSet, n_frames: int, labelled_by: Sequence[str]) -> Truth:
    """Return the truth about the cells of which somebody looked at a part.

    Parameters
    ----------
    labels
        What was labelled.
    rois
        The ROIs that were shown.
    n_frames
        Frames of the movie.
    labelled_by
        Who labelled.

    Raises
    ------
    InputError
        If no segment was finished, or a mark lies outside the movie.
    """
    known = set(rois.ids.tolist())
    cells = {
        cell: own
        for cell, own in sorted(labels.cells.items())
        if cell in known and own.looked and not own.invalid
    }
    if not cells:
        raise InputError(
            rois.source, "segments", "none is finished", "Finish a segment: all in it counts as looked at."
        )
    return labelled(
        np.array(list(cells), dtype=np.int64),
        [own.cell_type for own in cells.values()],
        np.stack([_frames(own.transients, n_frames) for own in cells.values()]),
        looked=_spans(cells, ("looked",)),
        doubtful=_spans(cells, ("doubtful", "movement")),
        labelled_by=labelled_by,
    )


def labelled(
    ids: NDArray[np.int64],
    cell_types: Sequence[str],
    raster: NDArray[np.bool_],
    *,
    looked: Spans,
    doubtful: Spans,
    labelled_by: Sequence[str],
) -> Truth:
    """Return the truth of people about some cells; parameters as of `Truth`."""
    row, onset, peak = active_runs(raster)
    return Truth(
        ids=ids,
        cell_types=tuple(cell_types),
        is_target=np.zeros(len(ids), dtype=bool),
        raster=raster,
        roi_id=ids[row],
        onset=onset,
        peak=peak,
        looked=looked,
        doubtful=doubtful,
        labelled_by=tuple(labelled_by),
        preset="labelled",
        source="labels",
    )


def write_labelled(folder: Path, truth: Truth, rois: RoiSet, stamp: Stamp, movie: Path) -> None:
    """Write `folder`/truth.h5 and `folder`/rois.h5, as `ground_truth` and `fine_tune` read them.

    Parameters
    ----------
    folder
        Such as ``annotations/mouse1/ana``.
    truth
        What `truth_of` returned.
    rois
        The ROIs that were shown.
    stamp
        With the checksum of the raw movie.
    movie
        The registered movie: ``movie.h5`` becomes a link to it, unless a file of that name is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_rois(folder / "rois.h5", rois, stamp)
    write_truth(folder / "truth.h5", truth, stamp)
    link = folder / "movie.h5"
    if link.is_symlink():
        link.unlink()
    if not link.exists():
        link.symlink_to(os.path.relpath(movie.resolve(), folder.resolve()))


def _frames(marks: Mapping[str, Range], n_frames: int) -> NDArray[np.bool_]:
    frames = np.zeros(n_frames, dtype=bool)
    for first, last in marks.values():
        if last >= n_frames:
            raise InputError(
                "labels",
                "transients",
                f"have frames {first} to {last}, the movie has {n_frames}",
                "Annotate the movie that the labels are of.",
            )
        frames[first : last + 1] = True
    return frames


def _spans(cells: Mapping[int, CellLabels], kinds: Sequence[str]) -> Spans:
    rows = [
        (cell, first, last)
        for cell, own in cells.items()
        for kind in kinds
        for first, last in sorted(getattr(own, kind).values())
    ]
    return Spans(*np.array(rows, dtype=np.int64).T) if rows else Spans.none()
