"""Adapt a network: train a shipped one on with labelled cells, and see whether it got better.

python fine_tune.py OUT LABELLED…     folders with movie.h5, rois.h5 and truth.h5, or .cinac files

The page of `neurocine annotate` makes such labels; `neurocine simulate` makes folders to try it with.
"""

import sys
from pathlib import Path

from neurocine.config import FineTuneSettings
from neurocine.training.cells.fine_tune import fine_tune

out, *labelled = map(Path, sys.argv[1:])
metrics = fine_tune(FineTuneSettings(model="cinac-general", epochs=2, steps_per_epoch=10), labelled, out)

for which in ("before", "after"):
    print(which, {name: value for name, value in metrics[which].items() if isinstance(value, float)})
print(f"To use it: neurocine models install {out} --into models --name ours")
print("and in the config: activity.model: models/ours")
