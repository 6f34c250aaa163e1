"""Assemblies from pairs of cells with coincident onsets: also for densely firing cells.

If as many cells are active at once by chance as an assembly has, its events don't stand out
(`neurocine.assemblies.events`), but its pairs of cells still coincide more often than others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.stats import norm

from neurocine.assemblies.events import onsets, rolled
from neurocine.config import AssembliesSettings
from neurocine.core.assemblies import NONE
from neurocine.progress import Progress, silent

Matrix = NDArray[np.float64]

#: Cells of an initial group: each cell in turn, with those that it coincides with most.
START_CELLS = 8
#: A cell is in a group if its mean excess with the group's other cells has a p below this.
TAIL = 0.01
#: ... and finally if it is at least this fraction of the median of the group's cells.
TYPICAL = 0.25
#: Largest number of iterations between groups and cells.
ROUNDS = 30
#: Groups that share more than this fraction of the smaller one are the same.
SHARED = 0.5
#: Columns with about the same number of active cells, among which those of a cell are shuffled.
LIKE_COLUMNS = 25


def label_by_pairs(
    active: NDArray[np.bool_],
    frame_rate_hz: float,
    settings: AssembliesSettings,
    progress: Progress = silent,
) -> NDArray[np.int64]:
    """Return the assembly of each cell of a raster (N, T), (N,) int64, -1: none.

    The excess of a pair is the correlation of the cells' onsets (Gaussians of `settings.pair_s`) after
    regressing out the sum of all other cells, in standard deviations of the same in shuffled rasters. Groups
    of cells with mutual excess grow from each cell. A group is an assembly if its summed excess exceeds the
    maximum over all groups of shuffled rasters by as much as this exceeds their median, for both kinds of
    shuffling: rolled rows, and columns shuffled with the number of active cells kept.
    """
    on = onsets(active)
    if len(on) < max(START_CELLS, settings.min_assembly) or not on.any():
        return np.full(len(on), NONE, dtype=np.int64)
    rng = np.random.default_rng((settings.seed, 3))
    chance: list[list[Matrix]] = [[], []]
    for done in range(settings.pair_surrogates):
        for way, shuffled in zip(
            chance, (rolled(on, rng), shuffled_columns(on, frame_rate_hz, settings, rng)), strict=True
        ):
            way.append(excess(shuffled, frame_rate_hz, settings.pair_s))
        progress("pairs of shuffled cells", done + 1, settings.pair_surrogates)
    upper = np.triu_indices(len(on), 1)
    unit = max(float(np.mean([values[upper].std() for values in way])) for way in chance)
    if not unit:
        return np.full(len(on), NONE, dtype=np.int64)
    highest = [np.array([_groups(values / unit, settings)[1].max() for values in way]) for way in chance]
    least = max(float(2 * way.max() - np.median(way)) for way in highest)
    own = excess(on, frame_rate_hz, settings.pair_s) / unit
    member, strength = _groups(own, settings)
    chosen: list[NDArray[np.bool_]] = []
    for group in np.argsort(-strength, kind="stable"):
        if strength[group] <= least:
            break
        if all(_shared(member[:, group], other) <= SHARED for other in chosen):
            chosen.append(member[:, group])
    return _separated(own, chosen, settings.min_assembly)


def excess(on: NDArray[np.bool_], frame_rate_hz: float, sigma_s: float) -> Matrix:
    """Return the excess coincidence of the onsets of each pair of cells, (N, N), with a zero diagonal.

    Parameters
    ----------
    on
        Onsets, (N, T) bool.
    frame_rate_hz
        Frames per second.
    sigma_s
        Standard deviation of the Gaussian that an onset becomes, seconds.
    """
    sigma = sigma_s * frame_rate_hz
    blurred = gaussian_filter1d(on.astype(np.float32), sigma, axis=1, mode="constant", truncate=3)
    seen = blurred[:, :: max(1, int(sigma))]
    seen = seen - seen.mean(axis=1, keepdims=True)
    others = seen.sum(axis=0) - seen
    power = (others**2).sum(axis=1)
    seen = seen - others * ((seen * others).sum(axis=1) / np.where(power > 0, power, 1))[:, None]
    size = np.sqrt((seen**2).sum(axis=1, keepdims=True))
    seen = seen / np.where(size > 0, size, np.inf)
    values = (seen @ seen.T).astype(np.float64)
    np.fill_diagonal(values, 0)
    return np.asarray(values)


def shuffled_columns(
    on: NDArray[np.bool_], frame_rate_hz: float, settings: AssembliesSettings, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return onsets (N, T') with each cell's bins shuffled among those with about as many active cells.

    Bins are twice `settings.window_s` long; frames that don't fill a bin are left out.
    """
    frames = max(1, round(2 * settings.window_s * frame_rate_hz))
    n, bins = len(on), on.shape[1] // frames
    columns = on[:, : bins * frames].reshape(n, bins, frames)
    order = np.lexsort((rng.random(bins), columns.any(axis=2).sum(axis=0)))
    shuffled = np.empty_like(columns)
    for alike in np.array_split(order, max(1, bins // LIKE_COLUMNS)):
        for row, new in zip(columns, shuffled, strict=True):
            new[alike] = row[rng.permutation(alike)]
    return shuffled.reshape(n, -1)


def _groups(own: Matrix, settings: AssembliesSettings) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the group grown from each cell, a column of (N, N), and its strength, (N,); 0: too small."""
    n = len(own)
    member = np.eye(n, dtype=bool)
    nearest = np.argsort(-own, axis=1, kind="stable")[:, : START_CELLS - 1]
    member[nearest.ravel(), np.repeat(np.arange(n), nearest.shape[1])] = True
    for _ in range(ROUNDS):
        before, member = member, _towards(own, member) > norm.isf(TAIL)
        if np.array_equal(before, member):
            break
    size = member.sum(axis=0)
    total = (member * (own @ member)).sum(axis=0) / 2
    strength = total / np.sqrt(np.maximum(size * (size - 1) / 2, 1))
    return member, np.where(size >= settings.min_assembly, strength, 0.0)


def _towards(own: Matrix, member: NDArray[np.bool_]) -> Matrix:
    """Return the summed excess of each cell with the other cells of each group, over its SD, (N, G)."""
    others = member.sum(axis=0) - member
    return np.asarray(own @ member / np.sqrt(np.maximum(others, 1)))


def _shared(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / min(first.sum(), second.sum()))


def _separated(own: Matrix, groups: list[NDArray[np.bool_]], least: int) -> NDArray[np.int64]:
    """Return the group that each cell coincides with most, (N,); groups below `least` cells are dropped."""
    label = np.full(len(own), NONE, dtype=np.int64)
    if not groups:
        return label
    member = np.stack(groups, axis=1)
    for _ in range(ROUNDS):
        towards = _towards(own, member)
        typical = [np.median(towards[group, k]) if group.any() else 0 for k, group in enumerate(member.T)]
        enough = towards > np.maximum(norm.isf(TAIL), TYPICAL * np.array(typical))
        best = np.where(enough, towards, -np.inf)
        label = np.where(enough.any(axis=1), best.argmax(axis=1), NONE)
        before, member = member, label[:, None] == np.arange(len(groups))
        if np.array_equal(before, member):
            break
    sizes = np.bincount(label[label != NONE], minlength=len(groups))
    kept = [k for k in np.argsort(-sizes, kind="stable") if sizes[k] >= least]
    new = np.full(len(groups) + 1, NONE, dtype=np.int64)  # the last for NONE, -1
    new[kept] = np.arange(len(kept))
    return new[label]
