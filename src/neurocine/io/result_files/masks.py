"""``masks.h5``: ROIs as ``rois.h5`` has them, with what people decided on each."""

from __future__ import annotations

from pathlib import Path

from neurocine.core.marked import MarkedRois
from neurocine.io.result_files.rois import rois_of, write_datasets
from neurocine.io.result_files.stamp import Stamp, as_strings, attribute, create, opened, strings


def write_masks(path: Path, marked: MarkedRois, stamp: Stamp) -> None:
    """Write `marked` to `path`, atomically; `read_rois` returns the kept masks of it."""
    with create(path, "rois", stamp) as file:
        write_datasets(file, marked.rois)
        file["states"] = as_strings(marked.states)
        file["marked_by"] = as_strings(marked.marked_by)
        file.attrs["start"] = marked.start
        file.attrs["start_sha256"] = marked.start_sha256


def read_masks(path: Path) -> MarkedRois:
    """Return the masks of a file that `write_masks` made.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind.
    """
    with opened(path, "rois") as file:
        return MarkedRois(
            rois_of(file, str(path)),
            strings(file, "states"),
            str(attribute(file, "start")),
            str(attribute(file, "start_sha256")),
            strings(file, "marked_by"),
        )


def has_states(path: Path) -> bool:
    """Return whether a file of ROIs of neurocine says what people decided on each."""
    with opened(path, "rois") as file:
        return "states" in file
