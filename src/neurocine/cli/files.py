"""Commands on single files: convert, simulate, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurocine.cli.shared import OutOption, settings, shown_progress

PANEL = "Files"


def add_to(app: typer.Typer) -> None:
    """Add the file commands to `app`."""
    for command in (convert, simulate, report):
        app.command(rich_help_panel=PANEL)(command)


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="ROIs in any format.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Where to; its name tells the format.")],
    fov: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="HEIGHT WIDTH", help="Field of view in pixels, if the file lacks it."),
    ] = None,
) -> None:
    """Convert ROIs between formats.

    Examples: `neurocine convert suite2p/plane0 rois.h5`, `neurocine convert rois.h5 regions.json`
    """
    from neurocine.io.rois import convert as convert_rois

    convert_rois(source, target, fov_shape=fov)


def simulate(
    out: OutOption,
    preset: Annotated[str, typer.Option(help="What to simulate, see the docs.")] = "paper",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same movie.")] = 1,
    frames: Annotated[int | None, typer.Option(min=2, help="Number of frames, if not the preset's.")] = None,
) -> None:
    """Simulate a movie with its truth: contours, cell types, spikes and onset-to-peak raster.

    Example: `neurocine simulate --preset paper --seed 7 --out simulated/7`
    """
    from neurocine.simulation import simulate as simulate_movie

    with shown_progress() as progress:
        simulate_movie(preset, seed, out, n_frames=frames, progress=progress)


def report(
    folder: Annotated[Path, typer.Argument(help="Results folder of a recording, such as results/mouse_v1.")],
    config: Annotated[Path, typer.Option("--config", help="Config file.")] = Path("config/config.yaml"),
) -> None:
    """Write a recording's report again.

    Example: `neurocine report results/mouse_v1`
    """
    from neurocine.report import write_report

    chosen = settings(config)
    out = folder / "report" / "report.html"
    with shown_progress() as progress:
        write_report(folder, chosen.report, chosen.model_dump(), out, progress=progress)
    typer.echo(out)
