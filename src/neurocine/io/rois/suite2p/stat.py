"""The numbers that suite2p keeps of each ROI in ``stat.npy``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import RoiSet


def roi_statistics(rois: RoiSet, corrected: NDArray[np.float32], diameter_px: float) -> list[dict[str, Any]]:
    """Return one dict per ROI with suite2p's keys, and with its engine and active probability.

    Parameters
    ----------
    rois
        N ROIs.
    corrected
        Their neuropil-corrected traces, (N, T).
    diameter_px
        Diameter of a soma in pixels, the unit of suite2p's distances.
    """
    counts = np.zeros(rois.fov_shape, dtype=np.int32)
    np.add.at(counts, (rois.y, rois.x), 1)
    typical = float(np.median(rois.areas())) if len(rois) else 1.0
    return [
        _shape(rois, i, counts, diameter_px, typical) | _dynamics(corrected[i].astype(np.float64))
        for i in range(len(rois))
    ]


def _shape(
    rois: RoiSet, position: int, counts: NDArray[np.int32], diameter_px: float, typical: float
) -> dict[str, Any]:
    y, x, weight = rois.pixels(position)
    n = len(y)
    middle = np.array([np.median(y), np.median(x)])
    distance = np.hypot(y - middle[0], x - middle[1])
    nearest = int(np.argmin(distance))
    # A disc of n pixels is the most compact shape: its mean distance from the centre is the reference.
    spread, disc = distance.mean() / diameter_px, _disc_distance(n) / diameter_px
    major, minor = _axes(y, x, weight)
    return {
        "ypix": y.astype(np.int64),
        "xpix": x.astype(np.int64),
        "lam": weight.astype(np.float32),
        "med": [int(y[nearest]), int(x[nearest])],
        "npix": n,
        "npix_soma": n,
        "soma_crop": np.ones(n, dtype=bool),
        "npix_norm": n / typical,
        "npix_norm_no_crop": n / typical,
        "overlap": counts[y, x] > 1,
        "mrs": float(spread),
        "mrs0": float(disc),
        "compact": float(max(1.0, spread / (disc + 1e-10))),
        "radius": max(major, 0.5),
        "aspect_ratio": 2 * major / (major + minor + 0.01),
        "footprint": 0.0,
        "engine": rois.engine[position],
        "active_probability": float(rois.active_probability[position]),
    }


def _axes(y: NDArray[Any], x: NDArray[Any], weight: NDArray[Any]) -> tuple[float, float]:
    """Return two standard deviations of the weighted pixels along their major and minor axis, in pixels."""
    share = weight / weight.sum()
    offsets = np.stack([y - np.dot(share, y), x - np.dot(share, x)])
    minor, major = np.linalg.eigvalsh((offsets * share) @ offsets.T)
    return float(2 * np.sqrt(max(major, 0))), float(2 * np.sqrt(max(minor, 0)))


def _disc_distance(n: int) -> float:
    """Return the mean distance from the centre of the n pixels nearest to it."""
    reach = int(np.ceil(np.sqrt(n / np.pi))) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return float(np.sort(np.hypot(rows, columns).ravel())[:n].mean())


def _dynamics(trace: NDArray[np.float64]) -> dict[str, float]:
    """Return skewness, standard deviation and suite2p's SNR of a trace; 0 for a flat one."""
    std = float(trace.std())
    if std == 0:
        return {"skew": 0.0, "std": 0.0, "snr": 0.0}
    skew = float(np.mean(((trace - trace.mean()) / std) ** 3))
    return {"skew": skew, "std": std, "snr": float(1 - 0.5 * np.diff(trace).var() / std**2)}
