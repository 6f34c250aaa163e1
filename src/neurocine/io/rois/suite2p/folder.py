"""A folder as suite2p writes it, whole enough for its GUI, versions 0.x and 1.x."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocine.core import InputError, RoiSet, Traces
from neurocine.io.atomic import atomic_path
from neurocine.io.result_files import Registration, StructuralChannel, Summary
from neurocine.io.rois.suite2p.iscell import iscell_table
from neurocine.io.rois.suite2p.stat import roi_statistics

#: suite2p's share of the neuropil that is subtracted from F.
NEUROPIL_COEFFICIENT = 0.7


def write_suite2p(
    folder: Path,
    rois: RoiSet,
    *,
    frame_rate_hz: float,
    traces: Traces | None = None,
    registration: Registration | None = None,
    summary: Summary | None = None,
    tau_s: float = 1.0,
    diameter_px: float = 12.0,
    probability: ArrayLike | None = None,
    redcell: ArrayLike | None = None,
    structural: StructuralChannel | None = None,
) -> None:
    """Write ``stat, F, Fneu, spks, iscell, ops, settings, db, reg_outputs, detect_outputs .npy``.

    With a second channel ``redcell.npy``, too.

    Settings are written twice, as suite2p 0.x wants them (``ops.npy``) and as 1.x does. The registered
    movie isn't written, so the folder opens in the GUI but can't be extracted from again.

    Parameters
    ----------
    folder
        The folder, such as ``suite2p/plane0``.
    rois
        N ROIs; all are written as cells.
    frame_rate_hz
        Frames per second.
    traces
        F, Fneu and events of the same ROIs in the same order; without it, zeros (N, 1).
    registration
        Shifts of each frame and the template; without it, zeros.
    summary
        Mean, maximum and correlation pictures; without it, zeros.
    tau_s
        Decay time of the indicator in seconds.
    diameter_px
        Diameter of a soma in pixels.
    probability
        (N,) probability of each ROI to be a cell; that of `rois` unless given, 1 where it is NaN.
    redcell
        (N, 2) whether each ROI is labelled in the second channel, and the probability that it is; as `rois`
        say unless given.
    structural
        Pictures of the second channel; None if there is none.

    Raises
    ------
    InputError
        If `traces` are of other ROIs.
    """
    if traces is not None and not np.array_equal(traces.ids, rois.ids):
        raise InputError(
            traces.source,
            "ids",
            f"aren't those of {rois.source}",
            "Give traces of the same ROIs in their order.",
        )
    n = len(rois)
    empty = np.zeros((n, 1), dtype=np.float32)
    f, fneu, events = (traces.f, traces.fneu, traces.events) if traces else (empty, empty, empty)
    known = np.asarray(rois.probability if probability is None else probability, dtype=np.float32)
    stats = roi_statistics(rois, f - NEUROPIL_COEFFICIENT * fneu, diameter_px)
    n_frames = len(registration.y) if registration is not None else f.shape[1]
    db = _database(rois, n_frames)
    settings = _settings(frame_rate_hz, tau_s, diameter_px)
    registered = _registration(rois, n_frames, registration)
    detected = _pictures(rois, summary) | _second_channel(structural)
    arrays: dict[str, Any] = {
        "F": f,
        "Fneu": fneu,
        "spks": events,
        "iscell": iscell_table(np.ones(n), known),
        "db": db,
        "settings": settings,
        "reg_outputs": registered,
        "detect_outputs": detected,
        "ops": {**db, **settings, **registered, **detected},
    }
    own = np.stack([rois.labelled > 0.5, rois.labelled], axis=1)
    labelled = np.asarray(own if redcell is None else redcell, dtype=np.float32)
    if not np.isnan(labelled[:, 1]).all():
        arrays["redcell"] = np.nan_to_num(labelled)
    arrays["stat"] = _objects(stats)  # last: a folder with it counts as complete
    for name, array in arrays.items():
        with atomic_path(folder / f"{name}.npy") as part:
            np.save(part, array, allow_pickle=isinstance(array, dict) or name == "stat")


def _database(rois: RoiSet, n_frames: int) -> dict[str, Any]:
    """Return what was recorded. Paths are relative: a folder may be moved."""
    return {
        "Ly": rois.fov_shape[0],
        "Lx": rois.fov_shape[1],
        "nframes": n_frames,
        "nplanes": 1,
        "nchannels": 1,
        "functional_chan": 1,
        "save_path": ".",
        "save_path0": ".",
        "reg_file": "data.bin",
    }


def _settings(frame_rate_hz: float, tau_s: float, diameter_px: float) -> dict[str, Any]:
    """Return what suite2p's GUI asks of the settings of a run."""
    return {
        "fs": float(frame_rate_hz),
        "tau": float(tau_s),
        "diameter": [float(diameter_px), float(diameter_px)],
        "aspect": 1.0,
        "batch_size": 500,
        "neucoeff": NEUROPIL_COEFFICIENT,
        "torch_device": "cpu",
        "detection": {"soma_crop": True},
        "extraction": {
            "neuropil_coefficient": NEUROPIL_COEFFICIENT,
            "inner_neuropil_radius": 2,
            "min_neuropil_pixels": 350,
            "allow_overlap": False,
            "batch_size": 500,
        },
        "dcnv_preprocess": {
            "baseline": "maximin",
            "win_baseline": 60.0,
            "sig_baseline": 10.0,
            "prctile_baseline": 8.0,
        },
    }


def _registration(rois: RoiSet, n_frames: int, registration: Registration | None) -> dict[str, Any]:
    height, width = rois.fov_shape
    ranges = {"yrange": [0, height], "xrange": [0, width]}
    if registration is None:
        still = np.zeros(n_frames, dtype=np.int32)
        template = np.zeros(rois.fov_shape, dtype=np.float32)
        return {"yoff": still, "xoff": still.copy(), "refImg": template, **ranges}
    return {
        "yoff": np.rint(registration.y).astype(np.int32),
        "xoff": np.rint(registration.x).astype(np.int32),
        "corrXY": registration.correlation,
        "badframes": registration.unregistered,
        "refImg": registration.template,
        **ranges,
    }


def _pictures(rois: RoiSet, summary: Summary | None) -> dict[str, NDArray[np.float32]]:
    if summary is None:
        return {name: np.zeros(rois.fov_shape, dtype=np.float32) for name in ("meanImg", "max_proj", "Vcorr")}
    return {"meanImg": summary.mean, "max_proj": summary.max, "Vcorr": summary.correlation}


def _second_channel(structural: StructuralChannel | None) -> dict[str, NDArray[np.float32]]:
    if structural is None:
        return {}
    return {"meanImg_chan2": structural.mean, "meanImg_chan2_corrected": np.maximum(structural.corrected, 0)}


def _objects(stats: list[dict[str, Any]]) -> NDArray[np.object_]:
    array = np.empty(len(stats), dtype=object)
    array[:] = stats
    return array
