"""Memory, time and GPUs that a job asks for, as functions of its work and the attempt.

Rules that work on a recording ask for what was measured (``benchmarks/costs/measurements.tsv``): a linear
function of the movie's size and the number of ROIs that lies above all measurements, times a margin. Rules
and engines without measurements ask for what `neurocine.steps` and `neurocine.config.engines` say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, Protocol

import h5py

from neurocine.config.engines import ENGINES
from neurocine.steps import STEPS, Cost, result_path

#: A job asks for this many times the largest memory and processor time measured for its work.
MEMORY_MARGIN = 1.5
TIME_MARGIN = 3.0

#: The least that a job asks for: Snakemake's start and slow file systems aren't in the measurements.
MIN_MEMORY_MB = 1000
MIN_RUNTIME_MIN = 10

#: Most frames held at once: the size of suite2p's batches in registration.
BLOCK_FRAMES = 500

#: Guesses until a movie is opened (512 x 512 pixels of 16 bits) and its ROIs are found (1 per 1,000 pixels).
GUESSED_PIXELS = 512 * 512
GUESSED_BYTES = 2
GUESSED_ROI_PIXELS = 1000


@dataclass(frozen=True)
class Work:
    """Size of a job's work: frames of the movie, pixels per frame, and ROIs."""

    frames: float = 0
    pixels: float = 0
    rois: float = 0

    @classmethod
    def guessed(cls, n_bytes: float) -> Work:
        """Return the work of a raw movie of this size in bytes, before it is opened."""
        frames = n_bytes / (GUESSED_BYTES * GUESSED_PIXELS)
        return cls(frames, GUESSED_PIXELS, GUESSED_PIXELS / GUESSED_ROI_PIXELS)

    @property
    def movie_mb(self) -> float:
        """Size of the movie at 16 bits per pixel, in MB."""
        return self.frames * self.pixels * GUESSED_BYTES / 1e6

    def share(self, parts: int) -> Work:
        """Return the work of one of several jobs that share the ROIs."""
        return Work(self.frames, self.pixels, self.rois / parts)


class Asking(Protocol):
    """What a rule asks for."""

    def memory_mb(self, work: Work, attempt: int = 1) -> int:
        """Return the memory to ask for in MB; a further `attempt` asks for more."""

    def runtime_min(self, work: Work, attempt: int = 1) -> int:
        """Return the run time to ask for in minutes."""


@dataclass(frozen=True)
class Linear:
    """A quantity that grows with the work.

    Attributes
    ----------
    base
        Value without any work.
    per_block_mpixel
        Per million pixels of a block, the most frames held at once.
    per_gpixel
        Per 10⁹ pixels of the movie.
    per_mvalue
        Per million values of traces, ROIs × frames.
    """

    base: float = 0.0
    per_block_mpixel: float = 0.0
    per_gpixel: float = 0.0
    per_mvalue: float = 0.0

    @staticmethod
    def terms(work: Work) -> tuple[float, float, float, float]:
        """Return the factors of the coefficients, in order."""
        block, movie = (n * work.pixels for n in (min(work.frames, BLOCK_FRAMES), work.frames))
        return 1.0, block / 1e6, movie / 1e9, work.rois * work.frames / 1e6

    def __call__(self, work: Work) -> float:
        """Return the quantity for `work`."""
        return float(sum(a * b for a, b in zip(asdict(self).values(), self.terms(work), strict=True)))


@dataclass(frozen=True)
class MeasuredCost:
    """What a measured rule asks for: bounds of memory in MB and processor time in seconds."""

    memory: Linear
    cpu_seconds: Linear

    def memory_mb(self, work: Work, attempt: int = 1) -> int:
        """Return the memory to ask for in MB; a further `attempt` asks for more."""
        return max(MIN_MEMORY_MB, ceil(MEMORY_MARGIN * self.memory(work))) * attempt

    def runtime_min(self, work: Work, attempt: int = 1) -> int:
        """Return the run time to ask for in minutes, enough for a single core."""
        return max(MIN_RUNTIME_MIN, ceil(TIME_MARGIN * self.cpu_seconds(work) / 60)) * attempt


@dataclass(frozen=True)
class EstimatedCost:
    """What a rule without measurements asks for."""

    cost: Cost

    def memory_mb(self, work: Work, attempt: int = 1) -> int:
        """Return the memory to ask for in MB; a further `attempt` asks for more."""
        return int((self.cost.base_mb + self.cost.mb_per_mb * work.movie_mb) * attempt)

    def runtime_min(self, work: Work, attempt: int = 1) -> int:
        """Return the run time to ask for in minutes."""
        return int((self.cost.base_min + self.cost.min_per_gb * work.movie_mb / 1000) * attempt)


@dataclass(frozen=True)
class RepeatedCost:
    """What a rule asks for that runs other rules again, one after another, beside work of its own.

    Attributes
    ----------
    own
        Its own work.
    parts
        The rules that it runs.
    times
        How often it runs each.
    """

    own: EstimatedCost
    parts: tuple[Asking, ...]
    times: int

    def memory_mb(self, work: Work, attempt: int = 1) -> int:
        """Return the memory to ask for in MB: as much as the largest part needs."""
        return max(part.memory_mb(work, attempt) for part in (self.own, *self.parts))

    def runtime_min(self, work: Work, attempt: int = 1) -> int:
        """Return the run time to ask for in minutes: that of all parts."""
        again = self.times * sum(part.runtime_min(work, attempt) for part in self.parts)
        return self.own.runtime_min(work, attempt) + again


MEASURED_FILE = Path(__file__).with_name("measured_costs.json")


@cache
def measured() -> dict[tuple[str, str], MeasuredCost]:
    """Return the measured costs by rule and engine (empty for rules without engines)."""
    rows = json.loads(MEASURED_FILE.read_text(encoding="utf-8"))
    return {
        (row["rule"], row["engine"]): MeasuredCost(Linear(**row["memory_mb"]), Linear(**row["cpu_seconds"]))
        for row in rows
    }


def costs_with(engines: Mapping[str, str] | None = None, *, rounds: int = 1) -> dict[str, Asking]:
    """Return what each rule asks for, by its name.

    What was measured of a rule and its engine goes first, then the engine's `cost` in
    `neurocine.config.engines`, then the step's in `neurocine.steps`.

    Parameters
    ----------
    engines
        Engine by step, as ``{"segmentation": "caiman"}``.
    rounds
        Rounds of the controls: each runs the steps again, and so does the mirrored movie.
    """
    costs: dict[str, Asking] = {}
    for step in STEPS:
        engine = (engines or {}).get(step.name, "")
        known = measured().get((step.word, engine)) or _engine_cost(step.name, engine)
        costs[step.name] = known if isinstance(known, MeasuredCost) else EstimatedCost(known or step.cost)
        if step.runs_again:
            parts = tuple(costs[name] for name in step.runs_again)
            costs[step.name] = RepeatedCost(EstimatedCost(step.cost), parts, rounds + 1)
    return costs


def _engine_cost(step: str, engine: str) -> Cost | None:
    engines = ENGINES.get(step)
    return engines[engine].cost if engines is not None and engine in engines else None


def engines_of(config: Any) -> dict[str, str]:
    """Return the engine of each step that has a choice of them, by a config."""
    return {step.name: getattr(getattr(config, step.word), step.engine) for step in STEPS if step.engine}


@cache
def size_bytes(paths: tuple[Path, ...]) -> int:
    """Return the size of a movie's files in bytes; of a folder, all that is in it."""
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return sum(file.stat().st_size for file in files if file.is_file())


def work_of(movie: tuple[Path, ...], results: Path) -> Work:
    """Return the work of a recording: as its `results` folder says, else guessed.

    Parameters
    ----------
    movie
        Its raw files.
    results
        Its folder, with ``ingest/source.json`` and ``active/rois.h5`` once these are made.
    """
    shape, n_rois = _shape(results / result_path("source")), _n_rois(results / result_path("rois"))
    guess = Work.guessed(size_bytes(movie))
    if shape is not None:
        guess = Work(shape[0], shape[1] * shape[2], shape[1] * shape[2] / GUESSED_ROI_PIXELS)
    return guess if n_rois is None else Work(guess.frames, guess.pixels, n_rois)


def activity_jobs(n_bytes: int, most_gb: float) -> int:
    """Return how many jobs share the cells of a recording whose raw movie has this size.

    It goes by the raw movie's size, for the number of ROIs is known later and would change the plan of a run.
    """
    return max(1, ceil(n_bytes / 1e9 / most_gb))


def within_gpus(asked: Mapping[str, Any], most: int | None) -> dict[str, Any]:
    """Return the resources that a profile sets for a rule, with no more GPUs than `most`.

    Without GPUs the rule also loses the GPU partition that the profile gives it, and runs in the default one.
    """
    if most is None or "gpu" not in asked:
        return dict(asked)
    if most == 0:
        return {
            name: value
            for name, value in asked.items()
            if name not in ("gpu", "gpu_model", "slurm_partition", "tasks_per_gpu")
        }
    return {**asked, "gpu": min(int(asked["gpu"]), most)}


def _shape(source: Path) -> tuple[int, int, int] | None:
    """Return (T, Y, X) of a movie by the record of ingest, if it is there."""
    return None if not source.is_file() else _shape_in(source, source.stat().st_mtime_ns)


@cache
def _shape_in(source: Path, _made: int) -> tuple[int, int, int]:
    frames, height, width = json.loads(source.read_text(encoding="utf-8"))["shape"]
    return frames, height, width


def _n_rois(rois: Path) -> int | None:
    """Return how many ROIs a file of ROIs holds, if it is there."""
    return None if not rois.is_file() else _n_rois_in(rois, rois.stat().st_mtime_ns)


@cache
def _n_rois_in(rois: Path, _made: int) -> int:
    with h5py.File(rois, "r") as file:
        return len(file["ids"])
