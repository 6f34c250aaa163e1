"""``fields.h5``: mean images with masks, split by recording as the library's outlines are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray
from PIL import Image

from neurocine.core import InputError
from neurocine.core.truth import SPLITS
from neurocine.io.result_files.stamp import Stamp, create, dataset, opened, strings
from neurocine.io.safe.damage import reraise_as_input_error
from neurocine.io.safe.npy import load_arrays
from neurocine.simulation.library import load
from neurocine.simulation.library.masks import MAX_SIDE, MIN_PIXELS
from neurocine.simulation.library.splits import assign

#: Columns of the table that `write_fields` takes.
COLUMNS = ("name", "image", "masks", "pixel_um", "group")
#: Percentile of a mean image that is taken for darkness.
DARK = 0.5


@dataclass(frozen=True, eq=False)
class RealField:
    """A real field.

    Attributes
    ----------
    name
        Of the recording.
    um_per_px
        Scale.
    mean
        Mean image relative to its median, darkness 0, (Y, X) float32.
    corners, crops
        Top-left corner, (N, 2), and pixels of each mask, N arrays (h, w) bool.
    """

    name: str
    um_per_px: float
    mean: NDArray[np.float32]
    corners: NDArray[np.int64]
    crops: tuple[NDArray[np.bool_], ...]


def write_fields(table: Path, path: Path, stamp: Stamp | None = None) -> list[str]:
    """Write the fields of a table to `path`; return each one's split.

    Parameters
    ----------
    table
        Tab-separated: ``name``, ``image`` (TIFF, PNG or JPEG), ``masks`` (NPZ with ``shape`` = (n, Y, X) and
        the ``k, y, x`` of each mask pixel), ``pixel_um``, and ``group``, the recording's number: fields of
        one group are in one split, which is that of the library's outlines of this number, if it has any.

    Raises
    ------
    InputError
        If a column or a file is missing, or image and masks differ in shape.
    """
    if not table.is_file():
        raise InputError(table, "table", "is missing", "Give a table of fields.")
    rows = pd.read_csv(table, sep="\t", dtype=str)
    missing = [name for name in COLUMNS if name not in rows]
    if missing or rows.empty:
        raise InputError(
            table, "columns", f"lack {', '.join(missing) or 'rows'}", f"Give {', '.join(COLUMNS)}."
        )
    groups = [str(group) for group in rows["group"]]
    known = _known_splits()
    drawn = assign(groups, ["field"] * len(groups))
    splits = [known.get(group, split) for group, split in zip(groups, drawn, strict=True)]
    with create(path, "fields", stamp or Stamp()) as file:
        file["name"] = [str(name).encode() for name in rows["name"]]
        file["split"] = [split.encode() for split in splits]
        for index, row in enumerate(rows.to_dict("records")):
            mean, corners, crops = _field(table, *(str(row[name]) for name in ("image", "masks")))
            group = file.create_group(f"field{index}")
            group.attrs["um_per_px"] = float(row["pixel_um"])
            group.create_dataset("mean", data=mean, compression="gzip", shuffle=True)
            group["corner"] = corners
            group["side"] = np.array([crop.shape for crop in crops], dtype=np.int64).reshape(-1, 2)
            group["bits"] = np.packbits(
                np.concatenate([*(crop.ravel() for crop in crops), np.zeros(8, bool)])
            )
    return splits


@cache
def read_fields(path: Path, split: str) -> tuple[RealField, ...]:
    """Return the fields of one split.

    Raises
    ------
    InputError
        If the file is missing or damaged, or has no field of that split.
    """
    with opened(path, "fields") as file:
        names, splits = strings(file, "name"), strings(file, "split")
        fields = tuple(
            _read(file, index, name)
            for index, (name, own) in enumerate(zip(names, splits, strict=True))
            if own == split
        )
    if not fields:
        raise InputError(
            path, "split", f"has no field for {split!r}", f"Give some for each of {', '.join(SPLITS)}."
        )
    return fields


def _read(file: h5py.File, index: int, name: str) -> RealField:
    side = dataset(file, f"field{index}/side").astype(np.int64)
    bits = np.unpackbits(dataset(file, f"field{index}/bits")).astype(bool)
    ends = np.cumsum(side.prod(axis=1))
    return RealField(
        name,
        float(file[f"field{index}"].attrs["um_per_px"]),
        dataset(file, f"field{index}/mean").astype(np.float32),
        dataset(file, f"field{index}/corner").astype(np.int64),
        tuple(bits[end - s.prod() : end].reshape(s) for s, end in zip(side, ends, strict=True)),
    )


def _field(
    table: Path, image: str, masks: str
) -> tuple[NDArray[np.float32], NDArray[np.int64], list[NDArray[np.bool_]]]:
    """Return a mean image, and the corners and pixels of its masks."""
    paths = [table.parent / image, table.parent / masks]
    for path in paths:
        if not path.is_file():
            raise InputError(path, "file", "is missing", f"Mend its row in {table}.")
    mean = _picture(paths[0])
    arrays = load_arrays(paths[1])
    with reraise_as_input_error(paths[1], "masks", "Give shape, k, y and x."):
        n, *shape = (int(v) for v in arrays["shape"])
        k, y, x = (arrays[name].astype(np.int64) for name in "kyx")
    if tuple(shape) != mean.shape:
        raise InputError(
            paths[1], "shape", f"is {tuple(shape)}, the image's {mean.shape}", "Give masks of this image."
        )
    corners, crops = [], []
    for index in range(n):
        rows, columns = y[k == index], x[k == index]
        if len(rows) < MIN_PIXELS or max(np.ptp(rows), np.ptp(columns)) >= MAX_SIDE:
            continue
        crop = np.zeros((np.ptp(rows) + 1, np.ptp(columns) + 1), dtype=bool)
        crop[rows - rows.min(), columns - columns.min()] = True
        crops.append(crop)
        corners.append((rows.min(), columns.min()))
    return mean, np.asarray(corners, dtype=np.int64).reshape(-1, 2), crops


def _picture(path: Path) -> NDArray[np.float32]:
    """Return a mean image relative to its median, darkness 0."""
    with reraise_as_input_error(path, "a readable picture"):
        if path.suffix.lower() in (".tif", ".tiff"):
            read = tifffile.imread(path)
        else:
            read = np.asarray(Image.open(path).convert("L"))
        mean = read.reshape(-1, *read.shape[-2:]).mean(axis=0).astype(np.float64)
    mean = np.maximum(mean - np.percentile(mean, DARK), 0)
    return np.asarray(mean / max(float(np.median(mean)), 1e-9), dtype=np.float32)


def _known_splits() -> dict[str, str]:
    """Return the splits of the library's outlines by the number of their recording."""
    return {
        re.sub(r"\D", "", layout.name.rsplit("_", 1)[1]): split
        for split in SPLITS
        for layout in load(split).layouts
    }
