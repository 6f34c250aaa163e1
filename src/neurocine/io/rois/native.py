"""neurocine's own ``rois.h5``."""

from __future__ import annotations

from pathlib import Path

from neurocine.core import RoiSet
from neurocine.io.result_files import read_rois, write_rois
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.hdf5 import open_hdf5


def matches(path: Path) -> bool:
    """Return whether the HDF5 file at `path` is one of neurocine's."""
    with open_hdf5(path) as file:
        return "kind" in file.attrs


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the ROIs of a ``rois.h5``."""
    rois = read_rois(path)
    agreed_fov(path, rois.fov_shape, fov_shape)
    return rois


def write(path: Path, rois: RoiSet) -> None:
    """Write a ``rois.h5``, which keeps everything."""
    write_rois(path, rois)


ROI_FORMATS.register(
    RoiFormat(
        name="rois.h5",
        suffixes=(".h5", ".hdf5"),
        matches=matches,
        read=read,
        write=write,
        written_as=(".h5", ".hdf5"),
    )
)
