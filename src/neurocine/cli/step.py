"""The steps as commands: each does what the rule of its name does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from neurocine import pipeline
from neurocine.cli.shared import (
    ConfigOption,
    IndicatorOption,
    MovieArgument,
    OutOption,
    PixelOption,
    RateOption,
    RoisArgument,
    changed,
    opened,
    selection,
    settings,
    shown_progress,
)
from neurocine.config.engines import DECONVOLUTION_ENGINES, MOTION_ENGINES, SEGMENTATION_ENGINES
from neurocine.core.controls import sentence
from neurocine.io.atomic import check_writable
from neurocine.io.result_files import read_contamination, read_controls
from neurocine.io.results import collect, files_in
from neurocine.steps import RECORDING_STEPS, result_path

PANEL = "Steps"


def choices(engines: Iterable[str]) -> str:
    """Return the names of `engines` as a sentence."""
    *others, last = engines
    return f"{', '.join(others)} or {last}."


def add_to(app: typer.Typer) -> None:
    """Add the step commands to `app`."""
    for step in RECORDING_STEPS:
        if step.name in COMMANDS:
            app.command(rich_help_panel=PANEL)(COMMANDS[step.name])


def motion(
    movie: MovieArgument,
    out: OutOption,
    engine: Annotated[str | None, typer.Option(help=choices(MOTION_ENGINES))] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
    override: Annotated[
        bool, typer.Option(help="Rate and pixel size given here replace those of the file.")
    ] = False,
    dark_offset: Annotated[
        float | None, typer.Option(help="Value of a pixel without light; it is subtracted from traces.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Name of the dataset, where the file holds several movies.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Name of the channel; 1/2: the first of two that alternate.")
    ] = None,
    channel_structural: Annotated[
        str | None, typer.Option(help="Name of a second channel that labels some cells, such as tdTomato.")
    ] = None,
    plane: Annotated[
        str | None, typer.Option(help="Number of the plane, from 0; 0/4: the first of four that alternate.")
    ] = None,
    frames: Annotated[
        str | None, typer.Option(help="First and last frame to use, 0-based and inclusive: 100-8999.")
    ] = None,
    crop: Annotated[str | None, typer.Option(help="Rows and columns to use: 8-503,12-499.")] = None,
    config: ConfigOption = None,
) -> None:
    """Register a raw movie of any format.

    Example: `neurocine motion mouse.tif --frame-rate 30 --pixel-size 0.8 --out movie.h5`
    """
    from neurocine.ingest import ingest

    chosen = settings(config)
    section = changed(chosen.motion, engine=engine)
    with shown_progress() as progress:
        source = ingest(
            [movie],
            frame_rate_hz=frame_rate,
            pixel_size_um=pixel_size,
            indicator=indicator,
            override=override,
            dark_offset=dark_offset,
            selection=selection(dataset, channel, plane, frames, crop),
            channel_structural=channel_structural,
            progress=progress,
        )
        pipeline.motion(
            source.open(),
            out,
            section,
            source_sha256=source.sha256,
            structural=source.open_structural(),
            scan_phase=source.scan_phase.pixels,
            engines=chosen.engines,
            progress=progress,
        )


def segmentation(
    movie: MovieArgument,
    out: OutOption,
    engine: Annotated[str | None, typer.Option(help=choices(SEGMENTATION_ENGINES))] = None,
    rois: Annotated[Path | None, typer.Option(help="Engine given: the contours, in any format.")] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
    config: ConfigOption = None,
) -> None:
    """Find the ROIs of a registered movie.

    Example: `neurocine segmentation movie.h5 --engine suite2p --out rois.h5`
    """
    chosen = settings(config)
    section = changed(chosen.segmentation, engine=engine)
    with shown_progress() as progress:
        pipeline.segmentation(
            opened(movie, frame_rate, pixel_size, indicator),
            out,
            section,
            given=rois,
            engines=chosen.engines,
            progress=progress,
        )


def active(
    movie: MovieArgument,
    rois: RoisArgument,
    out: OutOption,
    mode: Annotated[str | None, typer.Option(help="engine, stneuronet, union, intersection or off.")] = None,
    model: Annotated[str | None, typer.Option(help="An STNeuroNet model, see `neurocine models`.")] = None,
    backend: Annotated[str | None, typer.Option(help="What runs the network: keras or openvino.")] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    config: ConfigOption = None,
) -> None:
    """Find which ROIs are active neurons, by STNeuroNet.

    Example: `neurocine active movie.h5 rois.h5 --mode union --out active.h5`
    """
    chosen = settings(config)
    section = changed(chosen.active, mode=mode)
    network = changed(chosen.segmentation.stneuronet, model=model, backend=backend)
    with shown_progress() as progress:
        pipeline.active(opened(movie, frame_rate, pixel_size), rois, out, section, network, progress=progress)


def traces(
    movie: MovieArgument,
    rois: RoisArgument,
    out: OutOption,
    deconvolution: Annotated[
        str | None, typer.Option(help=f"What infers the events: {choices(DECONVOLUTION_ENGINES)}")
    ] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
    config: ConfigOption = None,
) -> None:
    """Extract F, Fneu, ΔF/F and events.

    Example: `neurocine traces movie.h5 rois.h5 --out traces.h5`
    """
    chosen = settings(config)
    section = changed(chosen.traces, deconvolution=deconvolution)
    with shown_progress() as progress:
        pipeline.traces(
            opened(movie, frame_rate, pixel_size, indicator),
            rois,
            out,
            section,
            engines=chosen.engines,
            progress=progress,
        )


def celltype(
    movie: MovieArgument,
    rois: RoisArgument,
    out: OutOption,
    model: Annotated[str | None, typer.Option(help="A cell-type model, see `neurocine models`.")] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    config: ConfigOption = None,
) -> None:
    """Classify each ROI: pyramidal cell, interneuron or noise.

    Example: `neurocine celltype movie.h5 rois.h5 --out celltypes.tsv`
    """
    section = changed(settings(config).celltype, model=model)
    with shown_progress() as progress:
        pipeline.celltype(opened(movie, frame_rate, pixel_size), rois, out, section, progress=progress)


def activity(
    movie: MovieArgument,
    rois: RoisArgument,
    out: OutOption,
    celltypes: Annotated[
        Path | None, typer.Option(help="The cell types, so that each type gets its own classifier.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="An activity model for all cells.")] = None,
    backend: Annotated[str | None, typer.Option(help="What runs the network: keras or openvino.")] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
    config: ConfigOption = None,
) -> None:
    """Infer the frames in which each cell is active.

    Example: `neurocine activity movie.h5 rois.h5 --celltypes celltypes.tsv --out activity.h5`
    """
    section = changed(settings(config).activity, model=model, backend=backend)
    with shown_progress() as progress:
        pipeline.activity(
            opened(movie, frame_rate, pixel_size, indicator),
            rois,
            out,
            section,
            celltypes=celltypes,
            progress=progress,
        )


def contamination(
    movie: MovieArgument,
    rois: RoisArgument,
    raster: Annotated[Path, typer.Argument(metavar="RASTER", help="The activity, an activity.h5.")],
    out: OutOption,
    celltypes: Annotated[
        Path | None, typer.Option(help="The cell types, so that ROIs called noise are left out.")
    ] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
) -> None:
    """Find transients that an overlapping neighbour's light causes, and how many were called active.

    Example: `neurocine contamination movie.h5 rois.h5 activity.h5 --celltypes celltypes.tsv --out c.json`
    """
    with shown_progress() as progress:
        pipeline.contamination(
            opened(movie, frame_rate, pixel_size), rois, raster, out, celltypes=celltypes, progress=progress
        )
    typer.echo(read_contamination(out).sentence)


def assemblies(
    raster: Annotated[Path, typer.Argument(metavar="RASTER", help="The activity, an activity.h5.")],
    out: OutOption,
    celltypes: Annotated[
        Path | None, typer.Option(help="The cell types, so that ROIs called noise are left out.")
    ] = None,
    rois: Annotated[Path | None, typer.Option(help="The ROIs (rois.h5), for a map in the picture.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Picture to write (PNG).")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Assemblies of another method's activity, to be compared with.")
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Truth of a simulated movie (truth.h5), to measure how well they are recovered."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Find synchronous calcium events and the cell assemblies in them.

    Example: `neurocine assemblies activity.h5 --out assemblies.h5 --rois rois.h5 --picture assemblies.png`
    """
    from neurocine.assemblies import agreement, recovery
    from neurocine.io.result_files import read_assemblies
    from neurocine.io.result_files.truth import read_truth

    other = None if against is None else read_assemblies(against)
    known = None if truth is None else read_truth(truth)
    with shown_progress() as progress:
        pipeline.assemblies(raster, out, settings(config).assemblies, celltypes=celltypes, progress=progress)
    if picture is not None:
        pipeline.draw_assemblies(out, picture, rois=rois)
    detected = read_assemblies(out)
    typer.echo(
        f"{len(detected)} assemblies in {len(detected.frame)} synchronous events of {len(detected.ids)} cells"
    )
    if known is not None:
        planted = recovery(detected, known)
        typer.echo(
            f"{planted.n_first} planted, {planted.n_second} found: adjusted Rand {planted.adjusted_rand:.3f} "
            f"over {planted.n_cells} cells"
        )
    if other is not None:
        same = agreement(detected, other)
        typer.echo(
            f"adjusted Rand {same.adjusted_rand:.3f} over {same.n_cells} cells; "
            f"{same.n_first} assemblies here, {same.n_second} there"
        )
        for row in same.matched:
            typer.echo(
                f"assembly {row.first + 1} here is {row.second + 1} there: {row.common} cells in both, "
                f"{row.only_first} only here, {row.only_second} only there"
            )


def controls(
    results: Annotated[Path, typer.Argument(help="The results of one recording: results/NAME.")],
    rounds: Annotated[int | None, typer.Option(help="Times that cells are planted.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; by default controls/controls.json of the results, for the report."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Plant known cells into a recording, and mirror it, to see how far its results can be trusted.

    The steps run with the settings of --config: give the config that the results were made with.

    Example: `neurocine controls results/mouse1 --config config/config.yaml`
    """
    chosen = settings(config)
    chosen = chosen.model_copy(update={"controls": changed(chosen.controls, rounds=rounds)})
    where = out or results / result_path("controls")
    check_writable(where, "--out")
    with shown_progress() as progress:
        recorded = collect(files_in(results, "controls"), results.name)
        pipeline.controls(recorded, where, chosen, progress=progress)
    typer.echo(sentence(read_controls(where)))


#: The command of each step that has one.
COMMANDS: dict[str, Callable[..., None]] = {
    command.__name__: command
    for command in (
        motion,
        segmentation,
        active,
        traces,
        celltype,
        activity,
        contamination,
        assemblies,
        controls,
    )
}
