"""The command that opens a recording's results in the browser, to be labelled."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from neurocine.cli.shared import ConfigOption, settings
from neurocine.io.results import collect, files_in

PANEL = "Files"

AsOption = Annotated[str, typer.Option("--as", help="Who you are; by default your login.")]
PortOption = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0: a free one; by default always the same."),
]
HostOption = Annotated[
    list[str] | None, typer.Option(help="Host name that a portal, such as OnDemand, sends.")
]
PrefixOption = Annotated[str, typer.Option(help="Path under which a portal shows the page.")]
JpegOption = Annotated[
    bool, typer.Option("--jpeg", help="Send the movie compressed, for a slow link; pixels change a little.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(rich_help_panel=PANEL)(annotate)


def annotate(
    results: Annotated[Path, typer.Argument(help="The results of one recording: results/NAME.")],
    by: AsOption = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of journals and truth; by default annotations/NAME beside the results."),
    ] = None,
    port: PortOption = None,
    allow_host: HostOption = None,
    prefix: PrefixOption = "",
    jpeg: JpegOption = False,
    config: ConfigOption = None,
) -> None:
    """Label cells in the browser: transients, doubtful frames, cell types. Nothing is ever lost.

    Example: `neurocine annotate results/mouse1 --as ana`
    """
    from neurocine.annotation.fine_tuning import FineTuning
    from neurocine.annotation.launch import serve
    from neurocine.annotation.session import Session

    folder, chosen = results.resolve(), settings(config)
    files = files_in(folder, "report", chosen.left_out)
    where = out or folder.parent.parent / "annotations" / folder.name
    recording = collect(files, folder.name)
    tuning = FineTuning(chosen.training.fine_tune, config, folder.parent / "training" / "corpus")
    with Session(recording, files["rois"], where, by or getpass.getuser(), tuning) as session:
        serve(session, port=port, allow_hosts=allow_host or (), prefix=prefix, jpeg=jpeg, say=typer.echo)
