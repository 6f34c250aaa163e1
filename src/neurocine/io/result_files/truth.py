"""``truth.h5``: what was put into a simulated movie, or what people labelled in a real one."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import h5py

from neurocine.core.truth import HybridTruth, Spans, Truth
from neurocine.io.result_files.stamp import Stamp, as_strings, attribute, create, dataset, opened, strings

_ARRAYS = ("ids", "is_target", "raster", "roi_id", "onset", "peak")
#: The arrays that only simulated movies have.
_OPTIONAL = ("calcium", "shifts")
_SPANS = tuple(f.name for f in fields(Spans))
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
        for name in _OPTIONAL:
            if getattr(truth, name) is not None:
                file[name] = getattr(truth, name)
        for name, spans in (("looked", truth.looked), ("doubtful", truth.doubtful)):
            if spans is not None:
                for part in _SPANS:
                    file[f"{name}/{part}"] = getattr(spans, part)
        file["labelled_by"] = as_strings(truth.labelled_by)
        file["cell_types"] = as_strings(truth.cell_types)
        if truth.hybrid is not None:
            file["hybrid/neuron"] = as_strings(truth.hybrid.neuron)
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
        arrays |= {name: dataset(file, name) for name in _OPTIONAL if name in file}
        return Truth(
            cell_types=strings(file, "cell_types"),
            preset=str(file.attrs["preset"]),
            seed=int(file.attrs["seed"]),
            split=str(attribute(file, "split")),
            source=str(path),
            looked=_read_spans(file, "looked") if "looked" in file else None,
            doubtful=_read_spans(file, "doubtful") if "doubtful" in file else Spans.none(),
            labelled_by=strings(file, "labelled_by") if "labelled_by" in file else (),
            hybrid=_read_hybrid(file) if "hybrid" in file else None,
            **arrays,
        )


def _read_spans(file: h5py.File, name: str) -> Spans:
    return Spans(**{part: dataset(file, f"{name}/{part}") for part in _SPANS})


def _read_hybrid(file: h5py.File) -> HybridTruth:
    return HybridTruth(
        neuron=strings(file, "hybrid/neuron"),
        assembly=dataset(file, "hybrid/assembly") if "hybrid/assembly" in file else None,
        **{name: dataset(file, f"hybrid/{name}") for name in _HYBRID_ARRAYS},
    )
