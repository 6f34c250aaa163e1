"""Commands on files and folders: convert, simulate, train, export, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from neurocine.cli.shared import (
    ConfigOption,
    OutOption,
    PixelOption,
    RateOption,
    opened,
    settings,
    shown_progress,
)
from neurocine.networks.registry import Task

PANEL = "Files"


def add_to(app: typer.Typer) -> None:
    """Add the file commands to `app`."""
    for command in (convert, simulate, train, export, report):
        app.command(rich_help_panel=PANEL)(command)


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="ROIs in any format, or a folder of labels.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="File or folder to write; its name decides the format.")
    ],
    fov: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="HEIGHT WIDTH", help="Field of view in pixels, if the file lacks it."),
    ] = None,
    movie: Annotated[
        Path | None,
        typer.Option(
            help="Their movie: OUT becomes a data set of Neurofinder with both. Labels need it, too."
        ),
    ] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    config: ConfigOption = None,
) -> None:
    """Convert ROIs or labels between formats, or write ROIs and their movie as a data set of Neurofinder.

    Examples: `neurocine convert suite2p/plane0 rois.h5`, `neurocine convert rois.h5 regions.json`,
    `neurocine convert rois.h5 mouse.00 --movie movie.h5`,
    `neurocine convert annotations/mouse1/ana labels.cinac --movie results/mouse1/motion/movie.h5`
    """
    from neurocine.annotation.exchange import are_labels, convert_labels
    from neurocine.io.neurofinder import write_neurofinder
    from neurocine.io.rois import convert as convert_rois
    from neurocine.io.rois import open_rois

    if are_labels(source, target):
        labelled = None if movie is None else opened(movie, frame_rate, pixel_size)
        with shown_progress() as progress:
            convert_labels(source, target, labelled, settings(config).export, progress, fov)
        return
    if movie is None:
        convert_rois(source, target, fov_shape=fov)
        return
    frames = opened(movie, frame_rate, pixel_size)
    with shown_progress() as progress:
        rois = open_rois(source, fov_shape=fov or frames.fov_shape)
        write_neurofinder(target, frames, rois, {"id": target.name}, progress)


def simulate(
    out: OutOption,
    preset: Annotated[str, typer.Option(help="What to simulate, see the docs.")] = "paper",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same movie.")] = 1,
    frames: Annotated[int | None, typer.Option(min=2, help="Number of frames, if not the preset's.")] = None,
    rate: Annotated[float | None, typer.Option(help="Frames a second, if not the preset's.")] = None,
    pixel_size: Annotated[
        float | None, typer.Option(help="Micrometres a pixel, if not the preset's.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, validation or test: they share no real part.")] = "train",
) -> None:
    """Simulate a movie with its truth: contours, cell types, spikes and onset-to-peak raster.

    Example: `neurocine simulate --preset paper --seed 7 --out simulated/7`
    """
    from neurocine.simulation import simulate as simulate_movie

    with shown_progress() as progress:
        simulate_movie(
            preset,
            seed,
            out,
            n_frames=frames,
            frame_rate_hz=rate,
            pixel_size_um=pixel_size,
            split=split,
            progress=progress,
        )


def train(
    network: Annotated[
        Literal["activity", "interneuron", "celltype"],
        typer.Argument(
            help="What the network infers: activity, activity of interneurons only, or cell types."
        ),
    ],
    movies: Annotated[list[Path], typer.Argument(help="Folders of simulated movies of all three splits.")],
    out: OutOption,
    start: Annotated[Path | None, typer.Option(help="Weights (.h5) of another model to start from.")] = None,
    config: ConfigOption = None,
) -> None:
    """Train a network on simulated movies; started again after a kill, it goes on where it was.

    Examples: `neurocine train activity simulated/* --out trained`,
    `neurocine train interneuron simulated/* --start trained/weights.h5 --out interneurons`
    """
    from neurocine.training import train as train_network

    section = getattr(settings(config).training, network)
    task: Task = "celltype" if network == "celltype" else "activity"
    with shown_progress() as progress:
        train_network(task, section, movies, out, progress, start=start)
    typer.echo(out / "card.md")


def export(
    folder: Annotated[Path, typer.Argument(help="Results folder of a recording, such as results/mouse_v1.")],
    config: ConfigOption = None,
) -> None:
    """Write a recording's tables, NWB file, suite2p folder and provenance again.

    Example: `neurocine export results/mouse_v1`
    """
    from neurocine.export import write_nwb, write_provenance, write_suite2p_folder, write_tables
    from neurocine.io.results import files_in, results_in
    from neurocine.steps import result_path

    chosen = settings(config)
    results = results_in(folder, chosen.left_out)
    write_tables(results, folder / result_path("cells"), folder / result_path("transients"))
    movie = folder / result_path("movie", without=chosen.left_out)
    write_nwb(results, chosen.export, movie, folder / result_path("nwb"))
    write_suite2p_folder(results, folder / result_path("suite2p"))
    described = files_in(folder, "export_provenance", chosen.left_out)
    provenance = folder / result_path("provenance")
    write_provenance(described, chosen.model_dump(), folder.name, provenance)
    typer.echo(provenance.parent)


def report(
    folder: Annotated[Path, typer.Argument(help="Results folder of a recording, such as results/mouse_v1.")],
    config: Annotated[Path, typer.Option("--config", help="Config file.")] = Path("config/config.yaml"),
) -> None:
    """Write a recording's report again.

    Example: `neurocine report results/mouse_v1`
    """
    from neurocine.io.results import files_in, results_in
    from neurocine.report import write_card, write_report
    from neurocine.steps import result_path

    chosen = settings(config)
    out = folder / result_path("report")
    results = results_in(folder, chosen.left_out)
    files = files_in(folder, "report", chosen.left_out)
    tables = (files["cells"], files["transients"])
    with shown_progress() as progress:
        write_report(results, chosen.report, chosen.model_dump(), out, tables=tables, progress=progress)
        write_card(results, folder / result_path("card"))
    typer.echo(out)
