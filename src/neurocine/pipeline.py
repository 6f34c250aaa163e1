"""One function per step, from files to a file: a rule's script and the command of the same name call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from neurocine.core import Movie
from neurocine.io.atomic import atomic_path
from neurocine.io.result_files import (
    Stamp,
    read_activity,
    read_assemblies,
    read_celltypes,
    read_rois,
    read_stamp,
    read_structural,
    settings_hash,
    write_activity,
    write_assemblies,
    write_celltypes,
    write_contamination,
    write_controls,
    write_rois,
    write_traces,
)
from neurocine.io.rois import open_cropped, open_rois
from neurocine.progress import Progress, silent

if TYPE_CHECKING:
    from neurocine.config import (
        ActiveSettings,
        ActivitySettings,
        AssembliesSettings,
        CelltypeSettings,
        Config,
        EnginesSettings,
        MotionSettings,
        SegmentationSettings,
        StneuronetSettings,
        TracesSettings,
    )
    from neurocine.io.results import RecordingResults

# Each step imports its engine only when it runs: suite2p and TensorFlow take long to load.


def motion(
    movie: Movie,
    out: Path,
    settings: MotionSettings,
    *,
    source_sha256: str = "",
    scan_phase: float | None = None,
    engines: EnginesSettings | None = None,
    structural: Movie | None = None,
    progress: Progress = silent,
) -> None:
    """Register `movie` and write the movie file `out`; `structural` is its structural channel, if any.

    `scan_phase` is how far every second row is shifted, as `ingest` measured it; None: not known.
    """
    from neurocine.motion import register, row_correction, unshifted

    stamp = Stamp(settings_hash(settings.model_dump()), source_sha256)
    shift = row_correction(settings.bidirectional, scan_phase, movie.source)
    channel = None if structural is None else unshifted(structural, shift)
    register(unshifted(movie, shift), settings, out, stamp, progress, engines, channel)


def segmentation(
    movie: Movie,
    out: Path,
    settings: SegmentationSettings,
    *,
    given: Path | None = None,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> None:
    """Find the ROIs of a registered movie, or take those of the file `given`, and write `out`."""
    from neurocine.segmentation import segment

    contours = None if given is None else open_cropped(given, fov_shape=movie.fov_shape, crop=movie.crop)
    rois = segment(movie, settings, given=contours, engines=engines, progress=progress)
    write_rois(out, rois, _stamp(movie, settings.model_dump()))


def active(
    movie: Movie,
    rois: Path,
    out: Path,
    settings: ActiveSettings,
    stneuronet: StneuronetSettings,
    *,
    progress: Progress = silent,
) -> None:
    """Find which ROIs of the file `rois` are active neurons; write those that the mode selects to `out`."""
    from neurocine.active import annotate_active

    candidates = open_rois(rois, fov_shape=movie.fov_shape)
    annotated = annotate_active(movie, candidates, settings, stneuronet, progress=progress)
    made_with = {"active": settings.model_dump(), "stneuronet": stneuronet.model_dump()}
    write_rois(out, annotated, _stamp(movie, made_with))


def traces(
    movie: Movie,
    rois: Path,
    out: Path,
    settings: TracesSettings,
    *,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> None:
    """Extract the traces of the ROIs in the file `rois` and write `out`."""
    from neurocine.traces import extract

    contours = open_rois(rois, fov_shape=movie.fov_shape)
    extracted = extract(movie, contours, settings, progress=progress, engines=engines)
    write_traces(out, extracted, _stamp(movie, settings.model_dump()))


def celltype(
    movie: Movie, rois: Path, out: Path, settings: CelltypeSettings, *, progress: Progress = silent
) -> None:
    """Classify every ROI in the file `rois` by its cell type and write the table `out`.

    If the movie file holds a structural channel, the table also says which cells are labelled in it.
    """
    from neurocine.celltype import classify, labels_of

    cells = open_rois(rois, fov_shape=movie.fov_shape)
    path = Path(movie.source)
    structural = read_structural(path) if _is_own(path) else None
    labels = labels_of(cells, structural, movie.pixel_size_um, settings)
    types = replace(classify(movie, cells, settings, progress=progress), labels=labels)
    write_celltypes(out, types, _stamp(movie, settings.model_dump()))


def activity(
    movie: Movie,
    rois: Path,
    out: Path,
    settings: ActivitySettings,
    *,
    celltypes: Path | None = None,
    part: tuple[int, int] = (0, 1),
    progress: Progress = silent,
) -> None:
    """Infer the frames in which the ROIs of the file `rois`, or a part of them, are active; write `out`."""
    from neurocine.activity import infer

    types = None if celltypes is None else read_celltypes(celltypes)
    cells = open_rois(rois, fov_shape=movie.fov_shape)
    raster = infer(movie, cells, settings, celltypes=types, part=part, progress=progress)
    write_activity(out, raster, _stamp(movie, settings.model_dump()))


def gather_activity(
    movie: Movie, parts: Sequence[Path], rois: Path, out: Path, settings: ActivitySettings
) -> None:
    """Join the files `parts`, which `activity` wrote for parts of the ROIs, and write `out`."""
    from neurocine.activity import gathered

    raster = gathered([read_activity(part) for part in parts], read_rois(rois).ids)
    write_activity(out, raster, _stamp(movie, settings.model_dump()))


def contamination(
    movie: Movie,
    rois: Path,
    activity: Path,
    out: Path,
    *,
    celltypes: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Find the transients of the ROIs in the file `rois` that an overlapping neighbour causes; write `out`.

    `activity` says which of them were called active; ROIs of type noise are left out.
    """
    from neurocine.contamination import find_contamination

    types = None if celltypes is None else read_celltypes(celltypes)
    cells = open_rois(rois, fov_shape=movie.fov_shape)
    found = find_contamination(movie, cells, read_activity(activity), types, progress)
    write_contamination(out, found)


def assemblies(
    activity: Path,
    out: Path,
    settings: AssembliesSettings,
    *,
    celltypes: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Find the cell assemblies in the file `activity` and write `out`; ROIs of type noise are left out."""
    from neurocine.assemblies import find_assemblies

    raster = read_activity(activity)
    kinds = [""] * len(raster.ids) if celltypes is None else read_celltypes(celltypes).of(raster.ids)
    cells = np.array([kind != "noise" for kind in kinds], dtype=bool)
    detected = find_assemblies(
        raster.active[cells],
        raster.frame_rate_hz,
        settings,
        ids=raster.ids[cells],
        source=raster.source,
        progress=progress,
    )
    stamp = Stamp(settings_hash(settings.model_dump()), read_stamp(activity).source_sha256)
    write_assemblies(out, detected, stamp)


def draw_assemblies(assemblies: Path, picture: Path, *, rois: Path | None = None) -> None:
    """Draw the assemblies in the file `assemblies`, on a map too if the file `rois` is given, as PNG."""
    from neurocine.assemblies.figures import assemblies_png

    contours = None if rois is None else read_rois(rois)
    with atomic_path(picture) as part:
        part.write_bytes(assemblies_png(read_assemblies(assemblies), contours))


def controls(results: RecordingResults, out: Path, config: Config, *, progress: Progress = silent) -> None:
    """Run the controls of a recording, whose results were made with `config`, and write `out`."""
    from neurocine.controls.run import run_controls

    write_controls(out, run_controls(results, config, progress))


def _stamp(movie: Movie, settings: dict[str, Any]) -> Stamp:
    """Return the stamp of a result made from `movie`, with the raw movie's checksum if it is our own file."""
    path = Path(movie.source)
    return Stamp(settings_hash(settings), read_stamp(path).source_sha256 if _is_own(path) else "")


def _is_own(path: Path) -> bool:
    """Return whether `path` is a movie file of neurocine."""
    if not path.is_file() or not h5py.is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return str(file.attrs.get("kind", "")) == "movie"
