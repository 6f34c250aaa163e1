"""The section of the comparison: the engines, the movies, and the grid of settings per engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from neurocine.config.engines import BASELINES, SEGMENTATION_ENGINES, ZSCORE
from neurocine.config.pipeline import MotionSettings
from neurocine.config.section import Positive, Section
from neurocine.config.segmentation import SegmentationSettings
from neurocine.config.training import CorpusMovie, Movies

#: Value of a setting by its key under ``segmentation``; a dot leads into a section, as in ``caiman.min_snr``.
Point = dict[str, Any]
Grid = dict[str, Annotated[list[Any], Field(min_length=1)]]

#: Names that a folder may have.
NAME = re.compile(r"[A-Za-z0-9_-]+")
#: Activity by neurocine's own networks.
OWN_ACTIVITY = "neurocine"


class ComparisonSimulation(Section):
    """Simulated movies with truth, in addition to the recordings with truth in the table."""

    movies: Movies = Field(
        {"cortex-6f": 3, "cortex-6s": 3, "ca1-development": 3},
        description="number of test movies per preset, which the figures are measured on",
    )
    training: int = Field(
        1,
        ge=0,
        description="number of movies per preset, of the split validation, on which parameters are tuned",
    )
    n_frames: Annotated[int, Field(ge=100)] | None = Field(
        None, description="frames per movie; null: the preset's (2,500)"
    )
    seed: int = Field(
        901, ge=0, description="seed of the first movie of each preset; each further movie adds 1"
    )


class ComparisonSettings(Section):
    """Comparison of engines on movies with truth: `snakemake comparison`."""

    simulation: ComparisonSimulation | None = Field(
        ComparisonSimulation(), description="null: only the recordings of the table"
    )
    motion: dict[str, dict[str, Any]] = Field(
        {
            "neurocine": {"engine": "neurocine"},
            "suite2p": {"engine": "suite2p", "nonrigid": True},
            "suite2p-rigid": {"engine": "suite2p", "nonrigid": False},
            "caiman": {"engine": "caiman", "nonrigid": True},
            "caiman-rigid": {"engine": "caiman", "nonrigid": False},
            "cinac": {"engine": "cinac"},
            "none": {"engine": "none"},
        },
        description="registrations by name: settings of the section motion; each registers the first test "
        "movie of each preset after known shifts",
    )
    segmentation: dict[str, Grid] = Field(
        {
            "stneuronet": {
                "stneuronet.threshold": [None, 0.4, 0.6],
                "stneuronet.min_area_um2": [None, 40.0],
            },
            "suite2p": {"threshold_scaling": [0.5, 0.75, 1.0], "min_probability": [0.2, 0.35, 0.5]},
            "caiman": {
                "caiman.components_per_patch": [24],
                "caiman.min_spatial_correlation": [0.7, 0.85],
                "caiman.min_snr": [2.0, 3.0, 4.0],
            },
            "caiman-online": {
                "caiman.min_snr": [2.0, 4.0],
                "caiman.mask_level": [0.2, 0.4],
            },
        },
        description="segmentation engines, the reference first; for each, values of settings of the section "
        "segmentation, all combinations of which are tried on the training movies",
    )
    activity: tuple[str, ...] = Field(
        (OWN_ACTIVITY, "oasis", "caiman", "mcmc", "suite2p", ZSCORE),
        description="methods of activity: neurocine, deconvolution engines (section traces), and zscore; the "
        "thresholds of all but the first are chosen on the training movies",
    )
    min_snr: Positive | None = Field(
        8.0,
        description="for recordings whose truth has only contours: cells with a transient of at least this "
        "signal-to-noise ratio count, others count neither way; null: all count",
    )

    @field_validator("activity")
    @classmethod
    def _activity(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        for name in methods:
            if name not in (OWN_ACTIVITY, *BASELINES):
                raise ValueError(
                    f"unknown method {name!r}; known are {', '.join((OWN_ACTIVITY, *BASELINES))}"
                )
        return methods

    @field_validator("motion")
    @classmethod
    def _motion(cls, named: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, settings in named.items():
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} becomes a folder: use letters, digits, - and _")
            MotionSettings.model_validate(settings)
        return named

    @field_validator("segmentation")
    @classmethod
    def _segmentation(cls, grids: dict[str, Grid]) -> dict[str, Grid]:
        if not grids:
            raise ValueError("name at least one engine")
        for engine, grid in grids.items():
            SEGMENTATION_ENGINES.require(engine)
            for point in grid_points(grid):
                tuned(SegmentationSettings(), engine, point)
        return grids


def grid_points(grid: Mapping[str, list[Any]]) -> list[Point]:
    """Return all combinations of the values of a grid, the last key changing fastest."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def tuned(settings: SegmentationSettings, engine: str, point: Mapping[str, Any]) -> SegmentationSettings:
    """Return `settings` with engine `engine` and the values of `point`.

    Raises
    ------
    ValueError
        If a setting doesn't exist or its value is invalid.
    """
    values = _with_engine(settings, engine)
    for key, value in point.items():
        *sections, name = key.split(".")
        inner = values
        for section in sections:
            if not isinstance(inner.get(section), dict):
                raise ValueError(f"there is no section segmentation.{section}")
            inner = inner[section]
        if name not in inner:
            raise ValueError(f"there is no setting segmentation.{key}; known are {', '.join(inner)}")
        inner[name] = value
    try:
        return SegmentationSettings.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"segmentation: {error.errors()[0]['msg']} (point {dict(point)})") from error


def _with_engine(settings: SegmentationSettings, engine: str) -> dict[str, Any]:
    """Return `settings` with another engine, its section of a plug-in included."""
    return SegmentationSettings.model_validate(settings.model_dump() | {"engine": engine}).model_dump()


def comparison_movies(settings: ComparisonSimulation | None) -> list[CorpusMovie]:
    """Return the simulated movies of the comparison, per preset: test movies, then tuning movies."""
    if settings is None:
        return []
    movies = []
    for preset, n in settings.movies.items():
        splits = ["test"] * n + ["validation"] * (settings.training if n else 0)
        movies += [
            CorpusMovie(split, preset, settings.seed + i, settings.n_frames, None, None)
            for i, split in enumerate(splits)
        ]
    return movies
