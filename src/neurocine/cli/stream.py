"""The command that finds active neurons in a movie while it is being written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurocine.cli.shared import (
    ConfigOption,
    IndicatorOption,
    OutOption,
    PixelOption,
    RateOption,
    changed,
    settings,
)

PANEL = "Steps"


def add_to(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(rich_help_panel=PANEL)(stream)


def stream(
    movie: Annotated[
        Path,
        typer.Argument(
            metavar="MOVIE", help="A growing TIFF, folder of numbered TIFF files, or suite2p's data.bin."
        ),
    ],
    out: OutOption,
    patience: Annotated[
        float,
        typer.Option(min=0, help="Seconds without a new frame after which the movie counts as finished."),
    ] = 60.0,
    model: Annotated[str | None, typer.Option(help="An STNeuroNet model, see `neurocine models`.")] = None,
    backend: Annotated[str | None, typer.Option(help="Runtime of the network: keras or openvino.")] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
    config: ConfigOption = None,
) -> None:
    """Find active neurons in a movie that is still being written; OUT always holds the neurons so far.

    Example: `neurocine stream mouse.tif --frame-rate 30 --pixel-size 0.8 --out rois.h5`
    """
    from neurocine.active.streaming import stream as stream_neurons
    from neurocine.io.movies.growing import open_growing
    from neurocine.io.result_files import Stamp, settings_hash, write_rois

    section = changed(settings(config).segmentation.stneuronet, model=model, backend=backend)
    stamp = Stamp(settings_hash(section.model_dump()))
    growing = open_growing(movie, patience)
    for detected in stream_neurons(
        growing,
        section,
        frame_rate_hz=frame_rate,
        pixel_size_um=pixel_size,
        indicator=indicator,
        patience_s=patience,
    ):
        write_rois(out, detected.rois, stamp)
        typer.echo(f"{detected.n_frames} frames: {len(detected.rois)} neurons")
