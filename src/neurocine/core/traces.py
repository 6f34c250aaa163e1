"""Fluorescence traces of a set of ROIs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.core.validate import as_array, positive, unique_ids


@dataclass(frozen=True, eq=False)
class Traces:
    """Traces of N ROIs over T frames.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64.
    frame_rate_hz
        Frames per second.
    f
        Raw fluorescence F, (N, T) float32, in the movie's counts.
    fneu
        Neuropil fluorescence around each ROI, (N, T) float32, in counts.
    dff
        ΔF/F of the neuropil-corrected trace, (N, T) float32, unitless.
    events
        Deconvolved events, (N, T) float32: in units of ΔF/F by the default engine.
    snr
        Signal-to-noise ratio of each ROI's ΔF/F, (N,) float32.
    valid
        True for frames that hold data, (T,) bool; None if all do. Traces of the others are filled in, and
        have no events.

    Raises
    ------
    InputError
        If shapes don't agree or ids repeat.
    """

    ids: NDArray[np.int64]
    frame_rate_hz: float
    f: NDArray[np.float32]
    fneu: NDArray[np.float32]
    dff: NDArray[np.float32]
    events: NDArray[np.float32]
    snr: NDArray[np.float32]
    source: str = "traces"
    valid: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        n = len(unique_ids(self.ids, self.source))
        positive(self.frame_rate_hz, self.source, "frame_rate_hz", "Hz")
        as_array(self.f, np.float32, (n, None), self.source, "f")
        for name in ("fneu", "dff", "events"):
            as_array(getattr(self, name), np.float32, (n, self.n_frames), self.source, name)
        if self.valid is not None:
            as_array(self.valid, bool, (self.n_frames,), self.source, "valid")
        as_array(self.snr, np.float32, (n,), self.source, "snr")

    @property
    def n_frames(self) -> int:
        """Number of frames T."""
        return int(self.f.shape[1])
