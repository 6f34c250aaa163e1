"""Commands for a whole project: set it up, check it, run it."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from neurocine.cli.partitions import check_cluster
from neurocine.cluster.head import INTERRUPTED
from neurocine.cluster.interruption import run_snakemake, say
from neurocine.cluster.living import dry, refuse_second_run
from neurocine.cluster.living import stop as stop_run
from neurocine.cluster.profiles import copy_profile, profile_folder
from neurocine.cluster.resources import costs_with, engines_of, work_of
from neurocine.config import Config, load_config, load_recordings
from neurocine.core import Recording
from neurocine.ingest import labelled, summary
from neurocine.io.atomic import check_writable
from neurocine.new_project import init_project
from neurocine.project import Findings, check_models, findings
from neurocine.shipped import checkout, shipped
from neurocine.steps import RECORDING_STEPS, result_path

PANEL = "Projects"
#: Folder that the demo makes where neurocine is installed without a checkout.
DEMO_FOLDER = Path("neurocine-demo")

#: Longest list of movies that `init` left out.
MAX_SHOWN = 20

ConfigOption = Annotated[Path, typer.Option("--config", help="Config file.")]


def add_to(app: typer.Typer) -> None:
    """Add the project commands to `app`."""
    for command in (init, check, stop, demo):
        app.command(rich_help_panel=PANEL)(command)
    # What follows the options of `run` goes to Snakemake as it is.
    app.command(
        rich_help_panel=PANEL,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(run)


def init(
    movies: Annotated[
        Path, typer.Argument(help="Folder with movies: each in it, and in its folders, becomes a row.")
    ],
    folder: Annotated[Path, typer.Option("--in", help="Project folder to write into.")] = Path(),
    force: Annotated[bool, typer.Option(help="Replace a config and table that are already there.")] = False,
    profile: Annotated[
        str | None, typer.Option(help="Copy this profile into profiles/, to set your cluster's partitions.")
    ] = None,
) -> None:
    """Write a commented config and a table of recordings from a folder of movies.

    Examples: `neurocine init /data/mouse42`, `neurocine init /data/mouse42 --profile slurm`
    """
    report = init_project(movies, folder, force=force)
    if profile is not None:
        typer.echo(f"Set your partitions in {copy_profile(profile, folder, force=force)}")
    for reason in report.skipped[:MAX_SHOWN]:
        typer.echo(f"left out: {reason}", err=True)
    if len(report.skipped) > MAX_SHOWN:
        typer.echo(f"left out: {len(report.skipped) - MAX_SHOWN} more", err=True)
    for note in report.notes:
        typer.echo(f"note: {note}", err=True)
    for name, movie in report.added:
        typer.echo(f"{name}: {movie}")
    typer.echo(
        f"{len(report.added)} new row(s) in {report.table}, beside {report.table.with_name('config.yaml')}."
    )
    where = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))}, "
    typer.echo(f"Fill in what the table leaves empty; then: {where}neurocine check, neurocine run")


def check(
    config: ConfigOption = Path("config/config.yaml"),
    profile: Annotated[
        str | None, typer.Option(help="Compare what jobs ask for with what the cluster offers, as for slurm.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was found of each recording as JSON, and no more.")
    ] = False,
) -> None:
    """Check every input; show what was understood of it, and the memory and time each job will ask for.

    Of each movie a sample of frames is read.

    Examples: `neurocine check`, `neurocine check --profile slurm`, `neurocine check --json`
    """
    settings = load_config(config)
    recordings, found = _check(settings, (lambda _: []) if as_json else _all_of)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    _end_on_problems(found)
    if as_json:
        return
    if profile is None:
        Console().print(_costs(recordings, settings))
    else:
        check_cluster(profile_folder(profile), settings, recordings)
    doubtful = sum(bool(one.warnings) for one in found)
    doubts = f", warnings about {doubtful}: read them" if doubtful else ""
    typer.echo(f"{len(recordings)} recording(s), no problem found{doubts}. Next: neurocine run")


def _check(config: Config, shown: Callable[[Findings], list[str]]) -> tuple[list[Recording], list[Findings]]:
    """Return the recordings and what was found of each, after showing the lines that `shown` makes of it."""
    recordings = load_recordings(Path(config.recordings))
    check_writable(Path(config.results), "results")
    check_models(config)
    found = []
    for recording in recordings:
        found.append(findings(recording, config))
        if lines := shown(found[-1]):
            typer.echo("\n".join([recording.name, *lines, ""]))
    return list(recordings), found


def _end_on_problems(found: Sequence[Findings]) -> None:
    problems = sum(one.problem is not None for one in found)
    if problems:
        typer.echo(f"{problems} of {len(found)} recording(s) can't be used as they are.", err=True)
        raise typer.Exit(1)


def _all_of(found: Findings) -> list[str]:
    lines = [] if found.movie is None else summary(found.movie, warnings=())
    if found.n_rois is not None:
        lines += labelled("your ROIs", f"{found.n_rois:,}")
    return lines + _doubts_of(found)


def _doubts_of(found: Findings) -> list[str]:
    texts = [("warning", text) for text in found.warnings]
    texts += [("problem", found.problem)] if found.problem else []
    return [line for name, text in texts for line in labelled(name, text)]


def _costs(recordings: Sequence[Recording], config: Config) -> Table:
    """Return a table of the jobs, a row per step: what the largest of each asks for."""
    costs = costs_with(engines_of(config), rounds=config.controls.rounds)
    works = {r.name: work_of(r.movie, Path(config.results) / r.name) for r in recordings}
    table = Table(title="What each job asks for at most")
    for column in ("step", "largest for", "engine"):
        table.add_column(column)
    for column in ("memory, GB", "minutes"):
        table.add_column(column, justify="right")
    for step in RECORDING_STEPS:
        if not config.wants(step) or not works:
            continue
        asked = {
            n: (costs[step.name].memory_mb(w), costs[step.name].runtime_min(w)) for n, w in works.items()
        }
        largest = max(asked, key=lambda name: asked[name])
        memory, minutes = asked[largest]
        engine = engines_of(config).get(step.name, "")
        table.add_row(step.name, largest, engine, f"{memory / 1000:.1f}", str(minutes))
    return table


def run(
    context: typer.Context,
    config: ConfigOption = Path("config/config.yaml"),
    profile: Annotated[str, typer.Option(help="local, slurm, or the path of a profile.")] = "local",
    checked: Annotated[bool, typer.Option("--check/--no-check", help="Open every input first.")] = True,
) -> None:
    """Check every input, then run the workflow; anything more is handed to Snakemake.

    Examples: `neurocine run`, `neurocine run --profile slurm`, `neurocine run -n` (dry run)
    """
    if not dry(context.args):
        refuse_second_run(Path(), unlocking="--unlock" in context.args)
    try:
        if checked and "--unlock" not in context.args:
            _end_on_problems(_check(load_config(config), _doubts_of)[1])
        code = _snakemake(Path(), config, profile, context.args)
    except KeyboardInterrupt:
        code = INTERRUPTED
    _end(code)


def stop(
    folder: Annotated[Path, typer.Option("--in", help="Folder in which the workflow was started.")] = Path(),
) -> None:
    """End a run of this folder whose terminal is gone, with its jobs; what is finished is kept.

    It ends what runs on this computer, and the jobs that it has on SLURM.

    Example: `neurocine stop`
    """
    ended = stop_run(folder)
    if not ended:
        typer.echo("No run is at work here on this computer.")
        return
    typer.echo(f"Ended {len(ended)} process(es): {' '.join(map(str, ended))}. To go on: neurocine run")


def demo() -> None:
    """Run everything on the real recording that ships with neurocine; ends with the report's path."""
    folder = checkout() or _copied_demo()
    code = _snakemake(folder, Path("examples/demo.yaml"), "local", [])
    if code == 0:
        report = folder / "results" / "demo" / "mouse_v1" / result_path("report")
        typer.echo(f"\nThe report: {report}")
    _end(code)


def _copied_demo() -> Path:
    """Return a folder with a copy of the example recording: an installed package isn't written into."""
    folder = DEMO_FOLDER.absolute()
    check_writable(folder, "folder")
    typer.echo(f"The example recording, its settings and results are in {folder}", err=True)
    shutil.copytree(shipped("examples"), folder / "examples", dirs_exist_ok=True)
    return folder


def _snakemake(folder: Path, config: Path, profile: str, more: list[str]) -> int:
    """Run Snakemake in `folder`; return its exit code."""
    command = ["--snakefile", str(shipped("Snakefile")), "--profile", str(profile_folder(profile))]
    # --configfile takes all words up to the next option.
    command += [*more, "--configfile", str(config)]
    return run_snakemake(command, folder)


def _end(code: int) -> NoReturn:
    """End the command with Snakemake's exit code; one that was stopped says how to go on."""
    again = shlex.join(["neurocine", *sys.argv[1:]])
    if code > 128:
        say(f"Stopped; what is finished is kept. To go on: {again}")
    elif code < 0:
        say(f"Snakemake was killed (signal {-code}). To go on: neurocine run --unlock, then {again}")
    sys.exit(code)
