"""Make the library from the user's copies of its sources.

``python -m neurocine.simulation.library SPIKES_FOLDER MASKS_FOLDER OUT [--movie MOVIE.tif]``

SPIKES_FOLDER is ``Ground_truth`` of the CASCADE database, MASKS_FOLDER holds STNeuroNet's markings as
``.npz`` (``shape`` = (n, Y, X); ``k, y, x`` of each pixel), MOVIE a real recording whose background
statistics are taken (by default that in ``examples/mouse_v1``).
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import tifffile

from neurocine.core import InputError
from neurocine.io.result_files import Stamp
from neurocine.simulation.library.build import write_footprints, write_neurons, write_scene
from neurocine.simulation.library.recordings import FURTHER_SETS, data_set_of
from neurocine.simulation.library.scene import measure_scene


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m neurocine.simulation.library", description=__doc__)
    parser.add_argument("spikes", type=Path, metavar="SPIKES_FOLDER")
    parser.add_argument("masks", type=Path, metavar="MASKS_FOLDER")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--movie", type=Path, default=Path("examples/mouse_v1/mouse_v1.tif"))
    parser.add_argument("--frame-rate", type=float, default=30.0, help="of the movie, Hz")
    parser.add_argument("--pixel-size", type=float, default=1.2, help="of the movie, µm")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if not given.movie.is_file():
            raise InputError(given.movie, "movie", "is missing", "Give --movie, a TIFF of a real recording.")
        write_neurons(given.spikes, given.out / "neurons.h5", Stamp())
        if any(data_set_of(path) in FURTHER_SETS for path in given.spikes.glob("*/*.mat")):
            write_neurons(given.spikes, given.out / "further_neurons.h5", Stamp(), FURTHER_SETS)
        write_footprints(given.masks, given.out / "footprints.h5", Stamp())
        frames = tifffile.imread(given.movie).astype("float32")
        write_scene(
            measure_scene(frames, given.frame_rate, given.pixel_size), given.out / "scene.h5", Stamp()
        )
    except InputError as error:
        logging.getLogger(__name__).error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
