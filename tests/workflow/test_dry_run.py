"""What a dry run shows, and what stops the workflow before it starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from neurocine.cluster.resources import costs_with, work_of
from neurocine.config import Config, TrainingSettings, corpus_movies
from neurocine.steps import BY_NAME, RECORDING_STEPS, WORDS

ROOT = Path(__file__).parents[2]
JOBS = 14
WANTED = ("message", "output", "log", "benchmark", "params", "threads", "resources", "conda", "script")


def snakemake(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def output_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return all output of Snakemake, which writes errors in a Snakefile to the standard output."""
    return done.stdout + done.stderr


def test_slurm_profile_works_by_its_literal_name_and_shows_what_is_asked_for(tmp_path: Path) -> None:
    done = snakemake("--profile", "slurm", "-n", "--config", f"results={tmp_path}")
    assert done.returncode == 0, done.stderr
    shown = output_of(done)
    jobs = re.findall(r"Job \d+: (.+) \[partition (\w+), (\d+) MB, (\d+) min\]", shown)
    assert len(jobs) == JOBS
    assert {partition for _, partition, _, _ in jobs} == {"cpu"}
    assert len({(memory, minutes) for _, _, memory, minutes in jobs}) > 4


def test_slurm_profile_gives_training_four_v100_on_one_node(tmp_path: Path) -> None:
    done = snakemake("--profile", "slurm", "-n", "train", "--config", f"results={tmp_path}")
    shown = output_of(done)
    trained = re.findall(r"Training (?:the )?(.+) \[partition gpu, .* 4 x v100 on 1 node\]", shown)
    general, specific = "activity network", "activity network on, for interneurons"
    assert sorted(trained) == sorted([general, specific, "cell-type network", "STNeuroNet"])
    assert trained.index(general) < trained.index(specific)
    assert shown.index("Training STNeuroNet") < shown.index("Choosing STNeuroNet's thresholds")
    training = TrainingSettings()
    movies = [*corpus_movies(training.simulation), *corpus_movies(training.stneuronet.simulation)]
    assert sorted(re.findall(r"Simulating ([\w-]+)", shown)) == sorted(movie.name for movie in movies)


def test_the_interneurons_network_starts_from_the_general_one(tmp_path: Path) -> None:
    done = snakemake("-n", "train_interneuron", "--config", f"results={tmp_path}")
    jobs = re.split(r"\n(?=Job \d+: )", output_of(done))
    (general,) = (job for job in jobs if "Training the activity network\n" in job)
    (specific,) = (job for job in jobs if "for interneurons" in job)
    assert jobs.index(general) < jobs.index(specific)
    weights = str(tmp_path / "training" / "activity" / "weights.h5")
    assert weights in general.split("Missing output files")[1]
    assert weights in specific.split("Input files updated by another job")[1]
    assert not [job for job in jobs if "cell-type" in job]


def test_engines_are_compared_without_truth_where_controls_are_asked_for(tmp_path: Path) -> None:
    given = ("--config", f"results={tmp_path}", 'comparison={"segmentation": {"suite2p": {}}}')
    asked = output_of(snakemake("-n", "benchmark", *given, 'controls={"run": true}'))
    assert "Running the controls of mouse_v1 with suite2p" in asked
    assert "Comparing the engines on recordings without truth" in asked
    assert "Running the controls of" not in output_of(snakemake("-n", "benchmark", *given))


def test_fine_tuning_asks_for_one_v100_and_for_labels(tmp_path: Path) -> None:
    labels = tmp_path / "labels.cinac"
    labels.touch()
    given = f'training={{"fine_tune": {{"labelled": ["{labels}"]}}}}'
    done = snakemake("--profile", "slurm", "-n", "fine_tune", "--config", f"results={tmp_path}", given)
    assert re.search(r"partition gpu, .* 1 x v100 on 1 node", done.stdout + done.stderr)
    without = snakemake("-n", "fine_tune", "--config", f"results={tmp_path}")
    assert without.returncode != 0
    assert "training.fine_tune.labelled: is empty. Name folders" in without.stdout + without.stderr


def test_lint_finds_nothing() -> None:
    done = snakemake("--lint")
    assert done.returncode == 0, done.stderr


def test_snakefile_stays_short() -> None:
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 60


def rules_in(path: Path) -> dict[str, str]:
    """Return the text of each rule of a file, by name."""
    rules = re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return dict(rules)


def test_every_rule_has_all_that_it_should() -> None:
    # Targets have no jobs.
    for path in sorted(set((ROOT / "rules").glob("*.smk")) - {ROOT / "rules" / "targets.smk"}):
        for name, body in rules_in(path).items():
            missing = [word for word in WANTED if f"    {word}:" not in body]
            assert not missing, f"{path.name}: rule {name} lacks {missing}"
            assert "\n    run:" not in body


def test_rules_are_those_of_the_table_of_steps_and_take_all_from_it() -> None:
    rows = {}
    for word in WORDS:
        for name, body in rules_in(ROOT / "rules" / f"{word}.smk").items():
            row = BY_NAME[name.removesuffix("_part")]
            assert row.word == word
            rows[name] = row
            for function in ("memory_of", "runtime_of"):
                assert f'{function}("{row.name}")' in body, name
            assert f'impl=IMPL["{word}"]' in body, name
            assert f'threads_of("{row.name}")' in body or "threads: lambda" in body, name
            if row.per_recording:
                assert f'**reads("{row.name}")' in body or not row.reads, name
                assert f'writes("{row.name}")' in body or name != row.name, name
                assert f'env_of("{row.name}")' in body, name
    assert set(rows) - {"activity_part"} == set(BY_NAME)


def test_every_step_has_its_module_script_tests_and_section() -> None:
    for step in RECORDING_STEPS:
        package = ROOT / "src" / "neurocine" / step.word
        assert package.is_dir() or package.with_suffix(".py").is_file(), step.word
        assert list((ROOT / "workflow_scripts").glob(f"{step.word}_*.py")), step.word
        assert (ROOT / "tests" / step.word).is_dir(), step.word
        assert set(step.settings) <= set(Config.model_fields), step.word


def test_scripts_are_thin() -> None:
    for path in (ROOT / "workflow_scripts").glob("*.py"):
        assert len(path.read_text().splitlines()) <= 60, path.name


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"motion": {"enginee": "cinac"}}, r"motion\.enginee: unknown key"),
        ({"segmentation": {"engine": "caimann"}}, r"segmentation\.engine.*choose one of suite2p"),
        ({"segmentation": {"engine": "given"}}, r"rois: recording 'm' has none"),
        ({"recordings": "none.tsv"}, r"none\.tsv: file: doesn't exist"),
    ],
)
def test_a_wrong_config_stops_before_work(project, example_tiff: Path, config: dict, message: str) -> None:
    project.table({"recording": "m", "movie": str(example_tiff)})
    project.configure(config)
    done = project.snakemake("-n")
    assert done.returncode != 0
    assert re.search(message, output_of(done).replace("\n", " "))
    assert "Traceback" not in done.stderr


def test_contours_that_the_engine_would_ignore_stop_before_work(project, example_tiff: Path) -> None:
    (project.folder / "a.tif").write_bytes(b"x")
    project.table({"recording": "m", "movie": str(example_tiff), "rois": "a.tif"})
    for arguments in (["-n"], ["-n", "results/m/ingest/source.json"]):
        done = project.snakemake(*arguments)
        assert done.returncode != 0
        problem = r"recordings\.tsv: rois: recording 'm' names 'a\.tif', which the engine 'stneuronet'"
        assert re.search(problem, output_of(done).replace("\n", " "))
        assert "Set segmentation.engine to 'given'" in output_of(done)
        assert "or empty the column rois" in output_of(done)
    project.configure({"segmentation": {"engine": "given"}})
    assert project.snakemake("-n").returncode == 0


def test_a_config_named_on_the_command_line_stands_alone(project, example_tiff: Path) -> None:
    project.table({"recording": "m", "movie": str(example_tiff)})
    project.configure({"segmentation": {"engine": "given"}})  # would fail: the table names no contours
    (project.folder / "other.yaml").write_text("motion: {engine: none}\n")
    done = project.snakemake("-n", "--configfile", "other.yaml")
    assert done.returncode == 0, output_of(done)


def test_repeated_names_and_missing_movies_stop_before_work(project, example_tiff: Path) -> None:
    project.table(*({"recording": name, "movie": str(example_tiff)} for name in ("m", "m")))
    assert "line 3: recording: 'm' is also the name on line 2" in output_of(project.snakemake("-n"))
    project.table({"recording": "m", "movie": "gone.tif"})
    assert "line 2: movie: nothing is there under 'gone.tif'" in output_of(project.snakemake("-n"))


def test_caiman_asks_for_its_own_memory(project, example_tiff: Path) -> None:
    project.table({"recording": "m", "movie": str(example_tiff)})
    project.configure({"segmentation": {"engine": "caiman"}, "motion": {"engine": "caiman"}})
    done = project.snakemake("-n", "--profile", str(ROOT / "slurm"))
    assert done.returncode == 0, output_of(done)
    (asked,) = re.findall(r"Finding the ROIs of m \[partition \w+, (\d+) MB", output_of(done))
    work = work_of((example_tiff,), project.results / "m")
    assert int(asked) == costs_with({"segmentation": "caiman"})["segmentation"].memory_mb(work)
    assert int(asked) > costs_with({"segmentation": "suite2p"})["segmentation"].memory_mb(work)
