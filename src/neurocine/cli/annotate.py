"""The command that opens a recording's results in the browser, to be labelled."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from neurocine.cli.shared import ConfigOption, settings
from neurocine.core import InputError
from neurocine.io.results import collect

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
    masks: Annotated[
        bool, typer.Option("--masks", help="Draw masks and judge them: needs the registered movie only.")
    ] = False,
    start: Annotated[
        Path | None,
        typer.Option(help="With --masks: ROIs to begin from, in any format; by default from nothing."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Label cells in the browser: transients, doubtful frames, cell types, or masks. Nothing is ever lost.

    Examples: `neurocine annotate results/mouse1 --as ana`,
    `neurocine annotate results/mouse1 --as ana --masks --start results/mouse1/segmentation/rois.h5`
    """
    from neurocine.annotation.fine_tuning import FineTuning
    from neurocine.annotation.launch import serve
    from neurocine.annotation.session import Session, shown_files

    folder, chosen = results.resolve(), settings(config)
    files = shown_files(folder, chosen.left_out)
    where, hosts = out or folder.parent.parent / "annotations" / folder.name, allow_host or ()
    if masks:
        from neurocine.annotation.masks.session import MaskSession, RegisteredMovie
        from neurocine.annotation.masks.start import begin

        registered = RegisteredMovie.read(folder.name, files["movie"], files["source"])
        begun = begin(start, registered.movie.fov_shape)
        with MaskSession(registered, where, by or getpass.getuser(), begun) as drawing:
            serve(drawing, port=port, allow_hosts=hosts, prefix=prefix, jpeg=jpeg, say=typer.echo)
        return
    if start is not None:
        raise InputError("command line", "--start", "is for masks", "Add --masks, or leave it out.")
    recording = collect(files, folder.name)
    tuning = FineTuning(chosen.training.fine_tune, config, folder.parent / "training" / "corpus")
    with Session(recording, files["rois"], where, by or getpass.getuser(), tuning) as session:
        serve(session, port=port, allow_hosts=hosts, prefix=prefix, jpeg=jpeg, say=typer.echo)
