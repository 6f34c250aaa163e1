"""``truth.h5``: what was put into a simulated movie."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import h5py

from neurocine.core.truth import HybridTruth, Truth
from neurocine.io.result_files.stamp import Stamp, attribute, create, dataset, opened, strings

_ARRAYS = ("ids", "is_target", "raster", "calcium", "shifts", "roi_id", "onset", "peak")
#: The arrays of numbers that every `HybridTruth` has.
_HYBRID_ARRAYS = tuple(f.name for f in fields(HybridTruth) if f.name not in ("neuron", "assembly"))


def write_truth(path: Path, truth: Truth, stamp: Stamp | None = None) -> None:
    """Write `truth` to `path`, atomically."""
    with create(path, "truth", stamp or Stamp()) as file:
        file.attrs["preset"] = truth.preset
        file.attrs["seed"] = truth.seed
        file.attrs["split"] = truth.split
        for name in _ARRAYS:
            file[name] = getattr(truth, name)
        file["cell_types"] = [kind.encode() for kind in truth.cell_types]
        if truth.hybrid is not None:
            file["hybrid/neuron"] = [name.encode() for name in truth.hybrid.neuron]
            for name in _HYBRID_ARRAYS:
                file[f"hybrid/{name}"] = getattr(truth.hybrid, name)
            if truth.hybrid.assembly is not None:
                file["hybrid/assembly"] = truth.hybrid.assembly


def read_truth(path: Path) -> Truth:
    """Return the truth that `write_truth` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind.
    """
    with opened(path, "truth") as file:
        arrays = {name: dataset(file, name) for name in _ARRAYS}
        return Truth(
            cell_types=strings(file, "cell_types"),
            preset=str(file.attrs["preset"]),
            seed=int(file.attrs["seed"]),
            split=str(attribute(file, "split")),
            source=str(path),
            hybrid=_read_hybrid(file) if "hybrid" in file else None,
            **arrays,
        )


def _read_hybrid(file: h5py.File) -> HybridTruth:
    return HybridTruth(
        neuron=strings(file, "hybrid/neuron"),
        assembly=dataset(file, "hybrid/assembly") if "hybrid/assembly" in file else None,
        **{name: dataset(file, f"hybrid/{name}") for name in _HYBRID_ARRAYS},
    )
