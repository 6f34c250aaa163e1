"""What the rules share: the checked config, the recordings, paths and resources."""

import sys
from dataclasses import asdict
from pathlib import Path

# The package beside this workflow, installed or not; a wheel has this workflow inside the package.
beside = Path(str(workflow.current_basedir)).parent / "src"
if beside.is_dir():
    sys.path.insert(0, str(beside))

from snakemake.exceptions import WorkflowError
from snakemake.resources import Resource, Resources
from snakemake.settings.types import DeploymentMethod

from neurocine import steps
from neurocine.comparison.available_engines import available_engines
from neurocine.config import (
    check_rois,
    comparison_movies,
    corpus_movies,
    load_recordings,
    parse_config,
)
from neurocine.config.engines import (
    DECONVOLUTION_ENGINES,
    ENGINES,
    MOTION_ENGINES,
    SEGMENTATION_ENGINES,
)
from neurocine.core import InputError
from neurocine.cluster.resources import (
    Work,
    activity_jobs,
    costs_with,
    engines_of,
    size_bytes,
    within_gpus,
    work_of,
)
from neurocine.cluster.watch.journal import keep_journal
from neurocine.engines.plugins import expose_plugins
from neurocine.shipped import shipped
from neurocine.steps import IMPL
from neurocine.workflow import expose_package, inputs_of, watched

expose_package(Path(".snakemake") / "neurocine-package")
expose_plugins(Path(".snakemake") / "neurocine-plugins")
keep_journal(workflow)

try:
    CONFIG = parse_config(config)
    RECORDINGS = {
        recording.name: recording
        for recording in load_recordings(Path(CONFIG.recordings))
    }
    for recording in RECORDINGS.values():
        if recording.rois is not None:
            check_rois(CONFIG.recordings, recording, CONFIG.segmentation.engine)
except InputError as error:
    raise WorkflowError(str(error)) from None

COSTS = costs_with(engines_of(CONFIG), rounds=CONFIG.controls.rounds)
REGISTRY = str(shipped("models/registry.yaml"))


def registry_of(model):
    """The registry of a model in the config: FOLDER/NAME is in that folder's."""
    folder, _, name = model.rpartition("/")
    return str(Path(folder).expanduser() / "registry.yaml") if folder else REGISTRY


def limited(asked):
    """What the profile sets for a rule, with no more GPUs than the config says that there are."""
    kept = within_gpus({k: v.raw for k, v in asked.items()}, CONFIG.cluster.gpus)
    return Resources(
        {k: asked[k] if v == asked[k].raw else Resource(k, v) for k, v in kept.items()}
    )


# The profile says which GPUs a rule gets, the config how many there are.
workflow.resource_settings.overwrite_resources = {
    rule_name: limited(asked)
    for rule_name, asked in workflow.resource_settings.overwrite_resources.items()
}


wildcard_constraints:
    recording=r"[^/]+",


def recording_file(path):
    """Path of a file in a recording's folder."""
    return f"{CONFIG.results}/{{recording}}/{path}"


def result(name):
    """Path of a result of a recording, of the last step that writes it."""
    return recording_file(steps.result_path(name, without=CONFIG.left_out))


def reads(step):
    """The results that a step reads, as named inputs."""
    files = steps.inputs(step, CONFIG.left_out)
    return {name: recording_file(path) for name, path in files.items()}


def writes(step):
    """The results that a step writes, as named outputs."""
    row = steps.BY_NAME[step]
    return {name: recording_file(row.path(name)) for name in row.writes}


def log_of(rule_name):
    """Path of a rule's log for a recording."""
    return f"{CONFIG.results}/{{recording}}/logs/{rule_name}.log"


def benchmark_of(rule_name):
    """Path of a rule's run time and memory for a recording."""
    return f"{CONFIG.results}/{{recording}}/benchmarks/{rule_name}.tsv"


def settings_of(section):
    """A config section as plain values: a change of one reruns the rules that have it as a param."""
    return getattr(CONFIG, section).model_dump()


def segmentation_settings(engine):
    """The settings of segmentation, without the sections of other engines."""
    return CONFIG.segmentation.dump_for(engine)


def traces_settings(deconvolution):
    """The settings of traces with this deconvolution, without the sections of others."""
    return CONFIG.traces.dump_for(deconvolution) | {"deconvolution": deconvolution}


def env_of_engine(engines, name):
    """The environment of an engine, for --sdm conda."""
    env = engines[name].env
    return str(env) if isinstance(env, Path) else f"../envs/{env}.yaml"


def env_of(step):
    """The environment of a step, for --sdm conda."""
    row = steps.BY_NAME[step]
    if not row.engine:
        return f"../envs/{row.env}.yaml"
    return env_of_engine(ENGINES[step], engines_of(CONFIG)[step])


def threads_of(step):
    """The cores of a job."""
    return steps.BY_NAME[step].threads


def recording_work(wildcards):
    """What a job's recording is to work on; nothing for a job without one."""
    recording = RECORDINGS.get(getattr(wildcards, "recording", None))
    if recording is None:
        return Work()
    return work_of(recording.movie, Path(CONFIG.results) / recording.name)


def job_work(wildcards):
    """What a job is to work on: its share of the cells, if it is one of several jobs."""
    return recording_work(wildcards).share(int(getattr(wildcards, "parts", 1)))


def memory_of(rule_name):
    """Memory in MB as a function of the job's work and the attempt."""
    return lambda wildcards, attempt: COSTS[rule_name].memory_mb(
        job_work(wildcards), attempt
    )


def runtime_of(rule_name):
    """Run time in minutes as a function of the job's work and the attempt."""
    return lambda wildcards, attempt: COSTS[rule_name].runtime_min(
        job_work(wildcards), attempt
    )


def saying(what, gpus=False):
    """A rule's message; on a cluster it names what the job asks for, which a dry run then shows."""
    if "slurm_partition" not in (workflow.resource_settings.default_resources or {}):
        return what
    asked = "partition {resources.slurm_partition}, {resources.mem_mb} MB, {resources.runtime} min"
    if gpus and CONFIG.cluster.gpus != 0:
        asked += ", {resources.gpu} x {resources.gpu_model} on {resources.nodes} node"
    return f"{what} [{asked}]"


def movie_files(wildcards):
    """The raw movie's files of a recording."""
    return RECORDINGS[wildcards.recording].movie


def given_rois(wildcards):
    """The contours in the table of recordings, if the engine `given` uses them."""
    recording = RECORDINGS[wildcards.recording]
    try:
        check_rois(CONFIG.recordings, recording, CONFIG.segmentation.engine)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    return [] if recording.rois is None else [recording.rois]


def metadata_of(wildcards):
    """What the table says of a recording's movie."""
    recording = RECORDINGS[wildcards.recording]
    return {
        "frame_rate_hz": recording.frame_rate_hz,
        "pixel_size_um": recording.pixel_size_um,
        "indicator": recording.indicator,
        "override": recording.override,
        "dark_offset": recording.dark_offset,
        "channel_structural": recording.channel_structural,
        "bad_frames": recording.bad_frames,
    }


def selection_of(wildcards):
    """Which part of a recording's files the table selects."""
    return asdict(RECORDINGS[wildcards.recording].selection)


def inputs(paths):
    """An input function: the user's files `paths(wildcards)`, as far as Snakemake can take their names."""
    return lambda wildcards: inputs_of(paths(wildcards))


def param(paths):
    """The param that goes with `inputs`: all the files, for the script."""
    return lambda wildcards: watched(paths(wildcards))


def exports():
    """What leaves the workflow for every recording."""
    wanted = [
        result(name)
        for step in steps.RECORDING_STEPS
        if step.word == "export" and CONFIG.wants(step)
        for name in step.writes
    ]
    return expand(wanted, recording=RECORDINGS)


CORPORA = {
    "corpus": {m.name: m for m in corpus_movies(CONFIG.training.simulation)},
    "stneuronet_corpus": {
        m.name: m for m in corpus_movies(CONFIG.training.stneuronet.simulation)
    },
}


def corpus(wildcards):
    """The simulated movies that the networks learn from and are judged on."""
    return expand(
        rules.simulation.output.folder, corpus="corpus", movie=CORPORA["corpus"]
    )


def stneuronet_corpus(wildcards):
    """The simulated movies that STNeuroNet learns from and is judged on."""
    name = "stneuronet_corpus"
    return expand(rules.simulation.output.folder, corpus=name, movie=CORPORA[name])


def labelled(wildcards):
    """The labelled data that a model is trained on with."""
    paths = CONFIG.training.fine_tune.labelled
    if not paths:
        raise WorkflowError(
            "training.fine_tune.labelled: is empty. Name folders or .cinac files with labelled cells."
        )
    return paths


def with_conda():
    """Whether each rule runs in a conda environment of its own (--sdm conda)."""
    return DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method


def movie_of(name):
    """The registered movie of a recording of the benchmark, or the folder of a simulated one."""
    if name in SIMULATED:
        return rules.comparison_simulation.output.folder.format(movie=name)
    return result("movie").format(recording=name)


def truth_of(name):
    """The truth of a recording of the benchmark; the folder of a simulated one has it too."""
    return movie_of(name) if name in SIMULATED else RECORDINGS[name].ground_truth


def comparison_movie(wildcards):
    """The movie of a job of the benchmark."""
    return movie_of(wildcards.recording)


def comparison_truth(wildcards):
    """The truth of a job of the benchmark."""
    return [truth_of(wildcards.recording)]


def activity_parts(wildcards):
    """What the jobs make that share the cells of a large recording; nothing for one that is a single job."""
    movie = RECORDINGS[wildcards.recording].movie
    parts = activity_jobs(size_bytes(movie), CONFIG.cluster.activity_gb)
    if parts == 1:
        return []
    return expand(
        rules.activity_part.output.activity,
        recording=wildcards.recording,
        part=range(1, parts + 1),
        parts=parts,
    )
