"""Commands on the models that tell cell types and activity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from neurocine.models import Registry

app = typer.Typer(help="The networks that tell cell types and activity.", no_args_is_help=True)

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
        model = found.model(name, entry.task)
        n_weights = model.networks.full.count_params()
        typer.echo(f"{name}: {model.architecture.name}, {n_weights:,} weights, as registered")
