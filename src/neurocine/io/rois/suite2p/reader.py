"""suite2p's folder with ``stat.npy``, read by a restricted unpickler, and its ``Fall.mat``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, RoiSet
from neurocine.io.movies.suite2p_bin import only_plane, plane_folders, read_settings
from neurocine.io.rois.curation import keep_accepted
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.rois.suite2p.fall import read_fall
from neurocine.io.rois.suite2p.folder import write_suite2p
from neurocine.io.safe.damage import reraise_as_input_error
from neurocine.io.safe.unpickle import load_npy

logger = logging.getLogger(__name__)

STAT = "stat.npy"
ISCELL = "iscell.npy"
MATLAB = ".mat"
REDCELL = "redcell.npy"
#: suite2p's default frame rate, written when an ROI file is converted, which has none.
DEFAULT_FS = 10.0


def matches(path: Path) -> bool:
    """Return whether the file at `path` is called ``stat.npy``."""
    return path.name == STAT


def files_in(folder: Path) -> list[Path]:
    """Return `folder` itself if it, or a folder of a plane in it, holds a ``stat.npy``."""
    return [folder] if (folder / STAT).is_file() or plane_folders(folder, STAT) else []


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the ROIs with suite2p's probability; those that ``iscell`` rejects are left out.

    Column 0 of ``iscell.npy`` is 1 for cells: suite2p's classifier fills it, a person corrects it in the
    GUI. Ids are suite2p's numbers of the ROIs, from 0. Without ``iscell.npy``, all ROIs are returned.

    Column 0 of ``redcell.npy``, which the GUI edits as well, says which ROIs are labelled in the second
    channel; column 1 is a ratio of brightnesses, not a probability, and isn't read.

    Raises
    ------
    InputError
        If a file is damaged or holds more than arrays and plain containers, the field of view is unknown,
        ``iscell`` rejects all ROIs, or a folder holds several planes.
    """
    rois, accepted, decided = _read_all(path, fov_shape)
    if accepted is None:
        return rois
    return keep_accepted(rois, accepted, path=decided, decision="suite2p's iscell marks as cells")


def read_curated(path: Path, fov_shape: FovShape | None) -> tuple[RoiSet, NDArray[np.bool_] | None, Path]:
    """Return all ROIs, which of them ``iscell`` marks as cells (N,), and the file that they are in.

    None if there is no ``iscell``. Errors as of `read`, but for a folder that rejects all ROIs.
    """
    with reraise_as_input_error(path, "ROIs of suite2p"):
        rois, accepted, _ = _read_all(path, fov_shape)
    return rois, None if accepted is None else np.asarray(accepted) > 0, Path(rois.source)


def _read_all(path: Path, fov_shape: FovShape | None) -> tuple[RoiSet, NDArray[Any] | None, Path]:
    """Return all ROIs, the decisions of ``iscell`` on them, and the file of these."""
    if path.suffix.lower() == MATLAB:
        file = decided = red_file = path
        stats, decisions, red, settings = read_fall(path)
    else:
        file = _stat_file(path)
        decided, red_file = file.with_name(ISCELL), file.with_name(REDCELL)
        stats, decisions, red = _stats(file), _table(decided), _table(red_file)
        settings = read_settings(file.parent)
    fov = (int(settings["Ly"]), int(settings["Lx"])) if {"Ly", "Lx"} <= set(settings) else None
    with reraise_as_input_error(
        file, "a list of ROIs with ypix and xpix", "Use the file as suite2p wrote it."
    ):
        pixels = [_pixels(stat) for stat in stats]
    accepted, probability = _decisions(decided, decisions, len(pixels))
    labelled, _ = _decisions(red_file, red, len(pixels))
    rois = RoiSet.from_pixels(
        agreed_fov(file, fov, fov_shape),
        pixels,
        engine="suite2p",
        probability=probability,
        labelled=None if labelled is None else labelled > 0,
        source=str(file),
    )
    return rois, accepted, decided


def _stat_file(path: Path) -> Path:
    """Return the ``stat.npy`` that `path` is, or that lies in it or in its only plane."""
    if path.is_file():
        return path
    return (path if (path / STAT).is_file() else only_plane(path, STAT)) / STAT


def _stats(file: Path) -> list[Any]:
    """Return the dicts of a ``stat.npy``; the first versions wrote them as one object."""
    stats = load_npy(file)
    return list(stats.item() if stats.ndim == 0 else stats)


def _table(file: Path) -> NDArray[Any] | None:
    """Return the array in `file`; None if it is missing."""
    return np.asarray(load_npy(file)) if file.is_file() else None


def write(path: Path, rois: RoiSet) -> None:
    """Write the ROIs alone as a folder of suite2p, its traces zero and its rate suite2p's default."""
    folder = path.parent if path.name == STAT else path
    logger.warning("%s: written without traces, at suite2p's default rate of %g Hz", folder, DEFAULT_FS)
    write_suite2p(folder, rois, frame_rate_hz=DEFAULT_FS)


def _pixels(stat: dict[str, Any]) -> tuple[Any, Any, Any]:
    y, x = np.asarray(stat["ypix"]).ravel(), np.asarray(stat["xpix"]).ravel()
    weight = np.asarray(stat.get("lam", np.ones(len(y)))).ravel()
    kept = weight > 0
    return y[kept], x[kept], weight[kept]


def _decisions(
    path: Path, table: NDArray[Any] | None, n: int
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """Return a decision on each ROI (N,), and suite2p's number behind it (N,); None if unknown.

    The first versions had no such number: (N,), or (N, 1).
    """
    if table is None:
        return None, None
    if table.shape in ((n,), (n, 1)):
        return table.reshape(n), None
    if table.ndim != 2 or table.shape[0] != n or table.shape[1] < 2:
        raise InputError(
            path, "shape", f"is {table.shape}, expected ({n}, 2)", "Keep the files of one run together."
        )
    return table[:, 0], table[:, 1]


ROI_FORMATS.register(
    RoiFormat(
        name="suite2p",
        suffixes=(".npy", MATLAB),
        matches=matches,
        files_in=files_in,
        folder_content=STAT,
        read=read,
        write=write,
        written_as=("", STAT),
    )
)
