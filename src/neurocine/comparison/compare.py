"""Scores and costs of a comparison, from the files that its jobs wrote."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path

from neurocine.comparison.recording_files import movie_in, truth_in
from neurocine.comparison.scores_and_costs import Comparison
from neurocine.comparison.synthetic_motion import RegistrationError
from neurocine.comparison.tuning import TunedSettings
from neurocine.config import ComparisonSettings, EvaluationSettings
from neurocine.config.engines import ZSCORE
from neurocine.evaluation import MAIN_METHOD, ActivityCase, ActivityEvaluation, evaluate_activity
from neurocine.evaluation.segmentation.gallery import MAX_PICTURED, Pictured, picture
from neurocine.evaluation.segmentation.segmentation_cases import open_truth
from neurocine.evaluation.segmentation.segmentation_comparison import (
    SegmentationCase,
    compare_segmentations,
)
from neurocine.io.job_costs import JobCost, mean_job_cost
from neurocine.io.result_files import read_activity, read_celltypes, read_rois, read_traces, read_truth
from neurocine.progress import Progress, silent
from neurocine.traces.deconvolution import Deconvolved


@dataclass(frozen=True)
class ComparedRecording:
    """A recording of the comparison, with the paths of its movie and truth."""

    name: str
    movie: Path
    truth: Path

    @classmethod
    def listed(
        cls, names: Iterable[str], movies: Iterable[str], truth: Iterable[Path]
    ) -> list[ComparedRecording]:
        """Return recordings from lists of their names and files, in the same order."""
        return [cls(name, Path(movie), true) for name, movie, true in zip(names, movies, truth, strict=True)]


@dataclass(frozen=True)
class ComparisonFiles:
    """Paths of the files that the jobs of a comparison write."""

    folder: Path

    def rois(self, engine: str, recording: str) -> Path:
        """Return the file of the ROIs that an engine found."""
        return self.folder / "segmentation" / engine / recording / "rois.h5"

    def tuned(self, engine: str) -> Path:
        """Return the file of an engine's settings."""
        return self.folder / "segmentation" / engine / "tuned.json"

    def activity(self, method: str, recording: str, suffix: str = "h5") -> Path:
        """Return the file of a method's activity, or traces, on the true contours."""
        return self.folder / "activity" / method / f"{recording}.{suffix}"

    def motion(self, name: str, movie: str) -> Path:
        """Return the file of a registration's error."""
        return self.folder / "motion" / name / f"{movie}.json"

    def costs(self, task: str, jobs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], JobCost]:
        """Return the cost of each measured job of a task, by method and recording."""
        paths = {job: self.folder / "benchmarks" / f"{task}_{job[0]}_{job[1]}.tsv" for job in jobs}
        return {job: mean_job_cost(path) for job, path in paths.items() if path.is_file()}


@dataclass(frozen=True)
class ComparisonInputs:
    """The methods and recordings of a comparison.

    Attributes
    ----------
    measured
        Recordings on which the figures are computed.
    active, training
        Those of them whose activity is known, and those on which the baselines' thresholds are chosen.
    segmentation, deconvolution, motion
        Engines that ran.
    moved
        Movies with synthetic motion that were registered.
    datasets
        Data set of each simulated recording.
    left_out
        Reason for each engine that didn't run.
    """

    measured: Sequence[ComparedRecording]
    active: Sequence[ComparedRecording]
    training: Sequence[ComparedRecording]
    segmentation: Sequence[str]
    deconvolution: Sequence[str]
    motion: Sequence[str]
    moved: Sequence[str]
    datasets: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def compare(
    what: ComparisonInputs,
    layout: ComparisonFiles,
    settings: EvaluationSettings,
    comparison: ComparisonSettings,
    progress: Progress = silent,
) -> Comparison:
    """Return the comparison computed from the jobs' files.

    Raises
    ------
    InputError
        If a file is damaged, or files don't belong together.
    """
    names = [source.name for source in what.measured]
    active = [source.name for source in what.active]
    methods = [MAIN_METHOD, *what.deconvolution]
    motion = list(product(what.motion, what.moved))
    return Comparison(
        datasets=what.datasets,
        frames={s.name: movie_in(s.movie).n_frames for s in what.measured},
        segmentation=compare_segmentations(
            segmentation_cases(what, layout, settings, comparison), settings, note=NOTE, progress=progress
        ),
        tuned={
            engine: TunedSettings.of(json.loads(layout.tuned(engine).read_text("utf-8")))
            for engine in what.segmentation
        },
        segmentation_costs=layout.costs("segmentation", product(what.segmentation, names)),
        activity=_activity(what, layout, settings, comparison, progress) if active else None,
        activity_costs=layout.costs("activity", product(methods, active)),
        motion={
            job: RegistrationError(**json.loads(layout.motion(*job).read_text("utf-8"))) for job in motion
        },
        motion_costs=layout.costs("motion", motion),
        left_out=what.left_out,
        machine=machine(),
    )


NOTE = "Each engine with the settings that were best on the training recordings."


def segmentation_cases(
    what: ComparisonInputs,
    layout: ComparisonFiles,
    settings: EvaluationSettings,
    comparison: ComparisonSettings,
) -> Iterator[SegmentationCase]:
    """Yield the measured recordings with the ROIs of each engine."""
    for source in what.measured:
        movie = movie_in(source.movie)
        true_rois, groups = open_truth(
            truth_in(source.truth), movie, min_dprime=settings.min_dprime, min_snr=comparison.min_snr
        )
        rois_by_method = {engine: read_rois(layout.rois(engine, source.name)) for engine in what.segmentation}
        yield SegmentationCase(source.name, true_rois, groups, rois_by_method, movie)


def pictured_recordings(
    what: ComparisonInputs,
    layout: ComparisonFiles,
    settings: EvaluationSettings,
    comparison: ComparisonSettings,
    progress: Progress = silent,
) -> list[Pictured]:
    """Return the recordings to draw on the page of the segmentations: the first `MAX_PICTURED`."""
    shown = islice(segmentation_cases(what, layout, settings, comparison), MAX_PICTURED)
    return [picture(case, settings, progress) for case in shown]


def _activity(
    what: ComparisonInputs,
    layout: ComparisonFiles,
    settings: EvaluationSettings,
    comparison: ComparisonSettings,
    progress: Progress,
) -> ActivityEvaluation:
    return evaluate_activity(
        (_case(source, what, layout, own=True) for source in what.active),
        settings.model_copy(update={"baselines": baselines_of(what, comparison)}),
        training=(_case(source, what, layout, own=False) for source in what.training),
        note="On the true contours.",
        progress=progress,
    )


def baselines_of(what: ComparisonInputs, comparison: ComparisonSettings) -> tuple[str, ...]:
    """Return the methods that neurocine's activity is compared with, in the order of the config."""
    ran = {*what.deconvolution, ZSCORE}
    return tuple(name for name in comparison.activity if name in ran)


def _case(
    source: ComparedRecording, what: ComparisonInputs, layout: ComparisonFiles, *, own: bool
) -> ActivityCase:
    """Return a recording on its true contours; with neurocine's own activity if `own`."""
    folder = truth_in(source.truth)
    rois = read_rois(folder / "rois.h5")
    traces = {name: read_traces(layout.activity(name, source.name)) for name in what.deconvolution}
    return ActivityCase(
        name=source.name,
        movie=movie_in(source.movie),
        rois=rois,
        true_rois=rois,
        truth=read_truth(folder / "truth.h5"),
        rasters={MAIN_METHOD: read_activity(layout.activity(MAIN_METHOD, source.name))} if own else {},
        celltypes=read_celltypes(layout.activity(MAIN_METHOD, source.name, "tsv")) if own else None,
        baselines={name: Deconvolved(made.events, made.dff) for name, made in traces.items()},
    )


def machine() -> str:
    """Return a description of this machine."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
