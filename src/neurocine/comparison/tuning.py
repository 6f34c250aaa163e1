"""Tune the settings of an engine on training recordings, by the same grid search for all engines.

As in STNeuroNet's paper (SI Appendix, Supplementary Methods): the combination of values with the
highest mean F1 is chosen. Leaving out each training recording in turn shows how well the choice made on the
others carries over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurocine.config import EvaluationSettings
from neurocine.config.comparison import Point
from neurocine.core import InputError, RoiSet
from neurocine.evaluation.segmentation.groups import Groups, evaluate_groups
from neurocine.evaluation.segmentation.segmentation_comparison import MAIN_RULE
from neurocine.progress import Progress, silent

log = logging.getLogger(__name__)

#: Finds ROIs with the settings of one point of the grid.
Find = Callable[[Point], RoiSet]


@dataclass(frozen=True)
class Trial:
    """One combination of values, tried on one recording.

    Attributes
    ----------
    point
        The values.
    f1
        Their F1 for visible neurons, by the paper's rule; 0 if the engine failed.
    failure
        Message of the error if the engine failed, else empty.
    seconds
        Elapsed time.
    """

    point: Point
    f1: float
    failure: str
    seconds: float


@dataclass(frozen=True)
class TriedSettings:
    """All combinations tried on one recording."""

    engine: str
    recording: str
    trials: tuple[Trial, ...]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> TriedSettings:
        """Return what `dataclasses.asdict` made plain values of."""
        trials = tuple(Trial(**trial) for trial in values["trials"])
        return cls(values["engine"], values["recording"], trials)


@dataclass(frozen=True)
class LeftOutScore:
    """F1 on a training recording with the values chosen on all others."""

    recording: str
    point: Point
    f1: float


@dataclass(frozen=True)
class TunedSettings:
    """The values that an engine is compared with.

    Attributes
    ----------
    engine
        Name of the engine.
    point
        The values with the highest mean F1 over the training recordings; the first if there are several.
    f1
        That mean; None without training recordings, when the first point of the grid is taken.
    left_out
        Scores of leave-one-out; empty with fewer than two recordings.
    failures
        How many trials failed.
    """

    engine: str
    point: Point
    f1: float | None
    left_out: tuple[LeftOutScore, ...]
    failures: int

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> TunedSettings:
        """Return what `dataclasses.asdict` made plain values of."""
        left_out = tuple(LeftOutScore(**one) for one in values["left_out"])
        return cls(values["engine"], values["point"], values["f1"], left_out, values["failures"])


def try_points(
    engine: str,
    recording: str,
    find: Find,
    points: Sequence[Point],
    rois: RoiSet,
    groups: Groups,
    settings: EvaluationSettings,
    progress: Progress = silent,
) -> TriedSettings:
    """Find ROIs with each of `points` and score them.

    If an engine rejects a point (`InputError`), its F1 is 0 there, so that a search of hours goes on.
    """
    trials = []
    for number, point in enumerate(points, 1):
        began, failure, f1 = time.monotonic(), "", 0.0
        try:
            scores = evaluate_groups(find(point), rois, groups, min_iou=settings.min_iou)
            f1 = float(getattr(scores, MAIN_RULE).score.f1)
        except InputError as error:
            failure = str(error)
            log.warning("%s on %s with %s: %s", engine, recording, point, failure)
        trials.append(Trial(point, f1, failure, time.monotonic() - began))
        log.info("%s on %s with %s: F1 %.3f", engine, recording, point, f1)
        progress("tuning", number, len(points))
    return TriedSettings(engine, recording, tuple(trials))


def tune(engine: str, tried: Sequence[TriedSettings], points: Sequence[Point]) -> TunedSettings:
    """Return the best of `points` over the training recordings in `tried`.

    Raises
    ------
    InputError
        If a recording was tried with another grid.
    """
    if not tried:
        return TunedSettings(engine, points[0], None, (), 0)
    for one in tried:
        if [trial.point for trial in one.trials] != list(points):
            raise InputError(
                one.recording,
                "points",
                f"aren't those of the grid of {engine}",
                "Delete its file of trials and run again.",
            )
    f1 = np.array([[trial.f1 for trial in one.trials] for one in tried])
    best = int(np.argmax(f1.mean(axis=0)))
    left_out = []
    for row in range(len(tried)) if len(tried) > 1 else ():
        chosen = int(np.argmax(np.delete(f1, row, axis=0).mean(axis=0)))
        left_out.append(LeftOutScore(tried[row].recording, points[chosen], float(f1[row, chosen])))
    failures = sum(bool(trial.failure) for one in tried for trial in one.trials)
    return TunedSettings(engine, points[best], float(f1[:, best].mean()), tuple(left_out), failures)
