"""The command that follows a movie while it is written."""

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
            metavar="MOVIE", help="TIFF, folder of numbered TIFF files or suite2p's data.bin, being written."
        ),
    ],
    out: OutOption,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds without a new frame after which the movie is at its end.")
    ] = 60.0,
    model: Annotated[str | None, typer.Option(help="An STNeuroNet model, see `neurocine models`.")] = None,
    backend: Annotated[str | None, typer.Option(help="What runs the network: keras or openvino.")] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
    config: ConfigOption = None,
) -> None:
    """Find active neurons in a movie that is still being written; OUT always holds those found so far.

    Example: `neurocine stream mouse.tif --frame-rate 30 --pixel-size 0.8 --out rois.h5`
    """
    from neurocine.active.streaming import stream as found_so_far
    from neurocine.io.movies.growing import open_growing
    from neurocine.io.result_files import Stamp, settings_hash, write_rois

    section = changed(settings(config).segmentation.stneuronet, model=model, backend=backend)
    stamp = Stamp(settings_hash(section.model_dump()))
    growing = open_growing(movie, patience)
    for found in found_so_far(
        growing,
        section,
        frame_rate_hz=frame_rate,
        pixel_size_um=pixel_size,
        indicator=indicator,
        patience_s=patience,
    ):
        write_rois(out, found.rois, stamp)
        typer.echo(f"{found.n_frames} frames: {len(found.rois)} neurons")
