"""What the rules share: the checked config, the recordings, paths and resources."""

import os
import sys
from pathlib import Path

# The package beside this workflow, also for jobs in environments of their own.
SOURCE = str(Path(workflow.basedir) / "src")
sys.path.insert(0, SOURCE)
os.environ["PYTHONPATH"] = os.pathsep.join(
    dict.fromkeys(
        [SOURCE, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    )
)

from snakemake.exceptions import WorkflowError

from neurocine.config import load_recordings, parse_config
from neurocine.core import InputError
from neurocine.impl import IMPL
from neurocine.resources import COSTS

try:
    CONFIG = parse_config(config)
    RECORDINGS = {
        recording.name: recording
        for recording in load_recordings(Path(CONFIG.recordings))
    }
except InputError as error:
    raise WorkflowError(str(error)) from None

REGISTRY = str(Path(workflow.basedir) / "models" / "registry.yaml")


wildcard_constraints:
    recording=r"[^/]+",


def made(step, name):
    """Path of a step's file of a recording."""
    return f"{CONFIG.results}/{{recording}}/{step}/{name}"


def log_of(rule_name):
    """Path of a rule's log for a recording."""
    return f"{CONFIG.results}/{{recording}}/logs/{rule_name}.log"


def benchmark_of(rule_name):
    """Path of a rule's run time and memory for a recording."""
    return f"{CONFIG.results}/{{recording}}/benchmarks/{rule_name}.tsv"


def settings_of(section):
    """A config section as plain values: a change of one reruns the rules that have it as a param."""
    return getattr(CONFIG, section).model_dump()


def memory_of(rule_name):
    """Memory in MB as a function of input size and attempt."""
    return lambda wildcards, input, attempt: COSTS[rule_name].memory_mb(
        input.size_mb, attempt
    )


def runtime_of(rule_name):
    """Run time in minutes as a function of input size and attempt."""
    return lambda wildcards, input, attempt: COSTS[rule_name].runtime_min(
        input.size_mb, attempt
    )


def movie_files(wildcards):
    """The raw movie's files of a recording."""
    return [str(path) for path in RECORDINGS[wildcards.recording].movie]


def given_rois(wildcards):
    """The contours handed in, if the engine is the one that takes them."""
    if CONFIG.segmentation.engine != "given":
        return []
    rois = RECORDINGS[wildcards.recording].rois
    if rois is None:
        raise WorkflowError(
            f"{CONFIG.recordings}: rois: recording {wildcards.recording!r} has none, but "
            "segmentation.engine is 'given'. Name its contours in the column rois, or choose another engine."
        )
    return [str(rois)]


def metadata_of(wildcards):
    """What the table says of a recording's movie."""
    recording = RECORDINGS[wildcards.recording]
    return {
        "frame_rate_hz": recording.frame_rate_hz,
        "pixel_size_um": recording.pixel_size_um,
        "indicator": recording.indicator,
    }


def exports():
    """What leaves the workflow for every recording."""
    wanted = []
    if CONFIG.export.nwb:
        wanted.append(rules.export_nwb.output.nwb)
    if CONFIG.export.suite2p:
        wanted.append(rules.export_suite2p.output.folder)
    return expand(wanted, recording=RECORDINGS)


def corpus(wildcards):
    """The simulated movies that the networks learn from and are judged on."""
    simulation = CONFIG.training.simulation
    seeds = range(simulation.seed, simulation.seed + simulation.n_movies)
    return [f"{CONFIG.results}/training/corpus/{seed}" for seed in seeds]
