"""How much memory and time a job asks for, as functions of its movie's size.

The constants hold for 2 CPU cores and were fitted on the example recording with room to spare;
``neurocine check`` shows what they give for a project, and the rules ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Memory and run time of a rule: a base, and so much for each MB of movie.

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

    def memory_mb(self, movie_mb: float, attempt: int = 1) -> int:
        """Return the memory to ask for in MB; a further `attempt` asks for more."""
        return int((self.base_mb + self.mb_per_mb * movie_mb) * attempt)

    def runtime_min(self, movie_mb: float, attempt: int = 1) -> int:
        """Return the run time to ask for in minutes."""
        return int((self.base_min + self.min_per_gb * movie_mb / 1000) * attempt)


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
}


def costs_with(**engines: str) -> dict[str, Cost]:
    """Return the costs of all rules with these engines, as in ``costs_with(segmentation="caiman")``."""
    chosen = {step: ENGINE_COSTS.get((step, name), COSTS[step]) for step, name in engines.items()}
    return COSTS | chosen


def size_mb(paths: Iterable[Path]) -> float:
    """Return the size of a movie's files, folders with all that is in them, in MB."""
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6
