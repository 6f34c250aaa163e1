"""The cells of a recording without truth: which rises of their traces are called active, and which aren't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.config import TracesSettings
from neurocine.core import Movie, Raster, RoiSet
from neurocine.core.raster import active_runs
from neurocine.traces.events import noise_level
from neurocine.traces.extraction import projected
from neurocine.traces.masks import neuropil_masks
from neurocine.traces.transients import putative, smooth

#: A rise of at least so many SD of the raw trace's noise is clear.
CLEAR_SD = 3.0


@dataclass(frozen=True)
class Rise:
    """First and last frame, both inclusive; height in SD, highest probability, and share of the ring."""

    onset: int
    peak: int
    height: float
    probability: float
    around: float


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell: its trace in SD (T,), its transients called active, and its rises that aren't."""

    position: int
    roi_id: int
    kind: str
    classifier: str
    trace: NDArray[np.float64]
    probability: NDArray[np.float32]
    active: NDArray[np.bool_]
    called: list[Rise]
    not_called: list[Rise]

    def clear(self) -> tuple[int, int]:
        """Return how many transients called, and how many rises not called, are clear."""
        return tuple(sum(r.height >= CLEAR_SD for r in rises) for rises in (self.called, self.not_called))

    def shown(self) -> list[tuple[str, Rise]]:
        """Return the surest and the least sure transient called, and the highest rises not called.

        Three in all, fewer only where the trace has no more.
        """
        called = sorted(self.called, key=lambda rise: -rise.probability)
        missed = sorted(self.not_called, key=lambda rise: -rise.height)
        found = [("surest called", called[0])] if called else []
        found += [("least sure called", called[-1])] if len(called) > 1 else []
        names = ("highest not called", "2nd not called", "3rd not called")
        return [*found, *zip(names, missed, strict=False)][:3]


def measure(movie: Movie, rois: RoiSet, raster: Raster, types: Sequence[str]) -> list[Cell]:
    """Return every cell, measured; the movie is read once."""
    settings = TracesSettings()
    inner, outer = (
        um / movie.pixel_size_um for um in (settings.neuropil_inner_um, settings.neuropil_outer_um)
    )
    means = rois.matrix() / np.asarray(rois.areas(), dtype=np.float32)[:, None]
    # Each ring for itself, so that neighbours are in it: what they do counts as around too.
    rings = [neuropil_masks(rois.select([i]), inner, outer) for i in range(len(rois))]
    masks = sparse.vstack([means, *rings], format="csr")
    raw, ring = np.split(projected(movie, masks), 2)
    noise = noise_level(raw)
    return [
        _cell(i, rois, raster, types[i], smooth(raw[i]), smooth(ring[i]), float(noise[i]))
        for i in range(len(rois))
    ]


def _cell(
    index: int,
    rois: RoiSet,
    raster: Raster,
    kind: str,
    trace: NDArray[np.float64],
    ring: NDArray[np.float64],
    noise: float,
) -> Cell:
    probability, active = raster.probability[index], raster.active[index]
    rises = [
        Rise(
            onset=int(a),
            peak=int(b),
            height=float((trace[b] - trace[a]) / noise) if noise else 0.0,
            probability=float(probability[a : b + 1].max()),
            around=float((ring[b] - ring[a]) / max(trace[b] - trace[a], 1e-9)),
        )
        for a, b in zip(*putative(trace), strict=True)
    ]
    _, first, last = active_runs(active[None])
    called = []
    for a, b in zip(first.tolist(), last.tolist(), strict=True):
        # A transient called is as high as the highest rise that it touches; it may touch none.
        touched = [rise for rise in rises if rise.onset <= b and rise.peak >= a]
        best = max(touched, key=lambda rise: rise.height, default=Rise(a, b, 0.0, 0.0, float("nan")))
        called.append(Rise(a, b, best.height, float(probability[a : b + 1].max()), best.around))
    return Cell(
        position=index,
        roi_id=int(rois.ids[index]),
        kind=kind,
        classifier=raster.classifier[index],
        trace=(trace - np.median(trace)) / (noise or 1.0),
        probability=probability,
        active=active,
        called=called,
        not_called=[rise for rise in rises if not active[rise.onset : rise.peak + 1].any()],
    )
