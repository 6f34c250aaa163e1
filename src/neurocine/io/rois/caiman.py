"""CaImAn's results in HDF5, read without CaImAn."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.core import InputError, RoiSet
from neurocine.io.rois.datasets import choose_dataset
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.hdf5 import open_hdf5, whole

logger = logging.getLogger(__name__)


def matches(path: Path) -> bool:
    """Return whether the HDF5 file at `path` holds CaImAn's estimates, of one run or of several in groups."""
    with open_hdf5(path) as file:
        return bool(_runs(file))


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the components that CaImAn accepted, or all if it evaluated none.

    Where groups of the file hold the results of several runs, such as those of several planes, `dataset`
    names the group.

    ``estimates/A`` (pixels, components) counts pixels down the columns of the picture (Fortran's order).
    Its positive values are the weights; ids are CaImAn's component numbers; the probability is that of its
    network (``cnn_preds``) where it was used.

    Raises
    ------
    InputError
        If the file lacks ``estimates/A``, the movie was a volume, or there are several runs and none is
        named.
    """
    with open_hdf5(path) as file:
        run = choose_dataset(path, _runs(file), dataset, "results")
        footprints = _footprints(path, run)
        fov = agreed_fov(path, _dims(path, run), fov_shape)
        if fov[0] * fov[1] != footprints.shape[0]:
            raise InputError(
                path,
                "estimates/A",
                f"has {footprints.shape[0]} pixels, the field of view {fov[0]} x {fov[1]}",
                "Use the movie that CaImAn analysed, with the same field of view.",
            )
        n = footprints.shape[1]
        accepted = _numbers(run, "estimates/idx_components")
        components = np.arange(n) if accepted is None else np.sort(accepted.astype(np.int64).ravel())
        predicted = _numbers(run, "estimates/cnn_preds")
    probability = np.full(n, np.nan) if predicted is None or predicted.size != n else predicted.ravel()
    ids, pixels = [], []
    for i in components.tolist():
        column = footprints[:, [i]].tocoo()
        positive = column.data > 0
        index = column.row[positive]
        if not len(index):
            logger.warning("%s: component %d has no pixels and is left out", path, i)
            continue
        ids.append(i)
        pixels.append((index % fov[0], index // fov[0], column.data[positive]))
    return RoiSet.from_pixels(
        fov, pixels, ids=ids, engine="caiman", probability=probability[ids], source=str(path)
    )


def _runs(file: h5py.File) -> dict[str, h5py.Group]:
    """Return the groups that hold ``estimates`` by name; the file itself is ``/``."""
    runs = {"/": file["/"]} if "estimates" in file else {}

    def note(name: str, item: Any) -> None:
        group, _, last = name.rpartition("/")
        if group and last == "estimates" and isinstance(item, h5py.Group):
            runs[group] = file[group]

    file.visititems(note)
    return runs


def _footprints(path: Path, run: h5py.Group) -> sparse.csc_array:
    item = run.get("estimates/A")
    if isinstance(item, h5py.Dataset) and item.ndim == 2:
        return sparse.csc_array(whole(item))
    parts = ("data", "indices", "indptr", "shape")
    if not isinstance(item, h5py.Group) or any(part not in item for part in parts):
        raise InputError(
            path, "estimates/A", "is missing or not a sparse matrix", "Save CaImAn's results again."
        )
    data, indices, indptr, shape = (whole(item[part]) for part in parts)
    try:
        return sparse.csc_array((data, indices, indptr), shape=tuple(shape.tolist()))
    except ValueError as error:
        raise InputError(
            path, "estimates/A", f"isn't a valid sparse matrix ({error})", "Save CaImAn's results again."
        ) from error


def _dims(path: Path, run: h5py.Group) -> FovShape | None:
    for name in ("estimates/dims", "dims", "params/data/dims"):
        dims = _numbers(run, name)
        if dims is None:
            continue
        if dims.size != 2:
            raise InputError(path, name, f"is {dims.tolist()}: a volume", "Use the results of one plane.")
        return int(dims[0]), int(dims[1])
    return None


def _numbers(run: h5py.Group, name: str) -> NDArray[Any] | None:
    """Return a dataset of numbers; None if it's missing, or text: CaImAn writes None as a string."""
    item = run.get(name)
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "iuf":
        return None
    return whole(item)


ROI_FORMATS.register(
    RoiFormat(name="caiman", suffixes=(".h5", ".hdf5"), matches=matches, read=read, has_datasets=True)
)
