"""Activity: in which frames each ROI is active, from onset to peak of its transients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.core.errors import InputError
from neurocine.core.validate import as_array, positive, unique_ids


@dataclass(frozen=True, eq=False)
class Transients:
    """M transients, one row each.

    Attributes
    ----------
    roi_id
        ROI id of each transient, (M,) int64.
    onset, peak
        First and last active frame, (M,) int64, both inclusive.
    probability
        Largest activity probability within it, (M,) float32.
    """

    roi_id: NDArray[np.int64]
    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    probability: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.roi_id)


@dataclass(frozen=True, eq=False)
class Raster:
    """Activity probability of N ROIs over T frames, and the raster it gives.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64.
    frame_rate_hz
        Frames per second.
    probability
        Probability of being active, (N, T) float32 in [0, 1].
    threshold
        A frame is active where the probability is above it.
    classifier
        Name of the classifier used for each ROI, (N,) strings.
    source
        Where it came from, for messages.
    valid
        True for frames that hold data, (T,) bool; None if all do. A transient may span others, but neither
        begins nor ends in one.

    Raises
    ------
    InputError
        If shapes don't agree, ids repeat or a probability lies outside [0, 1].
    """

    ids: NDArray[np.int64]
    frame_rate_hz: float
    probability: NDArray[np.float32]
    threshold: float
    classifier: tuple[str, ...]
    source: str = "activity"
    valid: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        n = len(unique_ids(self.ids, self.source))
        positive(self.frame_rate_hz, self.source, "frame_rate_hz", "Hz")
        probability = as_array(self.probability, np.float32, (n, None), self.source, "probability")
        if probability.size and not (probability.min() >= 0 and probability.max() <= 1):
            raise InputError(
                self.source, "probability", "lies outside [0, 1] or isn't finite", "Run activity again."
            )
        if self.valid is not None:
            as_array(self.valid, bool, (self.n_frames,), self.source, "valid")
        if len(self.classifier) != n:
            raise InputError(
                self.source,
                "classifier",
                f"has {len(self.classifier)} names for {n} ROIs",
                "Give one value per ROI.",
            )

    @property
    def active(self) -> NDArray[np.bool_]:
        """The raster (N, T): True from onset to peak."""
        return np.asarray(self.probability > self.threshold)

    @property
    def n_frames(self) -> int:
        """Number of frames T."""
        return int(self.probability.shape[1])

    def transients(self) -> Transients:
        """Return every run of active frames as a transient, by ROI and time."""
        row, onset, peak = active_runs(self.active)
        highest = [self.probability[i, a : b + 1].max() for i, a, b in zip(row, onset, peak, strict=True)]
        return Transients(self.ids[row], onset, peak, np.asarray(highest, dtype=np.float32))


def active_runs(
    active: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return row, first and last frame (inclusive) of every run of True in `active` (N, T)."""
    padded = np.pad(active.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    row, onset = np.nonzero(change == 1)
    _, after = np.nonzero(change == -1)
    return row.astype(np.int64), onset.astype(np.int64), after.astype(np.int64) - 1
