"""Whether training waits for its data: time of steps on fresh windows over that on one batch kept in memory.

1 is never waiting. Windows are cut and varied while the network computes:
``python benchmarks/training_input.py [compact|reference] [steps]``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory

from neurocine.config import NetworkTraining
from neurocine.networks.catalogue import CELL_ARCHITECTURES
from neurocine.simulation import simulate
from neurocine.training.cells.fit import _compile, _dataset
from neurocine.training.cells.window_sampling import window_table
from neurocine.training.cells.windows import Batch, Windows
from neurocine.training.corpus import load_recording

#: Movies whose windows are mixed in a batch.
N_MOVIES = 3


def main(kind: str = "compact", steps: int = 60) -> None:
    """Print the seconds of a step on kept and on fresh windows, and of cutting them alone."""
    architecture = CELL_ARCHITECTURES[f"activity-{kind}"]
    settings = NetworkTraining(batch_size=64 if kind == "compact" else 8)
    with TemporaryDirectory() as folder:
        recordings = [
            load_recording(
                simulate("ca1-development", seed, Path(folder) / str(seed), n_frames=1000),
                architecture.normalisation,
            )
            for seed in range(N_MOVIES)
        ]
        table = window_table("activity", recordings, architecture.window_frames, settings.hard_weight)
        windows = Windows.augmented("activity", architecture, recordings, table, seed=0)
        size = settings.batch_size
        started = time.perf_counter()
        (kept, *_) = list(windows.training_batches(0, 0, steps, size))
        cutting = (time.perf_counter() - started) / steps
        model = architecture.build().full
        _compile(model, architecture, settings)

        def seconds(batches: partial[Iterator[Batch]] | partial[repeat[Batch]]) -> float:
            started = time.perf_counter()
            model.fit(_dataset(batches, architecture, size, steps), epochs=1, verbose=0, shuffle=False)
            return (time.perf_counter() - started) / steps

        seconds(partial(repeat, kept, steps))  # compiles
        on_kept = seconds(partial(repeat, kept, steps))
        on_fresh = seconds(partial(windows.training_batches, 0, 1, steps, size))
    print(f"activity-{kind}, batches of {size} windows, a step:")
    print(f"  {on_kept:.4f} s on a batch kept in memory, {on_fresh:.4f} s on fresh windows")
    print(f"  {on_fresh / on_kept:.2f} times as long; cutting alone takes {cutting:.4f} s")


if __name__ == "__main__":
    main(*sys.argv[1:2], *(int(value) for value in sys.argv[2:3]))
