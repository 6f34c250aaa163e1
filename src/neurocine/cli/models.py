"""Commands on the models that find active neurons and infer cell types and activity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from neurocine.cli.shared import ConfigOption, changed, settings, shown_progress
from neurocine.core import InputError
from neurocine.io.atomic import check_writable
from neurocine.networks.registry import FILE, Registry
from neurocine.shipped import shipped

app = typer.Typer(
    help="The networks that find active neurons, and infer cell types and activity.", no_args_is_help=True
)

#: Figures of a fine-tuned model, as they are shown.
FIGURES = {
    "f1": "F1",
    "precision": "precision",
    "sensitivity": "sensitivity",
    "true_positive": "transients found",
    "false_negative": "transients missed",
    "false_positive": "false transients",
    "accuracy": "accuracy",
}

FolderOption = Annotated[
    Path | None, typer.Option("--registry", help="Folder of the registry; the one that ships by default.")
]


@app.command("list")
def show(registry: FolderOption = None) -> None:
    """Show each model: its task, what it was trained on and how well it performs.

    Example: `neurocine models list`
    """
    table = Table()
    for column in ("model", "task", "cell types", "sampling", "metrics", "on"):
        table.add_column(column)
    for name, entry in Registry.load(registry).entries.items():
        table.add_row(
            name,
            entry.task,
            ", ".join(entry.types) if entry.task == "activity" else "",
            f"{entry.frame_rate_hz:g} Hz, {entry.pixel_size_um:g} µm",
            "\n".join(f"{metric} {value:.3g}" for metric, value in entry.metrics.values.items()),
            entry.metrics.on,
        )
    Console().print(table)


@app.command()
def check(registry: FolderOption = None) -> None:
    """Load every model and compare it with its checksum and its entry.

    Example: `neurocine models check`
    """
    models = Registry.load(registry)
    for name, entry in models.entries.items():
        if entry.task == "stneuronet":
            network = models.segmenter(name).model
        else:
            network = models.model(name, entry.task).networks.full
        typer.echo(f"{name}: {entry.architecture}, {network.count_params():,} weights, as registered")


@app.command("install")
def add(
    source: Annotated[
        Path, typer.Argument(help="A folder with registry.yaml, or the weights (.h5) of one of its models.")
    ],
    into: Annotated[
        Path | None, typer.Option(help="Folder of the registry to add to; the one that ships by default.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name, for a single model.")] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="Let the setting auto choose it for its cell types.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a model of the same name.")] = False,
) -> None:
    """Install models that another lab shares, or that you trained; each is checked first.

    Example: `neurocine models install results/training/activity --into models --name ours`
    """
    from neurocine.networks.installation import install_models, summary

    folder = into or shipped("models")
    check_writable(folder / FILE, "--into")
    for model in install_models(source, folder, name=name, auto=auto, force=force):
        done = "installed" if model.new else "already installed"
        typer.echo(f"{model.name}: {done} in {folder}, a model for {model.entry.task}")
        if model.new:
            typer.echo(f"\n{summary(model.card)}\n")


@app.command("fine-tune")
def tune(
    model: Annotated[str, typer.Argument(help="The model to start from.")],
    labelled: Annotated[
        list[Path], typer.Argument(help="Folders with movie.h5, rois.h5 and truth.h5, or .cinac files.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, curves, metrics, card and the model.")],
    name: Annotated[
        str | None,
        typer.Option(help="Name of the new model in the registry; by default it stays in --out only."),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Train on these simulated movies, too, such as results/training/corpus."),
    ] = None,
    config: ConfigOption = None,
    registry: FolderOption = None,
) -> None:
    """Train a model further on labelled cells of your own, and compare it on others of them with the old one.

    Example: `neurocine models fine-tune cinac-tissue labels.cinac --name ours --out tuned`
    """
    from neurocine.networks.installation import install_models
    from neurocine.training.cells.fine_tune import FINE_TUNED, fine_tune

    models = Registry.load(registry)
    asked = changed(settings(config).training.fine_tune, model=model, with_corpus=corpus is not None)
    if name in models.entries:
        raise InputError("command line", "name", f"{name!r} is in the registry", "Choose another name.")
    movies = sorted(path.parent for path in corpus.glob("*/truth.h5")) if corpus else []
    with shown_progress() as progress:
        metrics = fine_tune(asked, labelled, out, corpus=movies, registry=models, progress=progress)
    if name:
        install_models(out, models.folder, name=name)
    Console().print(_before_and_after(metrics))
    typer.echo(f"On cells that training didn't see: {', '.join(metrics['cells']['test'])}")
    typer.echo(f"To use it, set in the config {metrics['task']}.model: {name or out / FINE_TUNED}")


def _before_and_after(metrics: dict[str, Any]) -> Table:
    """Return the figures of both models on the same cells as a table."""
    table = Table()
    for column in ("", metrics["model"], "fine-tuned"):
        table.add_column(column)
    for name, what in FIGURES.items():
        if name in metrics["after"]:
            values = [metrics[when][name] for when in ("before", "after")]
            table.add_row(what, *(f"{v:.3f}" if isinstance(v, float) else str(v) for v in values))
    return table
