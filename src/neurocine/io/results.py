"""All results of one recording, read as one."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import Assemblies, CellTypes, FileMissing, InputError, Movie, Raster, RoiSet, Traces
from neurocine.core.contamination import Contamination
from neurocine.core.controls import Controls
from neurocine.io.result_files import (
    Registration,
    StructuralChannel,
    Summary,
    read_activity,
    read_assemblies,
    read_celltypes,
    read_contamination,
    read_controls,
    read_movie,
    read_registration,
    read_rois,
    read_structural,
    read_summary,
    read_traces,
)
from neurocine.steps import inputs


@dataclass(frozen=True, eq=False)
class RecordingResults:
    """The results of one recording; the movie's frames stay on disk until read.

    Attributes
    ----------
    name
        The recording's name.
    source
        The record of the raw movie that ingest made: ``files`` (path, size, sha256), ``sha256``, ``format``,
        ``shape``, ``dtype``, ``frame_rate_hz``, ``pixel_size_um``, ``indicator``, ``pixels``.
    movie, summary, registration
        The registered movie, its summary images and its shifts.
    rois, traces, celltypes, raster
        N ROIs and what was measured of them, all in the same order.
    assemblies
        The cell assemblies; None where nobody looked for them.
    structural
        Pictures of the structural channel; None if there is none.
    contamination
        Transients that an overlapping neighbour causes; None where it isn't among the files.
    controls
        What planted cells and the mirrored movie say; None where nobody ran them.

    Raises
    ------
    InputError
        If the parts don't belong together: other ROI ids, frame counts or fields of view.
    """

    name: str
    source: Mapping[str, Any]
    movie: Movie
    summary: Summary
    registration: Registration
    rois: RoiSet
    traces: Traces
    celltypes: CellTypes
    raster: Raster
    assemblies: Assemblies | None = None
    structural: StructuralChannel | None = None
    contamination: Contamination | None = None
    controls: Controls | None = None

    def __post_init__(self) -> None:
        for step, part in (("traces", self.traces), ("celltype", self.celltypes), ("activity", self.raster)):
            if not np.array_equal(part.ids, self.rois.ids):
                raise InputError(
                    part.source, "ids", f"differ from those of {self.rois.source}", f"Run {step} again."
                )
        for part in (self.traces, self.raster):
            if len(self.rois) and part.n_frames != self.movie.n_frames:
                raise InputError(
                    part.source,
                    "frames",
                    f"there are {part.n_frames}, the registered movie has {self.movie.n_frames}",
                    "Make it again from this movie.",
                )
        if self.rois.fov_shape != self.movie.fov_shape:
            raise InputError(
                self.rois.source,
                "fov_shape",
                f"is {self.rois.fov_shape}, the registered movie's is {self.movie.fov_shape}",
                "Run segmentation again.",
            )

    @property
    def types(self) -> tuple[str, ...]:
        """The most probable type of each ROI, or `neurocine.core.UNKNOWN`."""
        return self.celltypes.types

    @property
    def labelled(self) -> NDArray[np.float32]:
        """Probability that each cell is labelled in a structural channel, (N,); NaN where it isn't known."""
        labels = self.celltypes.labels
        return np.full(len(self.rois), np.nan, np.float32) if labels is None else labels.probability

    @property
    def label_types(self) -> tuple[str, ...]:
        """The type that each cell's label tells, empty where there is none."""
        labels = self.celltypes.labels
        return ("",) * len(self.rois) if labels is None else labels.types

    @property
    def is_cell(self) -> NDArray[np.bool_]:
        """Which ROIs are cells rather than noise, (N,)."""
        return np.array([kind != "noise" for kind in self.types], dtype=bool)

    @property
    def duration_s(self) -> float:
        """Length of the movie in seconds."""
        return self.movie.n_frames / self.movie.frame_rate_hz


def files_in(folder: Path, step: str, without: Collection[str] = ()) -> dict[str, Path]:
    """Return the files that a step reads of the results in `folder`, by result.

    Parameters
    ----------
    folder
        ``results/<recording>``.
    step
        Name of the step, such as ``report``.
    without
        Steps that don't run, by the config (`neurocine.config.Config.left_out`).
    """
    return {result: folder / path for result, path in inputs(step, without).items()}


def collect(files: Mapping[str, Path], name: str) -> RecordingResults:
    """Read the results of the recording `name` from `files`, which a rule or `files_in` names.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the files don't belong together.
    """
    movie, contamination = files["movie"], files.get("contamination")
    assemblies, controls = files.get("assemblies"), files.get("controls")
    return RecordingResults(
        name=name,
        source=read_source_record(files["source"]),
        movie=read_movie(movie),
        summary=read_summary(movie),
        registration=read_registration(movie),
        rois=read_rois(files["rois"]),
        traces=read_traces(files["traces"]),
        celltypes=read_celltypes(files["celltypes"]),
        raster=read_activity(files["activity"]),
        assemblies=None if assemblies is None else read_assemblies(assemblies),
        structural=read_structural(movie),
        contamination=None if contamination is None else read_contamination(contamination),
        controls=None if controls is None else read_controls(controls),
    )


def results_in(folder: Path, without: Collection[str] = ()) -> RecordingResults:
    """Read the results of a recording in ``results/<recording>``, as its report shows them.

    Parameters and errors as of `files_in` and `collect`.
    """
    return collect(files_in(folder, "report", without), folder.name)


def read_source_record(path: Path) -> Mapping[str, Any]:
    """Return the record of the raw movie in ``source.json`` as plain JSON.

    Raises
    ------
    InputError
        If it is missing, isn't a JSON object or lacks the checksum or the files.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step ingest.")
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(path, "file", f"isn't JSON ({error})", "Run the step ingest again.") from error
    for key in ("sha256", "files"):
        if not isinstance(source, dict) or key not in source:
            raise InputError(path, key, "is missing", "Run the step ingest again.")
    return dict(source)
