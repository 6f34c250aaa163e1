"""``rois.h5``: sparse pixel masks in the layout of NWB's ``pixel_mask``."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from neurocine.core import RoiSet
from neurocine.core.marked import KEEP
from neurocine.io.atomic_hdf5 import NewFile
from neurocine.io.result_files.stamp import Stamp, as_strings, attribute, create, dataset, opened, strings


def write_rois(path: Path, rois: RoiSet, stamp: Stamp | None = None) -> None:
    """Write `rois` to `path`, atomically."""
    with create(path, "rois", stamp or Stamp()) as file:
        write_datasets(file, rois)


def write_datasets(file: NewFile, rois: RoiSet) -> None:
    """Write `rois` into a file that is being made."""
    file.attrs["fov_shape"] = rois.fov_shape
    file["ids"] = rois.ids
    file["indptr"] = rois.indptr
    for name in ("y", "x", "weight", "probability", "active_probability", "labelled"):
        file[name] = getattr(rois, name)
    file["engine"] = as_strings(rois.engine)
    counts = [len(intervals) for intervals in rois.active_intervals]
    file["intervals/indptr"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    file["intervals/frames"] = np.concatenate([np.empty((0, 2), dtype=np.int64), *rois.active_intervals])


def read_rois(path: Path) -> RoiSet:
    """Return the ROIs of a file that `write_rois` made; of ``masks.h5`` those that were kept.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind.
    """
    with opened(path, "rois") as file:
        rois = rois_of(file, str(path))
        if "states" not in file:
            return rois
        return rois.select(np.array([state == KEEP for state in strings(file, "states")], dtype=bool))


def rois_of(file: h5py.File, source: str) -> RoiSet:
    """Return all ROIs of an open file."""
    height, width = (int(n) for n in attribute(file, "fov_shape"))
    bounds = dataset(file, "intervals/indptr")[1:-1]
    intervals = np.split(dataset(file, "intervals/frames"), bounds)
    ids = dataset(file, "ids")
    # Files of earlier versions lack some: they weren't looked for.
    unknown = np.full(len(ids), np.nan, np.float32)
    return RoiSet(
        fov_shape=(height, width),
        ids=ids,
        indptr=dataset(file, "indptr"),
        y=dataset(file, "y", "iu"),
        x=dataset(file, "x", "iu"),
        weight=dataset(file, "weight", "f"),
        engine=strings(file, "engine"),
        probability=dataset(file, "probability"),
        active_intervals=tuple(intervals) if len(ids) else (),
        active_probability=dataset(file, "active_probability") if "active_probability" in file else unknown,
        labelled=dataset(file, "labelled") if "labelled" in file else unknown,
        source=source,
    )
