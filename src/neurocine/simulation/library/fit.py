"""Kinetics of a recorded neuron, fitted to its ΔF/F given its spikes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from neurocine.simulation.kinetics import Kinetics, drive, saturate
from neurocine.simulation.library.recordings import NeuronRecording

#: Bounds of rise and decay (s), exponent, half-saturation (times the largest drive) and delay (s).
LOWER = np.array([np.log(0.005), np.log(0.08), 1.0, np.log(0.05), -0.1])
UPPER = np.array([np.log(0.3), np.log(4.0), 2.5, np.log(3.0), 0.2])
STARTS = ((0.03, 0.4, 1.2, 1.5, 0.0), (0.1, 1.2, 1.5, 1.5, 0.0), (0.05, 0.8, 2.0, 0.5, 0.02))
#: Shortest period of the drift that is taken out of trace and model alike, seconds.
DRIFT_S = 100.0


@dataclass(frozen=True)
class KineticsFit:
    """Kinetics, the correlation of model and trace (both without drift), and the trace's noise (ΔF/F)."""

    kinetics: Kinetics
    correlation: float
    noise: float


def fit_kinetics(recordings: Sequence[NeuronRecording]) -> KineticsFit:
    """Return the kinetics that suit all `recordings` of a neuron best.

    Least squares with a soft-L1 loss, so that stray bumps without a spike weigh little; amplitude and drift
    are solved for linearly at each step.
    """
    drifts = [_drift(len(r.dff), r.frame_rate_hz) for r in recordings]
    traces = [_without(r.dff, drift) for r, drift in zip(recordings, drifts, strict=True)]
    target = np.concatenate(traces)
    noise = float(np.median(np.abs(np.concatenate([np.diff(t) for t in traces])))) * 1.4826 / np.sqrt(2)
    scale = max(noise, 0.05 * float(target.std()))

    def shape(parameters: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        rise, decay = np.exp(parameters[:2])
        drives = [
            drive(r.spike_s + parameters[4], len(r.dff), r.frame_rate_hz, rise, decay) for r in recordings
        ]
        half = max(np.exp(parameters[3]) * max(c.max() for c in drives), 1.0)
        curves = [saturate(c, parameters[2], half) for c in drives]
        return np.concatenate([_without(c, d) for c, d in zip(curves, drifts, strict=True)]), half

    def residual(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        curve, _ = shape(parameters)
        return np.asarray((_amplitude(curve, target) * curve - target) / scale)

    fits = [
        optimize.least_squares(
            residual,
            np.r_[np.log(start[:2]), start[2], np.log(start[3]), start[4]],
            bounds=(LOWER, UPPER),
            loss="soft_l1",
            f_scale=2.0,
            diff_step=1e-3,
            max_nfev=40,
        )
        for start in STARTS
    ]
    best = min(fits, key=lambda fit: float(fit.cost))
    curve, half = shape(best.x)
    rise, decay = np.exp(best.x[:2])
    return KineticsFit(
        Kinetics(float(rise), float(decay), _amplitude(curve, target), float(best.x[2]), float(half)),
        correlation=float(np.corrcoef(curve, target)[0, 1]),
        noise=noise,
    )


def _amplitude(curve: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    return max(float(curve @ target) / max(float(curve @ curve), 1e-12), 0.0)


def _drift(n_frames: int, frame_rate_hz: float) -> NDArray[np.float64]:
    """Return an orthonormal basis (T, K) of constant and slow cosines."""
    n = 1 + int(2 * n_frames / frame_rate_hz / DRIFT_S)
    phase = np.pi * (np.arange(n_frames)[:, None] + 0.5) * np.arange(n) / n_frames
    return np.asarray(np.linalg.qr(np.cos(phase))[0])


def _without(trace: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(trace - basis @ (basis.T @ trace))
