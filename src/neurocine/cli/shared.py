"""Options and helpers that several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from neurocine.config import Config, load_config
from neurocine.config.load import explain
from neurocine.config.recordings import parse_channel, parse_crop, parse_frames, parse_plane
from neurocine.config.section import Section
from neurocine.core import InputError, Movie, Selection
from neurocine.io.atomic import check_writable
from neurocine.io.movies import open_movie
from neurocine.progress import Progress

SectionT = TypeVar("SectionT", bound=Section)

MovieArgument = Annotated[Path, typer.Argument(metavar="MOVIE", help="The movie: a file or a folder.")]
RoisArgument = Annotated[
    Path, typer.Argument(metavar="ROIS", help="The ROIs, in any format that neurocine reads.")
]


def _writable(path: Path) -> Path:
    check_writable(path, "--out")
    return path


OutOption = Annotated[Path, typer.Option("--out", callback=_writable, help="The file or folder to write.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Config file; this step's section is used.")
]
RateOption = Annotated[
    float | None, typer.Option("--frame-rate", help="Frames per second, if the file lacks it.")
]
PixelOption = Annotated[
    float | None, typer.Option("--pixel-size", help="Micrometres per pixel, if the file lacks it.")
]
IndicatorOption = Annotated[
    str | None, typer.Option("--indicator", help="Calcium indicator, such as GCaMP6s.")
]


def settings(path: Path | None) -> Config:
    """Return the config of `path`, or the defaults."""
    return Config() if path is None else load_config(path)


def changed(section: SectionT, **changes: object) -> SectionT:
    """Return a config section with `changes`, validated; None leaves a value as it is."""
    replaced = {key: value for key, value in changes.items() if value is not None}
    try:
        return type(section).model_validate({**section.model_dump(), **replaced})
    except ValidationError as error:
        raise InputError("command line", *explain(error, type(section))) from error


def selection(
    dataset: str | None, channel: str | None, plane: str | None, frames: str | None, crop: str | None
) -> Selection:
    """Return the part of a movie's files that the options select."""
    try:
        return Selection(
            dataset=dataset,
            **({} if channel is None else parse_channel(channel)),
            **({} if plane is None else parse_plane(plane)),
            frames=None if frames is None else parse_frames(frames),
            crop=None if crop is None else parse_crop(crop),
        )
    except ValueError as error:
        raise InputError(
            "command line", "--channel, --plane, --frames or --crop", f"{error}", "Correct it."
        ) from error


def opened(movie: Path, rate: float | None, pixel: float | None, indicator: str | None = None) -> Movie:
    """Open `movie` with the metadata of the command line."""
    return open_movie(movie, frame_rate_hz=rate, pixel_size_um=pixel, indicator=indicator)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Yield a callback that draws progress bars, with the time left, on the screen."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bar.add_task(label, total=total)
            bar.update(tasks[label], completed=done, total=total)

        yield show
