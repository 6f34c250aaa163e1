"""The command's parts put together."""

from __future__ import annotations

from typing import Annotated

import typer

from neurocine import __version__
from neurocine.cli.annotate import add_to as add_annotate
from neurocine.cli.consensus import add_to as add_consensus
from neurocine.cli.evaluate import app as evaluate
from neurocine.cli.files import add_to as add_files
from neurocine.cli.label import add_to as add_label
from neurocine.cli.models import app as models
from neurocine.cli.project import add_to as add_project
from neurocine.cli.queue import add_to as add_queue
from neurocine.cli.step import add_to as add_steps
from neurocine.cli.stream import add_to as add_stream
from neurocine.cli.watch import add_to as add_watch

app = typer.Typer(
    name="neurocine",
    help="From a raw two-photon movie to active neurons, their types and the frames in which each one fired.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


add_project(app)
add_watch(app)
add_steps(app)
add_stream(app)
add_files(app)
add_label(app)
add_annotate(app)
add_consensus(app)
add_queue(app)
app.add_typer(models, name="models")
app.add_typer(evaluate, name="evaluate")
