"""The threshold that is best for a method, chosen on training cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocine.core import InputError
from neurocine.evaluation.activity.scored_transients import ScoredTransients

#: How many thresholds are tried.
GRID_SIZE = 200


@dataclass(frozen=True)
class Threshold:
    """A method's threshold, and on which cells it was chosen.

    Attributes
    ----------
    value
        A frame is active where the method's signal is above it.
    signal
        Which of the signals in `EvaluatedCell.transients`: the method's name, with the unit for a baseline.
    chosen_on
        ``train`` (training recordings), ``evaluated`` (the evaluated cells themselves: as good as this method
        can possibly do), ``given`` (the method came with it) or ``person`` (people say yes or no).
    """

    value: float
    signal: str
    chosen_on: str


@dataclass(frozen=True, order=True)
class ThresholdChoice:
    """The best threshold for a set of cells; a better choice compares greater."""

    median_f1: float
    mean_f1: float
    value: float


def choose_threshold(cells: Sequence[ScoredTransients], grid: ArrayLike | None = None) -> ThresholdChoice:
    """Return the threshold of `grid` with the highest median F1 over `cells`.

    Among equals the one with the highest mean F1 is taken, then the lowest.

    Parameters
    ----------
    cells
        One signal of each cell.
    grid
        Thresholds to try; by default `levels`.

    Raises
    ------
    InputError
        If there are no cells or no thresholds.
    """
    values = levels(cells) if grid is None else np.asarray(grid, dtype=np.float64)
    if not len(cells) or not values.size:
        problem = f"there are {len(cells)} cells and {values.size} thresholds"
        raise InputError("choose_threshold", "cells", problem, "Give at least one of each.")
    f1 = np.array([cell.f1(values) for cell in cells])
    median, mean = np.median(f1, axis=0), f1.mean(axis=0)
    best = int(np.lexsort((values, -mean, -median))[0])
    return ThresholdChoice(float(median[best]), float(mean[best]), float(values[best]))


def levels(cells: Sequence[ScoredTransients]) -> NDArray[np.float64]:
    """Return 0 and quantiles of the peaks of all transients above 0, at most `GRID_SIZE`."""
    heights = np.concatenate([*(cell.heights() for cell in cells), np.empty(0)])
    heights = heights[heights > 0]
    if not len(heights):
        return np.zeros(1)
    quantiles = np.quantile(heights, np.linspace(0, 1, GRID_SIZE - 1))
    return np.unique(np.append(0.0, quantiles))
