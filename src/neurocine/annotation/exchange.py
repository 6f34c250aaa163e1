"""Labels in the files of other tools: DeepCINAC's ``.cinac`` segments, both ways, and NWB."""

from __future__ import annotations

import logging
from pathlib import Path

from neurocine.annotation.segments import segments_of, truth_of_segments
from neurocine.config import ExportSettings
from neurocine.core import InputError, Movie
from neurocine.export.nwb_labels import write_nwb_labels
from neurocine.io.cinac_labels import (
    copy_cinac,
    is_cinac,
    n_frames_of,
    read_segments,
    segment_names,
    write_segments,
)
from neurocine.io.result_files import read_rois, read_truth, write_truth
from neurocine.io.rois.fov import FovShape
from neurocine.progress import Progress, silent

logger = logging.getLogger(__name__)


def are_labels(source: Path, target: Path) -> bool:
    """Return whether these are labels, not ROIs alone.

    They are in a folder with truth, and in a ``.cinac`` file that becomes ``truth.h5`` or another ``.cinac``.
    Of segments that a target can't hold, a warning says so.
    """
    if (source / "truth.h5").is_file():
        return True
    if not is_cinac(source):
        return False
    if target.name == "truth.h5" or target.suffix.lower() == ".cinac":
        return True
    if n_segments := len(segment_names(source)):
        logger.warning(
            "%s: its %d labelled segments aren't written, for %s holds ROIs alone: write them with "
            "neurocine convert %s truth.h5",
            source, n_segments, target.name, source,
        )  # fmt: skip
    return False


def convert_labels(
    source: Path,
    target: Path,
    movie: Movie | None,
    settings: ExportSettings,
    progress: Progress = silent,
    fov_shape: FovShape | None = None,
) -> None:
    """Write labels in the format that the name of `target` asks for.

    Parameters
    ----------
    source
        A folder with ``truth.h5`` and ``rois.h5``, or a ``.cinac`` file with segments.
    target
        ``.cinac`` or ``.nwb``; of a ``.cinac`` file ``truth.h5``, or ``.cinac`` for the same content.
    movie
        The registered movie, for a folder.
    settings
        Start of the recording, for NWB.
    progress
        Called with the number of frames read.
    fov_shape
        Height and width of the field of view, if a ``.cinac`` file lacks it.

    Raises
    ------
    InputError
        If the movie isn't given or isn't that of the labels, or `target` has another suffix.
    """
    if is_cinac(source):
        if target.name != "truth.h5":
            copy_cinac(source, target, fov_shape)
            return
        write_truth(target, truth_of_segments(read_segments(source), n_frames_of(source)))
        return
    suffix = target.suffix.lower()
    if suffix not in (".cinac", ".nwb"):
        raise InputError(target, "suffix", f"{suffix!r} isn't one of labels", "Name a .cinac or .nwb file.")
    if movie is None:
        raise InputError(
            "command line",
            "--movie",
            "is missing: labels have no frame rate and no pixels",
            "Give the registered movie, such as results/NAME/motion/movie.h5.",
        )
    truth, rois = read_truth(source / "truth.h5"), read_rois(source / "rois.h5")
    segments = segments_of(truth, rois, movie, progress)
    if suffix == ".cinac":
        write_segments(target, segments, rois, truth.n_frames)
    else:
        name, start = target.stem, settings.session_start
        write_nwb_labels(target, truth, movie.frame_rate_hz, name=name, session_start=start)
