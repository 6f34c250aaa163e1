"""The table of steps: what each reads, writes and needs.

Rules, commands, resources, provenance and the docs derive from it. A new step is a row here, a settings class
in `neurocine.config.pipeline`, and files of its own: a module, a rule, a script and a test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

#: A step that reads every result of the steps before it.
ALL: Final = ("*",)

Target = Literal["all", "evaluation", "comparison", "train"]


@dataclass(frozen=True)
class Cost:
    """What a job asks for where nothing was measured.

    Attributes
    ----------
    base_mb
        Memory of the loaded program in MB.
    mb_per_mb
        Memory in MB per MB of movie.
    base_min
        Minutes to start.
    min_per_gb
        Minutes per GB of movie.
    """

    base_mb: int
    mb_per_mb: float
    base_min: int
    min_per_gb: float


@dataclass(frozen=True)
class Step:
    """A step, or one of several rules of a step.

    Attributes
    ----------
    name
        Name of its rule.
    summary
        What it does, for the docs.
    impl
        Version of its algorithm, a param of its rule: Snakemake doesn't see an edit of this package. Raise it
        with each change that alters results; that reruns the step and what depends on it, and nothing else.
    cost
        What a job asks for where nothing was measured.
    reads
        Results that it reads, by name; each is that of the last step before it that writes one of this name.
    writes
        Files in its folder of a recording, by the name of the result.
    settings
        Sections of the config that alter its results.
    env
        Its environment in ``envs/``; empty if its engine decides.
    threads
        Cores of a job.
    word
        The step, if its rule has another name: its rule file, package, tests and folder are called so.
    engine
        Field of its section that names its engine.
    runs_again
        Steps that it runs again, several times: their costs are its own, beside `cost`.
    wanted
        Key of the config that says whether it runs; empty: always.
    per_recording
        Whether it works on one recording, rather than on all or on none.
    target
        What asks for it: ``snakemake``, or ``snakemake TARGET``.
    """

    name: str
    summary: str
    impl: int
    cost: Cost
    reads: tuple[str, ...] = ()
    writes: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    env: str = "core"
    threads: int = 1
    word: str = ""
    engine: str = ""
    runs_again: tuple[str, ...] = ()
    wanted: str = ""
    per_recording: bool = True
    target: Target = "all"

    def __post_init__(self) -> None:
        object.__setattr__(self, "word", self.word or self.name)

    def path(self, result: str) -> str:
        """Return where its `result` lies, relative to the recording's folder."""
        return f"{self.word}/{self.writes[result]}"


_EXPORT = Cost(1500, 0.2, 10, 5)
_REPORT = Cost(2000, 0.2, 10, 5)
_TRAINING = Cost(64000, 0.0, 720, 0)
_MEASURED = ("source", "movie", "rois", "traces", "celltypes", "activity")

RECORDING_STEPS: tuple[Step, ...] = (
    Step(
        "ingest",
        "checks the raw movie's files whole, records their checksums, and finds frames without data",
        impl=8,
        cost=Cost(1000, 0.0, 5, 1),
        writes={"source": "source.json"},
    ),
    Step(
        "motion",
        "registers every frame onto a template",
        impl=5,
        cost=Cost(3000, 0.0, 15, 60),
        reads=("source",),
        writes={"movie": "movie.h5"},
        settings=("motion",),
        env="",
        threads=2,
        engine="engine",
    ),
    Step(
        "segmentation",
        "finds the ROIs",
        impl=2,
        cost=Cost(3000, 1.0, 15, 20),
        reads=("movie",),
        writes={"rois": "rois.h5"},
        settings=("segmentation",),
        env="",
        threads=2,
        engine="engine",
    ),
    Step(
        "active",
        "adds STNeuroNet's verdict on each ROI, and selects those that the later steps use",
        impl=2,
        cost=Cost(4000, 0.0, 15, 60),
        reads=("movie", "rois"),
        writes={"rois": "rois.h5"},
        settings=("active", "segmentation"),
        env="tensorflow",
        threads=2,
    ),
    Step(
        "traces",
        "extracts F, neuropil, ΔF/F and events",
        impl=4,
        cost=Cost(2000, 0.2, 10, 10),
        reads=("movie", "rois"),
        writes={"traces": "traces.h5"},
        settings=("traces",),
        env="",
        engine="deconvolution",
    ),
    Step(
        "celltype",
        "classifies each ROI as pyramidal cell, interneuron or noise",
        impl=4,
        cost=Cost(3000, 0.2, 15, 60),
        reads=("movie", "rois"),
        writes={"celltypes": "celltypes.tsv"},
        settings=("celltype",),
        env="tensorflow",
        threads=2,
    ),
    Step(
        "activity",
        "infers the frames in which each cell is active",
        impl=7,
        cost=Cost(3000, 0.2, 15, 120),
        reads=("movie", "rois", "celltypes"),
        writes={"activity": "activity.h5"},
        settings=("activity",),
        env="tensorflow",
        threads=2,
    ),
    Step(
        "contamination",
        "finds transients that an overlapping neighbour's light causes",
        impl=1,
        cost=Cost(1500, 0.2, 10, 30),
        reads=("movie", "rois", "celltypes", "activity"),
        writes={"contamination": "contamination.json"},
    ),
    Step(
        "assemblies",
        "finds synchronous calcium events and cell assemblies, if asked to",
        impl=1,
        cost=Cost(1500, 0.02, 15, 5),
        reads=("activity", "celltypes", "rois"),
        writes={"assemblies": "assemblies.h5"},
        settings=("assemblies",),
        wanted="assemblies.find",
    ),
    Step(
        "controls",
        "runs the steps again on planted cells and on the mirrored movie, if asked to",
        impl=2,
        cost=Cost(2000, 0.2, 10, 60),
        reads=_MEASURED,
        writes={"controls": "controls.json"},
        settings=("controls", "segmentation", "active", "celltype", "activity"),
        env="controls",
        threads=2,
        runs_again=("segmentation", "active", "celltype", "activity"),
        wanted="controls.run",
    ),
    Step(
        "export_provenance",
        "records versions, settings and checksums of all results",
        impl=5,
        cost=_EXPORT,
        reads=ALL,
        writes={"provenance": "provenance.json"},
        word="export",
    ),
    Step(
        "export_tables",
        "writes the tables of cells and transients",
        impl=5,
        cost=_EXPORT,
        reads=_MEASURED,
        writes={"cells": "cells.tsv", "transients": "transients.tsv"},
        word="export",
    ),
    Step(
        "export_nwb",
        "writes the NWB file",
        impl=5,
        cost=_EXPORT,
        reads=(*_MEASURED, "contamination", "controls"),
        writes={"nwb": "recording.nwb"},
        settings=("export",),
        word="export",
        wanted="export.nwb",
    ),
    Step(
        "export_suite2p",
        "writes a folder that suite2p's GUI opens",
        impl=5,
        cost=_EXPORT,
        reads=_MEASURED,
        writes={"suite2p": "suite2p"},
        settings=("export",),
        word="export",
        wanted="export.suite2p",
    ),
    Step(
        "report",
        "writes the recording's page, and its card for the index",
        impl=6,
        cost=_REPORT,
        reads=(*_MEASURED, "contamination", "assemblies", "controls", "provenance", "cells", "transients"),
        writes={"report": "report.html", "card": "card.json"},
        settings=("report",),
    ),
)


def _project_step(
    name: str,
    summary: str,
    impl: int,
    cost: Cost,
    target: Target,
    word: str,
    env: str = "core",
    threads: int = 1,
) -> Step:
    return Step(
        name, summary, impl, cost, env=env, threads=threads, word=word, per_recording=False, target=target
    )


#: Rules that work on all recordings together, or on none. Those of a step share its version.
PROJECT_STEPS: tuple[Step, ...] = (
    _project_step("report_index", "writes the index of all reports", 6, _REPORT, "all", "report"),
    _project_step(
        "simulation", "simulates a movie with truth", 2, Cost(1500, 0.0, 20, 0), "train", "simulation"
    ),
    *(
        _project_step(name, summary, 4, cost, "train", "training", "tensorflow", threads)
        for name, summary, cost, threads in (
            ("train_activity", "trains the activity network", _TRAINING, 16),
            ("train_interneuron", "trains the activity network on, for interneurons", _TRAINING, 16),
            ("train_celltype", "trains the cell-type network", _TRAINING, 16),
            ("train_stneuronet", "trains STNeuroNet", Cost(64000, 0.0, 1440, 0), 16),
            ("calibrate_stneuronet", "chooses STNeuroNet's thresholds", Cost(16000, 0.0, 240, 0), 4),
            ("fine_tune", "trains a shipped model on labelled cells", Cost(16000, 0.0, 120, 0), 4),
        )
    ),
    *(
        _project_step(name, summary, 3, cost, "evaluation", "evaluation", "evaluation", 2)
        for name, summary, cost in (
            ("evaluate_segmentation", "measures segmentation against truth", Cost(3000, 0.0, 60, 0)),
            ("evaluate_activity", "measures activity and cell types against truth", Cost(6000, 0.0, 120, 0)),
            ("evaluate_labels", "compares cell types with structural labels", Cost(1000, 0.0, 10, 0)),
        )
    ),
    *(
        _project_step(name, summary, 1, cost, "comparison", "comparison", env, threads)
        for name, summary, cost, env, threads in (
            ("comparison_motion", "registers a movie of known shifts", Cost(4000, 0.0, 60, 60), "", 2),
            ("comparison_try", "tries an engine's settings", Cost(6000, 4.0, 360, 600), "", 2),
            ("comparison_tune", "chooses an engine's settings", Cost(1000, 0.0, 10, 0), "core", 1),
            ("comparison_segmentation", "segments by a tuned engine", Cost(6000, 4.0, 60, 120), "", 2),
            ("comparison_deconvolution", "deconvolves the true ROIs", Cost(3000, 0.2, 60, 60), "", 1),
            ("comparison_controls", "runs controls with an engine", Cost(6000, 1.0, 60, 240), "controls", 2),
            ("comparison_without_truth", "compares by controls", Cost(1000, 0.0, 10, 0), "core", 1),
            ("comparison_activity", "infers true ROIs' activity", Cost(3000, 0.2, 60, 120), "tensorflow", 2),
            ("comparison_compare", "compares with truth", Cost(6000, 0.0, 120, 0), "evaluation", 2),
        )
    ),
)

STEPS = RECORDING_STEPS + PROJECT_STEPS
BY_NAME: Mapping[str, Step] = {step.name: step for step in STEPS}
#: The words of all steps, in order: files in ``rules/``.
WORDS = tuple(dict.fromkeys(step.word for step in STEPS))
#: Version of each step's algorithm.
IMPL: Mapping[str, int] = {step.word: step.impl for step in STEPS}


def writers(before: str | None = None, without: Collection[str] = ()) -> dict[str, Step]:
    """Return which step each result comes from.

    Parameters
    ----------
    before
        Only of the steps before this one; of all unless given.
    without
        Steps that don't run.
    """
    last: dict[str, Step] = {}
    for step in _steps_before(before, without):
        last |= dict.fromkeys(step.writes, step)
    return last


def result_path(result: str, before: str | None = None, without: Collection[str] = ()) -> str:
    """Return where a result lies, relative to the recording's folder; parameters as of `writers`.

    Raises
    ------
    KeyError
        If no step writes it.
    """
    return writers(before, without)[result].path(result)


def inputs(name: str, without: Collection[str] = ()) -> dict[str, str]:
    """Return the files that a step reads, by result, relative to the recording's folder.

    A result of a step that doesn't run isn't among them. For a step that reads `ALL`, a result that a later
    step replaces is called ``<step>_<result>``.

    Parameters
    ----------
    name
        The step.
    without
        Steps that don't run.
    """
    last = writers(name, without)
    if BY_NAME[name].reads != ALL:
        return {result: last[result].path(result) for result in BY_NAME[name].reads if result in last}
    return {
        result if last[result] is step else f"{step.name}_{result}": step.path(result)
        for step in _steps_before(name, without)
        for result in step.writes
    }


def _steps_before(name: str | None, without: Collection[str]) -> Iterator[Step]:
    for step in RECORDING_STEPS:
        if step.name == name:
            return
        if step.name not in without:
            yield step
