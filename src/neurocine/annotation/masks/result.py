"""What a pass over masks gives: ``masks.h5``, and suite2p's ``iscell`` where it was begun from masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurocine.annotation.masks.fold import Masks
from neurocine.annotation.masks.runs import rois_of_runs
from neurocine.core.marked import UNDECIDED, MarkedRois
from neurocine.io.result_files import Stamp, write_masks
from neurocine.io.rois.suite2p import write_iscell


def marked_of(masks: Masks, fov_shape: tuple[int, int], by: str) -> MarkedRois:
    """Return the masks of one person, by their ids."""
    ordered = sorted(masks.masks.values(), key=lambda mask: mask.id)
    rois = rois_of_runs(
        fov_shape,
        {mask.id: mask.runs for mask in ordered},
        engine=[mask.engine for mask in ordered],
        probability=[np.nan if mask.probability is None else mask.probability for mask in ordered],
        source=f"masks of {by}",
    )
    start = masks.start
    return MarkedRois(
        rois,
        tuple(mask.state or UNDECIDED for mask in ordered),
        start.start if start else "",
        start.start_sha256 if start else "",
        (by,),
    )


def write_marked(folder: Path, masks: Masks, marked: MarkedRois, stamp: Stamp) -> None:
    """Write `folder`/masks.h5, and ``iscell.npy`` for the masks of the start.

    Parameters
    ----------
    folder
        Such as ``annotations/mouse1/ana``.
    masks, marked
        What was drawn, and `marked_of` it.
    stamp
        With the checksum of the raw movie.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_masks(folder / "masks.h5", marked, stamp)
    begun = masks.start.masks if masks.start else {}
    if begun:
        # One row per mask of the start, in its order; those merged, split or deleted are no cells.
        states = [masks.masks[str(i)].state if str(i) in masks.masks else "dismiss" for i in begun]
        accepted = [state in ("keep", "") for state in states]
        write_iscell(folder / "iscell.npy", accepted, [one.probability for one in begun.values()])
