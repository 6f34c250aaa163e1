"""NWB's PlaneSegmentation, by pixel or image masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocine.core import InputError, RoiSet
from neurocine.io.movies.arrays.nwb import open_nwb
from neurocine.io.rois.curation import keep_accepted
from neurocine.io.rois.datasets import choose_dataset
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat

#: Columns that say which ROIs are cells; the first of them counts.
ACCEPTED = ("iscell", "Accepted", "accepted")
#: Columns that say which ROIs are none, where no column says which are.
REJECTED = ("Rejected", "rejected")
VOXELS = "voxel_mask"
MaskPixels = tuple[ArrayLike, ArrayLike, ArrayLike]


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the ROIs of the PlaneSegmentation named `dataset`, or of the only one.

    Of suite2p's file of several planes, `dataset` names the plane: ``plane0``.

    ROIs that the column ``iscell`` (suite2p), or ``Accepted`` or ``Rejected`` (others), rejects are left out.
    The field of view is that of its image masks, or of a TwoPhotonSeries of the same imaging plane.

    Raises
    ------
    InputError
        If the file isn't NWB, holds no PlaneSegmentation, several of which none is named, or one of voxels,
        or if all its ROIs are rejected.
    """
    with open_nwb(path) as io:
        objects = list(io.read().objects.values())
        table, kept = choose_dataset(path, _sets(objects), dataset, "PlaneSegmentation")
        if "image_mask" in table.colnames and "pixel_mask" not in table.colnames:
            fov, pixels = _pictures(path, table, agreed=_imaged(objects, table) or fov_shape)
            agreed_fov(path, fov, fov_shape)
        else:
            fov = agreed_fov(path, _imaged(objects, table), fov_shape)
            pixels = _lists(path, table)
        ids = np.asarray(table.id[:], dtype=np.int64)
        column, accepted = _accepted(table)
    if kept is not None:
        pixels, ids = [pixels[i] for i in kept], ids[kept]
    rois = RoiSet.from_pixels(fov, pixels, ids=ids, engine="given", source=str(path))
    if accepted is None:
        return rois
    accepted = accepted if kept is None else accepted[kept]
    return keep_accepted(
        rois,
        accepted,
        path=path,
        decision=f"its column {column} marks as cells"
        if column not in REJECTED
        else f"its column {column} leaves",
    )


def _sets(objects: list[Any]) -> dict[str, tuple[Any, list[int] | None]]:
    """Return each PlaneSegmentation and which of its ROIs make a set, None for all, by name.

    suite2p writes the ROIs of several planes as voxels of one table: each plane is a set.
    """
    from pynwb.ophys import PlaneSegmentation

    sets: dict[str, tuple[Any, list[int] | None]] = {}
    for table in objects:
        if not isinstance(table, PlaneSegmentation):
            continue
        name = _name(table)
        if not (_by_suite2p(table) and VOXELS in table.colnames):
            sets[name] = table, None
            continue
        planes = [int(mask[0][2]) for mask in table[VOXELS][:]]
        for plane in sorted(set(planes)):
            sets[f"{name}/plane{plane}"] = table, [i for i, own in enumerate(planes) if own == plane]
    return sets


def _by_suite2p(table: Any) -> bool:
    """Return whether suite2p wrote a table; all its versions list (y, x) where NWB wants (x, y)."""
    return bool(table.description == "suite2p output")


def _by_caiman(table: Any) -> bool:
    """Return whether CaImAn's ``save_NWB`` wrote a table."""
    return bool(table.description == "CNMF_ROIs") and {"keep", "accepted", "rejected"} <= set(table.colnames)


def _lists(path: Path, table: Any) -> list[MaskPixels]:
    """Return rows, columns and weights of each mask, which is a list of pixels or of suite2p's voxels."""
    by_suite2p = _by_suite2p(table)
    if "pixel_mask" in table.colnames:
        return [_listed(mask, (0, 1, 2) if by_suite2p else (1, 0, 2)) for mask in table["pixel_mask"][:]]
    if by_suite2p and VOXELS in table.colnames:
        return [_listed(mask, (0, 1, 3)) for mask in table[VOXELS][:]]
    raise InputError(
        path, table.name, "has neither pixel_mask nor image_mask", "Save the masks of one plane."
    )


def _name(table: Any) -> str:
    """Return a table's name with those of the ImageSegmentation and the module that hold it."""
    names = [str(table.name)]
    while (table := table.parent) is not None and table.name != "root":
        names.insert(0, str(table.name))
    return "/".join(names)


def _accepted(table: Any) -> tuple[str, NDArray[Any] | None]:
    """Return name and values (N,) of the column that says which ROIs are cells; None if there is none."""
    if _by_caiman(table):
        # Its background is among the ROIs: neither kept nor accepted. A person's decisions count first.
        said = {name: np.asarray(table[name][:], dtype=bool) for name in ("keep", "accepted", "rejected")}
        name = "accepted" if said["accepted"].any() else "keep"
        return name, said[name] & ~said["rejected"]
    for name in ACCEPTED:
        if name in table.colnames:
            values = np.asarray(table[name][:])
            # suite2p's column also holds its probability: (N, 2).
            return name, values[:, 0] if values.ndim == 2 and values.shape[1] else values
    for name in REJECTED:
        if name in table.colnames:
            return name, np.asarray(table[name][:]) == 0
    return "", None


def _listed(mask: Any, order: tuple[int, int, int]) -> MaskPixels:
    """Return rows, columns and weights of one mask; `order` says where its entries hold y, x and weight."""
    entries = np.array([tuple(entry) for entry in mask], dtype=np.float64).reshape(len(mask), -1)
    if not len(entries):
        return [], [], []
    y, x, weight = entries[:, order].T
    kept = weight > 0
    return y[kept].astype(np.int64), x[kept].astype(np.int64), weight[kept]


def _pictures(path: Path, table: Any, agreed: FovShape | None) -> tuple[FovShape, list[MaskPixels]]:
    """Return field of view and pixels of image masks, which NWB lays out as (N, X, Y).

    Many files have (N, Y, X) all the same: a known field of view that isn't square decides. CaImAn lays
    columns of the picture one after the other into (N, Y, X).
    """
    masks = np.asarray(table["image_mask"].data[:])
    if masks.ndim != 3:
        raise InputError(
            path, "image_mask", f"has shape {masks.shape}, expected (N, X, Y)", "Give one plane."
        )
    if _by_caiman(table):
        height, width = masks.shape[1:]
        masks = masks.reshape(len(masks), width, height).swapaxes(1, 2)
    elif agreed is None or tuple(masks.shape[1:]) != tuple(agreed) or agreed[0] == agreed[1]:
        masks = masks.swapaxes(1, 2)
    pixels = [(*np.nonzero(mask > 0), mask[mask > 0].astype(np.float64)) for mask in masks]
    return (int(masks.shape[1]), int(masks.shape[2])), pixels


def _imaged(objects: list[Any], table: Any) -> FovShape | None:
    """Return the picture size (Y, X) of a series of the same imaging plane, if the file has one."""
    from pynwb.ophys import TwoPhotonSeries

    for item in objects:
        if not isinstance(item, TwoPhotonSeries) or item.imaging_plane is not table.imaging_plane:
            continue
        if item.dimension is not None and len(item.dimension) == 2:
            first, second = (int(n) for n in item.dimension)
            return (first, second) if _by_suite2p(table) else (second, first)
        if item.external_file is None and len(item.data.shape) == 3:
            return int(item.data.shape[2]), int(item.data.shape[1])
    return None


ROI_FORMATS.register(RoiFormat(name="nwb", suffixes=(".nwb",), read=read, has_datasets=True))
