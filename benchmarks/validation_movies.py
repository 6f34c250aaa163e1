"""Short simulated movies of all presets by which defaults are chosen, of a split without training movies."""

from __future__ import annotations

from pathlib import Path

from neurocine.simulation import PRESETS, simulate
from neurocine.simulation.tissue.ranges import TISSUE_PRESETS

#: Movies of the paper's preset have neither a scale of their own nor a visible outline.
TRIED = tuple(name for name in PRESETS if name != "paper")
FIRST_SEED = 801
SECONDS, EDGE_UM = 100.0, 160.0


def made(out: Path, split: str, preset: str, index: int, fields: Path | None = None) -> Path:
    """Return the folder of a movie in `out`, simulated unless it is there.

    Parameters
    ----------
    out
        Folder of all movies.
    split, preset, index
        Its split, preset and place among the movies of both, from 0.
    fields
        File of real fields, which every other movie of tissue gets.
    """
    folder = out / f"{split}-{preset}-{FIRST_SEED + index}"
    if not (folder / "truth.h5").is_file():
        parameters = PRESETS[preset]
        simulate(
            preset,
            FIRST_SEED + index,
            folder,
            split=split,
            n_frames=round(SECONDS * parameters.frame_rate_hz),
            fov_px=round(EDGE_UM / parameters.pixel_size_um),
            fields=fields if preset in TISSUE_PRESETS and index % 2 else None,
        )
    return folder
