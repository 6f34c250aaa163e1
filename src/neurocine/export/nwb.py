"""NWB file of a recording: movie by link, ROIs, traces, cell types and activity."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from neurocine import __version__
from neurocine.config import ExportSettings
from neurocine.core import FileMissing
from neurocine.io.atomic import atomic_path
from neurocine.io.results import RecordingResults

if TYPE_CHECKING:
    from pynwb import NWBFile

#: NWB wants an age; this is its range from birth to no upper bound.
ANY_AGE = "P0D/"


def write_nwb(
    results: RecordingResults,
    settings: ExportSettings,
    movie_path: Path,
    out: Path,
) -> None:
    """Write the NWB file of a recording, atomically.

    Movies aren't copied: the file points to the raw and the registered one by paths relative to its own
    folder.

    Parameters
    ----------
    results
        All results of the recording; its name and its movie's checksum give the file's identifier.
    settings
        Who, where and which animal.
    movie_path
        The registered movie.
    out
        The NWB file.

    Raises
    ------
    FileMissing
        If the registered movie doesn't exist.
    """
    from pynwb import NWBHDF5IO

    from neurocine.export import nwb_checks, nwb_movie, nwb_rois

    if not movie_path.is_file():
        raise FileMissing(movie_path, "file", "doesn't exist", "The NWB file links to it: run motion first.")
    nwb = _file(results, settings)
    plane = nwb_movie.add_plane(nwb, results, settings)
    module = nwb.create_processing_module(
        "ophys", "Registration, ROIs, fluorescence, cell types and activity, made by neurocine"
    )
    with h5py.File(movie_path, "r") as movie_file, atomic_path(out) as part:
        nwb_movie.add_movies(nwb, module, plane, results, movie_file, out.parent)
        nwb_movie.add_images(module, results)
        _add_invalid_times(nwb, results)
        if len(results.rois):
            nwb_rois.add_rois(module, plane, results)
        nwb_checks.add_checks(module, results.contamination, results.controls)
        with NWBHDF5IO(part, "w") as io:
            io.write(nwb)


def _add_invalid_times(nwb: NWBFile, results: RecordingResults) -> None:
    """Add the frames without data as NWB's table of invalid times, which readers of the file leave out."""
    validity, rate = results.movie.validity, results.movie.frame_rate_hz
    if validity is None or not validity.invalid:
        return
    nwb.add_invalid_times_column("reason", "Why the frames hold no data; they are filled in")
    for part in validity.invalid:
        nwb.add_invalid_time_interval(
            start_time=part.first / rate, stop_time=(part.last + 1) / rate, reason=part.reason
        )


def _file(results: RecordingResults, settings: ExportSettings) -> NWBFile:
    from pynwb import NWBFile
    from pynwb.file import Subject

    name = results.name
    start = datetime.fromisoformat(settings.session_start)
    return NWBFile(
        session_description=f"Two-photon calcium imaging, recording {name}",
        identifier=str(uuid.uuid5(uuid.NAMESPACE_URL, f"neurocine:{results.source['sha256']}:{name}")),
        session_start_time=start,
        # Not the time of writing: the same results give the same content.
        file_create_date=start,
        session_id=name,
        experimenter=settings.experimenter or None,
        institution=settings.institution or None,
        experiment_description="Calcium imaging of one plane: which neurons were active, their types, and "
        "the frames in which each one fired.",
        keywords=["two-photon", "calcium imaging", "segmentation", "cell types", "DeepCINAC", "STNeuroNet"],
        was_generated_by=[("neurocine", __version__)],
        subject=Subject(
            subject_id=settings.subject_id or name,
            species=settings.species,
            age=settings.age or ANY_AGE,
            sex=settings.sex,
            description="The imaged animal",
        ),
    )
