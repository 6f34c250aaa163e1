"""The people who labelled a recording, and what each of them holds for true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.annotation.journal import SUFFIX, Subject, read_journal
from neurocine.annotation.labels import Labels, labels_of
from neurocine.annotation.truth import CONSENSUS, truth_of
from neurocine.core import InputError, RoiSet
from neurocine.core.raster import active_runs
from neurocine.core.recording import Range
from neurocine.core.truth import Truth
from neurocine.io.result_files import read_rois, read_stamp, read_truth

#: What people say of a cell that can't be judged, beside the types.
INVALID = "invalid"


@dataclass(frozen=True, eq=False)
class Experts:
    """What each of several people holds for true of one recording.

    Attributes
    ----------
    truths
        By name: of the same ROIs and frames.
    rois
        The ROIs.
    frame_rate_hz
        Frames per second.
    again
        What some of them said of segments that came a second time.
    of_cells
        What each says of the cells that they judged, by ROI id: a type, `INVALID`, or empty.
    """

    truths: Mapping[str, Truth]
    rois: RoiSet
    frame_rate_hz: float
    again: Mapping[str, Truth] = field(default_factory=dict)
    of_cells: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.truths) < 2:
            raise InputError(
                "consensus",
                "experts",
                f"there are {len(self.truths)}: {', '.join(self.truths) or 'nobody'}",
                "Let at least two people label the recording.",
            )

    @property
    def n_frames(self) -> int:
        """Frames of the movie."""
        return next(iter(self.truths.values())).n_frames

    def of(self, roi_id: int) -> dict[str, SeenCell]:
        """Return what each person who looked at a cell saw in it."""
        return {
            name: SeenCell.of(truth, int(np.flatnonzero(truth.ids == roi_id)[0]))
            for name, truth in self.truths.items()
            if roi_id in truth.ids
        }

    def is_valid(self, roi_id: int, share: float) -> bool:
        """Return whether at least `share` of those who judged a cell say that it can be judged."""
        said = [own[roi_id] for name, own in self.of_cells.items() if roi_id in own and name in self.truths]
        return sum(one != INVALID for one in said) >= share * len(said) - 0.01

    @property
    def shared_cells(self) -> list[int]:
        """ROI ids at which two people or more looked."""
        ids, counts = np.unique(np.concatenate([t.ids for t in self.truths.values()]), return_counts=True)
        return [int(roi) for roi in ids[counts > 1]]


@dataclass(frozen=True, eq=False)
class SeenCell:
    """One cell as one person saw it.

    Attributes
    ----------
    transients
        Onset and peak (inclusive).
    looked, doubtful
        Frames that were looked at, and those in which it isn't known whether the cell is active, (T,) bool.
    cell_type
        Empty: unknown.
    """

    transients: tuple[Range, ...]
    looked: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    cell_type: str

    @classmethod
    def of(cls, truth: Truth, row: int) -> SeenCell:
        """Return the cell at a position of `truth`."""
        roi_id, n = int(truth.ids[row]), truth.n_frames
        _, onset, peak = active_runs(truth.raster[row : row + 1])
        return cls(
            tuple(zip(onset.tolist(), peak.tolist(), strict=True)),
            np.ones(n, dtype=bool) if truth.looked is None else truth.looked.frames(roi_id, n),
            truth.doubtful.frames(roi_id, n),
            truth.cell_types[row],
        )

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Frames that were looked at and aren't doubtful, (T,) bool."""
        return self.looked & ~self.doubtful


def read_experts(
    folder: Path,
    rois: RoiSet,
    subject: Subject,
    n_frames: int,
    frame_rate_hz: float,
    names: Sequence[str] = (),
) -> Experts:
    """Read what people labelled in ``annotations/<recording>``.

    Somebody who has a journal there must have closed the pass; of others, ``NAME/truth.h5`` is read, such as
    from `.cinac` files.

    Parameters
    ----------
    folder
        The folder.
    rois, n_frames, frame_rate_hz
        Of the recording.
    subject
        What they labelled; its ``by`` doesn't matter.
    names
        Who takes part; by default everybody.

    Raises
    ------
    InputError
        If a pass is open, somebody labelled another movie or other ROIs, or there are fewer than two people.
    """
    journals = {path.name.removesuffix(SUFFIX): path for path in sorted(folder.glob(f"*{SUFFIX}"))}
    folders = {path.parent.name: path.parent for path in sorted(folder.glob("*/truth.h5"))}
    known = sorted((journals.keys() | folders.keys()) - {CONSENSUS})
    missing = sorted(set(names) - set(known))
    if missing:
        raise InputError(
            folder, "experts", f"{missing[0]} hasn't labelled it", f"Name some of: {', '.join(known)}."
        )
    truths: dict[str, Truth] = {}
    again: dict[str, Truth] = {}
    of_cells: dict[str, dict[int, str]] = {}
    for name in names or known:
        if name not in journals:
            truths[name] = _of_folder(folders[name], rois, subject, n_frames)
            of_cells[name] = dict(zip(truths[name].ids.tolist(), truths[name].cell_types, strict=True))
            continue
        labels = _labels(journals[name], subject)
        truths[name] = truth_of(labels, rois, n_frames, [name])
        of_cells[name] = _said_of_cells(labels)
        if any(own.looked for own in labels.again.values()):
            again[name] = truth_of(replace(labels, cells=labels.again), rois, n_frames, [name])
    return Experts(truths, rois, frame_rate_hz, again, of_cells)


def _said_of_cells(labels: Labels) -> dict[int, str]:
    """Return what somebody says of each cell that they judged: finished a segment of, or called invalid."""
    return {
        roi: INVALID if own.invalid else own.cell_type
        for roi, own in labels.cells.items()
        if own.invalid or own.cell_type or own.looked
    }


def _labels(path: Path, subject: Subject) -> Labels:
    known, actions = read_journal(path)
    for what, same in (
        ("movie", known.movie_sha256 == subject.movie_sha256),
        ("ROIs", known.rois_sha256 == subject.rois_sha256),
    ):
        if not same:
            raise _other(path, what)
    labels = labels_of(actions)
    if not labels.closed:
        raise InputError(
            path,
            "pass",
            "is still open: nobody sees others' marks before",
            "Close it in the browser, or name the others with --expert.",
        )
    return labels


def _of_folder(folder: Path, rois: RoiSet, subject: Subject, n_frames: int) -> Truth:
    own, truth = read_rois(folder / "rois.h5"), read_truth(folder / "truth.h5")
    movie = read_stamp(folder / "truth.h5").source_sha256
    same_rois = own.fov_shape == rois.fov_shape and np.array_equal(own.ids, rois.ids)
    for what, same in (
        ("movie", (not movie or movie == subject.movie_sha256) and truth.n_frames == n_frames),
        ("ROIs", same_rois and (own.matrix() != rois.matrix()).nnz == 0),
    ):
        if not same:
            raise _other(folder, what)
    return truth


def _other(path: Path, what: str) -> InputError:
    return InputError(
        path, what, "isn't what the results are of", "Name the people who labelled these results."
    )
