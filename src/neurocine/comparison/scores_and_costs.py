"""The result of a comparison: scores, costs and chosen settings by task, method and recording."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from neurocine.comparison.synthetic_motion import RegistrationError
from neurocine.comparison.tuning import TunedSettings
from neurocine.evaluation.activity.activity_evaluation import ActivityEvaluation
from neurocine.evaluation.segmentation.graders import METRICS, RULES
from neurocine.evaluation.segmentation.segmentation_comparison import (
    CRITERIA,
    MAIN_CRITERION,
    SegmentationComparison,
)
from neurocine.evaluation.statistics import rank_sum, spread
from neurocine.io.job_costs import JobCost

#: Version of the JSON's layout.
SCHEMA_VERSION = 1
#: Name of all recordings together, among the data sets.
ALL = "all"
#: Costs by method and recording.
Costs = Mapping[tuple[str, str], JobCost]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Engines compared on the same recordings.

    Attributes
    ----------
    datasets
        Data set of each recording: the preset of a simulated one, the recording itself for one of a lab.
    frames
        Frames of each recording.
    segmentation, tuned, segmentation_costs
        ROIs compared with truth; the settings of each engine; the cost of each job.
    activity, activity_costs
        Activity on the true contours compared with truth, None if no true activity is known; costs.
    motion, motion_costs
        Error of each registration by name and movie, and its cost.
    left_out
        Reason for each missing engine, by task and name.
    machine
        Description of the machine that it ran on.
    """

    datasets: Mapping[str, str]
    frames: Mapping[str, int]
    segmentation: SegmentationComparison
    tuned: Mapping[str, TunedSettings]
    segmentation_costs: Costs
    activity: ActivityEvaluation | None
    activity_costs: Costs
    motion: Mapping[tuple[str, str], RegistrationError]
    motion_costs: Costs
    left_out: Mapping[str, str]
    machine: str

    def sets(self) -> dict[str, list[str]]:
        """Return the measured recordings of each data set; all together last, if there are several."""
        members: dict[str, list[str]] = {}
        names = [recording.name for recording in self.segmentation.recordings]
        for name in names:
            members.setdefault(self.datasets.get(name, name), []).append(name)
        return members | ({ALL: names} if len(members) > 1 else {})

    def speed(self, costs: Costs, method: str, recording: str) -> float:
        """Return frames per second of elapsed time, start of the program included; NaN if unknown."""
        cost = costs.get((method, recording))
        return math.nan if cost is None else self.frames[recording] / max(cost.wall_s, 1e-3)

    def segmentation_rows(self) -> list[dict[str, Any]]:
        """Return mean and SD over the recordings of each data set, by engine."""
        names = [recording.name for recording in self.segmentation.recordings]
        rows = []
        for dataset, members in self.sets().items():
            which = [names.index(name) for name in members]
            for method in self.segmentation.methods:
                row: dict[str, Any] = {"dataset": dataset, "recordings": len(which), "method": method}
                for criterion in CRITERIA:
                    row[criterion] = {
                        rule: {
                            metric: spread(self.segmentation.values(method, criterion, rule, metric)[which])
                            for metric in METRICS
                        }
                        for rule in RULES
                    }
                rows.append(row | self._mean_cost(self.segmentation_costs, method, members))
        return rows

    def activity_rows(self) -> list[dict[str, Any]]:
        """Return quartiles over the active cells of each data set, by method; none without activity."""
        if self.activity is None:
            return []
        measured = {row.name for row in self.activity.recordings}
        rows = []
        for dataset, members in self.sets().items():
            inside = set(members) & measured
            for method in self.activity.visible.methods if inside else ():
                row: dict[str, Any] = {"dataset": dataset, "method": method}
                for name, criterion in self.activity.criteria.items():
                    cells = [cell for cell in criterion.active if cell.recording in inside]
                    row[name] = criterion.summary(cells, method)
                rows.append(row | self._mean_cost(self.activity_costs, method, sorted(inside)))
        return rows

    def motion_rows(self) -> list[dict[str, Any]]:
        """Return the mean error of each registration over the movies with synthetic motion."""
        rows = []
        for name in dict.fromkeys(name for name, _ in self.motion):
            movies = [movie for other, movie in self.motion if other == name]
            errors = [self.motion[name, movie] for movie in movies]
            means = {
                key: float(np.mean([getattr(error, key) for error in errors]))
                for key in ("rms", "median", "p95", "moved")
            }
            rows.append(
                {"method": name, "movies": len(movies), **means}
                | self._mean_cost(self.motion_costs, name, movies)
            )
        return rows

    def speed_tests(self) -> list[dict[str, Any]]:
        """Return rank-sum tests of the first engine's frames per second against each other engine's."""
        names = [recording.name for recording in self.segmentation.recordings]
        main, *baselines = self.segmentation.methods
        speeds = {
            method: [self.speed(self.segmentation_costs, method, name) for name in names]
            for method in (main, *baselines)
        }
        if any(math.isnan(value) for values in speeds.values() for value in values):
            return []
        return [
            {"baseline": baseline, **asdict(rank_sum(speeds[main], speeds[baseline]))}
            for baseline in baselines
        ]

    def table(self) -> Iterator[dict[str, Any]]:
        """Yield one row per task, method and recording, with the task's scores and the cost of the job."""
        for one in self.segmentation.recordings:
            for method, criteria in one.scores.items():
                row: dict[str, Any] = {"task": "segmentation", "method": method, "recording": one.name}
                for rule in RULES:
                    score = getattr(criteria[MAIN_CRITERION], rule).score
                    row |= {f"{metric}_{rule}": getattr(score, metric) for metric in METRICS}
                yield row | self._cost(self.segmentation_costs, method, one.name)
        if self.activity is not None:
            criterion = self.activity.visible
            for method in criterion.methods:
                for recording in self.activity.recordings:
                    cells = [cell for cell in criterion.active if cell.recording == recording.name]
                    summary = criterion.summary(cells, method)
                    row = {"task": "activity", "method": method, "recording": recording.name}
                    row |= {f"median_{m}": summary[m]["median"] for m in ("sensitivity", "precision", "f1")}
                    row["median_coverage"] = summary["coverage"]["transients"]["median"]
                    yield row | self._cost(self.activity_costs, method, recording.name)
        for (name, movie), error in self.motion.items():
            row = {"task": "registration", "method": name, "recording": movie}
            row |= {f"error_{key}_px": value for key, value in asdict(error).items()}
            yield row | self._cost(self.motion_costs, name, movie)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; undefined values are None."""
        return {
            "schema_version": SCHEMA_VERSION,
            "machine": self.machine,
            "recordings": {
                recording.name: {
                    "dataset": self.datasets.get(recording.name, recording.name),
                    "frames": self.frames[recording.name],
                }
                for recording in self.segmentation.recordings
            },
            "left_out": dict(self.left_out),
            "tuned": {engine: asdict(tuned) for engine, tuned in self.tuned.items()},
            "segmentation": {
                "by_dataset": self.segmentation_rows(),
                "recall_by_psnr": self.segmentation.by_psnr(),
                "comparisons": self.segmentation.comparisons(),
                "speed": self.speed_tests(),
            },
            "activity": None
            if self.activity is None
            else {"by_dataset": self.activity_rows(), **self.activity.as_dict()},
            "registration": self.motion_rows(),
        }

    def _cost(self, costs: Costs, method: str, recording: str) -> dict[str, float | None]:
        cost = costs.get((method, recording))
        if cost is None:
            return dict.fromkeys(COST_COLUMNS)
        values = (cost.wall_s, cost.cpu_s, self.frames[recording] / max(cost.wall_s, 1e-3), cost.peak_mb)
        return {
            name: None if math.isnan(value) else value
            for name, value in zip(COST_COLUMNS, values, strict=True)
        }

    def _mean_cost(self, costs: Costs, method: str, recordings: list[str]) -> dict[str, float | None]:
        rows = [self._cost(costs, method, name) for name in recordings]
        return {
            name: None
            if not rows or any(row[name] is None for row in rows)
            else _mean([row[name] for row in rows])
            for name in COST_COLUMNS
        }


#: Columns of the table for the cost of a job.
COST_COLUMNS = ("wall_s", "cpu_s", "frames_per_s", "peak_mb")


def _mean(values: list[float | None]) -> float:
    return float(np.mean(np.array(values, dtype=np.float64)))
