"""How much memory and time a job asks for, and how many GPUs, as functions of its work and the attempt.

Rules that work on a recording ask for what was measured (``benchmarks/costs/measurements.tsv``): a linear
function of the movie's size and the number of ROIs above which no measurement lies, and a margin. What other
rules and engines not measured ask for is in `COSTS` and `ENGINE_COSTS`.
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

#: A job asks for so many times the memory and the processor time that one like it took at most.
MEMORY_MARGIN = 1.5
TIME_MARGIN = 3.0

#: And at least for this: what isn't measured of a job are Snakemake's own start and slow file systems.
MIN_MEMORY_MB = 1000
MIN_RUNTIME_MIN = 10

#: Frames that are held at once, at most: suite2p registers so many together.
BLOCK_FRAMES = 500

#: Before a movie is opened: pixels of 16 bits, 512 x 512 a frame; until ROIs are found: 1,000 pixels each.
GUESSED_PIXELS = 512 * 512
GUESSED_BYTES = 2
GUESSED_ROI_PIXELS = 1000


@dataclass(frozen=True)
class Work:
    """What a job works on: frames of the movie, pixels of a frame, and ROIs."""

    frames: float = 0
    pixels: float = 0
    rois: float = 0

    @classmethod
    def guessed(cls, n_bytes: float) -> Work:
        """Return what a raw movie of this size may hold."""
        frames = n_bytes / (GUESSED_BYTES * GUESSED_PIXELS)
        return cls(frames, GUESSED_PIXELS, GUESSED_PIXELS / GUESSED_ROI_PIXELS)

    @property
    def movie_mb(self) -> float:
        """Size of the movie with 16 bits a pixel, in MB."""
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
        Of a job without work.
    per_block_mpixel
        For each million pixels of a block, the most frames that are held at once.
    per_gpixel
        For each thousand million pixels of the movie.
    per_mvalue
        For each million values of traces: ROIs x frames.
    """

    base: float = 0.0
    per_block_mpixel: float = 0.0
    per_gpixel: float = 0.0
    per_mvalue: float = 0.0

    @staticmethod
    def terms(work: Work) -> tuple[float, float, float, float]:
        """Return what the coefficients are multiplied with, in their order."""
        block, movie = (n * work.pixels for n in (min(work.frames, BLOCK_FRAMES), work.frames))
        return 1.0, block / 1e6, movie / 1e9, work.rois * work.frames / 1e6

    def __call__(self, work: Work) -> float:
        """Return the quantity for `work`."""
        return float(sum(a * b for a, b in zip(asdict(self).values(), self.terms(work), strict=True)))


@dataclass(frozen=True)
class Measured:
    """What a rule asks for by its measurements: memory in MB and processor time in seconds, at most."""

    memory: Linear
    cpu_seconds: Linear

    def memory_mb(self, work: Work, attempt: int = 1) -> int:
        """Return the memory to ask for in MB; a further `attempt` asks for more."""
        return max(MIN_MEMORY_MB, ceil(MEMORY_MARGIN * self.memory(work))) * attempt

    def runtime_min(self, work: Work, attempt: int = 1) -> int:
        """Return the run time to ask for in minutes, for which one core must do."""
        return max(MIN_RUNTIME_MIN, ceil(TIME_MARGIN * self.cpu_seconds(work) / 60)) * attempt


@dataclass(frozen=True)
class Cost:
    """What a rule without measurements asks for: a base, and so much for each MB of movie.

    Attributes
    ----------
    base_mb
        Memory of the loaded program.
    mb_per_mb
        Memory for each MB of movie.
    base_min
        Minutes to start.
    min_per_gb
        Minutes for each GB of movie.
    """

    base_mb: int
    mb_per_mb: float
    base_min: int
    min_per_gb: float

    def memory_mb(self, work: Work, attempt: int = 1) -> int:
        """Return the memory to ask for in MB; a further `attempt` asks for more."""
        return int((self.base_mb + self.mb_per_mb * work.movie_mb) * attempt)

    def runtime_min(self, work: Work, attempt: int = 1) -> int:
        """Return the run time to ask for in minutes."""
        return int((self.base_min + self.min_per_gb * work.movie_mb / 1000) * attempt)


COSTS = {
    "ingest": Cost(1000, 0.0, 5, 1),
    "motion": Cost(3000, 0.0, 15, 60),
    "segmentation": Cost(3000, 1.0, 15, 20),
    "active": Cost(4000, 0.0, 15, 60),
    "traces": Cost(2000, 0.2, 10, 10),
    "celltype": Cost(3000, 0.2, 15, 60),
    "activity": Cost(3000, 0.2, 15, 120),
    "assemblies": Cost(1500, 0.02, 15, 5),
    "export": Cost(1500, 0.2, 10, 5),
    "report": Cost(2000, 0.2, 10, 5),
    "evaluate_segmentation": Cost(3000, 0.0, 60, 0),
    "evaluate_activity": Cost(6000, 0.0, 120, 0),
    "comparison_motion": Cost(4000, 0.0, 60, 60),
    "comparison_try": Cost(6000, 4.0, 360, 600),
    "comparison_tune": Cost(1000, 0.0, 10, 0),
    "comparison_segmentation": Cost(6000, 4.0, 60, 120),
    "comparison_deconvolution": Cost(3000, 0.2, 60, 60),
    "comparison_activity": Cost(3000, 0.2, 60, 120),
    "comparison_compare": Cost(6000, 0.0, 120, 0),
    "simulation": Cost(1500, 0.0, 20, 0),
    "train_activity": Cost(64000, 0.0, 720, 0),
    "train_celltype": Cost(64000, 0.0, 720, 0),
    "train_stneuronet": Cost(64000, 0.0, 1440, 0),
    "calibrate_stneuronet": Cost(16000, 0.0, 240, 0),
    "fine_tune": Cost(16000, 0.0, 120, 0),
}

#: Engines that ask for something else than their step does with the others.
ENGINE_COSTS = {
    # Its memory maps hold 32 bits a pixel, and it works on several copies of what it looks at.
    ("segmentation", "caiman"): Cost(4000, 4.0, 20, 120),
    ("segmentation", "caiman-online"): Cost(4000, 2.0, 20, 60),
    ("traces", "suite2p"): Cost(3000, 0.2, 15, 10),
    ("traces", "caiman"): Cost(4000, 0.2, 20, 20),
    # By frames and cells, rather than by pixels: hundreds of cells in an hour at 30 Hz take an hour or two.
    ("traces", "mcmc"): Cost(2500, 0.2, 30, 60),
    # Graphs of Python objects, three copies of each; time goes by the field of view, not by frames.
    ("segmentation", "hnccorr"): Cost(4000, 0.2, 60, 60),
}


#: Rules that ask for what another one does.
COST_OF = {
    "export_nwb": "export",
    "export_suite2p": "export",
    "export_provenance": "export",
    "report_index": "report",
    "train_interneuron": "train_activity",
}

#: Cores of rules that have more than one.
THREADS = {
    "motion": 2,
    "segmentation": 2,
    "active": 2,
    "celltype": 2,
    "activity": 2,
    "evaluate_segmentation": 2,
    "evaluate_activity": 2,
    "train_activity": 16,
    "train_interneuron": 16,
    "train_celltype": 16,
    "train_stneuronet": 16,
    "calibrate_stneuronet": 4,
    "fine_tune": 4,
}

#: The field of its section that names a step's engine.
STEP_ENGINES = {"motion": "engine", "segmentation": "engine", "traces": "deconvolution"}

MEASURED_FILE = Path(__file__).with_name("measured_costs.json")


@cache
def measured() -> dict[tuple[str, str], Measured]:
    """Return what was measured, by rule and engine (empty for rules without)."""
    rows = json.loads(MEASURED_FILE.read_text(encoding="utf-8"))
    return {
        (row["rule"], row["engine"]): Measured(Linear(**row["memory_mb"]), Linear(**row["cpu_seconds"]))
        for row in rows
    }


def costs_with(**engines: str) -> dict[str, Asking]:
    """Return what all rules ask for with these engines, as in ``costs_with(segmentation="caiman")``.

    A rule and engine that were measured ask for that, others for the engine's line in `ENGINE_COSTS` or the
    rule's in `COSTS`.
    """
    costs: dict[str, Asking] = dict(COSTS)
    costs |= {rule: cost for (rule, engine), cost in measured().items() if not engine}
    for step, name in engines.items():
        known = measured().get((step, name)) or ENGINE_COSTS.get((step, name))
        costs |= {step: known} if known else {}
    return costs


@cache
def size_bytes(paths: tuple[Path, ...]) -> int:
    """Return the size of a movie's files, folders with all that is in them."""
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return sum(file.stat().st_size for file in files if file.is_file())


def work_of(movie: tuple[Path, ...], results: Path) -> Work:
    """Return the work that a recording is: as far as its `results` folder knows it, else guessed.

    Parameters
    ----------
    movie
        Its raw files.
    results
        Its folder, with ``ingest/source.json`` and ``active/rois.h5`` once these are made.
    """
    shape, n_rois = _shape(results / "ingest" / "source.json"), _n_rois(results / "active" / "rois.h5")
    guess = Work.guessed(size_bytes(movie))
    if shape is not None:
        guess = Work(shape[0], shape[1] * shape[2], shape[1] * shape[2] / GUESSED_ROI_PIXELS)
    return guess if n_rois is None else Work(guess.frames, guess.pixels, n_rois)


def activity_jobs(n_bytes: int, most_gb: float) -> int:
    """Return how many jobs share the cells of a recording whose raw movie has this size.

    The size of the raw movie and not the work, which is known later and would alter the plan of a project.
    """
    return max(1, ceil(n_bytes / 1e9 / most_gb))


def within_gpus(asked: Mapping[str, Any], most: int | None) -> dict[str, Any]:
    """Return the resources that a profile sets for a rule, with no more GPUs than `most`.

    Without GPUs the rule loses its partition as well, which is that of the GPUs, and runs in the default one.
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
