"""The sample of frames for the template, and a template made from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, Movie

#: Largest size of the sample, as float32.
SAMPLE_BYTES = 128 * 1024**2
#: Fewest frames averaged into a template, if the sample has as many.
MIN_AVERAGED = 20


def sample_frames(movie: Movie, n_frames: int) -> NDArray[Any]:
    """Return up to `n_frames` frames (n, Y, X) spread evenly over `movie`, without blank ones.

    With a large field of view there are fewer, so that they fit into `SAMPLE_BYTES`.

    Raises
    ------
    InputError
        If all but one of them are blank.
    """
    height, width = movie.fov_shape
    n = min(n_frames, movie.n_frames, max(MIN_AVERAGED, SAMPLE_BYTES // (4 * height * width)))
    # The middle of each of n equal parts: never the very first frame, which is often an artefact.
    chosen = ((np.arange(n) + 0.5) * movie.n_frames / n).astype(int)
    sample: NDArray[Any] = np.concatenate([movie.read(i, i + 1) for i in chosen])
    pixels = sample.reshape(len(sample), -1)
    sample = sample[pixels.min(axis=1) != pixels.max(axis=1)]
    if len(sample) < 2:
        raise InputError(
            movie.source,
            "frames",
            f"{n} frames spread over the movie are blank (all pixels equal)",
            "Is it the right channel, and was the shutter open?",
        )
    return sample


def centred(frames: NDArray[Any]) -> NDArray[np.float32]:
    """Return frames (n, P) as float32 with zero mean and unit norm each; blank ones are all zero."""
    values = frames.astype(np.float32)
    values -= values.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    values /= np.where(norm > 0, norm, 1)
    return values


def correlated_mean(sample: NDArray[Any]) -> NDArray[np.float32]:
    """Return the mean (Y, X) of the most mutually correlated quarter of `sample` (n, Y, X)."""
    chosen = most_correlated(sample)
    return np.asarray(sample[chosen].mean(axis=0, dtype=np.float64), dtype=np.float32)


def most_correlated(sample: NDArray[Any]) -> NDArray[np.intp]:
    """Return the indices, in order, of the most mutually correlated quarter of `sample` (n, Y, X)."""
    flat = centred(sample.reshape(len(sample), -1))
    n = min(len(sample), max(MIN_AVERAGED, len(sample) // 4))
    correlation = flat @ flat.T
    best = np.sort(correlation, axis=1)[:, -n:].mean(axis=1)
    return np.sort(np.argsort(-correlation[np.argmax(best)], kind="stable")[:n])
