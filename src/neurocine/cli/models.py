"""Commands on the models that find active neurons and tell cell types and activity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from neurocine.cli.shared import ConfigOption, changed, settings, shown_progress
from neurocine.core import InputError
from neurocine.networks.registry import Registry

app = typer.Typer(
    help="The networks that find active neurons, and tell cell types and activity.", no_args_is_help=True
)

FolderOption = Annotated[Path | None, typer.Option("--registry", help="Registry folder, if not the shipped.")]


@app.command("list")
def show(registry: FolderOption = None) -> None:
    """Show each model: what for, what it was trained on and how well it does.

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
    found = Registry.load(registry)
    for name, entry in found.entries.items():
        if entry.task == "stneuronet":
            network = found.segmenter(name).model
        else:
            network = found.model(name, entry.task).networks.full
        typer.echo(f"{name}: {entry.architecture}, {network.count_params():,} weights, as registered")


@app.command("fine-tune")
def tune(
    model: Annotated[str, typer.Argument(help="The model to start from.")],
    labelled: Annotated[
        list[Path], typer.Argument(help="Folders with movie.h5, rois.h5 and truth.h5, or .cinac files.")
    ],
    name: Annotated[str, typer.Option(help="Name of the new model in the registry.")],
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, curves, metrics and card.")],
    config: ConfigOption = None,
    registry: FolderOption = None,
) -> None:
    """Train a model on, with a few labelled cells of your own, and register it under a new name.

    Example: `neurocine models fine-tune cinac-general labels.cinac --name ours --out tuned`
    """
    from neurocine.training.cells.fine_tune import fine_tune, register

    found = Registry.load(registry)
    section = changed(settings(config).training.fine_tune, model=model)
    if name in found.entries:
        raise InputError("command line", "name", f"{name!r} is in the registry", "Choose another name.")
    with shown_progress() as progress:
        metrics = fine_tune(section, labelled, out, registry=found, progress=progress)
    register(out, name, found)
    figure = "f1" if metrics["task"] == "activity" else "accuracy"
    before, after = metrics["before"][figure], metrics["after"][figure]
    typer.echo(f"{name}: {figure} {after:.3f} on cells not seen in training, {model} {before:.3f}")
