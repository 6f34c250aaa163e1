"""Set a project up, and check its inputs before hours are spent."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from neurocine.activity import check_length
from neurocine.config import Config
from neurocine.config.engines import STNEURONET
from neurocine.config.generate import config_text
from neurocine.config.recordings import RecordingRow
from neurocine.core import InputError, Recording
from neurocine.io.atomic import write_text
from neurocine.io.movies import find_movies, movie_title, open_movie, probe
from neurocine.io.rois import open_rois
from neurocine.networks.registry import Registry


def init_project(movies: Path, folder: Path, *, force: bool = False) -> Path:
    """Write ``config/config.yaml`` and ``config/recordings.tsv`` into `folder`; return the table's path.

    Every movie in the folder `movies` becomes a row with what its metadata says; what it lacks stays empty.

    Raises
    ------
    InputError
        If there is no movie, or a config is there already and `force` isn't set.
    """
    config, table = folder / "config" / "config.yaml", folder / "config" / "recordings.tsv"
    present = [path for path in (config, table) if path.exists()]
    if present and not force:
        raise InputError(present[0], "file", "exists already", "Add --force to replace it.")
    paths = find_movies(movies)
    if not paths:
        raise InputError(movies, "folder", "holds no movie", "See the docs for the formats that are read.")
    write_text(config, config_text())
    write_text(table, _table_text(paths))
    return table


def _table_text(movies: list[Path]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(RecordingRow.model_fields), restval="", delimiter="\t", lineterminator="\n"
    )
    writer.writeheader()
    for path in movies:
        movie = probe(path)
        writer.writerow(
            {
                "recording": _name(path),
                "movie": path,
                "frame_rate_hz": movie.frame_rate_hz or "",
                "pixel_size_um": movie.pixel_size_um or "",
                "indicator": movie.indicator or "",
            }
        )
    return text.getvalue()


def _name(path: Path) -> str:
    name = "".join(c if c.isalnum() or c in "_-." else "_" for c in movie_title(path))
    return name.lstrip("-.") or "recording"


def check_models(config: Config) -> None:
    """Raise `InputError` if a network that `config` names isn't in the registry, or is for another task."""
    registry, looked_for = Registry.load(), config.active.mode != "off"
    registry.get(config.celltype.model, "celltype")
    if config.activity.model != "auto":
        registry.get(config.activity.model, "activity")
    if looked_for or config.segmentation.engine == STNEURONET:
        registry.get(config.segmentation.stneuronet.model, STNEURONET)


def check_recording(recording: Recording, config: Config) -> None:
    """Open what `recording` names as far as can be done in seconds.

    Raises
    ------
    InputError
        On anything that would make a step fail later: a movie that can't be read, lacks metadata or is
        shorter than the activity network's window; contours that don't fit it, or none where the config
        wants them.
    """
    movie = open_movie(
        recording.movie,
        frame_rate_hz=recording.frame_rate_hz,
        pixel_size_um=recording.pixel_size_um,
        indicator=recording.indicator,
        dataset=recording.dataset,
    )
    check_length(movie, config.activity)
    if recording.rois is not None:
        open_rois(recording.rois, fov_shape=movie.fov_shape)
    elif config.segmentation.engine == "given":
        raise InputError(
            config.recordings,
            "rois",
            f"recording {recording.name!r} names none, but segmentation.engine is 'given'",
            "Name its contours, or choose another engine.",
        )
