"""What a pass over masks starts from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from neurocine.annotation.actions import Begin, StartMask, State
from neurocine.annotation.masks.runs import runs_of
from neurocine.core import RoiSet
from neurocine.io.rois import open_rois, rois_format, split_dataset
from neurocine.io.rois.suite2p import read_curated
from neurocine.networks.registry import sha256


def begin(start: Path | None, fov_shape: tuple[int, int]) -> Begin:
    """Return the first action of a journal.

    Parameters
    ----------
    start
        ROIs in any format; of suite2p all, with what ``iscell`` says of them as decisions. None: nothing.
    fov_shape
        Height and width of the movie.

    Raises
    ------
    InputError
        If they can't be read, or are of another field of view.
    """
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    if start is None:
        return Begin(kind="begin", id="begin", at=at)
    states: list[State] = []
    file = split_dataset(start)[0]
    if rois_format(file).name == "suite2p":
        rois, accepted, file = read_curated(start, fov_shape)
        states = [] if accepted is None else ["keep" if cell else "dismiss" for cell in accepted.tolist()]
    else:
        rois = open_rois(start, fov_shape=fov_shape)
    masks = _masks(rois, states or [""] * len(rois))
    return Begin(kind="begin", id="begin", at=at, start=str(start), start_sha256=sha256(file), masks=masks)


def _masks(rois: RoiSet, states: list[State]) -> dict[int, StartMask]:
    return {
        int(rois.ids[i]): StartMask(
            runs=runs_of(*rois.pixels(i)[:2]),
            state=states[i],
            engine=rois.engine[i],
            probability=round(float(rois.probability[i]), 4) if np.isfinite(rois.probability[i]) else None,
        )
        for i in range(len(rois))
    }
