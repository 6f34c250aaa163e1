"""Labels in the files of other tools: DeepCINAC's ``.cinac`` segments, both ways, and NWB."""

from __future__ import annotations

from pathlib import Path

from neurocine.annotation.segments import segments_of, truth_of_segments
from neurocine.config import ExportSettings
from neurocine.core import InputError, Movie
from neurocine.export.nwb_labels import write_nwb_labels
from neurocine.io.cinac_labels import n_frames_of, read_segments, write_segments
from neurocine.io.result_files import read_rois, read_truth, write_truth
from neurocine.progress import Progress, silent


def are_labels(source: Path, target: Path) -> bool:
    """Return whether these are labels, not ROIs: a folder with truth, or segments for a ``truth.h5``."""
    return (source / "truth.h5").is_file() or (
        source.suffix.lower() == ".cinac" and target.name == "truth.h5"
    )


def convert_labels(
    source: Path,
    target: Path,
    movie: Movie | None,
    settings: ExportSettings,
    progress: Progress = silent,
) -> None:
    """Write labels in the format that the name of `target` asks for.

    Parameters
    ----------
    source
        A folder with ``truth.h5`` and ``rois.h5``, or a ``.cinac`` file with segments.
    target
        ``.cinac`` or ``.nwb``; of a ``.cinac`` file ``truth.h5``.
    movie
        The registered movie, for a folder.
    settings
        Start of the recording, for NWB.
    progress
        Called with the number of frames read.

    Raises
    ------
    InputError
        If the movie isn't given or isn't that of the labels, or `target` has another suffix.
    """
    if source.suffix.lower() == ".cinac" and source.is_file():
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
