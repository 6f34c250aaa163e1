"""A folder that suite2p's GUI opens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurocine.core import CELL_TYPES
from neurocine.io.results import RecordingResults
from neurocine.io.rois import write_suite2p

#: Diameter of a soma where there is no ROI to measure it from, in micrometres.
DIAMETER_UM = 12.0


def write_suite2p_folder(results: RecordingResults, out: Path) -> None:
    """Write the results of a recording as suite2p's ``plane0`` under `out`.

    The probability of being a cell, which the GUI filters by, is that of not being noise.

    Parameters
    ----------
    results
        All results of the recording.
    out
        The folder, by suite2p's custom called ``suite2p``.
    """
    from neurocine.core.indicators import decay_s

    areas = results.rois.areas()
    measured_px = 2 * np.sqrt(np.median(areas) / np.pi) if len(areas) else None
    write_suite2p(
        out / "plane0",
        results.rois,
        frame_rate_hz=results.movie.frame_rate_hz,
        traces=results.traces,
        registration=results.registration,
        summary=results.summary,
        tau_s=decay_s(results.movie.indicator),
        diameter_px=float(measured_px or DIAMETER_UM / results.movie.pixel_size_um),
        probability=1 - results.celltypes.probability[:, CELL_TYPES.index("noise")],
        redcell=np.stack([[bool(label) for label in results.label_types], results.labelled], axis=1),
        structural=results.structural,
    )
