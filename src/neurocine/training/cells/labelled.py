"""A lab's own labelled cells, as folders or ``.cinac`` files, in the form that training reads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES, InputError, Movie, RoiSet
from neurocine.core.raster import active_runs
from neurocine.core.truth import Spans, Truth
from neurocine.io.cinac_labels import LabelledSegment, read_segments
from neurocine.io.result_files import read_celltypes, read_movie, read_rois, read_truth
from neurocine.io.results import files_in
from neurocine.networks.cells.grid import Grid, resampling_matrix
from neurocine.networks.cells.normalisation import Statistics
from neurocine.networks.registry import ModelEntry
from neurocine.training.cells.augment import SHIFT_PX
from neurocine.training.corpus import LabelledRecording, measured

log = logging.getLogger(__name__)

_AS_THEY_ARE = Statistics(np.zeros((), dtype=np.float32), np.ones((), dtype=np.float32))


@dataclass(frozen=True, eq=False)
class Labelled:
    """A recording of which some cells are labelled.

    Attributes
    ----------
    recording
        All cells, on the model's grid; no frame of those that aren't labelled counts.
    names
        Identity of each labelled cell, (N,) strings, the same in all its segments; empty for the others.
    """

    recording: LabelledRecording
    names: tuple[str, ...]


class LabelledFiles(NamedTuple):
    """A movie, its ROIs, and their truth or their labels in a structural channel."""

    movie: Path
    rois: Path
    labels: Path


def labelled_files(folder: Path) -> LabelledFiles:
    """Return the files of a folder of labelled cells, or of the results of a recording."""
    if (folder / "truth.h5").is_file() or (folder / "movie.h5").is_file():
        types = folder / "celltypes.tsv"
        labels = types if types.is_file() and not (folder / "truth.h5").is_file() else folder / "truth.h5"
        return LabelledFiles(folder / "movie.h5", folder / "rois.h5", labels)
    found = files_in(folder, "activity")
    return LabelledFiles(found["movie"], found["rois"], found["celltypes"])


def load_labelled(paths: Sequence[Path], entry: ModelEntry) -> list[Labelled]:
    """Return the labelled cells in `paths`, for the model that `entry` describes.

    Parameters
    ----------
    paths
        Folders with ``movie.h5``, ``rois.h5`` and ``truth.h5``, the truth of some or all of the ROIs, brought
        to the model's frame rate and pixel size (and then held in memory); for a cell-type model also with
        ``celltypes.tsv`` instead of the truth, or results of a recording, of which the cells that are
        labelled in the structural channel are taken; ``.cinac`` files, brought to the model's frame rate if
        they give theirs (neurocine writes it, DeepCINAC doesn't), and else taken to have the model's
        sampling.
    entry
        Sampling, window and normalisation of the model.

    Raises
    ------
    InputError
        If a file is missing or damaged, or its parts don't belong together, or no recording is as long as a
        window of the model.
    """
    recordings = []
    for number, path in enumerate(paths, start=1):
        name = f"{number}. {path.name}"
        if path.is_dir():
            recordings.append(_folder(path, name, entry))
        else:
            recordings += [_segment(segment, name, entry) for segment in read_segments(path)]
    fitting = [item for item in recordings if item.recording.movie.n_frames >= entry.window_frames]
    if len(fitting) < len(recordings):
        log.warning("%d labelled recordings are too short and are left out", len(recordings) - len(fitting))
    if not fitting:
        raise InputError(
            ", ".join(map(str, paths)) or "training.fine_tune",
            "labelled",
            f"holds no recording of {entry.window_frames} frames or more, the model's window",
            "Name folders or .cinac files with labelled cells.",
        )
    return fitting


def _folder(folder: Path, name: str, entry: ModelEntry) -> Labelled:
    files = labelled_files(folder)
    movie, rois = read_movie(files.movie), read_rois(files.rois)
    is_truth = files.labels.suffix == ".h5"
    truth = read_truth(files.labels) if is_truth else _truth_of_labels(files.labels, movie.n_frames, entry)
    places = {int(roi_id): i for i, roi_id in enumerate(rois.ids)}
    unknown = [i for i in truth.ids.tolist() if i not in places]
    if unknown or truth.n_frames != movie.n_frames:
        problem = (
            f"has ROI {unknown[0]}, which {files.rois.name} lacks"
            if unknown
            else f"has {truth.n_frames} frames, the movie {movie.n_frames}"
        )
        raise InputError(
            folder, files.labels.name, problem, "Use the movie, ROIs and truth of the same recording."
        )
    grid = Grid.of(movie, entry.frame_rate_hz, entry.pixel_size_um)
    labelled = np.array([places[i] for i in truth.ids.tolist()], dtype=np.int64)
    raster, counted = (np.zeros((len(rois), grid.n_frames), dtype=bool) for _ in range(2))
    known = np.stack([truth.counted(i) for i in range(len(truth.ids))])
    raster[labelled], counted[labelled] = _resampled(truth.raster, known, grid)
    cell_types, names = ["noise"] * len(rois), [""] * len(rois)
    for place, cell_type in zip(labelled, truth.cell_types, strict=True):
        if entry.task == "celltype" and not cell_type:
            continue  # somebody looked at its activity only
        cell_types[place], names[place] = cell_type, f"{name}: ROI {rois.ids[place]}"
    if grid.time_ratio != 1 or grid.space_ratio != 1:
        movie, rois = _brought(movie, grid, entry), grid.rois(rois)
    whole = _truth(rois, tuple(cell_types), raster, counted, str(files.labels))
    return Labelled(measured(movie, rois, whole, entry.normalisation), tuple(names))


def _brought(movie: Movie, grid: Grid, entry: ModelEntry) -> Movie:
    """Return the movie with the model's frame rate and pixel size."""
    return replace(
        movie,
        frames=grid.read(movie, 0, grid.n_frames),
        frame_rate_hz=entry.frame_rate_hz,
        pixel_size_um=entry.pixel_size_um,
    )


def _resampled(
    raster: NDArray[np.bool_], counted: NDArray[np.bool_], grid: Grid
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the raster and the frames that count, (N, T) each, on the model's grid."""
    resampling = resampling_matrix(grid.movie_frames, grid.time_ratio)
    # On a coarser grid a rise that is shorter than a frame must not vanish.
    active = resampling @ raster.T.astype(np.float32) > (0 if grid.time_ratio < 1 else 0.5)
    return active.T, (resampling @ ~counted.T).T == 0


def _truth_of_labels(table: Path, n_frames: int, entry: ModelEntry) -> Truth:
    """Return the types of the cells that are labelled in the structural channel, without any activity.

    Nothing is known of the other cells, so they aren't among them.
    """
    if entry.task != "celltype":
        raise InputError(
            table, "label", "tells the types of cells, not when they are active", "Add a truth.h5."
        )
    types = read_celltypes(table)
    labels = () if types.labels is None else types.labels.types
    known = np.array([bool(label) for label in labels], dtype=bool)
    if not known.any():
        raise InputError(
            table,
            "label",
            "no cell is labelled",
            "Name a recording with a structural channel, or lower celltype.labelled_threshold.",
        )
    ids = types.ids[known]
    none = np.empty(0, dtype=np.int64)
    return Truth(
        ids=ids,
        cell_types=tuple(label for label in labels if label),
        is_target=np.zeros(len(ids), dtype=bool),
        raster=np.zeros((len(ids), n_frames), dtype=bool),
        roi_id=none,
        onset=none,
        peak=none,
        preset="labelled",
        source=str(table),
    )


def _segment(segment: LabelledSegment, name: str, entry: ModelEntry) -> Labelled:
    px = segment.frames.shape[1]
    if px < entry.window_px:
        raise InputError(
            segment.source,
            "ci_movie",
            f"has patches of {px} pixels, the model reads {entry.window_px}",
            "Label in a larger window, or start from another model.",
        )
    cell_type = segment.cell_type.strip().lower()
    if entry.task == "celltype" and cell_type not in CELL_TYPES:
        raise InputError(
            segment.source,
            "cell_type",
            f"is {cell_type!r}",
            f"Set it to {', '.join(CELL_TYPES[:-1])} or {CELL_TYPES[-1]}.",
        )
    # Training shifts windows by some pixels: mirrored at the patch's border.
    border = SHIFT_PX
    edges = [(0, 0), (border, border), (border, border)]
    frames = np.pad(segment.frames.astype(np.float32), edges, mode="reflect")
    height, width = frames.shape[1:]
    pixels = [segment.rois.pixels(i) for i in range(len(segment.rois))]
    rois = RoiSet.from_pixels(
        (height, width), [(y + border, x + border, w) for y, x, w in pixels], source=segment.source
    )
    rate = segment.frame_rate_hz or entry.frame_rate_hz
    movie = Movie(frames, rate, entry.pixel_size_um, source=segment.source)
    grid = Grid.of(movie, entry.frame_rate_hz, entry.pixel_size_um)
    raster, counted = (np.zeros((len(rois), grid.n_frames), dtype=bool) for _ in range(2))
    raster[:1], counted[:1] = _resampled(segment.raster[None], ~segment.doubtful[None], grid)
    if grid.time_ratio != 1:
        movie = _brought(movie, grid, entry)
    kind = cell_type if cell_type in CELL_TYPES else "noise"
    truth = _truth(rois, (kind,) + ("noise",) * (len(rois) - 1), raster, counted, segment.source)
    recording = measured(movie, rois, truth, entry.normalisation)
    if entry.normalisation == "movie":  # as they are: z-scored over the whole movie when labelled
        recording = replace(recording, statistics=_AS_THEY_ARE)
    names = (f"{name}: cell {segment.cell}",) + ("",) * (len(rois) - 1)
    return Labelled(recording, names)


def _truth(
    rois: RoiSet,
    kinds: tuple[str, ...],
    raster: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    source: str,
) -> Truth:
    row, onset, peak = active_runs(raster)
    looked, first, last = active_runs(counted)
    return Truth(
        ids=rois.ids,
        cell_types=kinds,
        is_target=np.zeros(len(rois), dtype=bool),
        raster=raster,
        looked=Spans(rois.ids[looked], first, last),
        roi_id=rois.ids[row],
        onset=onset,
        peak=peak,
        preset="labelled",
        source=source,
    )
