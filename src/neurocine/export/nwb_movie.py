"""The parts of an NWB file about the movie: microscope, links to the movies, shifts and summary images."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pynwb import H5DataIO, NWBFile, ProcessingModule, TimeSeries
from pynwb.base import Images
from pynwb.image import GrayscaleImage, ImageSeries
from pynwb.ophys import CorrectedImageStack, ImagingPlane, MotionCorrection, OpticalChannel, TwoPhotonSeries

from neurocine.config import ExportSettings
from neurocine.io.results import RecordingResults

_log = logging.getLogger(__name__)

AXES = "Axes are (frame, row y, column x), row 0 at the top."


def add_plane(nwb: NWBFile, results: RecordingResults, settings: ExportSettings) -> ImagingPlane:
    """Add the microscope and the imaged plane."""
    movie = results.movie
    edge_m = movie.pixel_size_um * 1e-6
    return nwb.create_imaging_plane(
        name="ImagingPlane",
        description=f"One plane of {movie.fov_shape[0]} x {movie.fov_shape[1]} pixels (y, x), "
        f"{movie.pixel_size_um:g} micrometres per pixel",
        optical_channel=OpticalChannel(
            name="OpticalChannel",
            description=f"Emission of {movie.indicator or 'the calcium indicator'}",
            emission_lambda=settings.emission_nm,
        ),
        device=nwb.create_device("Microscope", description="Two-photon microscope"),
        excitation_lambda=settings.excitation_nm,
        imaging_rate=movie.frame_rate_hz,
        indicator=movie.indicator or "unknown",
        location=settings.location,
        grid_spacing=[edge_m, edge_m],
        grid_spacing_unit="meters",
    )


def add_movies(
    nwb: NWBFile,
    module: ProcessingModule,
    plane: ImagingPlane,
    results: RecordingResults,
    movie_file: h5py.File,
    folder: Path,
) -> None:
    """Link the registered movie, and the raw one if it is a single file that is still there, and add shifts.

    Parameters
    ----------
    movie_file
        The registered movie, open until the NWB file is written.
    folder
        Where the NWB file will lie; external files are named relative to it.
    """
    shifts = _shifts(results)
    registered = _registered(results, movie_file)
    raw = [Path(file["path"]) for file in results.source["files"]]
    # NWB wants the first frame of each file, which isn't known for a movie in several files.
    if len(raw) != 1 or not raw[0].exists():
        _log.warning("the NWB file of %s links the registered movie only", results.name)
        nwb.add_acquisition(TwoPhotonSeries(name="TwoPhotonSeries", imaging_plane=plane, **registered))
        module.add(shifts)
        return
    original = TwoPhotonSeries(
        name="TwoPhotonSeries",
        description=f"Raw movie, as recorded. {AXES}",
        imaging_plane=plane,
        **_external(results, raw[0], folder),
    )
    nwb.add_acquisition(original)
    stack = CorrectedImageStack(
        corrected=ImageSeries(name="corrected", **registered), original=original, xy_translation=shifts
    )
    module.add(MotionCorrection(name="MotionCorrection", corrected_image_stacks=[stack]))


def _registered(results: RecordingResults, movie_file: h5py.File) -> dict[str, Any]:
    return {
        "description": f"Registered movie: every frame moved onto a template. {AXES}",
        "data": H5DataIO(movie_file["movie"], link_data=True),
        "unit": "n.a.",
        "rate": results.movie.frame_rate_hz,
        "starting_time": 0.0,
    }


def _external(results: RecordingResults, path: Path, folder: Path) -> dict[str, Any]:
    height, width = results.movie.fov_shape
    return {
        "external_file": [Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()],
        "format": "external",
        "starting_frame": [0],
        "dimension": [width, height],
        "num_samples": results.movie.n_frames,
        "unit": "n.a.",
        "rate": results.movie.frame_rate_hz,
        "starting_time": 0.0,
    }


def _shifts(results: RecordingResults) -> TimeSeries:
    registration = results.registration
    return TimeSeries(
        name="xy_translation",
        description="Displacement (x, y) of each frame's content from the template; positive is right and "
        "down. The registered frame was moved back by as much. "
        f"{int(registration.unregistered.sum())} frames could not be registered.",
        data=H5DataIO(np.stack([registration.x, registration.y], axis=1), compression="gzip"),
        unit="pixels",
        rate=results.movie.frame_rate_hz,
        starting_time=0.0,
    )


def add_images(module: ProcessingModule, results: RecordingResults) -> None:
    """Add the summary images and the template of the registered movie."""
    per_m = 1e6 / results.movie.pixel_size_um
    pictures = {
        "mean": (results.summary.mean, "Mean over time, in counts"),
        "max": (results.summary.max, "Maximum over time, in counts"),
        "std": (results.summary.std, "Standard deviation over time, in counts"),
        "correlation": (results.summary.correlation, "Mean correlation of each pixel with its 8 neighbours"),
        "template": (results.registration.template, "Picture that frames were registered onto, in counts"),
    }
    images = Images(name="SummaryImages", description="Summary images of the registered movie; axes (y, x)")
    for name, (picture, description) in pictures.items():
        images.add_image(
            GrayscaleImage(name=name, data=picture, description=description, resolution=per_m / 100)
        )
    module.add(images)
