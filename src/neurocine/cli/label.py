"""The command that labels the frames in which each mask of a movie is active."""

from __future__ import annotations

from typing import Annotated

import typer

from neurocine.cli.shared import (
    IndicatorOption,
    MovieArgument,
    OutOption,
    PixelOption,
    RateOption,
    RoisArgument,
    opened,
    shown_progress,
)

PANEL = "Files"


def add_to(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(rich_help_panel=PANEL)(label)


def label(
    movie: MovieArgument,
    rois: RoisArgument,
    out: OutOption,
    min_dprime: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Smallest d' (discriminability) of a spike; by default it follows from the frame rate.",
        ),
    ] = None,
    every_neuron: Annotated[
        bool,
        typer.Option(
            help="For a neuron without spikes, lower --min-dprime, down to .5: every neuron is known to fire."
        ),
    ] = False,
    active_only: Annotated[
        bool, typer.Option(help="Write only the neurons that are active in some frame.")
    ] = False,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
) -> None:
    """Label the frames in which each mask is active, as STNeuroNet's training needs.

    Example: `neurocine label movie.h5 regions.json --out rois.h5`
    """
    from neurocine.active.labels import LabelSettings, active_rois
    from neurocine.active.spikes import SpikeSettings
    from neurocine.io.result_files import write_rois
    from neurocine.io.rois import open_rois

    spikes = SpikeSettings(min_dprime=min_dprime, lowest_dprime=0.5 if every_neuron else None)
    recording = opened(movie, frame_rate, pixel_size, indicator)
    masks = open_rois(rois, fov_shape=recording.fov_shape)
    with shown_progress() as progress:
        labelled = active_rois(recording, masks, LabelSettings(spikes=spikes), progress)
    active = [len(intervals) > 0 for intervals in labelled.active_intervals]
    write_rois(out, labelled.select(active) if active_only else labelled)
    typer.echo(f"{sum(active)} of {len(labelled)} masks are active neurons")
