"""Neurofinder's ``regions.json``: ``[{"coordinates": [[row, column], ...]}, ...]``, alone or in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, RoiSet
from neurocine.io.atomic import write_text
from neurocine.io.movies import neurofinder as images
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.damage import PARSER_ERRORS, short_message

#: Where a data set keeps its regions.
REGIONS = Path("regions") / "regions.json"


def files_in(folder: Path) -> list[Path]:
    """Return `folder` itself if it is a data set of Neurofinder with regions."""
    return [folder] if (folder / REGIONS).is_file() else []


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the ROIs of a ``regions.json`` or a data set.

    Their ids are those of the file where all have a number of their own, else their order. In a data set the
    field of view is that of its images.

    Raises
    ------
    InputError
        If it isn't such a file, or the field of view is unknown: ``regions.json`` alone has none.
    """
    file = path / REGIONS if path.is_dir() else path
    try:
        regions = json.loads(file.read_text(encoding="utf-8"))
        pixels = [np.asarray(region["coordinates"], dtype=np.int64).reshape(-1, 2) for region in regions]
        ids = _ids([region.get("id") for region in regions])
    except PARSER_ERRORS as error:
        raise DamagedFile(
            file,
            "content",
            f"isn't a list of regions with coordinates ({short_message(error)})",
            'Neurofinder\'s layout is [{"coordinates": [[row, column], ...]}, ...].',
        ) from error
    folder = file.parents[1] if file.parent.name == REGIONS.parent.name else file.parent
    shape = images.read(folder).frames.shape[1:] if images.is_dataset(folder) else None
    return RoiSet.from_pixels(
        agreed_fov(file, (shape[0], shape[1]) if shape else None, fov_shape),
        [(part[:, 0], part[:, 1], None) for part in pixels],
        ids=ids,
        engine="given",
        source=str(path),
    )


def write(path: Path, rois: RoiSet) -> None:
    """Write a ``regions.json``: pixels without weights, in the order of the ROIs, and ids that aren't it."""
    ordered = np.array_equal(rois.ids, np.arange(len(rois)))
    regions = []
    for i, roi_id in enumerate(rois.ids.tolist()):
        y, x, _ = rois.pixels(i)
        coordinates: dict[str, Any] = {"coordinates": np.stack([y, x], axis=1).tolist()}
        regions.append(coordinates if ordered else {"id": roi_id, **coordinates})
    write_text(path, json.dumps(regions, separators=(",", ":")))


def _ids(ids: list[object]) -> NDArray[np.int64] | None:
    """Return the ids, or None unless each region has a whole number of its own."""
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in ids)
    return np.array(ids, dtype=np.int64) if whole and len(set(ids)) == len(ids) else None


ROI_FORMATS.register(
    RoiFormat(
        name="neurofinder",
        suffixes=(".json",),
        files_in=files_in,
        folder_content=REGIONS.as_posix(),
        read=read,
        write=write,
        written_as=(".json",),
    )
)
