"""How much each frame counts in the picture of a transient, and of a cell's largest ones.

DeepCINAC, section 2.6 ("Detection of overlap activity"), after Gauthier et al. (2018): the mean picture of
the movie during a transient is its profile, that of the largest transients the cell's source profile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.traces.transients import putative, smooth

#: The source profile is made of the peaks over this percentile, 5 of them at least and 10 at most.
SOURCE_PERCENTILE, SOURCE_MIN, SOURCE_MAX = 95, 5, 10


@dataclass(frozen=True, eq=False)
class ProfileWeights:
    """The putative transients of one cell, and the weight of each frame in their profiles.

    Attributes
    ----------
    onset, peak
        First and last frame, both inclusive, (M,) int64.
    source
        Weights of the source profile, (1, T).
    transients
        Weights of each transient's profile, (M, T).
    """

    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    source: sparse.csr_array
    transients: sparse.csr_array


def profile_weights(trace: NDArray[np.float32]) -> ProfileWeights:
    """Return the putative transients of a raw trace (T,), and the weights of their profiles."""
    smoothed = smooth(trace)
    onset, peak = putative(smoothed)
    amplitude = smoothed[peak]
    over = int((amplitude > np.percentile(amplitude, SOURCE_PERCENTILE)).sum()) if len(peak) else 0
    largest = np.argsort(-amplitude, kind="stable")[: int(np.clip(over, SOURCE_MIN, SOURCE_MAX))]
    single = frame_weights(smoothed, onset, peak)
    mean = sparse.csr_array(np.ones((1, len(largest))) / max(len(largest), 1)) @ single[largest]
    return ProfileWeights(onset, peak, sparse.csr_array(mean), single)


def frame_weights(
    smoothed: NDArray[np.float64], onset: NDArray[np.int64], peak: NDArray[np.int64]
) -> sparse.csr_array:
    """Return the weights (M, T) of the frames of M transients: the smoothed trace above its minimum.

    Those of a transient sum to 1.
    """
    n_frames = peak - onset + 1
    row = np.repeat(np.arange(len(onset)), n_frames)
    # Frames of all rises, one after another.
    first = np.cumsum(n_frames) - n_frames
    column = np.arange(len(row)) - first[row] + onset[row]
    weight = smoothed[column] - smoothed.min()
    weight /= np.bincount(row, weight, minlength=len(onset))[row]
    return sparse.csr_array((weight, (row, column)), shape=(len(onset), len(smoothed)))
