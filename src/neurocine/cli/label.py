"""The command that labels active neurons in a movie with masks."""

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
        typer.Option(min=0, help="Least discriminability of a spike, if not what the frame rate gives."),
    ] = None,
    every_neuron: Annotated[
        bool,
        typer.Option(help="Lower that, to .5 at least, for a neuron without spikes: all are known to fire."),
    ] = False,
    active_only: Annotated[bool, typer.Option(help="Leave out the neurons that are never active.")] = False,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
) -> None:
    """Tell in which frames each mask is an active neuron: labels for training, as STNeuroNet's.

    Example: `neurocine label movie.h5 regions.json --out rois.h5`
    """
    from neurocine.active.labels import LabelSettings, active_rois
    from neurocine.active.spikes import SpikeSettings
    from neurocine.io.result_files import write_rois
    from neurocine.io.rois import open_rois

    spikes = SpikeSettings(min_dprime=min_dprime, lowest_dprime=0.5 if every_neuron else None)
    film = opened(movie, frame_rate, pixel_size, indicator)
    given = open_rois(rois, fov_shape=film.fov_shape)
    with shown_progress() as progress:
        found = active_rois(film, given, LabelSettings(spikes=spikes), progress)
    active = [len(intervals) > 0 for intervals in found.active_intervals]
    write_rois(out, found.select(active) if active_only else found)
    typer.echo(f"{sum(active)} of {len(found)} masks are active neurons")
