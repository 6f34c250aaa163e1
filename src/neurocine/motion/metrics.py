"""Quality of a registration: correlation with the template, crispness and residual motion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.motion.template import centred

#: Chunks whose averages are compared with the template, and the fewest frames per chunk.
MAX_CHUNKS = 40
MIN_CHUNK_FRAMES = 20
#: Approximate edge of the images on which flow is measured, in pixels, at most.
FLOW_EDGE = 256
#: Radius of the window in which flow is taken as uniform, pixels. With a smaller one, a cell that is
#: brighter in one chunk than in the template looks as if it had moved.
FLOW_RADIUS = 12
#: Smaller drops of the correlation aren't bad frames: interpolation and rounding cause them, too.
MIN_FALL = 0.05
#: A frame whose correlation with the template is below this share of the median shows something else.
LOST_SHARE = 0.5


class TemplateCorrelation:
    """Pearson's correlation of frames with a template, without a margin.

    In the margin registered frames have no data; they repeat their edge there.
    """

    def __init__(self, template: NDArray[np.float32], margin: int) -> None:
        margin = min(margin, min(template.shape) // 4)
        self._inside = (slice(margin, template.shape[0] - margin), slice(margin, template.shape[1] - margin))
        self._template = centred(template[self._inside].reshape(1, -1))[0]

    def __call__(self, frames: NDArray[Any]) -> NDArray[np.float32]:
        """Return the correlation of each frame (n, Y, X), (n,)."""
        # Frame by frame, whose arrays stay in the cache.
        inside = (frame[self._inside].reshape(1, -1) for frame in frames)
        return np.array([(centred(frame) @ self._template)[0] for frame in inside], dtype=np.float32)


class ChunkMeans:
    """Averages of up to `MAX_CHUNKS` successive chunks of a movie, filled block by block."""

    def __init__(self, n_frames: int, fov_shape: tuple[int, int]) -> None:
        n = int(np.clip(n_frames // MIN_CHUNK_FRAMES, 1, MAX_CHUNKS))
        self._edges = np.linspace(0, n_frames, n + 1).astype(int)
        self._sums = np.zeros((n, *fov_shape))

    def add(self, start: int, frames: NDArray[Any]) -> None:
        """Add `frames` (n, Y, X), the first of which is frame `start`."""
        stop = start + len(frames)
        for total, a, b in zip(self._sums, self._edges[:-1], self._edges[1:], strict=True):
            if a < stop and b > start:
                total += frames[max(a - start, 0) : b - start].sum(axis=0, dtype=np.float64)

    def result(self) -> NDArray[np.float32]:
        """Return the averages (n, Y, X)."""
        return (self._sums / np.diff(self._edges)[:, None, None]).astype(np.float32)


def crispness(image: NDArray[Any]) -> float:
    """Return the Frobenius norm of the gradient of `image` (Y, X): higher with less motion blur."""
    dy, dx = np.gradient(image.astype(np.float64))
    return float(np.sqrt((dy**2 + dx**2).sum()))


def residual_flow_p95(template: NDArray[np.float32], chunks: NDArray[np.float32], margin: int) -> float:
    """Return the 95th percentile of the optical flow from `template` (Y, X) to `chunks` (n, Y, X), pixels."""
    from skimage.registration import optical_flow_ilk

    shrink = max(1, round(max(template.shape) / FLOW_EDGE))
    margin = min(margin, min(template.shape) // 4) // shrink
    inside = (slice(margin, -margin or None), slice(margin, -margin or None))
    reference = _standardised(template, shrink)
    magnitudes = []
    for chunk in chunks:
        flow = optical_flow_ilk(  # type: ignore[no-untyped-call]
            reference, _standardised(chunk, shrink), radius=FLOW_RADIUS, num_warp=5, gaussian=True
        )
        magnitudes.append(np.hypot(flow[0], flow[1])[inside].ravel())
    return float(np.percentile(np.concatenate(magnitudes), 95) * shrink)


def _standardised(image: NDArray[np.float32], shrink: int) -> NDArray[np.float32]:
    """Return `image` averaged over squares of `shrink` pixels, zero mean, unit deviation."""
    height, width = (n // shrink * shrink for n in image.shape)
    blocks = image[:height, :width].reshape(height // shrink, shrink, width // shrink, shrink)
    small = blocks.mean(axis=(1, 3))
    std = small.std()
    return np.asarray((small - small.mean()) / (std if std > 0 else 1), dtype=np.float32)


def unregistered(
    correlation: NDArray[np.float32], at_limit: NDArray[np.bool_], flag_mad: float
) -> NDArray[np.bool_]:
    """Return the mask of badly registered frames, (T,).

    Those whose shift is at the limit, and those whose correlation with the template isn't positive or lies
    more than `flag_mad` median absolute deviations (and more than `MIN_FALL`) below the median.
    """
    median = np.median(correlation)
    deviation = np.median(np.abs(correlation - median))
    least = max(0.0, float(median - max(flag_mad * deviation, MIN_FALL)))
    return np.asarray(at_limit | (correlation <= least))


def unregistrable(correlation: NDArray[np.float32], flagged: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which of the `flagged` frames don't show the template at all, (T,).

    Their correlation with it is less than `LOST_SHARE` of the median. Frames that are dim, moved or full of
    active cells stay; and all stay if less than half of the movie would be left.
    """
    lost = np.asarray(flagged & (correlation < LOST_SHARE * np.median(correlation)))
    return lost if lost.mean() < 0.5 else np.zeros_like(lost)
