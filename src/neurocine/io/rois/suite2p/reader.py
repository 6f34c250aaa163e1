"""suite2p's ``stat.npy``, read by a restricted unpickler."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError, RoiSet
from neurocine.io.movies.suite2p_bin import read_settings
from neurocine.io.rois.curation import keep_accepted
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.rois.suite2p.folder import write_suite2p
from neurocine.io.safe.damage import PARSER_ERRORS, short_message
from neurocine.io.safe.unpickle import load_npy

logger = logging.getLogger(__name__)

STAT = "stat.npy"
ISCELL = "iscell.npy"
#: suite2p's default frame rate, written when an ROI file is converted, which has none.
DEFAULT_FS = 10.0


def matches(path: Path) -> bool:
    """Return whether the file at `path` is called ``stat.npy``."""
    return path.name == STAT


def files_in(folder: Path) -> list[Path]:
    """Return `folder` itself if it holds a ``stat.npy``."""
    return [folder] if (folder / STAT).is_file() else []


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the ROIs with suite2p's probability; those that ``iscell.npy`` rejects are left out.

    Column 0 of ``iscell.npy`` is 1 for cells: suite2p's classifier fills it, a person corrects it in the
    GUI. Ids are suite2p's numbers of the ROIs, from 0. Without ``iscell.npy``, all ROIs are returned.

    Raises
    ------
    InputError
        If a file is damaged or holds more than arrays and plain containers, the field of view is unknown,
        or ``iscell.npy`` rejects all ROIs.
    """
    stat_file = path if path.is_file() else path / STAT
    folder = stat_file.parent
    settings = read_settings(folder)
    fov = (int(settings["Ly"]), int(settings["Lx"])) if {"Ly", "Lx"} <= set(settings) else None
    stats = load_npy(stat_file)
    try:
        pixels = [_pixels(stat) for stat in stats]
    except PARSER_ERRORS as error:
        raise DamagedFile(
            stat_file,
            "content",
            f"isn't a list of ROIs with ypix and xpix ({short_message(error)})",
            "Use the file as suite2p wrote it.",
        ) from error
    curation = _curation(folder, len(pixels))
    rois = RoiSet.from_pixels(
        agreed_fov(stat_file, fov, fov_shape),
        pixels,
        engine="suite2p",
        probability=None if curation is None else curation[:, 1],
        source=str(stat_file),
    )
    if curation is None:
        return rois
    return keep_accepted(
        rois, curation[:, 0], path=folder / ISCELL, decision="suite2p's iscell marks as cells"
    )


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


def _curation(folder: Path, n: int) -> NDArray[Any] | None:
    """Return whether each ROI is a cell, and suite2p's probability that it is: (N, 2)."""
    path = folder / ISCELL
    if not path.is_file():
        return None
    table: NDArray[Any] = np.asarray(load_npy(path))
    if table.ndim != 2 or table.shape[0] != n or table.shape[1] < 2:
        raise InputError(
            path, "shape", f"is {table.shape}, expected ({n}, 2)", "Keep the files of one run together."
        )
    return table


ROI_FORMATS.register(
    RoiFormat(
        name="suite2p",
        suffixes=(".npy",),
        matches=matches,
        files_in=files_in,
        folder_content=STAT,
        read=read,
        write=write,
        written_as=("", STAT),
    )
)
