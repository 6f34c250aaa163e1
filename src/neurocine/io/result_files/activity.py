"""``activity.h5``: activity probability, raster, transients and the classifier of each ROI."""

from __future__ import annotations

from pathlib import Path

from neurocine.core import Raster
from neurocine.io.result_files.stamp import (
    Stamp,
    as_strings,
    attribute,
    create,
    dataset,
    opened,
    read_valid,
    strings,
    write_valid,
)


def write_activity(path: Path, raster: Raster, stamp: Stamp | None = None) -> None:
    """Write `raster`, and the transients it gives, to `path`, atomically."""
    transients = raster.transients()
    with create(path, "activity", stamp or Stamp()) as file:
        file.attrs["frame_rate_hz"] = raster.frame_rate_hz
        file.attrs["threshold"] = raster.threshold
        file["ids"] = raster.ids
        file["probability"] = raster.probability
        file["raster"] = raster.active
        write_valid(file, raster.valid, raster.n_frames)
        file["classifier"] = as_strings(raster.classifier)
        for name in ("roi_id", "onset", "peak", "probability"):
            file[f"transients/{name}"] = getattr(transients, name)


def read_activity(path: Path) -> Raster:
    """Return the activity of a file that `write_activity` made."""
    with opened(path, "activity") as file:
        return Raster(
            ids=dataset(file, "ids"),
            frame_rate_hz=float(attribute(file, "frame_rate_hz")),
            probability=dataset(file, "probability"),
            threshold=float(attribute(file, "threshold")),
            classifier=strings(file, "classifier"),
            source=str(path),
            valid=read_valid(file),
        )
